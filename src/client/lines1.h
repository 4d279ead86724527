// SPDX-License-Identifier: MIT
//
// The conversation of the line-mode client in protocol 1, as a pure state machine: see dialogue.h.
//
// As in protocol 0 there is one command at a time. It asks for secrets, shows who is online,
// numbers what it sends, and confirms to the server what was shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "chat/command.h"
#include "client/dialogue.h"
#include "zero/reply1.h"

namespace tribar {

class Lines1 final : public Dialogue {
 public:
  struct Settings {
    std::string client{};                 // names this installation, see docs/protocol.md
    std::optional<std::string> secret{};  // not asked for, then; not empty
    bool is_utf8 = false;                 // what is typed and shown; else it is ASCII
    bool may_send_secrets = false;        // nobody on the way can read them
    bool gives_hints = false;             // says more; see Lines
  };

  explicit Lines1(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] std::uint8_t version() const override { return kVersion1; }
  [[nodiscard]] Step begin() override;
  [[nodiscard]] bool wants_line() const override { return due_ == Due::Nothing; }
  [[nodiscard]] bool wants_secret() const override;
  [[nodiscard]] bool wants_confirmation() const override {
    return prompt_ == Prompt::ConfirmSend || prompt_ == Prompt::ConfirmDelete;
  }
  [[nodiscard]] Step take_line(std::string_view line) override;
  [[nodiscard]] Step refuse_line(std::string_view reason) override { return refuse(reason); }
  [[nodiscard]] std::string unfinished() const override;
  [[nodiscard]] Step take_frame(std::uint8_t code, std::string_view data) override;
  [[nodiscard]] std::string confirm_shown() override;
  [[nodiscard]] Step refuse_version(std::uint8_t found) override;

  /// Processes a reply from the server; allowed at any time.
  [[nodiscard]] Step take_reply(const Reply1& reply);

 private:
  enum class Prompt {
    None,
    LoginName,
    LoginSecret,
    NewName,
    FirstSecret,
    FirstSecretAgain,
    Pattern,
    Recipient,
    Text,
    ConfirmSend,
    OldSecret,
    NewSecret,
    NewSecretAgain,
    ConfirmDelete,
    DeleteSecret,
  };
  /// The answer for which the next line must wait.
  enum class Due { Nothing, Login, Create, Usernames, Accepted, EndOfWaiting, Secret, Delete };

  [[nodiscard]] static std::string_view words_of(Prompt prompt);
  [[nodiscard]] std::string_view menu() const;

  [[nodiscard]] Step run_first(std::string_view word);
  [[nodiscard]] Step run(std::string_view word);

  [[nodiscard]] Step open(Prompt prompt);
  [[nodiscard]] Step close(std::string_view outcome = {});
  [[nodiscard]] Step refuse(std::string_view reason, const std::optional<std::string>& more = {});
  [[nodiscard]] Step refuse_command(std::string_view word);
  [[nodiscard]] Step command(const Command1& command, Due due);
  [[nodiscard]] std::string printable(std::string_view text) const;

  [[nodiscard]] std::optional<std::string> why_not_text(std::string_view text) const;
  [[nodiscard]] std::optional<std::string> why_not_secret(std::string_view secret) const;
  [[nodiscard]] std::optional<std::string> why_not_new_secret(std::string_view secret) const;
  [[nodiscard]] std::optional<std::string> why_unsendable(const SendNumbered& send) const;

  [[nodiscard]] Step take_login_name(std::string_view username);
  [[nodiscard]] Step log_in(std::string_view secret);
  [[nodiscard]] Step take_new_name(std::string_view username);
  [[nodiscard]] Step take_first_secret(std::string_view secret);
  [[nodiscard]] Step create(std::string_view secret);
  [[nodiscard]] Step ask_usernames(std::string_view pattern);
  [[nodiscard]] Step take_recipient(std::string_view recipient);
  [[nodiscard]] Step take_text(std::string_view text);
  [[nodiscard]] Step confirm_send(std::string_view answer);
  [[nodiscard]] Step ask_waiting();
  [[nodiscard]] Step ask_secret_change();
  [[nodiscard]] Step take_new_secret(std::string_view secret);
  [[nodiscard]] Step change_secret(std::string_view again);
  [[nodiscard]] Step confirm_delete(std::string_view answer);

  [[nodiscard]] Step on(const Response1& response);
  [[nodiscard]] Step on(const ListResponse1& list);
  [[nodiscard]] Step on(const Delivery1& delivery);
  [[nodiscard]] Step on(const Accepted1& accepted);
  [[nodiscard]] Step on(const Ping& ping);
  [[nodiscard]] Step on(const Pong& pong);
  [[nodiscard]] Step succeed(const Response1& response);
  [[nodiscard]] Step start_session(std::uint64_t waiting, std::uint64_t highest);
  [[nodiscard]] Step fail(const Response1& response);
  [[nodiscard]] std::string told(const Response1& response, Due due) const;

  Settings settings_;
  Prompt prompt_ = Prompt::None;
  Due due_ = Due::Nothing;
  bool is_logged_in_ = false;
  bool has_secret_ = false;  // the account, as far as is known
  std::string self_;         // set by LOGIN or CREATE
  std::string recipient_;
  std::string text_;
  std::string old_secret_;
  std::string new_secret_;
  std::uint64_t highest_n_ = 0;   // of this installation's messages, accepted
  MessageNumber arrived_{};       // the highest, shown or waiting to be
  MessageNumber acknowledged_{};  // the highest
  bool has_seen_repeat_ = false;  // an acknowledgement was lost: it is told again
};

}  // namespace tribar
