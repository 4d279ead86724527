// SPDX-License-Identifier: MIT
//
// The conversation of the line-mode client as a pure state machine: takes typed lines and replies,
// returns what to print and to send. Owns no socket, reads no clock, starts no thread.
//
// One command at a time: no line is taken while an answer is awaited, so the same lines always give
// the same conversation, however fast they arrive. Messages that arrive during a prompt are shown
// after it.
//
// A peer's text is printed with every control character as \xHH, including line breaks and tabs: a
// message is always one line and cannot imitate another message, a prompt or a terminal command.
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
  std::string reason;  // for standard error; may be empty
  friend bool operator==(const Ending&, const Ending&) = default;
};

/// What the caller must do, in this order.
struct Step {
  std::string print{};  // to standard output, unchanged
  std::string send{};   // frames for the server
  std::optional<Ending> ending{};
  friend bool operator==(const Step&, const Step&) = default;
};

class Lines {
 public:
  /// The most data in a frame, and the longest useful line. It is the default limit of servers; a
  /// server with a lower one closes the connection after a longer frame.
  static constexpr std::size_t kFrameBytes = 65536;
  /// What every server allows before login.
  static constexpr std::size_t kFirstFrameBytes = 1024;
  /// From this much waiting text on is_crowded().
  static constexpr std::size_t kWaitingBytes = std::size_t{1} << 20;

  /// Call once, when the connection is established.
  [[nodiscard]] Step begin();

  /// Whether a line can be taken: no answer is awaited.
  [[nodiscard]] bool wants_line() const { return due_ == Due::Nothing; }

  /// Processes a typed line, without its end. Requires wants_line().
  [[nodiscard]] Step take_line(std::string_view line);

  /// Processes the end of input. Requires wants_line(), so that every answer has been shown.
  [[nodiscard]] Step end_input() { return end(Ending{}); }

  /// Processes a reply from the server; allowed at any time.
  [[nodiscard]] Step take_reply(const Reply& reply);

  /// Ends the conversation because the server broke the protocol.
  [[nodiscard]] Step break_off(std::string_view what);

  /// Ends the conversation. Finishes the line of an open prompt and shows what has waited.
  [[nodiscard]] Step end(Ending ending);

  /// Whether the server should not be read until the waiting text has been shown.
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
  /// The answer for which the next line must wait.
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
  std::string self_;  // set by LOGIN or CREATE
  std::string recipient_;
  std::string text_;
  int echoes_due_ = 0;  // a message to oneself arrives twice
  bool is_deletion_refused_ = false;
  std::string waiting_;  // formatted text that waits for the end of the prompt
};

}  // namespace tribar
