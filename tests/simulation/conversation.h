// SPDX-License-Identifier: MIT
//
// What the checker knows of one connection: the commands that the server has read of it, and every
// byte that it has answered. Each answer must be the one that is due, or one of those that may be.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/refusal.h"
#include "simulation/ledger.h"
#include "simulation/network.h"
#include "zero/command.h"
#include "zero/reply.h"

namespace tribar::simulation {

class Conversation final : public Witness {
 public:
  /// `number` is for the trace.
  Conversation(Ledger& ledger, std::uint64_t number);

  void arrived(std::size_t bytes) override;
  void read(std::string_view bytes) override;
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
  void note_closed();
  /// The server can know since now that the client has ended: see Ledger::may_have_been_logged_in.
  void note_end_visible();

  /// Whether it is logged in as `name`, or may be.
  [[nodiscard]] bool claims(const std::string& name) const;
  [[nodiscard]] bool is_surely_logged_in_as(const std::string& name) const;
  [[nodiscard]] bool is_released_before(std::uint64_t step) const {
    return released_step_ && *released_step_ < step;
  }
  [[nodiscard]] const std::string& account() const { return account_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Everything asked is answered, and no frame is cut short.
  [[nodiscard]] bool is_complete();
  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] std::string describe() const;

  Link* link = nullptr;
  ConnectionId id;
  std::uint64_t accepted_step = 0;

 private:
  enum class Kind { Create, Login, List, Send, Deliver, Delete, Wrong };
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
  };
  /// How far a stream was when.
  using Progress = std::deque<std::pair<std::uint64_t, std::uint64_t>>;

  void cut();
  void ask(std::uint8_t code, std::string_view data);
  void lose(std::vector<std::string> texts);
  bool pass_silent(bool is_storage_refusal);
  bool pass_echo_heard();
  void settle_silent(bool is_storage_refusal);
  void hear(const Reply& reply);
  void hear_response(const std::string& text);
  void hear_names(const ListResponse& list);
  void hear_message(const Message& message);
  void hear_push(MessageFacts& message);
  [[nodiscard]] bool is_echo_due(const MessageFacts& message) const;
  [[nodiscard]] bool is_echo_heard(const Asked& asked) const;
  [[nodiscard]] bool hear_timeout(const std::string& text);
  void hear_dismissal();
  void judge(const Asked& asked, const std::string& text);
  void stop_listening(const Asked& asked);
  void judge_create(const Asked& asked, const std::string& text);
  void judge_login(const Asked& asked, const std::string& text);
  void judge_send(const Asked& asked, const std::string& text);
  void log_in(const std::string& name, std::uint64_t asked_step);
  void settle(const Asked& asked);
  [[nodiscard]] bool has_pending_delete() const;
  [[nodiscard]] bool has_read_all() const;

  template <typename... Args>
  void fail(fmt::format_string<Args...> format, Args&&... args) {
    ledger_.diary.fail("#{}: {}", number_, fmt::format(format, std::forward<Args>(args)...));
  }

  Ledger& ledger_;
  std::uint64_t number_;
  std::string input_;  // read, and not cut yet
  std::uint64_t arrived_bytes_ = 0;
  std::uint64_t cut_bytes_ = 0;
  Progress arrivals_;
  std::deque<Asked> asked_;  // and not answered
  std::size_t blocks_ = 0;   // of the first DELIVERs asked, those whose messages have begun
  std::string output_;       // taken, and not a whole frame yet
  std::string account_;      // as the answers so far say
  std::uint64_t last_number_ = 0;
  std::set<std::string> pushed_;  // messages to itself
  std::uint64_t login_from_ms_;   // since when a login is waited for
  std::uint64_t frame_from_ms_;   // since when the first byte of input_ is here
  std::uint64_t last_taken_ms_;
  std::optional<std::uint64_t> released_step_;
  bool has_lost_stream_ = false;  // nothing is cut any more
  bool is_over_ = false;          // the last word was said
  bool is_rejected_ = false;      // may be told that the server is full
  bool is_dismissed_ = false;
  int wrong_secrets_ = 0;  // results that no command was refused for yet
  bool is_shut_ = false;
  bool is_closed_ = false;
  bool is_settled_ = false;      // the registry has forgotten it
  bool has_logged_out_ = false;  // so far as the registry goes, perhaps
};

}  // namespace tribar::simulation
