// SPDX-License-Identifier: MIT
//
// See chat_words.h.
#include "client/chat_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace tribar {
namespace {

enum class Where { BeforeLogin, AfterLogin, Everywhere };

struct Row {
  ChatCommand command;
  Where where;
  bool needs_protocol1;
  ChatArguments arguments;
  std::array<std::string_view, 4> names;  // the long one first; the rest may be empty
  std::string_view usage;
  std::string_view help;
};

using Arguments = ChatArguments;

constexpr std::array kRows{
    Row{ChatCommand::Login,
        Where::BeforeLogin,
        false,
        Arguments::Name,
        {"login"},
        "login NAME",
        "logs in to an account"},
    Row{ChatCommand::Create,
        Where::BeforeLogin,
        false,
        Arguments::Name,
        {"create", "create_account"},
        "create NAME",
        "makes an account, and logs in to it"},
    Row{ChatCommand::Compose,
        Where::AfterLogin,
        false,
        Arguments::NameAndText,
        {"compose", "c"},
        "c NAME",
        "a conversation: each line is a message, an empty one ends it"},
    Row{ChatCommand::Compose,
        Where::AfterLogin,
        false,
        Arguments::NameAndText,
        {},
        "c NAME TEXT",
        "one message"},
    Row{ChatCommand::Reply,
        Where::AfterLogin,
        false,
        Arguments::Text,
        {"reply", "r"},
        "r [TEXT]",
        "the same with who wrote last"},
    Row{ChatCommand::List,
        Where::AfterLogin,
        false,
        Arguments::Text,
        {"list", "l"},
        "l [PATTERN]",
        "lists accounts; in a pattern * is any text, ? one character"},
    Row{ChatCommand::Get,
        Where::AfterLogin,
        false,
        Arguments::None,
        {"get", "g"},
        "g",
        "shows the messages that wait"},
    Row{ChatCommand::Secret,
        Where::AfterLogin,
        true,
        Arguments::None,
        {"secret", "s"},
        "s",
        "sets or changes the secret of your account"},
    Row{ChatCommand::Delete,
        Where::AfterLogin,
        false,
        Arguments::None,
        {"delete", "d"},
        "d",
        "deletes your account; asks first"},
    Row{ChatCommand::Help,
        Where::Everywhere,
        false,
        Arguments::None,
        {"help", "h", "?"},
        "help, h",
        "this list"},
    Row{ChatCommand::Quit,
        Where::Everywhere,
        false,
        Arguments::None,
        {"quit", "q", "logout", "exit"},
        "q, quit",
        "ends the program, as Ctrl-D does"},
};

constexpr std::string_view kKeys =
    "In a conversation a command begins with /, as in /l; a text that begins\n"
    "with / is typed with //.\n"
    "Tab completes commands and names. Up and Down go through earlier lines.\n"
    "Lines that are pasted together stay one text. Ctrl-C clears the line.";

constexpr std::string_view kFirstKeys =
    "A NAME has letters, digits, '.', '_' and '-'. Ctrl-C clears the line.";

bool is_in(const Row& row, ChatPlace place) {
  const Where here = place.is_logged_in ? Where::AfterLogin : Where::BeforeLogin;
  return (row.where == Where::Everywhere || row.where == here) &&
         (place.protocol >= 1 || !row.needs_protocol1);
}

/// The server's own words as a sentence.
std::string sentence(std::string_view text) {
  return fmt::format("The server says: {}", text.empty() ? "no" : text);
}

/// What is the same for everything that can be refused.
std::optional<std::string> told_anywhere(const ServerRefusal& refusal) {
  const std::string_view token = refusal.token;
  if (token == "throttled") {
    const std::uint64_t ms = refusal.figure.value_or(1000);
    return fmt::format("Too many wrong secrets: try again in {} s.",
                       ms / 1000 + (ms % 1000 != 0 ? 1 : 0));
  }
  if (token == "secret-needs-tls") {
    return "The server takes no secrets over this connection: connect to tribars://HOST instead.";
  }
  if (token == "storage-unavailable") {
    return "The server cannot store anything now. Try again later.";
  }
  if (token == "busy") {
    return "The server is too busy now. Try again in a moment.";
  }
  if (token == "not-logged-in") {
    return "You are not logged in any more.";
  }
  if (token == "lost") {
    return "The connection was lost before the answer came. Try again.";
  }
  return std::nullopt;
}

}  // namespace

std::optional<ChatCommandFound> find_chat_command(std::string_view name, ChatPlace place) {
  if (name.empty()) {
    return std::nullopt;
  }
  for (const Row& row : kRows) {
    if (is_in(row, place) &&
        std::find(row.names.begin(), row.names.end(), name) != row.names.end()) {
      return ChatCommandFound{row.command, row.arguments};
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> chat_command_names(ChatPlace place) {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    if (is_in(row, place) && !row.names.front().empty()) {
      names.push_back(row.names.front());
    }
  }
  return names;
}

std::string chat_help(ChatPlace place) {
  std::string help;
  for (const Row& row : kRows) {
    if (is_in(row, place)) {
      fmt::format_to(std::back_inserter(help), "{:<12} {}\n", row.usage, row.help);
    }
  }
  if (!place.is_logged_in) {
    return help.append(kFirstKeys);
  }
  help += "Long names:";
  for (const std::string_view name : chat_command_names(place)) {
    fmt::format_to(std::back_inserter(help), " {}", name);
  }
  return help.append(".\n").append(kKeys);
}

std::string told_not_sent(const ServerRefusal& refusal, std::string_view recipient) {
  if (refusal.token == "no-such-user") {
    return fmt::format("Not sent: there is no account {}. l lists the accounts.", recipient);
  }
  if (refusal.token == "mailbox-full") {
    return fmt::format(
        "Not sent: too many messages wait for {} already. Try again when some were read.",
        recipient);
  }
  if (refusal.token == "server-full") {
    return "Not sent: too many messages wait at the server already. Try again later.";
  }
  if (refusal.token == "too-long") {
    return fmt::format("Not sent: it is too long for this server. {}", sentence(refusal.text));
  }
  const auto told = told_anywhere(refusal);
  return "Not sent. " + (told ? *told : sentence(refusal.text));
}

std::string told_not_logged_in(const ServerRefusal& refusal, std::string_view name,
                               bool has_secret) {
  const std::string_view token = refusal.token;
  if (token == "no-such-user") {
    return fmt::format("There is no account {0}. create {0} makes it.", name);
  }
  if (token == "name-taken") {
    return fmt::format("The name {0} is taken. If it is yours: login {0}.", name);
  }
  if (token == "bad-secret") {
    return has_secret ? fmt::format("The secret of {} is another one.", name)
                      : sentence(refusal.text);
  }
  if (token == "in-use") {
    return fmt::format("{} is logged in elsewhere: log out there first, or try again.", name);
  }
  if (token == "server-full") {
    return "The server takes no more accounts.";
  }
  if (token == "weak-secret") {
    return "The secret is too short or too long: 8 to 512 bytes are allowed.";
  }
  const auto told = told_anywhere(refusal);
  return told ? *told : sentence(refusal.text);
}

std::string told_refused(const ServerRefusal& refusal) {
  if (refusal.token == "bad-secret") {
    return "The secret is another one: nothing was changed.";
  }
  if (refusal.token == "too-many") {
    return "Too many accounts match: narrow the pattern, as in l a*.";
  }
  if (refusal.token == "weak-secret") {
    return "The secret is too short or too long: 8 to 512 bytes are allowed.";
  }
  const auto told = told_anywhere(refusal);
  return told ? *told : sentence(refusal.text);
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace tribar
