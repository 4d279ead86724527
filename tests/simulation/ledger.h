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
#include <set>
#include <string>
#include <string_view>
#include <utility>
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
  bool may_have_secret = false;  // somebody has asked for that, at any time
  bool was_with_zero = false;    // or may have been: logged in over protocol 0, in this life
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
  bool is_excused = false;        // its recipient may have been deleted since
  bool is_dead = false;           // its recipient was
  bool is_stored = false;         // has ever been
  std::uint64_t stored_life = 0;  // in which life of a server
  std::uint64_t dead_since = 0;
  // Over connections of protocol 0:
  int taken = 0;      // whole, by the kernel under a connection of its recipient
  int taken_now = 0;  // in this life of the server
  // Over connections of protocol 1:
  bool is_acknowledged = false;  // the registry has taken that, in this life of the server
  bool is_shown = false;         // by some client
  // Of a numbered one: the id of the account that it was accepted from, if it was.
  std::uint64_t accepted_from = 0;
  // Who may have sent it, of one that may have been accepted behind the end of its connection.
  std::set<std::string> may_be_from = {};
  // It was accepted from an account and then, since that was deleted before it was confirmed, again
  // from the next one of that name: as two messages with the same text.
  bool is_doubled = false;
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
  /// A message of protocol 1 was read, perhaps again. It counts as refused until it is accepted.
  MessageFacts& add_numbered(std::string_view recipient, std::string_view text);
  /// The registry has accepted it from the account `sender`.
  void accept_numbered(MessageFacts& message, const std::string& sender, AccountId account,
                       MessageNumber number);
  /// The one that a client of protocol 0 sees as `text`.
  MessageFacts* message_told_as(std::string_view text);
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

  // What protocol 1 promises. A client is known by its account's id and its name.
  using Client = std::pair<std::uint64_t, std::string>;
  /// What the registry has accepted from it, in order.
  struct Accepted {
    std::uint64_t highest = 0;
    std::uint64_t last_number = 0;
    std::map<std::uint64_t, std::string> texts;  // by n, as far as they are known
  };
  Accepted& accepted_from(const Client& client) { return accepted_[client]; }
  /// The highest n of it that was ever stored.
  [[nodiscard]] std::uint64_t stored_from(const Client& client) const {
    const auto found = stored_clients_.find(client);
    return found == stored_clients_.end() ? 0 : found->second;
  }
  /// Of this account's name, from this client: it may have been accepted, and nobody was told.
  void note_unseen(const std::pair<std::string, std::string>& client, std::uint64_t n,
                   MessageFacts& message);
  /// Up to `highest` they were, by the account that has the name now.
  void see_unseen(const std::pair<std::string, std::string>& client, AccountId account,
                  std::uint64_t highest);
  /// The message has this number.
  void know_number(std::string_view text, MessageNumber number);
  /// The client was told that what it sent up to `n` is accepted: nothing of that may be lost.
  void promise_up_to(const Client& client, std::uint64_t n);
  /// A number was told to somebody: it is this message's for ever.
  void tell_number(std::uint64_t number, const std::string& text);
  /// The secret of the account of that name, as the registry decides; empty: none.
  [[nodiscard]] std::string& secret_of(const std::string& name) { return secrets_[name]; }
  /// Since when it is that.
  [[nodiscard]] std::uint64_t& secret_step_of(const std::string& name) {
    return secret_steps_[name];
  }
  [[nodiscard]] bool was_stored(std::uint64_t account, const std::string& secret) const {
    return stored_secrets_.contains({account, secret});
  }
  /// At least so many messages wait for `name`, of those that the registry had accepted before the
  /// batch that it is at.
  [[nodiscard]] std::size_t waiting_at_least(const std::string& name);
  /// How many secrets have been checked for the account.
  [[nodiscard]] std::uint64_t attempts(std::uint64_t account) { return attempts_[account]; }

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
  std::uint64_t life = 0;  // of the server that leads; counts them
  bool is_ending = false;  // the server crashes or stops
  std::size_t open_connections = 0;
  std::map<PeerNetwork, std::size_t> open_by_network;
  std::size_t longest_frame = 0;      // either way
  std::uint64_t longest_tick_ms = 0;  // how much later than due the server's clock may look

 private:
  void learn_sender(std::string_view text, std::string_view sender);
  void know_sender(MessageFacts& message, const std::string& sender);
  void note_acknowledged(Conversation& from, MessageNumber number, const Batch& batch);

  std::map<std::string, AccountFacts> accounts_;
  std::map<std::string, MessageFacts, std::less<>> messages_;
  std::map<std::string, std::string, std::less<>> told_as_;  // texts, by what protocol 0 sees
  std::map<std::uint64_t, std::string> texts_;               // by number
  std::map<std::uint64_t, std::string> told_numbers_;        // never forgotten
  std::map<Client, Accepted> accepted_;
  std::map<Client, std::uint64_t> stored_clients_;
  using Unseen = std::vector<std::pair<std::uint64_t, std::string>>;  // n, text
  std::map<std::pair<std::string, std::string>, Unseen> unseen_;
  std::map<std::string, std::string> secrets_;
  std::map<std::string, std::uint64_t> secret_steps_;
  std::map<std::uint64_t, std::uint64_t> attempts_;
  std::set<std::pair<std::uint64_t, std::string>> stored_secrets_;
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
