// SPDX-License-Identifier: MIT
//
// See lines1.h.
#include "client/lines1.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <utility>
#include <variant>

#include "base/wipe.h"
#include "chat/text.h"
#include "client/shown_text.h"
#include "client/unsendable.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar {
namespace {

constexpr std::string_view kFirstMenu = "Commands: login, create_account, quit\n";
constexpr std::string_view kMenu =
    "Commands: help (h), compose (c), list users (l), get messages (g), secret (s), delete account "
    "(d), logout (q)\n";
constexpr std::string_view kInvalidCommand = "(invalid command)\n";
constexpr std::string_view kDifferent = "The two are not the same: nothing was changed.";

/// After one of these the server closes the connection.
bool is_last_word(std::string_view token) {
  return token == "replaced" || token == "stopping" || token == "idle" || token == "bad-version" ||
         token == "too-long";
}

std::string frame_of(const Command1& command) {
  std::string frame;
  append_command1(frame, command);
  return frame;
}

/// Why the data of `command` does not fit into a frame, if so.
std::optional<std::string> why_too_long(const Command1& command, std::size_t limit_bytes) {
  if (frame_of(command).size() > limit_bytes + kHeaderBytes) {
    return fmt::format("too long: {} bytes are allowed", limit_bytes);
  }
  return std::nullopt;
}

}  // namespace

