// SPDX-License-Identifier: MIT
//
// See lines.h.
#include "client/lines.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "chat/text.h"
#include "client/unsendable.h"
#include "zero/command.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar {
namespace {

constexpr std::string_view kFirstMenu = "Commands: login, create_account, quit\n";
constexpr std::string_view kMenu =
    "Commands: help (h), compose (c), list users (l), get messages (g), delete account (d), "
    "logout (q)\n";
constexpr std::string_view kInvalidCommand = "(invalid command)\n";

/// A peer's text, complete and safe to print.
std::string printable(std::string_view bytes) { return log::escaped(bytes, bytes.size()); }

std::string message_block(std::string_view heading, std::string_view username,
                          std::string_view text) {
  return fmt::format("{} {}:\n{}\n\n", heading, printable(username), printable(text));
}

std::string frame_of(const Command& command) {
  std::string frame;
  append_command(frame, command);
  return frame;
}

/// The reason why a server would refuse `data`, if any.
std::optional<std::string> why_not_data(std::string_view data, std::size_t limit_bytes) {
  if (data.size() > limit_bytes) {
    return fmt::format("too long: {} bytes are allowed", limit_bytes);
  }
  if (auto refusal = refuse_not_ascii(data)) {
    return text_of(*refusal);
  }
  return std::nullopt;
}

/// The reason why `message` cannot be sent, if any. The server checks recipient and text; here they
/// only must be readable from the frame unchanged.
std::optional<std::string> why_unsendable(const Message& message) {
  std::string frame;
  append_message(frame, message);
  const std::string_view data = std::string_view(frame).substr(kHeaderBytes);
  if (auto reason = why_not_data(data, Lines::kFrameBytes)) {
    return reason;
  }
  const auto parsed = parse_message(data);
  if (!parsed && parsed.error().code != RefusalCode::WrongFieldCount) {
    return text_of(parsed.error());
  }
  if (!parsed || parsed.value() != message) {
    return fmt::format("the character sequence {} cannot be sent", kDelimiter);
  }
  return std::nullopt;
}

}  // namespace

std::string_view Lines::words_of(Prompt prompt) {
  switch (prompt) {
    case Prompt::LoginName:
    case Prompt::NewName:
      return "Username: ";
    case Prompt::Pattern:
      return "Search pattern (optional): ";
    case Prompt::Recipient:
      return "Recipient: ";
    case Prompt::Text:
      return "Message: ";
    case Prompt::ConfirmSend:
      return "Send? (y/n): ";
    case Prompt::ConfirmDelete:
      return "Confirm account deletion? (y/n): ";
    case Prompt::None:
      break;
  }
  return {};
}

std::string Lines::unfinished() const {
  switch (prompt_) {
    case Prompt::None:
      return {};
    case Prompt::ConfirmSend:
      return left_unconfirmed(printable(recipient_));
    default:
      return left_unanswered(words_of(prompt_));
  }
}

std::string_view Lines::menu() const { return is_logged_in_ ? kMenu : kFirstMenu; }

Step Lines::begin() { return show(std::string(menu())); }

Step Lines::take_line(std::string_view line) {
  switch (prompt_) {
    case Prompt::None:
      return is_logged_in_ ? run(trimmed(line)) : run_first(trimmed(line));
    case Prompt::LoginName:
      return log_in(line);
    case Prompt::NewName:
      return create(line);
    case Prompt::Pattern:
      return ask_usernames(line);
    case Prompt::Recipient:
      return take_recipient(line);
    case Prompt::Text:
      return take_text(line);
    case Prompt::ConfirmSend:
      return confirm_send(line);
    case Prompt::ConfirmDelete:
      return confirm_delete(line);
  }
  return {};
}

Step Lines::run_first(std::string_view word) {
  if (word == "login") {
    return open(Prompt::LoginName);
  }
  if (word == "create_account") {
    return open(Prompt::NewName);
  }
  if (word == "quit") {
    return end(Ending{});
  }
  return refuse_command(word);
}

