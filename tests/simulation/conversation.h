// SPDX-License-Identifier: MIT
//
// What the checker knows of one connection, whatever its protocol: the commands that the server has
// read of it and not answered, whose account it may be, and how it ends. Each protocol has a class
// of its own that judges the answers.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/protocol.h"
#include "chat/refusal.h"
#include "registry/effect.h"
#include "simulation/ledger.h"
#include "simulation/network.h"

namespace tribar::simulation {

class Conversation : public Witness {
 public:
  /// `number` is for the trace; `version`: of the protocol on the wire.
  Conversation(Ledger& ledger, std::uint64_t number, std::uint8_t version);

  void arrived(std::size_t bytes) override;
  void read(std::string_view bytes) override;
  void read_end() override;
  void taken(std::string_view bytes) override;
  void shut() override;
  void closed() override;

  // What the registry's inputs and effects show.
  /// It comes when as many are there as may be: all that it is told, if it can be, is that.
  void note_rejected() { is_rejected_ = true; }
  void note_logout() { has_logged_out_ = true; }
  /// It is told to go; nothing that it asks is executed any more.
  void note_dismissed() { is_dismissed_ = true; }
  /// The check of one of its commands came out wrong.
  void note_wrong_secret() { ++wrong_secrets_; }
  virtual void note_closed(const Batch& batch);
  /// The server can know since now that the client has ended: see Ledger::may_have_been_logged_in.
  void note_end_visible();
  /// Another server has taken over. What comes now was decided, and stored, before.
  void note_replaced() { is_replaced_ = true; }
  /// The registry decided this for it. In the order of the registry.
  virtual void note_effect(const Effect&) {}
  /// The registry was told that all that was pushed up to `number` has arrived. Returns the numbers
  /// of those messages.
  virtual std::vector<std::uint64_t> note_acknowledged(MessageNumber) { return {}; }

  /// Whether it is logged in as `name`, or may be.
  [[nodiscard]] bool claims(const std::string& name) const;
  [[nodiscard]] bool is_surely_logged_in_as(const std::string& name) const;
  [[nodiscard]] bool is_released_before(std::uint64_t step) const {
    return released_step_ && *released_step_ < step;
  }
  [[nodiscard]] const std::string& account() const { return account_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Everything asked is answered, and no frame is cut short.
  [[nodiscard]] virtual bool is_complete() = 0;
  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] std::string describe() const;

  std::shared_ptr<Link> link;
  std::uint64_t life = 0;  // of the server that it is with
  ConnectionId id;
  std::uint64_t accepted_step = 0;
  // Connections that were open then, with this one and with those that were refused; and of them
  // those of its address.
  std::size_t accepted_among = 0;
  std::size_t accepted_among_network = 0;

 protected:
  enum class Kind { Create, Login, List, Send, Deliver, Delete, SetSecret, Wrong };
  struct Asked {
    Kind kind = Kind::Wrong;
    std::string what;                // the name, pattern, or text
    std::vector<std::string> wrong;  // the answers one of which is due, whatever else is
    bool is_fatal = false;
    bool is_long = false;            // too long for a connection that is not logged in
    std::vector<std::string> names;  // of DELETE: whose account it may be
    std::uint64_t read_step = 0;
    std::uint64_t read_ms = 0;
    std::uint64_t arrived_step = 0;
    // Of protocol 1 only:
    std::uint64_t n = 0;
    std::string client;
    std::string secret;  // or the old one, if there are two
    std::string new_secret;
    std::optional<std::string> answer;  // which the registry has decided on
    std::uint64_t account = 0;          // and whose id the connection had then
  };

  /// A frame was read: adds what it asks for.
  virtual void ask(std::uint8_t code, std::string_view data) = 0;
  /// A frame was taken by the kernel.
  virtual void hear(const FrameCut& cut) = 0;
  /// The same, of a server that was replaced.
  virtual void hear_late(const FrameCut& cut) = 0;
  /// Whether a message that it is told about was stored in time for that.
  [[nodiscard]] bool was_stored_in_time(const MessageFacts& message) const {
    return message.is_stored && message.stored_life <= life;
  }
  /// How a refusal is known in `Asked::wrong`.
  [[nodiscard]] virtual std::string said(const Refusal& refusal) const = 0;

  void cut();
  /// Of a command with this kind and name, once it is in `asked_`.
  [[nodiscard]] Asked new_asked();
  void ask_to_delete(Asked& asked);
  void lose(const std::vector<Refusal>& refusals);
  void log_in(const std::string& name, std::uint64_t asked_step);
  void settle(const Asked& asked);
  void hear_names(const Asked& asked, const std::vector<std::string_view>& names);
  [[nodiscard]] bool has_pending_delete() const;
  [[nodiscard]] bool has_read_all() const;

  template <typename... Args>
  void fail(fmt::format_string<Args...> format, Args&&... args) {
    ledger_.diary.fail("#{}: {}", number_, fmt::format(format, std::forward<Args>(args)...));
  }

  Ledger& ledger_;
  std::uint64_t number_;
  std::uint8_t version_;
  std::uint8_t output_version_;  // of what the server says
  std::string input_;            // read, and not cut yet
  std::deque<Asked> asked_;      // and not answered
  std::string output_;           // taken, and not a whole frame yet
  std::string account_;          // as the answers so far say
  std::uint64_t login_from_ms_;  // since when a login is waited for
  std::uint64_t frame_from_ms_;  // since when the first byte of input_ is here
  std::uint64_t last_read_ms_;
  bool has_lost_stream_ = false;  // nothing is cut any more
  bool is_over_ = false;          // the last word was said
  bool is_rejected_ = false;      // may be told that the server is full
  bool is_dismissed_ = false;
  bool is_replaced_ = false;
  int wrong_secrets_ = 0;        // results that no command was refused for yet
  bool has_logged_out_ = false;  // so far as the registry goes, perhaps

 private:
  /// How far a stream was when.
  using Progress = std::deque<std::pair<std::uint64_t, std::uint64_t>>;

  std::uint64_t arrived_bytes_ = 0;
  std::uint64_t cut_bytes_ = 0;
  Progress arrivals_;
  std::uint64_t last_taken_ms_;
  std::optional<std::uint64_t> end_read_ms_;
  std::optional<std::uint64_t> released_step_;
  bool is_shut_ = false;
  bool is_closed_ = false;
};

}  // namespace tribar::simulation