std::string_view Lines1::words_of(Prompt prompt) {
  switch (prompt) {
    case Prompt::LoginName:
    case Prompt::NewName:
      return "Username: ";
    case Prompt::LoginSecret:
    case Prompt::DeleteSecret:
      return "Secret: ";
    case Prompt::FirstSecret:
      return "New secret (empty for none): ";
    case Prompt::OldSecret:
      return "Old secret: ";
    case Prompt::NewSecret:
      return "New secret: ";
    case Prompt::FirstSecretAgain:
    case Prompt::NewSecretAgain:
      return "New secret again: ";
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

std::string Lines1::unfinished() const {
  switch (prompt_) {
    case Prompt::None:
      return {};
    case Prompt::ConfirmSend:
      return left_unconfirmed(printable(recipient_));
    default:
      return left_unanswered(words_of(prompt_));
  }
}

std::string_view Lines1::menu() const { return is_logged_in_ ? kMenu : kFirstMenu; }

bool Lines1::wants_secret() const {
  switch (prompt_) {
    case Prompt::LoginSecret:
    case Prompt::FirstSecret:
    case Prompt::FirstSecretAgain:
    case Prompt::OldSecret:
    case Prompt::NewSecret:
    case Prompt::NewSecretAgain:
    case Prompt::DeleteSecret:
      return true;
    default:
      return false;
  }
}

Step Lines1::begin() { return show(std::string(menu())); }

Step Lines1::take_line(std::string_view line) {
  switch (prompt_) {
    case Prompt::None:
      return is_logged_in_ ? run(trimmed(line)) : run_first(trimmed(line));
    case Prompt::LoginName:
      return take_login_name(line);
    case Prompt::LoginSecret:
      return log_in(line);
    case Prompt::NewName:
      return take_new_name(line);
    case Prompt::FirstSecret:
      return take_first_secret(line);
    case Prompt::FirstSecretAgain:
      return line == new_secret_ ? create(line) : refuse(kDifferent);
    case Prompt::Pattern:
      return ask_usernames(line);
    case Prompt::Recipient:
      return take_recipient(line);
    case Prompt::Text:
      return take_text(line);
    case Prompt::ConfirmSend:
      return confirm_send(line);
    case Prompt::OldSecret:
      if (auto reason = why_not_secret(line)) {
        return refuse(*reason);
      }
      old_secret_ = line;
      return open(Prompt::NewSecret);
    case Prompt::NewSecret:
      return take_new_secret(line);
    case Prompt::NewSecretAgain:
      return change_secret(line);
    case Prompt::ConfirmDelete:
      return confirm_delete(line);
    case Prompt::DeleteSecret:
      if (auto reason = why_not_secret(line)) {
        return refuse(*reason);
      }
      return command(Delete{line}, Due::Delete);
  }
  return {};
}

Step Lines1::run_first(std::string_view word) {
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

Step Lines1::run(std::string_view word) {
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
    return ask_waiting();
  }
  if (is("secret", "s")) {
    return ask_secret_change();
  }
  if (is("delete account", "d")) {
    return open(Prompt::ConfirmDelete);
  }
  if (is("logout", "q")) {
    return end(Ending{});
  }
  return refuse_command(word);
}

Step Lines1::open(Prompt prompt) {
  prompt_ = prompt;
  return ask(words_of(prompt));
}

Step Lines1::close(std::string_view outcome) {
  prompt_ = Prompt::None;
  return Dialogue::close(outcome);
}

/// Refuses what was typed, without sending it. `more`: why, if there is more to say.
Step Lines1::refuse(std::string_view reason, const std::optional<std::string>& more) {
  wipe(old_secret_);
  wipe(new_secret_);
  note_refusal(more ? *more : reason);
  return close(fmt::format("{}\n{}", more && settings_.gives_hints ? *more : reason,
                           is_logged_in_ ? std::string_view() : kFirstMenu));
}

Step Lines1::refuse_command(std::string_view word) {
  note_unclear(word);
  const bool is_lost = settings_.gives_hints && !is_logged_in_;
  return show(fmt::format("{}{}", kInvalidCommand, is_lost ? kFirstMenu : ""));
}

/// Ends the prompt, sends `command` and waits for its answer.
Step Lines1::command(const Command1& command, Due due) {
  Step step = close();
  step.send = frame_of(command);
  due_ = due;
  return step;
}

std::string Lines1::printable(std::string_view text) const {
  return shown_text(text, settings_.is_utf8);
}

/// Why `text` cannot be in a frame, if so.
std::optional<std::string> Lines1::why_not_text(std::string_view text) const {
  if (!settings_.is_utf8 && refuse_not_ascii(text)) {
    return "only ASCII can be typed here: choose a locale with UTF-8, such as LC_ALL=C.UTF-8";
  }
  if (auto refusal = refuse_text(text)) {
    return text1_of(*refusal);
  }
  return std::nullopt;
}

/// Why `secret` should not be sent, if so.
std::optional<std::string> Lines1::why_not_secret(std::string_view secret) const {
  if (secret.empty()) {
    return std::nullopt;
  }
  if (!settings_.may_send_secrets) {
    return "A secret is not sent where others can read it: connect to tribars://HOST instead.";
  }
  if (secret.size() > kFirstFrameBytes || find_delimiter(secret, 0) != std::string_view::npos) {
    return "No account can have that secret.";
  }
  return why_not_text(secret);
}

std::optional<std::string> Lines1::why_not_new_secret(std::string_view secret) const {
  if (auto refusal = refuse_secret(secret)) {
    return text1_of(*refusal);
  }
  return why_not_secret(secret);
}

/// The server checks whether there is such a recipient; here it only must be readable from the
/// frame unchanged.
std::optional<std::string> Lines1::why_unsendable(const SendNumbered& send) const {
  if (auto reason = why_too_long(send, kFrameBytes)) {
    return reason;
  }
  if (find_delimiter(send.recipient, 0) != std::string_view::npos) {
    return fmt::format("no username holds {}", kDelimiter);
  }
  if (auto reason = why_not_text(send.recipient)) {
    return reason;
  }
  return why_not_text(send.text);
}

Step Lines1::take_login_name(std::string_view username) {
  if (auto reason = why_not_text(username)) {
    return refuse(*reason, client::why_not_username(username, settings_.is_utf8));
  }
  if (find_delimiter(username, 0) != std::string_view::npos) {
    return refuse("Username not recognized.");
  }
  self_ = username;
  return settings_.secret ? log_in(*settings_.secret) : open(Prompt::LoginSecret);
}

Step Lines1::log_in(std::string_view secret) {
  const Login login{self_, settings_.client, secret};
  auto reason = why_not_secret(secret);
  if (!reason) {
    reason = why_too_long(login, kFirstFrameBytes);
  }
  if (reason) {
    return refuse(*reason);
  }
  has_secret_ = !secret.empty();
  Step step = command(login, Due::Login);
  hold();
  return step;
}

Step Lines1::take_new_name(std::string_view username) {
  if (auto refusal = refuse_new_username(username, CommandLimits{})) {
    return refuse(text1_of(*refusal), client::why_not_username(username, settings_.is_utf8));
  }
  self_ = username;
  return settings_.secret ? create(*settings_.secret) : open(Prompt::FirstSecret);
}

Step Lines1::take_first_secret(std::string_view secret) {
  if (secret.empty()) {
    return create(secret);
  }
  if (auto reason = why_not_new_secret(secret)) {
    return refuse(*reason);
  }
  new_secret_ = secret;
  return open(Prompt::FirstSecretAgain);
}

Step Lines1::create(std::string_view secret) {
  if (!secret.empty()) {
    if (auto reason = why_not_new_secret(secret)) {
      return refuse(*reason);
    }
  }
  has_secret_ = !secret.empty();
  Step step = command(Create{self_, settings_.client, secret}, Due::Create);
  wipe(new_secret_);
  hold();
  return step;
}

Step Lines1::ask_usernames(std::string_view pattern) {
  auto reason = why_not_text(pattern);
  if (!reason) {
    reason = why_too_long(List{pattern}, kFrameBytes);
  }
  return reason ? refuse(*reason) : command(List{pattern}, Due::Usernames);
}

Step Lines1::take_recipient(std::string_view recipient) {
  if (auto reason = why_unsendable(SendNumbered{highest_n_ + 1, recipient, ""})) {
    return refuse(*reason, client::why_not_username(recipient, settings_.is_utf8));
  }
  recipient_ = recipient;
  return open(Prompt::Text);
}

Step Lines1::take_text(std::string_view text) {
  if (auto reason = why_unsendable(SendNumbered{highest_n_ + 1, recipient_, text})) {
    return refuse(*reason,
                  client::why_not_text(text, self_, recipient_, kVersion1, settings_.is_utf8));
  }
  text_ = text;
  return open(Prompt::ConfirmSend);
}

Step Lines1::confirm_send(std::string_view answer) {
  const auto is_yes = yes_or_no(answer);
  if (!is_yes) {
    note_unclear(answer);
    return open(Prompt::ConfirmSend);
  }
  // Only what was accepted uses its number up.
  return *is_yes ? command(SendNumbered{highest_n_ + 1, recipient_, text_}, Due::Accepted)
                 : close();
}

/// The answer to DELIVER has no last frame. So a LIST follows it: answers keep their order, so its
/// answer marks the end.
Step Lines1::ask_waiting() {
  due_ = Due::EndOfWaiting;
  return Step{.send = frame_of(Deliver{}) + frame_of(List{literal_pattern(self_)})};
}

Step Lines1::ask_secret_change() {
  if (has_secret_ && !settings_.secret) {
    return open(Prompt::OldSecret);
  }
  old_secret_ = has_secret_ ? *settings_.secret : "";
  return open(Prompt::NewSecret);
}

Step Lines1::take_new_secret(std::string_view secret) {
  if (auto reason = why_not_new_secret(secret)) {
    return refuse(*reason);
  }
  new_secret_ = secret;
  return open(Prompt::NewSecretAgain);
}

Step Lines1::change_secret(std::string_view again) {
  if (again != new_secret_) {
    return refuse(kDifferent);
  }
  Step step = command(SetSecret{old_secret_, new_secret_}, Due::Secret);
  wipe(old_secret_);
  return step;
}

Step Lines1::confirm_delete(std::string_view answer) {
  const auto is_yes = yes_or_no(answer);
  if (!is_yes) {
    note_unclear(answer);
    return open(Prompt::ConfirmDelete);
  }
  if (!*is_yes) {
    return close();
  }
  if (has_secret_ && !settings_.secret) {
    return open(Prompt::DeleteSecret);
  }
  return command(Delete{has_secret_ ? std::string_view(*settings_.secret) : std::string_view()},
                 Due::Delete);
}

Step Lines1::take_frame(std::uint8_t code, std::string_view data) {
  const auto reply = parse_reply1(code, data);
  return reply ? take_reply(reply.value()) : break_off(reply.error().text);
}

Step Lines1::take_reply(const Reply1& reply) {
  return std::visit([this](const auto& what) { return on(what); }, reply);
}

std::string Lines1::confirm_shown() {
  if (!has_shown_all() || (arrived_ == acknowledged_ && !has_seen_repeat_)) {
    return {};
  }
  acknowledged_ = arrived_;
  has_seen_repeat_ = false;
  return frame_of(Acknowledge{acknowledged_});
}

/// A server that speaks protocol 0 only says so in that.
Step Lines1::refuse_version(std::uint8_t found) {
  return found == kVersion0
             ? end(Ending{EX_PROTOCOL,
                          "the server speaks protocol 0 only here: connect with --protocol 0, "
                          "which has no secrets"})
             : Dialogue::refuse_version(found);
}

Step Lines1::on(const Response1& response) {
  if (response.is_ok()) {
    return succeed(response);
  }
  if (is_last_word(response.token)) {
    return end(Ending{EX_UNAVAILABLE, told(response, due_)});
  }
  return fail(response);
}

Step Lines1::succeed(const Response1& response) {
  const Due due = std::exchange(due_, Due::Nothing);
  if (response.waiting.has_value() != (due == Due::Login)) {
    return break_off("it answers with numbers that belong to another command");
  }
  switch (due) {
    case Due::Login:
      return start_session(*response.waiting, *response.third);
    case Due::Create:
      return start_session(0, 0);
    case Due::Secret: {
      has_secret_ = true;
      const bool is_from_file = settings_.secret.has_value();
      if (is_from_file) {
        settings_.secret = new_secret_;
      }
      wipe(new_secret_);
      return show(is_from_file ? "Secret changed. Write the new one to the secret file, too.\n"
                               : "Secret changed.\n");
    }
    case Due::Delete:
      return end(Ending{});
    case Due::Nothing:
    case Due::Usernames:
    case Due::Accepted:
    case Due::EndOfWaiting:
      break;
  }
  return break_off("it reports a success that nothing asked for");
}

Step Lines1::start_session(std::uint64_t waiting, std::uint64_t highest) {
  is_logged_in_ = true;
  highest_n_ = highest;
  std::string outcome = fmt::format("Logged in as: {}\n{}", printable(self_), kMenu);
  if (waiting == 1) {
    outcome += "1 message waits: get messages (g) shows it, and then what comes after it.\n";
  } else if (waiting > 1) {
    outcome += fmt::format(
        "{} messages wait: get messages (g) shows them, and then what comes after them.\n",
        waiting);
  }
  return close(outcome);
}

/// An error is shown even if no answer is awaited: a server sends its reason before it closes a
/// connection.
Step Lines1::fail(const Response1& response) {
  const Due due = due_;
  std::string text = told(response, due);
  if (due == Due::Accepted && response.token == token1_of(RefusalCode::NumberAhead) &&
      response.third) {
    highest_n_ = *response.third;
  }
  if (response.token == token1_of(RefusalCode::WrongSecret) && due != Due::Login &&
      due != Due::Create) {
    has_secret_ = true;
  }
  wipe(new_secret_);
  if (due != Due::EndOfWaiting) {
    due_ = Due::Nothing;
  }
  if (due == Due::Login || due == Due::Create) {
    return refuse(text);
  }
  if (due != Due::Nothing) {
    note_refusal(text);
  }
  return show(text + '\n');
}

/// What a person is told of an error, and can do about it.
std::string Lines1::told(const Response1& response, Due due) const {
  const auto is = [&response](RefusalCode code) { return response.token == token1_of(code); };
  if (is(RefusalCode::NoSuchUsername) && due == Due::Login) {
    return "Username not recognized.";
  }
  if (is(RefusalCode::UsernameTaken)) {
    return "Username is taken.";
  }
  // A server without support for secrets has the same token, and its own words.
  const bool is_first_secret = has_secret_ ? due == Due::Create : due == Due::Secret;
  if (is(RefusalCode::WrongSecret) && !is_first_secret) {
    return has_secret_ ? "The secret is wrong." : "A secret is needed, and none was given.";
  }
  if (is(RefusalCode::Throttled) && response.third) {
    return fmt::format("Too many wrong secrets: try again in {} s.",
                       *response.third / 1000 + (*response.third % 1000 != 0 ? 1 : 0));
  }
  if (is(RefusalCode::SecretNeedsTls)) {
    return "The server takes no secrets over this connection: connect to tribars://HOST instead.";
  }
  if (is(RefusalCode::LoggedInElsewhere)) {
    return "The account is logged in elsewhere. It has no secret, so its session cannot be taken "
           "over: log out there first.";
  }
  if (is(RefusalCode::NumberAhead)) {
    return "Not sent, since the server has another number for it: send it again.";
  }
  if (is(RefusalCode::Replaced)) {
    return "the account was logged in to from elsewhere, which ended this session";
  }
  return printable(response.text);
}

Step Lines1::on(const ListResponse1& list) {
  const Due due = std::exchange(due_, Due::Nothing);
  if (due == Due::EndOfWaiting) {
    return {};
  }
  if (due != Due::Usernames) {
    return break_off("it lists usernames that nothing asked for");
  }
  std::string text = "Accounts:\n";
  for (const ListResponse1::User& user : list.users) {
    text += '\t';
    text += printable(user.name);
    text += user.is_on ? " (online)\n" : "\n";
  }
  return show(std::move(text));
}

Step Lines1::on(const Delivery1& delivery) {
  const Message& message = delivery.message;
  if (!is_logged_in_ && due_ != Due::Login) {
    return break_off("it delivers a message before login");
  }
  if (message.recipient != self_) {
    return break_off("it delivers a message that is for another account");
  }
  if (delivery.number <= arrived_) {
    has_seen_repeat_ = true;
    return {};
  }
  arrived_ = delivery.number;
  return show(fmt::format("New message from {}:\n{}\n\n", printable(message.sender),
                          printable(message.text)));
}

Step Lines1::on(const Accepted1& accepted) {
  if (due_ != Due::Accepted || accepted.n != highest_n_ + 1) {
    return break_off("it confirms a message that was not sent");
  }
  due_ = Due::Nothing;
  highest_n_ = accepted.n;
  if (accepted.number == MessageNumber{}) {
    constexpr std::string_view kRepeat =
        "Not sent, since the server takes it for a repeat: send it again.";
    note_refusal(kRepeat);
    return show(fmt::format("{}\n", kRepeat));
  }
  return show(fmt::format("Sent to {}:\n{}\n\n", printable(recipient_), printable(text_)));
}

Step Lines1::on(const Ping& ping) { return Step{.send = frame_of(Pong{ping.data})}; }

Step Lines1::on(const Pong&) { return break_off("it answers a ping that was not sent"); }

}  // namespace tribar