Step Lines::run(std::string_view word) {
  const auto is = [word](std::string_view full, std::string_view key) {
    return word == full || word == key;
  };
  if (is("help", "h")) {
    return show(std::string(menu()));
  }
  if (is("compose", "c")) {
    return open(Prompt::Recipient);
  }
  if (is("list users", "l")) {
    return open(Prompt::Pattern);
  }
  if (is("get messages", "g")) {
    return ask_undelivered();
  }
  if (is("delete account", "d")) {
    return open(Prompt::ConfirmDelete);
  }
  if (is("logout", "q")) {
    return end(Ending{});
  }
  return refuse_command(word);
}

Step Lines::open(Prompt prompt) {
  prompt_ = prompt;
  return ask(words_of(prompt));
}

Step Lines::close(std::string_view outcome) {
  prompt_ = Prompt::None;
  return Dialogue::close(outcome);
}

/// Refuses what was typed, without sending it. `more`: why, if there is more to say.
Step Lines::refuse(std::string_view reason, const std::optional<std::string>& more) {
  note_refusal(more ? *more : reason);
  return close(fmt::format("{}\n{}", more && settings_.gives_hints ? *more : reason,
                           is_logged_in_ ? std::string_view() : kFirstMenu));
}

Step Lines::refuse_command(std::string_view word) {
  note_unclear(word);
  const bool is_lost = settings_.gives_hints && !is_logged_in_;
  return show(fmt::format("{}{}", kInvalidCommand, is_lost ? kFirstMenu : ""));
}

Step Lines::log_in(std::string_view username) {
  if (auto reason = why_not_data(username, kFirstFrameBytes)) {
    return refuse(*reason, client::why_not_username(username, settings_.is_utf8));
  }
  Step step = close();
  step.send = frame_of(Login{username});
  self_ = username;
  due_ = Due::Login;
  hold();
  return step;
}

Step Lines::create(std::string_view username) {
  if (auto refusal = refuse_new_username(username, CommandLimits{})) {
    return refuse(text_of(*refusal), client::why_not_username(username, settings_.is_utf8));
  }
  Step step = close();
  step.send = frame_of(Create{username});
  self_ = username;
  due_ = Due::Login;
  hold();
  return step;
}

Step Lines::ask_usernames(std::string_view pattern) {
  if (auto reason = why_not_data(pattern, kFrameBytes)) {
    return refuse(*reason, client::why_not_pattern(pattern, kVersion0, settings_.is_utf8));
  }
  Step step = close();
  step.send = frame_of(List{pattern});
  due_ = Due::Usernames;
  return step;
}

Step Lines::take_recipient(std::string_view recipient) {
  if (auto reason = why_unsendable(Message{self_, recipient, ""})) {
    return refuse(*reason, client::why_not_username(recipient, settings_.is_utf8));
  }
  recipient_ = recipient;
  return open(Prompt::Text);
}

Step Lines::take_text(std::string_view text) {
  if (auto reason = why_unsendable(Message{self_, recipient_, text})) {
    return refuse(*reason,
                  client::why_not_text(text, self_, recipient_, kVersion0, settings_.is_utf8));
  }
  text_ = text;
  return open(Prompt::ConfirmSend);
}

Step Lines::confirm_send(std::string_view answer) {
  const auto is_yes = yes_or_no(answer);
  if (!is_yes) {
    note_unclear(answer);
    return open(Prompt::ConfirmSend);
  }
  Step step = close();
  if (*is_yes) {
    step.send = frame_of(Send{Message{self_, recipient_, text_}});
    due_ = Due::Echo;
    echoes_due_ = recipient_ == self_ ? 2 : 1;
  }
  return step;
}

/// The answer to DELIVER has no last frame. So a LIST follows it: answers keep their order, so its
/// answer marks the end.
Step Lines::ask_undelivered() {
  due_ = Due::EndOfUndelivered;
  return Step{.send = frame_of(Deliver{}) + frame_of(List{literal_pattern(self_)})};
}

