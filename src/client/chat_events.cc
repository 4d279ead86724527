// SPDX-License-Identifier: MIT
//
// See chat.h: what becomes of the connection, and what the server says.
#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "client/chat.h"
#include "client/shown_text.h"

namespace tribar {
namespace {

using client::RequestId;

/// Enough to complete, and little memory.
constexpr std::size_t kMostNames = 10000;

}  // namespace

// The connection.

ChatStep Chat::connected(bool is_private, const ChatMoment& moment) {
  start(moment);
  is_private_ = is_private;
  session_.connected();
  if (!std::exchange(has_connected_, true)) {
    notice(fmt::format("Connected to {}.", view_.quoted(settings_.server)));
    if (settings_.name.empty()) {
      notice("login NAME or create NAME; help lists all.");
    } else {
      begin_login(settings_.name, false);
    }
  } else if (session_.self().empty()) {
    has_said_lost_ = false;
    notice("Connected again.");
  }
  return finish();
}

ChatStep Chat::lost(std::string_view why, const ChatMoment& moment) {
  start(moment);
  lose(why);
  return finish();
}

ChatStep Chat::receive(std::string_view bytes, const ChatMoment& moment) {
  start(moment);
  session_.receive(bytes);
  return finish();
}

void Chat::lose(std::string_view why) {
  if (!settings_.reconnects) {
    disconnect_for_good();
    return give_up({EX_UNAVAILABLE, std::string(why)});
  }
  session_.disconnected();
  if (!std::exchange(has_said_lost_, true)) {
    warn(fmt::format("No connection: {}\nTrying again. What you type is kept.", why));
  }
  if (due_ == Due::Leaving) {
    due_ = Due::Nothing;
    ask_to_leave();
  } else if (due_ == Due::Secret || due_ == Due::Delete) {
    due_ = Due::Nothing;  // the next login tells
  }
}

/// There is no next connection to ask about messages in doubt.
void Chat::disconnect_for_good() {
  session_.disconnected();
  for (client::SessionEvent& event : session_.take_events()) {
    if (auto* doubt = std::get_if<client::InDoubt>(&event)) {
      doubts_.push_back({std::move(doubt->recipient), std::move(doubt->text)});
    }
  }
}

void Chat::log_out() {
  is_in_ = false;
  is_caught_up_ = false;
  partner_.clear();
  question_ = Question::None;
  due_ = Due::Nothing;
  old_secret_ = {};
  new_secret_ = {};
  give_up_doubts();
}

// Events.

std::optional<Chat::Asked> Chat::take_asked(RequestId id) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) {
    return std::nullopt;
  }
  Asked asked = std::move(found->second);
  asked_.erase(found);
  return asked;
}

bool Chat::awaits(Asked::Kind kind) const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [kind](const auto& each) { return each.second.kind == kind; });
}

void Chat::note_name(const std::string& name) {
  if (names_.size() < kMostNames) {
    names_.insert(name);
  }
}

void Chat::on(const client::LoggedIn& event) {
  has_said_lost_ = false;
  has_said_refused_ = false;
  const std::uint64_t waiting = event.waiting.value_or(0);
  const std::string how_many =
      waiting == 0
          ? ""
          : fmt::format("\n{}: g shows {}.",
                        waiting == 1 ? "1 message waits" : counted(waiting, "message") + " wait",
                        waiting == 1 ? "it" : "them");
  const bool is_new = due_ == Due::Create;
  const bool is_first = !event.is_again || !is_in_;
  is_in_ = true;
  if (is_first) {
    due_ = Due::Nothing;
    const bool may_wait = settings_.session.protocol == 0 && !is_new;
    is_caught_up_ = waiting == 0 && !may_wait;
    return notice(fmt::format("Logged in as {}. help lists the commands.{}{}", shown_name(name_),
                              how_many, may_wait ? "\ng shows messages that wait." : ""));
  }
  const std::size_t kept = session_.unsent().size();
  notice(fmt::format("Connected again.{}{}",
                     kept == 0 ? "" : fmt::format(" Sending {}.", counted(kept, "message")),
                     is_caught_up_ ? "" : how_many));
  // What came meanwhile would hold up what comes now.
  if (is_caught_up_ && (settings_.session.protocol == 0 || waiting > 0)) {
    get(Asked::Kind::GetAgain);
  }
}

void Chat::on(const client::LoginRefused& event) {
  const std::string text = view_.quoted(event.text);
  const bool creates = due_ == Due::Create;
  const std::string told = told_not_logged_in({event.token, text, event.figure}, shown_name(name_),
                                              has_secret_ && !creates);
  if (event.is_again && client::is_temporary(event.token) && settings_.reconnects) {
    if (!std::exchange(has_said_refused_, true)) {
      warn(fmt::format("{}\nTrying again.", told));
    }
    step_.drops_link = true;
    session_.disconnected();
    return;
  }
  if (event.is_again) {
    warn(fmt::format("You are logged out. {}", told));
    log_out();
  } else {
    warn(told);
  }
  due_ = Due::Nothing;
  give_back(fmt::format("{} {}", creates ? "create" : "login", name_));
}

