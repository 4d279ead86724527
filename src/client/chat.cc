// SPDX-License-Identifier: MIT
//
// See chat.h: lines, commands, leaving, completion. Questions are in chat_questions.cc, what the
// server says in chat_events.cc.
#include "client/chat.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "client/interrupt.h"
#include "client/shown_text.h"
#include "client/unsendable.h"

namespace tribar {
namespace {

using client::RequestId;

constexpr std::string_view kBlanks = " \t\n";
constexpr std::string_view kNoConnection =
    "There is no connection now: this works again when it is back.";
constexpr std::string_view kHowToTalk = "Each line is a message; an empty line leaves.";

struct Words {
  std::string_view first;
  std::string_view rest;  // without the blanks around it
};

Words split(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
  const std::size_t rest = std::min(text.find_first_not_of(kBlanks, end), text.size());
  return {text.substr(begin, end - begin), text.substr(rest)};
}

}  // namespace

Chat::Chat(Settings settings)
    : settings_(std::move(settings)), session_(settings_.session), view_(settings_.view) {}

// Steps.

void Chat::start(const ChatMoment& moment) {
  step_ = {};
  moment_ = moment;
}

/// Carries out what the call caused: events, and lines that waited for them.
ChatStep Chat::finish() {
  while (!step_.ending) {
    const auto events = session_.take_events();
    for (const client::SessionEvent& event : events) {
      std::visit([this](const auto& what) { on(what); }, event);
    }
    if (due_ == Due::Nothing && !waiting_.empty() && !step_.ending) {
      Line line = std::move(waiting_.front());
      waiting_.pop_front();
      take(std::move(line));
    } else if (events.empty()) {
      break;
    }
  }
  if (due_ == Due::Leaving && unconfirmed() == 0 && !step_.ending) {
    step_.ending = Ending{};
  }
  ask_about_doubt();
  return std::exchange(step_, {});
}

/// Puts what was typed back into the line, or prints it if it cannot be there.
void Chat::give_back(std::string draft) {
  if (moment_.is_typing || is_open() || due_ != Due::Nothing || step_.draft) {
    step_.print += view_.text(draft);
  } else {
    step_.draft = std::move(draft);
  }
}

void Chat::give_back(const Outgoing& message) {
  if (!is_in_) {
    step_.print += view_.text(message.text);
  } else if (message.recipient == partner_) {
    give_back((message.text.starts_with('/') ? "/" : "") + message.text);
  } else {
    give_back(as_command(fmt::format("c {} {}", message.recipient, message.text)));
  }
}

void Chat::print_text(std::string_view heading, const Outgoing& message) {
  warn(fmt::format("{} {}:", heading, shown_name(message.recipient)));
  step_.print += view_.text(message.text);
}

/// What is typed to run a command where the user is now.
std::string Chat::as_command(std::string_view words) const {
  return (partner_.empty() ? "" : "/") + std::string(words);
}

// Lines.

ChatStep Chat::take_line(std::string text, bool is_pasted, const ChatMoment& moment) {
  start(moment);
  was_interrupted_ = false;
  Line line{false, std::move(text), is_pasted};
  if (due_ == Due::Nothing) {
    take(std::move(line));
  } else {
    waiting_.push_back(std::move(line));
  }
  return finish();
}

ChatStep Chat::end_input(const ChatMoment& moment) {
  start(moment);
  was_interrupted_ = false;
  Line line{true, {}, false};
  if (due_ == Due::Nothing) {
    take(std::move(line));
  } else {
    waiting_.push_back(std::move(line));
  }
  return finish();
}

ChatStep Chat::interrupt(std::string_view cleared, const ChatMoment& moment) {
  start(moment);
  const bool is_second = was_interrupted_ && cleared.empty();
  was_interrupted_ = cleared.empty() && !is_open();
  if (!cleared.empty() && !wants_secret()) {
    notice("Cleared:");
    step_.print += view_.text(cleared);
  } else if (is_open()) {
    cancel();
  } else if (is_second) {
    give_up({kInterruptedExitCode, ""});
  } else if (!cleared.empty()) {
    return finish();
  } else if (due_ == Due::Leaving) {
    due_ = Due::Nothing;
    ask_to_leave();
  } else if (partner_.empty()) {
    notice("q or Ctrl-D ends the program; Ctrl-C again does, too.");
  } else {
    notice("An empty line leaves the conversation, /q ends the program; Ctrl-C again does, too.");
  }
  return finish();
}

void Chat::take(Line line) {
  if (is_open()) {
    answer(line);
  } else if (line.is_end) {
    if (partner_.empty()) {
      begin_leaving();
    } else {
      leave_conversation();
    }
  } else if (partner_.empty()) {
    run(line.text.starts_with('/') ? std::string_view(line.text).substr(1) : line.text, line.text);
  } else {
    say(line);
  }
}

/// A line in a conversation.
void Chat::say(const Line& line) {
  const std::string& text = line.text;
  if (trimmed(text).empty()) {
    if (!line.is_pasted) {
      leave_conversation();
    }
  } else if (text.starts_with("//")) {
    // Pasted text is what it is, such as a comment of a program.
    send({partner_, line.is_pasted ? text : text.substr(1)}, text);
  } else if (text.starts_with('/')) {
    run(std::string_view(text).substr(1), text);
  } else {
    send({partner_, text}, text);
  }
}

void Chat::run(std::string_view text, std::string_view typed) {
  const Words words = split(text);
  if (words.first.empty() && words.rest.empty()) {
    return;
  }
  const auto found = find_chat_command(words.first, place());
  const bool is_one_line = text.find('\n') == std::string_view::npos;
  if (!found) {
    warn(told_unknown(words.first));
    if (!words.rest.empty() || !partner_.empty()) {
      give_back(std::string(typed));  // it may be a text
    }
  } else if (found->arguments == ChatArguments::None && !words.rest.empty()) {
    warn(fmt::format("Nothing stands behind {}. A message: c NAME TEXT.",
                     view_.quoted(words.first)));
    give_back(std::string(typed));
  } else if (found->arguments == ChatArguments::Name && !is_one_line) {
    warn("A command is one line.");
    give_back(std::string(typed));
  } else {
    run(found->command, words.rest, typed);
  }
}

/// Why `word` is no command here, and what to do.
std::string Chat::told_unknown(std::string_view word) const {
  if (find_chat_command(word, {!is_in_, settings_.session.protocol})) {
    return is_in_ ? fmt::format("You are logged in as {}: q ends that first.", shown_name(name_))
                  : "Log in first: login NAME, or create NAME.";
  }
  const std::string shown = word.size() <= kMostPromptBytes ? " " + view_.quoted(word) : "";
  if (!is_in_) {
    return fmt::format("There is no command{} here: login NAME, create NAME, help or quit.", shown);
  }
  return fmt::format("There is no command{}: help lists them. A message: {}", shown,
                     partner_.empty() ? "c NAME TEXT." : "//TEXT.");
}

void Chat::run(ChatCommand command, std::string_view arguments, std::string_view typed) {
  switch (command) {
    case ChatCommand::Login:
    case ChatCommand::Create: {
      const bool creates = command == ChatCommand::Create;
      const std::string_view name = trimmed(arguments);
      return name.empty() ? open(creates ? Question::NewName : Question::LoginName)
                          : begin_login(name, creates);
    }
    case ChatCommand::Compose: {
      const Words words = split(arguments);
      if (words.first.empty()) {
        return open(Question::Partner);
      }
      return words.rest.empty() ? begin_conversation(words.first, typed)
                                : send({std::string(words.first), std::string(words.rest)}, typed);
    }
    case ChatCommand::Reply:
      if (last_sender_.empty()) {
        warn("Nobody has written yet.");
        return give_back(std::string(typed));
      }
      return arguments.empty() ? begin_conversation(last_sender_, typed)
                               : send({last_sender_, std::string(arguments)}, typed);
    case ChatCommand::List:
      return list(trimmed(arguments), typed);
    case ChatCommand::Get:
      return is_online() ? get(Asked::Kind::Get) : warn(kNoConnection);
    case ChatCommand::Secret:
      return is_online() ? begin_secret_change() : warn(kNoConnection);
    case ChatCommand::Delete:
      return is_online() ? open(Question::ConfirmDelete) : warn(kNoConnection);
    case ChatCommand::Help:
      return notice(chat_help(place()));
    case ChatCommand::Quit:
      return begin_leaving();
  }
}

// Commands.

void Chat::begin_login(std::string_view name, bool creates) {
  if (const auto why = client::why_not_username(name, settings_.view.is_utf8)) {
    warn(fmt::format("No account has that name: {}.", *why));
    return give_back(fmt::format("{} {}", creates ? "create" : "login", name));
  }
  name_ = name;
  if (settings_.session.protocol == 0) {
    return creates ? create({}) : log_in({});
  }
  if (settings_.secret) {
    return creates ? create(*settings_.secret) : log_in(*settings_.secret);
  }
  open(creates ? Question::FirstSecret : Question::LoginSecret);
}

void Chat::log_in(std::string_view secret) {
  wants_link_ = true;
  if (refuses_secret(secret)) {
    return give_back("login " + name_);
  }
  has_secret_ = !secret.empty();
  due_ = Due::Login;
  session_.log_in(name_, std::string(secret));
  if (!session_.is_connected()) {
    notice("You are logged in as soon as there is a connection.");
  }
}

void Chat::create(std::string_view secret) {
  wants_link_ = true;
  if (!session_.is_connected()) {
    warn(kNoConnection);
    return give_back("create " + name_);
  }
  if (!secret.empty() && refuses_new_secret(secret)) {
    return give_back("create " + name_);
  }
  has_secret_ = !secret.empty();
  due_ = Due::Create;
  session_.create(name_, std::string(secret));
  new_secret_ = {};
}

/// Says so if `secret` should not be sent.
bool Chat::refuses_secret(std::string_view secret) {
  if (secret.empty()) {
    return false;
  }
  if (!is_private_ && session_.is_connected()) {
    warn("A secret is not sent where others can read it: connect to tribars://HOST instead.");
    return true;
  }
  const auto why = client::why_not_secret(secret);
  if (why) {
    warn(fmt::format("Not taken: {}.", *why));
  }
  return why.has_value();
}

bool Chat::refuses_new_secret(std::string_view secret) {
  if (const auto why = client::why_not_new_secret(secret)) {
    warn(fmt::format("Not taken: {}.", *why));
    return true;
  }
  return refuses_secret(secret);
}

/// Asks the server first whether there is such an account.
void Chat::begin_conversation(std::string_view name, std::string_view typed) {
  if (const auto why = client::why_not_username(name, settings_.view.is_utf8)) {
    warn(fmt::format("No account has that name: {}.", *why));
    return give_back(std::string(typed));
  }
  const std::string partner(name);
  if (!is_online()) {
    return enter_conversation(partner, std::nullopt);
  }
  due_ = Due::Partner;
  const RequestId id = session_.list(literal_pattern(partner));
  asked_[id] = {Asked::Kind::Partner, {partner, ""}};
}

void Chat::enter_conversation(const std::string& partner, std::optional<bool> is_there) {
  partner_ = partner;
  note_name(partner);
  const std::string name = shown_name(partner);
  if (!is_there) {
    notice(fmt::format("To {}. {}", name, kHowToTalk));
  } else if (*is_there) {
    notice(fmt::format("To {}, who is online. {}", name, kHowToTalk));
  } else {
    notice(fmt::format("To {}, who is not online: messages wait. {}", name, kHowToTalk));
  }
}

void Chat::leave_conversation() {
  notice(fmt::format("No longer to {}.", shown_name(std::exchange(partner_, {}))));
}

/// `typed` comes back if it cannot be sent; without it the message does.
void Chat::send(const Outgoing& message, std::string_view typed) {
  auto why = client::why_not_username(message.recipient, settings_.view.is_utf8);
  if (!why) {
    why = client::why_not_text(message.text, name_, message.recipient, settings_.session.protocol,
                               settings_.view.is_utf8);
  }
  if (why) {
    warn(fmt::format("Not sent: {}.", *why));
    return typed.empty() ? give_back(message) : give_back(std::string(typed));
  }
  const RequestId id = session_.send(message.recipient, message.text);
  asked_[id] = {Asked::Kind::Send, message};
  if (!session_.is_connected()) {
    notice(fmt::format("Kept: it is sent to {} when the connection is back.",
                       shown_name(message.recipient)));
  }
}

void Chat::list(std::string_view pattern, std::string_view typed) {
  if (!is_online()) {
    return warn(kNoConnection);
  }
  if (const auto why =
          client::why_not_pattern(pattern, settings_.session.protocol, settings_.view.is_utf8)) {
    warn(fmt::format("Not asked: {}.", *why));
    return give_back(std::string(typed));
  }
  asked_[session_.list(std::string(pattern))] = {Asked::Kind::List, {}};
}

void Chat::get(Asked::Kind kind) { asked_[session_.fetch()] = {kind, {}}; }

void Chat::begin_secret_change() {
  if (!has_secret_) {
    return open(Question::NewSecret);
  }
  if (!settings_.secret) {
    return open(Question::OldSecret);
  }
  old_secret_ = SecretBytes(*settings_.secret);
  open(Question::NewSecret);
}

void Chat::change_secret() {
  due_ = Due::Secret;
  const RequestId id =
      session_.set_secret(std::string(old_secret_.view()), std::string(new_secret_.view()));
  asked_[id] = {Asked::Kind::Secret, {}};
  old_secret_ = {};
}

void Chat::begin_deletion() {
  if (has_secret_ && !settings_.secret) {
    return open(Question::DeleteSecret);
  }
  remove(has_secret_ ? std::string_view(*settings_.secret) : std::string_view());
}

void Chat::remove(std::string_view secret) {
  due_ = Due::Delete;
  asked_[session_.remove(std::string(secret))] = {Asked::Kind::Delete, {}};
}

std::size_t Chat::unconfirmed() const { return session_.unsent().size() + doubts_.size(); }

/// Ends when the server has everything that was typed.
void Chat::begin_leaving() {
  if (unconfirmed() == 0) {
    step_.ending = Ending{};
  } else if (is_online() && doubts_.empty()) {
    due_ = Due::Leaving;
  } else {
    ask_to_leave();
  }
}

void Chat::ask_to_leave() {
  warn(fmt::format("The server has not confirmed {}.", counted(unconfirmed(), "message")));
  open(Question::Leave);
}

/// Ends in any case, and shows what would be lost.
void Chat::give_up(Ending ending) {
  give_up_unsent();
  give_up_doubts();
  step_.ending = std::move(ending);
}

void Chat::give_up_unsent() {
  for (const client::Session::Unsent& each : session_.unsent()) {
    print_text(each.is_in_doubt ? "It is not known whether this has reached" : "Not sent to",
               {std::string(each.recipient), std::string(each.text)});
  }
}

void Chat::give_up_doubts() {
  for (const Outgoing& each : std::exchange(doubts_, {})) {
    print_text("It is not known whether this has reached", each);
  }
}

ChatStep Chat::note(std::string_view text) {
  start({});
  std::string sentence(text);
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z') {
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  }
  warn(sentence);
  return std::exchange(step_, {});
}