/// DELETE has no answer either: the LIST shows whether the server did it.
Step Lines::confirm_delete(std::string_view answer) {
  const auto is_yes = yes_or_no(answer);
  if (!is_yes) {
    note_unclear(answer);
    return open(Prompt::ConfirmDelete);
  }
  Step step = close();
  if (*is_yes) {
    step.send = frame_of(Delete{}) + frame_of(List{literal_pattern(self_)});
    due_ = Due::EndOfAccount;
    is_deletion_refused_ = false;
  }
  return step;
}

Step Lines::take_frame(std::uint8_t code, std::string_view data) {
  const auto reply = parse_reply(code, data);
  return reply ? take_reply(reply.value()) : break_off(reply.error().text);
}

Step Lines::take_reply(const Reply& reply) {
  return std::visit([this](const auto& what) { return on(what); }, reply);
}

/// An error is shown even if no answer is awaited: a server sends its reason before it closes a
/// connection.
Step Lines::on(const Response& response) {
  if (due_ == Due::Login) {
    return finish_login(response.error);
  }
  if (response.error.empty()) {
    return break_off("it reports a success that nothing asked for");
  }
  if (due_ != Due::Nothing) {
    note_refusal(printable(response.error));
  }
  if (due_ == Due::Usernames || due_ == Due::Echo) {
    due_ = Due::Nothing;
  }
  is_deletion_refused_ = due_ == Due::EndOfAccount;
  return show(printable(response.error) + '\n');
}

Step Lines::finish_login(std::string_view error) {
  due_ = Due::Nothing;
  if (error.empty()) {
    is_logged_in_ = true;
    return close(fmt::format("Logged in as: {}\n{}", printable(self_), kMenu));
  }
  if (error == text_of(Refusal{RefusalCode::NoSuchUsername})) {
    return refuse("Username not recognized.");
  }
  if (error == text_of(Refusal{RefusalCode::UsernameTaken})) {
    return refuse("Username is taken.");
  }
  return refuse(printable(error));
}

Step Lines::on(const ListResponse& list) {
  switch (due_) {
    case Due::Usernames: {
      due_ = Due::Nothing;
      std::string text = "Accounts:\n";
      for (const std::string_view username : list.usernames) {
        text += '\t';
        text += printable(username);
        text += '\n';
      }
      return show(std::move(text));
    }
    case Due::EndOfUndelivered:
      due_ = Due::Nothing;
      return {};
    case Due::EndOfAccount:
      return finish_deletion(list);
    case Due::Nothing:
    case Due::Login:
    case Due::Echo:
      break;
  }
  return break_off("it lists usernames that nothing asked for");
}

Step Lines::finish_deletion(const ListResponse& list) {
  due_ = Due::Nothing;
  if (std::find(list.usernames.begin(), list.usernames.end(), self_) == list.usernames.end()) {
    return end(Ending{});
  }
  if (is_deletion_refused_) {
    return {};
  }
  return break_off("it still lists the account that it was to delete");
}

Step Lines::on(const Delivery& delivery) {
  const Message& message = delivery.message;
  if (!is_logged_in_ && due_ != Due::Login) {
    return break_off("it delivers a message before login");
  }
  if (message.sender == self_ && is_logged_in_) {
    return take_own(message);
  }
  if (message.recipient != self_) {
    return break_off("it delivers a message that is for another account");
  }
  return show(message_block("New message from", message.sender, message.text));
}

Step Lines::take_own(const Message& message) {
  const bool is_echo =
      due_ == Due::Echo && message.recipient == recipient_ && message.text == text_;
  if (is_echo && --echoes_due_ == 0) {
    due_ = Due::Nothing;
  }
  if (message.recipient == self_) {
    return show(message_block("New message from", message.sender, message.text));
  }
  if (is_echo) {
    return show(message_block("Sent to", message.recipient, message.text));
  }
  return break_off("it confirms a message that was not sent");
}

}  // namespace tribar