void Chat::on(const client::Refused& event) {
  const auto asked = take_asked(event.id);
  if (!asked) {
    return;
  }
  const std::string text = view_.quoted(event.text);
  const ServerRefusal refusal{event.token, text, event.figure};
  switch (asked->kind) {
    case Asked::Kind::Send:
      if (due_ == Due::Leaving) {
        due_ = Due::Nothing;
      }
      warn(told_not_sent(refusal, shown_name(asked->message.recipient)));
      return give_back(asked->message);
    case Asked::Kind::Names:
      return;
    case Asked::Kind::Partner:
      due_ = Due::Nothing;
      if (event.token == client::kLostToken) {
        return enter_conversation(asked->message.recipient, std::nullopt);
      }
      return refuse_partner(asked->message.recipient, told_refused(refusal));
    case Asked::Kind::List:
    case Asked::Kind::Get:
    case Asked::Kind::GetAgain:
      return warn(told_refused(refusal));
    case Asked::Kind::Secret:
    case Asked::Kind::Delete:
      if (due_ == Due::Secret || due_ == Due::Delete) {
        due_ = Due::Nothing;
      }
      has_secret_ = has_secret_ || event.token == "bad-secret";
      new_secret_ = {};
      return warn(told_refused(refusal));
  }
}

void Chat::on(const client::UserList& event) {
  const auto asked = take_asked(event.id);
  if (!asked) {
    return;
  }
  for (const client::UserList::User& user : event.users) {
    note_name(user.name);
  }
  if (asked->kind == Asked::Kind::Partner) {
    due_ = Due::Nothing;
    finish_partner(asked->message.recipient, event);
  } else if (asked->kind == Asked::Kind::List) {
    show_users(event);
  }
}

void Chat::finish_partner(const std::string& name, const client::UserList& list) {
  for (const client::UserList::User& user : list.users) {
    if (user.name == name) {
      return enter_conversation(name, user.is_online);
    }
  }
  refuse_partner(name,
                 fmt::format("There is no account {}. l lists the accounts.", shown_name(name)));
}

/// What was typed for `name` meanwhile comes back, too.
void Chat::refuse_partner(const std::string& name, std::string_view why) {
  warn(why);
  std::string command = "c " + name;
  char between = ' ';
  for (const Line& line : std::exchange(waiting_, {})) {
    if (!line.is_end) {
      command += std::exchange(between, '\n') + line.text;
    }
  }
  give_back(as_command(command));
}

void Chat::show_users(const client::UserList& list) {
  if (list.users.empty()) {
    return notice("No account matches.");
  }
  std::string text = counted(list.users.size(), "account") + ":";
  for (const client::UserList::User& user : list.users) {
    text += '\n' + shown_name(user.name);
    if (user.is_online.value_or(false)) {
      text += " (online)";
    }
  }
  notice(text);
}

void Chat::on(const client::Arrived& event) {
  const bool is_old = awaits(Asked::Kind::Get) || awaits(Asked::Kind::GetAgain);
  const auto time = event.time || is_old ? event.time : std::optional(moment_.now);
  step_.print += view_.message(time, moment_.now, event.sender, event.text);
  step_.rings = step_.rings || settings_.rings;
  last_sender_ = event.sender;
  note_name(event.sender);
}

void Chat::on(const client::Sent& event) {
  static_cast<void>(take_asked(event.id));
  const std::string to =
      event.recipient == partner_ ? "" : fmt::format(" to {}", shown_name(event.recipient));
  notice(fmt::format("sent{}{}", to, event.is_repeat ? ", before the connection was lost" : ""));
}

void Chat::on(const client::InDoubt& event) {
  static_cast<void>(take_asked(event.id));
  doubts_.push_back({event.recipient, event.text});
  warn(
      fmt::format("It is not known whether your last message has reached {}. You are asked whether "
                  "to send it again when the connection is back.",
                  shown_name(event.recipient)));
}

void Chat::on(const client::FetchDone& event) {
  const auto asked = take_asked(event.id);
  is_caught_up_ = true;
  if (asked && asked->kind == Asked::Kind::Get) {
    notice(event.count == 0
               ? "Nothing waits."
               : fmt::format("{}; nothing more waits.", counted(event.count, "message")));
  }
}

void Chat::on(const client::Done& event) {
  const auto asked = take_asked(event.id);
  if (!asked) {
    return;
  }
  due_ = Due::Nothing;
  if (asked->kind == Asked::Kind::Delete) {
    has_said_lost_ = false;
    notice(fmt::format("The account {} is deleted.", shown_name(name_)));
    return log_out();
  }
  has_secret_ = true;
  if (settings_.secret) {
    wipe(*settings_.secret);
    settings_.secret = std::string(new_secret_.view());
  }
  notice(settings_.secret ? "The secret is changed. Write the new one to the secret file, too."
                          : "The secret is changed.");
  new_secret_ = {};
}

void Chat::on(const client::Ended& event) {
  step_.drops_link = true;
  const std::string text = view_.quoted(event.text);
  if (event.token == client::kBrokenToken || event.token == "bad-version") {
    disconnect_for_good();
    return give_up({EX_PROTOCOL, text});
  }
  if (event.may_return || !settings_.reconnects) {
    return lose(fmt::format("the server says: {}.", text));
  }
  disconnect_for_good();
  wants_link_ = false;
  give_up_unsent();
  session_ = client::Session(settings_.session);  // that does not log in again by itself
  asked_.clear();
  const std::string name = shown_name(name_);
  warn(event.token == "replaced"
           ? fmt::format("{0} was logged in elsewhere, which ended this session.\n"
                         "login {0} takes it back here.",
                         name)
           : fmt::format("The server ended the connection: {}.", text));
  log_out();
}

}  // namespace tribar
