// SPDX-License-Identifier: MIT
//
// What the checker knows of a simulated server as a whole, from outside: which accounts must be
// there and which may, where each message got to, what was stored. Nothing here is asked of the
// server; a fact holds from the step on at which somebody could know it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/peer_network.h"
#include "registry/batch.h"
#include "registry/record.h"
#include "simulation/diary.h"
#include "simulation/settings.h"
#include "simulation/storage.h"

namespace tribar::simulation {

class Conversation;

struct AccountFacts {
  std::optional<std::uint64_t> exists_since;  // it is certainly there from that step on
  bool is_confirmed = false;  // by an answer to CREATE or by the store at a start, and not deleted
  bool may_exist = false;
  std::uint64_t may_since = 0;   // when may_exist: it cannot be older
  std::uint64_t gone_since = 0;  // when not may_exist
  std::uint64_t claim_end = 0;   // when somebody's login, or asking for one, last came to an end
  // Read, and neither answered nor over with their connection.
  int unsettled_creates = 0;
  int unsettled_deletes = 0;
  std::uint64_t created_step = 0;  // the last success of CREATE
  std::uint64_t delete_step = 0;   // when a DELETE was read last
  // How often it was told to clients, and stored.
  int created_told = 0;
  int created_stored = 0;
  int deleted_told = 0;
  int deleted_stored = 0;
};

struct MessageFacts {
  std::string sender;
  std::string recipient;
  std::string text;
  const Conversation* from = nullptr;
  std::uint64_t sequence = 0;  // of reading
  std::uint64_t number = 0;    // of acceptance, once it is known
  bool is_refused = false;
  bool is_promised = false;  // confirmed, or found in the store at a start
  std::uint64_t promised_step = 0;
  bool is_excused = false;  // its recipient may have been deleted since
  bool is_dead = false;     // its recipient was
  bool is_stored = false;   // has ever been
  std::uint64_t dead_since = 0;
  int taken = 0;      // whole, by the kernel under a connection of its recipient
  int taken_now = 0;  // in this life of the server
  std::size_t bytes() const { return 42 + sender.size() + recipient.size() + text.size() + 6; }
};

class Ledger {
 public:
  Ledger(const Settings& its_settings, Diary& its_diary)
      : settings(its_settings), diary(its_diary) {}

  AccountFacts& account(std::string_view name) { return accounts_[std::string(name)]; }
  /// Null when no such message was read.
  MessageFacts* message(std::string_view text);
  MessageFacts& add_message(std::string_view text);
  /// Accounts that may have been there at some time since; no two need to have been at once.
  [[nodiscard]] std::size_t most_accounts(std::uint64_t since) const;
  [[nodiscard]] const std::map<std::string, AccountFacts>& accounts() const { return accounts_; }

  // About accounts, from one moment to now.
  [[nodiscard]] bool must_have_existed(const std::string& name, std::uint64_t since);
  [[nodiscard]] bool may_have_existed(const std::string& name, std::uint64_t since);
  [[nodiscard]] bool may_have_been_logged_in(const std::string& name, std::uint64_t since,
                                             const Conversation& besides);

  void ask_to_create(const std::string& name);
  /// A DELETE by a connection that may be logged in as `name` was read.
  void ask_to_delete(const std::string& name);
  void confirm_deleted(const std::string& name, std::uint64_t asked_step);

  // What a life of the server tells.
  void note_accepted(Conversation& conversation);
  void note_passed(const Batch& batch);
  void note_stored(const Record& record);
  void note_storage_state(bool is_up);
  /// Whether storing may have failed at some time since.
  [[nodiscard]] bool may_have_been_down(std::uint64_t since) const {
    return is_down_ || up_passed_ >= since;
  }
  [[nodiscard]] bool was_down() const { return was_down_; }

  /// A life is over, and the next begins with what `storage` holds.
  void begin_life(const Storage& storage);
  /// The numbers of acceptance are in the order of each sender to each recipient.
  void check_pairs();
  /// Nothing is under way: every promise about messages is kept.
  void check_delivered();
  /// Messages to `name` that count in its queue, at most.
  [[nodiscard]] std::size_t queued_at_most(const std::string& name, std::size_t& bytes) const;
  /// Messages to `name` that are confirmed and not with it yet, which its limit allows.
  [[nodiscard]] std::size_t queued_at_least(const std::string& name) const;

  [[nodiscard]] const std::vector<Conversation*>& conversations() const { return conversations_; }

  const Settings& settings;
  Diary& diary;
  bool is_ending = false;  // the server crashes or stops
  std::size_t open_connections = 0;
  std::map<PeerNetwork, std::size_t> open_by_network;
  std::size_t longest_frame = 0;      // either way
  std::uint64_t longest_tick_ms = 0;  // how much later than due the server's clock may look

 private:
  void know_number(std::string_view text, MessageNumber number);

  std::map<std::string, AccountFacts> accounts_;
  std::map<std::string, MessageFacts, std::less<>> messages_;
  std::map<std::uint64_t, std::string> texts_;  // by number
  std::map<std::uint64_t, std::string> stored_accounts_;
  std::vector<Conversation*> conversations_;  // of this life
  std::map<std::uint64_t, Conversation*> by_id_;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_kept_ = 0;
  std::uint64_t reserved_below_ = 0;
  bool is_down_ = false;
  bool was_down_ = false;
  bool is_told_up_ = true;
  std::uint64_t up_passed_ = 0;
};

}  // namespace tribar::simulation
