// SPDX-License-Identifier: MIT
//
// The conversation of the line-mode client as a pure state machine: a typed line or a reply goes
// in, what to print and to send comes out. Owns no socket, reads no clock, starts no thread.
//
// One command at a time: no line is taken while an answer is due, so the same lines give the same
// conversation, however fast they come. What arrives while a prompt is open waits until it is done.
// Whatever a peer wrote is printed with every control character as \xHH, line breaks and tabs too:
// a message is always one line and cannot pass for another message, a prompt or a terminal command.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "zero/reply.h"

namespace tribar {

/// Why the program ends.
struct Ending {
  int exit_code = 0;
  std::string reason;  // for standard error; empty: nothing to say
  friend bool operator==(const Ending&, const Ending&) = default;
};

/// What must now happen, in this order.
struct Step {
  std::string print{};  // to standard output, as it is
  std::string send{};   // frames for the server
  std::optional<Ending> ending{};
  friend bool operator==(const Step&, const Step&) = default;
};

class Lines {
 public:
  /// The most data in a frame, and the longest line of use. A server allows as much unless its
  /// settings say otherwise; at a frame over its limit it would close the connection.
  static constexpr std::size_t kFrameBytes = 65536;
  /// What a server allows at least before login.
  static constexpr std::size_t kFirstFrameBytes = 1024;
  /// So much text may wait for the end of a prompt before is_crowded().
  static constexpr std::size_t kWaitingBytes = std::size_t{1} << 20;

  /// Once, when the connection stands.
  [[nodiscard]] Step begin();

  /// Whether a line can be taken: no answer is due.
  [[nodiscard]] bool wants_line() const { return due_ == Due::Nothing; }

  /// A line as typed, without its end; only when wants_line().
  [[nodiscard]] Step take_line(std::string_view line);

  /// The end of what is typed; only when wants_line(), so every answer has been shown.
  [[nodiscard]] Step end_input() { return end(Ending{}); }

  /// Anything the server sends, at any time.
  [[nodiscard]] Step take_reply(const Reply& reply);

  /// The server broke the protocol.
  [[nodiscard]] Step break_off(std::string_view what);

  /// The conversation is over. An open prompt's line is finished and what waited is shown.
  [[nodiscard]] Step end(Ending ending);

  /// Whether nothing more should be read from the server until what waits has been shown.
  [[nodiscard]] bool is_crowded() const { return waiting_.size() >= kWaitingBytes; }

 private:
  enum class Prompt {
    None,
    LoginName,
    NewName,
    Pattern,
    Recipient,
    Text,
    ConfirmSend,
    ConfirmDelete,
  };
  /// The answer that the next line has to wait for.
  enum class Due { Nothing, Login, Usernames, Echo, EndOfUndelivered, EndOfAccount };

  [[nodiscard]] static std::string_view words_of(Prompt prompt);
  [[nodiscard]] std::string_view menu() const;

  [[nodiscard]] Step run_first(std::string_view word);
  [[nodiscard]] Step run(std::string_view word);

  [[nodiscard]] Step open(Prompt prompt);
  [[nodiscard]] Step close(std::string_view outcome = {});
  [[nodiscard]] Step refuse(std::string_view reason);
  [[nodiscard]] Step show(std::string text);

  [[nodiscard]] Step log_in(std::string_view username);
  [[nodiscard]] Step create(std::string_view username);
  [[nodiscard]] Step ask_usernames(std::string_view pattern);
  [[nodiscard]] Step take_recipient(std::string_view recipient);
  [[nodiscard]] Step take_text(std::string_view text);
  [[nodiscard]] Step confirm_send(std::string_view answer);
  [[nodiscard]] Step ask_undelivered();
  [[nodiscard]] Step confirm_delete(std::string_view answer);

  [[nodiscard]] Step on(const Response& response);
  [[nodiscard]] Step on(const ListResponse& list);
  [[nodiscard]] Step on(const Delivery& delivery);
  [[nodiscard]] Step finish_login(std::string_view error);
  [[nodiscard]] Step finish_deletion(const ListResponse& list);
  [[nodiscard]] Step take_own(const Message& message);

  Prompt prompt_ = Prompt::None;
  Due due_ = Due::Nothing;
  bool is_logged_in_ = false;
  std::string self_;  // from LOGIN or CREATE on
  std::string recipient_;
  std::string text_;
  int echoes_due_ = 0;  // a message to oneself comes twice
  bool is_deletion_refused_ = false;
  std::string waiting_;  // ready to be printed
};

}  // namespace tribar