ChatStep Chat::end(Ending ending) {
  start({});
  give_up(std::move(ending));
  return std::exchange(step_, {});
}

// Completion.

ChatCompletion Chat::complete(std::string_view line) {
  if (wants_secret() || is_yes_or_no() || line.find('\n') != std::string_view::npos) {
    return {};
  }
  if (question_ == Question::Partner) {
    return complete_name(line, 0);
  }
  const bool has_slash = line.starts_with('/');
  if (is_open() || line.starts_with("//") || (!partner_.empty() && !has_slash)) {
    return {};
  }
  const std::size_t begin = has_slash ? 1 : 0;
  const std::size_t end = line.find(' ', begin);
  if (end == std::string_view::npos) {
    ChatCompletion found{begin, {}};
    for (const std::string_view name : chat_command_names(place())) {
      if (name.starts_with(line.substr(begin))) {
        found.words.emplace_back(name);
      }
    }
    return found;
  }
  const auto command = find_chat_command(line.substr(begin, end - begin), place());
  const std::size_t name = std::min(line.find_first_not_of(' ', end), line.size());
  const bool takes_name = command && (command->command == ChatCommand::Compose ||
                                      command->command == ChatCommand::List);
  return takes_name && line.find(' ', name) == std::string_view::npos ? complete_name(line, name)
                                                                      : ChatCompletion{};
}

/// Also asks the server, if it was not asked for this before.
ChatCompletion Chat::complete_name(std::string_view line, std::size_t from) {
  const std::string_view prefix = line.substr(from);
  if (is_online() && !awaits(Asked::Kind::Names) && names_asked_ != prefix) {
    names_asked_ = prefix;
    const std::string pattern = literal_pattern(prefix) + "*";
    if (!client::why_not_pattern(pattern, settings_.session.protocol, settings_.view.is_utf8)) {
      asked_[session_.list(pattern)] = {Asked::Kind::Names, {}};
    }
  }
  ChatCompletion found{from, {}};
  for (auto name = names_.lower_bound(prefix); name != names_.end() && name->starts_with(prefix);
       ++name) {
    if (!client::why_not_username(*name, settings_.view.is_utf8)) {
      found.words.push_back(*name);
    }
  }
  return found;
}

}  // namespace tribar
