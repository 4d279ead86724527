// SPDX-License-Identifier: MIT
//
// The chat's commands, its help, and what refusals are called.
#include "client/chat_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace tribar {
namespace {

constexpr ChatPlace kBefore{false, 1};
constexpr ChatPlace kAfter{true, 1};
constexpr ChatPlace kAfter0{true, 0};

TEST(ChatCommands, HaveShortAndLongNames) {
  const struct {
    std::string_view name;
    ChatCommand command;
  } cases[] = {
      {"c", ChatCommand::Compose},   {"compose", ChatCommand::Compose},
      {"r", ChatCommand::Reply},     {"reply", ChatCommand::Reply},
      {"l", ChatCommand::List},      {"list", ChatCommand::List},
      {"g", ChatCommand::Get},       {"get", ChatCommand::Get},
      {"s", ChatCommand::Secret},    {"secret", ChatCommand::Secret},
      {"d", ChatCommand::Delete},    {"delete", ChatCommand::Delete},
      {"q", ChatCommand::Quit},      {"quit", ChatCommand::Quit},
      {"logout", ChatCommand::Quit}, {"help", ChatCommand::Help},
      {"h", ChatCommand::Help},      {"?", ChatCommand::Help},
  };
  for (const auto& [name, command] : cases) {
    const auto found = find_chat_command(name, kAfter);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->command, command) << name;
  }
}

TEST(ChatCommands, DependOnThePlace) {
  EXPECT_TRUE(find_chat_command("login", kBefore));
  EXPECT_TRUE(find_chat_command("create", kBefore));
  EXPECT_TRUE(find_chat_command("create_account", kBefore));
  EXPECT_TRUE(find_chat_command("q", kBefore));
  EXPECT_FALSE(find_chat_command("login", kAfter));
  EXPECT_FALSE(find_chat_command("d", kBefore));
  EXPECT_FALSE(find_chat_command("s", kAfter0));
  EXPECT_FALSE(find_chat_command("", kAfter));
  EXPECT_FALSE(find_chat_command("C", kAfter));
}

TEST(ChatHelp, ListsEveryCommandAndFitsOnAScreen) {
  for (const ChatPlace place : {kBefore, kAfter, kAfter0, ChatPlace{false, 0}}) {
    const std::string help = chat_help(place);
    EXPECT_LE(std::count(help.begin(), help.end(), '\n') + 1, 20);
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 76U) << line;
    }
    for (const std::string_view name : chat_command_names(place)) {
      EXPECT_NE(help.find(name), std::string::npos) << name;
    }
  }
  EXPECT_EQ(chat_help(kAfter0).find("sets or changes"), std::string::npos);
  EXPECT_NE(chat_help(kAfter).find("sets or changes"), std::string::npos);
}

TEST(ClientDoc, ListsEveryCommand) {
  std::ifstream file(TRIBAR_SOURCE_FOLDER "/docs/client.md");
  const std::string doc{std::istreambuf_iterator<char>(file), {}};
  for (const ChatPlace place : {kBefore, kAfter}) {
    for (const std::string_view name : chat_command_names(place)) {
      EXPECT_NE(doc.find("`" + std::string(name)), std::string::npos) << name;
    }
  }
}

TEST(Told, SaysWhatToDo) {
  const std::string words = "words";
  EXPECT_EQ(told_not_sent({"no-such-user", words}, "bob"),
            "Not sent: there is no account bob. l lists the accounts.");
  EXPECT_EQ(told_not_sent({"mailbox-full", words}, "bob"),
            "Not sent: too many messages wait for bob already. Try again when some were read.");
  EXPECT_EQ(told_not_sent({"server-full", words}, "bob"),
            "Not sent: too many messages wait at the server already. Try again later.");
  EXPECT_EQ(told_not_sent({"storage-unavailable", words}, "bob"),
            "Not sent. The server cannot store anything now. Try again later.");
  EXPECT_EQ(told_not_sent({"busy", words}, "bob"),
            "Not sent. The server is too busy now. Try again in a moment.");
  EXPECT_EQ(told_not_sent({"too-long", words}, "bob"),
            "Not sent: it is too long for this server. The server says: words");
  EXPECT_EQ(told_not_sent({"a-new-one", words}, "bob"), "Not sent. The server says: words");
  EXPECT_EQ(told_not_logged_in({"no-such-user", words}, "ann", true),
            "There is no account ann. create ann makes it.");
  EXPECT_EQ(told_not_logged_in({"name-taken", words}, "ann", true),
            "The name ann is taken. If it is yours: login ann.");
  EXPECT_EQ(told_not_logged_in({"bad-secret", words}, "ann", true),
            "The secret of ann is another one.");
  EXPECT_EQ(told_not_logged_in({"bad-secret", words}, "ann", false), "The server says: words");
  EXPECT_EQ(told_not_logged_in({"in-use", words}, "ann", false),
            "ann is logged in elsewhere: log out there first, or try again.");
  EXPECT_EQ(told_not_logged_in({"throttled", words, 1001}, "ann", true),
            "Too many wrong secrets: try again in 2 s.");
  EXPECT_EQ(told_not_logged_in({"secret-needs-tls", words}, "ann", true),
            "The server takes no secrets over this connection: connect to tribars://HOST instead.");
  EXPECT_EQ(told_refused({"too-many", words}),
            "Too many accounts match: narrow the pattern, as in l a*.");
  EXPECT_EQ(told_refused({"bad-secret", words}), "The secret is another one: nothing was changed.");
  EXPECT_EQ(told_refused({"lost", words}),
            "The connection was lost before the answer came. Try again.");
  EXPECT_EQ(told_refused({"refused", ""}), "The server says: no");
}

TEST(Counted, HasASingular) {
  EXPECT_EQ(counted(0, "message"), "0 messages");
  EXPECT_EQ(counted(1, "message"), "1 message");
  EXPECT_EQ(counted(2, "message"), "2 messages");
}

}  // namespace
}  // namespace tribar
