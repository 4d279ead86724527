// SPDX-License-Identifier: MIT
//
// The conversation of the line-mode client in protocol 0, as a pure state machine: see dialogue.h.
//
// One command at a time: no line is taken while an answer is awaited, so the same lines always give
// the same conversation, however fast they arrive. Messages that arrive during a prompt are shown
// after it.
//
// A peer's text is printed with every control character as \xHH, including line breaks and tabs: a
// message is always one line and cannot imitate another message, a prompt or a terminal command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/dialogue.h"
#include "zero/reply.h"

namespace tribar {

class Lines final : public Dialogue {
 public:
  struct Settings {
    bool gives_hints = false;  // says more than protocol 0's clients always did
    bool is_utf8 = false;      // what is typed and shown; counts for hints
  };

  Lines() = default;
  explicit Lines(Settings settings) : settings_(settings) {}

  [[nodiscard]] std::uint8_t version() const override { return kVersion0; }
  [[nodiscard]] Step begin() override;
  [[nodiscard]] bool wants_line() const override { return due_ == Due::Nothing; }
  [[nodiscard]] bool wants_confirmation() const override {
    return prompt_ == Prompt::ConfirmSend || prompt_ == Prompt::ConfirmDelete;
  }
  [[nodiscard]] Step take_line(std::string_view line) override;
  [[nodiscard]] Step refuse_line(std::string_view reason) override { return refuse(reason); }
  [[nodiscard]] std::string unfinished() const override;
  [[nodiscard]] Step take_frame(std::uint8_t code, std::string_view data) override;

  /// Processes a reply from the server; allowed at any time.
  [[nodiscard]] Step take_reply(const Reply& reply);

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
  [[nodiscard]] Step refuse(std::string_view reason, const std::optional<std::string>& more = {});
  [[nodiscard]] Step refuse_command(std::string_view word);

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

  Settings settings_;
  Prompt prompt_ = Prompt::None;
  Due due_ = Due::Nothing;
  bool is_logged_in_ = false;
  std::string self_;  // set by LOGIN or CREATE
  std::string recipient_;
  std::string text_;
  int echoes_due_ = 0;  // a message to oneself arrives twice
  bool is_deletion_refused_ = false;
};

}  // namespace tribar
