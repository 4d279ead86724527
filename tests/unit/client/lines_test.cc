// SPDX-License-Identifier: MIT
//
// Lines: what each typed line and each reply makes the client print, send and do.
#include "client/lines.h"

#include <gtest/gtest.h>
#include <sysexits.h>

#include <ostream>
#include <string>
#include <vector>

#include "zero/command.h"

namespace tribar {

void PrintTo(const Step& step, std::ostream* out) {
  *out << "print " << testing::PrintToString(step.print) << ", send "
       << testing::PrintToString(step.send);
  if (step.ending) {
    *out << ", end with " << step.ending->exit_code << " "
         << testing::PrintToString(step.ending->reason);
  }
}

namespace {

constexpr const char* kFirstMenu = "Commands: login, create_account, quit\n";
constexpr const char* kMenu =
    "Commands: help (h), compose (c), list users (l), get messages (g), delete account (d), logout "
    "(q)\n";

std::string frame(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}

Step print(std::string text) { return Step{.print = std::move(text)}; }
Step send(const Command& command) { return Step{.send = frame(command)}; }
Step broken(std::string reason, std::string text = "") {
  return Step{.print = std::move(text),
              .ending = Ending{EX_PROTOCOL, "the server broke the protocol: " + std::move(reason)}};
}

Reply error(std::string_view text) { return Response{text}; }
Reply success() { return Response{}; }
Reply usernames(std::vector<std::string_view> names) { return ListResponse{std::move(names)}; }
Reply message(std::string_view sender, std::string_view recipient, std::string_view text) {
  return Delivery{Message{sender, recipient, text}};
}

Lines begun() {
  Lines lines;
  EXPECT_EQ(lines.begin(), print(kFirstMenu));
  return lines;
}

/// Logged in as ann.
Lines logged_in() {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_line("ann"), send(Login{"ann"}));
  EXPECT_EQ(lines.take_reply(success()), print(std::string("Logged in as: ann\n") + kMenu));
  return lines;
}

/// Logged in as ann, with `text` on its way to `recipient`.
Lines composed(std::string_view recipient, std::string_view text) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
  EXPECT_EQ(lines.take_line(recipient), print("Message: "));
  EXPECT_EQ(lines.take_line(text), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), send(Send{Message{"ann", recipient, text}}));
  EXPECT_FALSE(lines.wants_line());
  return lines;
}

TEST(LinesBeforeLogin, KnowThreeCommands) {
  Lines lines = begun();
  for (const char* word : {"", "h", "help", "q", "l", "Login", "login ann"}) {
    EXPECT_EQ(lines.take_line(word), print("(invalid command)\n")) << word;
  }
  EXPECT_EQ(lines.take_line(" quit\t"), Step{.ending = Ending{}});
}

TEST(LinesBeforeLogin, TakeNoLineWhileLoginIsUnanswered) {
  Lines lines = begun();
  EXPECT_TRUE(lines.wants_line());
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_TRUE(lines.wants_line());
  EXPECT_EQ(lines.take_line("ann"), send(Login{"ann"}));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(success()), print(std::string("Logged in as: ann\n") + kMenu));
  EXPECT_TRUE(lines.wants_line());
}

TEST(LinesBeforeLogin, SayWhyLoginFailedAndStartAgain) {
  const struct {
    std::string_view error;
    std::string shown;
  } cases[] = {
      {"username does not exist", "Username not recognized.\n"},
      {"user is already logged in", "user is already logged in\n"},
      {"try \x1b[2J later\n", "try \\x1b[2J later\\x0a\n"},
  };
  Lines lines = begun();
  for (const auto& [text, shown] : cases) {
    EXPECT_EQ(lines.take_line("login"), print("Username: "));
    EXPECT_EQ(lines.take_line("ann"), send(Login{"ann"}));
    EXPECT_EQ(lines.take_reply(error(text)), print(shown + kFirstMenu));
    EXPECT_TRUE(lines.wants_line());
  }
}

TEST(LinesBeforeLogin, AskTheServerForAnyUsernameThatAFrameCanHold) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a|||b"),
                                  std::string("a\x01"), std::string(1024, 'a')}) {
    Lines lines = begun();
    EXPECT_EQ(lines.take_line("login"), print("Username: "));
    EXPECT_EQ(lines.take_line(name), send(Login{name}));
  }
}

TEST(LinesBeforeLogin, RefuseToLoginWhatNoServerTakes) {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_line("\xc3\xa9"),
            print(std::string("byte 195 is not ASCII\n") + kFirstMenu));
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_line(std::string(1025, 'a')),
            print(std::string("too long: 1024 bytes are allowed\n") + kFirstMenu));
}

using Refusals = std::vector<std::string>;

TEST(LinesBeforeLogin, SayMoreIfTheyMay) {
  Lines lines(Lines::Settings{.gives_hints = true, .is_utf8 = true});
  EXPECT_EQ(lines.begin(), print(kFirstMenu));
  EXPECT_EQ(lines.take_line("q"), print(std::string("(invalid command)\n") + kFirstMenu));
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  const std::string why =
      "character 1 is \xc3\xa9 (U+00E9): a username has letters, digits, '.', '_' and '-' only";
  EXPECT_EQ(lines.take_line("\xc3\xa9"), print(why + "\n" + kFirstMenu));
  EXPECT_EQ(lines.take_refusals(), (Refusals{"no such command: q", why}));
  EXPECT_EQ(lines.take_refusals(), Refusals{});
}

TEST(Lines, NoteWhatHadNoEffect) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line(""), print("(invalid command)\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{}) << "a blank line asks for nothing";
  EXPECT_EQ(lines.take_line("\x1b"), print("(invalid command)\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{"no such command: \\x1b"});
  (void)lines.take_line("c");
  EXPECT_FALSE(lines.wants_confirmation());
  (void)lines.take_line("bob");
  (void)lines.take_line("hi");
  EXPECT_TRUE(lines.wants_confirmation());
  EXPECT_EQ(lines.unfinished(),
            "the message to bob was not sent: the input ended before it was confirmed with y");
  // As when a text has more than one line.
  EXPECT_EQ(lines.take_line("the second line"), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_refusals(), Refusals{"neither y nor n: the second line"});
  (void)lines.take_line("y");
  EXPECT_FALSE(lines.wants_confirmation());
  EXPECT_EQ(lines.unfinished(), "");
  EXPECT_EQ(lines.take_reply(error("no \x1b")), print("no \\x1b\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{"no \\x1b"});
  // Nothing was asked for.
  EXPECT_EQ(lines.take_reply(error("bye")), print("bye\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{});
  (void)lines.take_line("d");
  EXPECT_TRUE(lines.wants_confirmation());
  EXPECT_EQ(lines.unfinished(),
            "the input ended at 'Confirm account deletion? (y/n):': nothing was done");
  EXPECT_EQ(lines.refuse_line("why"), print("why\n"));
  EXPECT_FALSE(lines.wants_confirmation());
  EXPECT_EQ(lines.take_refusals(), Refusals{"why"});
}

TEST(LinesBeforeLogin, CreateAnAccount) {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
  EXPECT_EQ(lines.take_line("ann"), send(Create{"ann"}));
  EXPECT_EQ(lines.take_reply(error("username already exists")),
            print(std::string("Username is taken.\n") + kFirstMenu));
  EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
  EXPECT_EQ(lines.take_line("bob"), send(Create{"bob"}));
  EXPECT_EQ(lines.take_reply(error("the server is at its limit of 2 accounts")),
            print(std::string("the server is at its limit of 2 accounts\n") + kFirstMenu));
  EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
  EXPECT_EQ(lines.take_line("Bob-2_x.y"), send(Create{"Bob-2_x.y"}));
  EXPECT_EQ(lines.take_reply(success()), print(std::string("Logged in as: Bob-2_x.y\n") + kMenu));
}

TEST(LinesBeforeLogin, RefuseToCreateWhatNoAccountCanBeCalled) {
  const struct {
    std::string name;
    std::string reason;
  } cases[] = {
      {"", "the username is empty"},
      {"a|||b", "illegal character sequence ||| in username"},
      {"a b", "a username may hold letters, digits, '.', '_' and '-' only"},
      {"\x80", "byte 128 is not ASCII"},
      {std::string(65, 'a'), "the username has 65 bytes, 64 are allowed"},
  };
  Lines lines = begun();
  for (const auto& [name, reason] : cases) {
    EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
    EXPECT_EQ(lines.take_line(name), print(reason + "\n" + kFirstMenu));
  }
  EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
  EXPECT_EQ(lines.take_line(std::string(64, 'a')), send(Create{std::string(64, 'a')}));
}

TEST(Lines, KnowWordsAndLetters) {
  const struct {
    const char* word;
    const char* letter;
    Step step;
  } cases[] = {
      {"help", "h", print(kMenu)},
      {"compose", "c", print("Recipient: ")},
      {"list users", "l", print("Search pattern (optional): ")},
      {"get messages", "g", Step{.send = frame(Deliver{}) + frame(List{"ann"})}},
      {"delete account", "d", print("Confirm account deletion? (y/n): ")},
      {"logout", "q", Step{.ending = Ending{}}},
      {"", "quit", print("(invalid command)\n")},
      {"login", "C", print("(invalid command)\n")},
  };
  for (const auto& [word, letter, step] : cases) {
    EXPECT_EQ(logged_in().take_line(word), step) << word;
    EXPECT_EQ(logged_in().take_line(letter), step) << letter;
  }
}

TEST(Lines, ListUsernames) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_line("*"), send(List{"*"}));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(usernames({"Bobert", "Alicia", "\x1b[2J\n"})),
            print("Accounts:\n\tBobert\n\tAlicia\n\t\\x1b[2J\\x0a\n"));
  EXPECT_TRUE(lines.wants_line());
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_line(""), send(List{}));
  EXPECT_EQ(lines.take_reply(usernames({})), print("Accounts:\n"));
}

TEST(Lines, ShowWhyThereIsNoList) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_line("\xff"), print("byte 255 is not ASCII\n"));
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_line(std::string(65537, '*')), print("too long: 65536 bytes are allowed\n"));
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_line(""), send(List{}));
  EXPECT_EQ(lines.take_reply(error("narrow the pattern")), print("narrow the pattern\n"));
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, ShowAMessageAsSentWhenItsEchoHasCome) {
  Lines lines = composed("bob", "hello");
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "hello")),
            print("New message from bob:\nhello\n\n"));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(message("ann", "bob", "hello")), print("Sent to bob:\nhello\n\n"));
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, ShowAMessageToOneselfTwiceAsNew) {
  Lines lines = composed("ann", "note");
  const Step shown = print("New message from ann:\nnote\n\n");
  EXPECT_EQ(lines.take_reply(message("ann", "ann", "note")), shown);
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(message("ann", "ann", "note")), shown);
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, SendAnEmptyMessage) {
  Lines lines = composed("bob", "");
  EXPECT_EQ(lines.take_reply(message("ann", "bob", "")), print("Sent to bob:\n\n\n"));
}

TEST(Lines, ShowWhyAMessageWasNotSent) {
  Lines lines = composed("nobody", "hello");
  EXPECT_EQ(lines.take_reply(error("recipient does not exist")),
            print("recipient does not exist\n"));
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, DropAMessageAtNoAndAskAgainAtAnythingElse) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("compose"), print("Recipient: "));
  EXPECT_EQ(lines.take_line("bob"), print("Message: "));
  EXPECT_EQ(lines.take_line("hello"), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_line(""), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_line("maybe"), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_line("n"), Step{});
  EXPECT_EQ(lines.take_line("hello"), print("(invalid command)\n"));
}

TEST(Lines, RefuseRecipientsThatCannotBeSent) {
  const struct {
    std::string recipient;
    std::string reason;
  } cases[] = {
      {"b|||b", "the character sequence ||| cannot be sent"},
      {"b|", "the character sequence ||| cannot be sent"},  // with the delimiter behind it
      {"\xe2", "byte 226 is not ASCII"},
      {std::string(65537, 'b'), "too long: 65536 bytes are allowed"},
  };
  Lines lines = logged_in();
  for (const auto& [recipient, reason] : cases) {
    EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
    EXPECT_EQ(lines.take_line(recipient), print(reason + "\n"));
  }
  EXPECT_EQ(lines.take_line("h"), print(kMenu));
}

TEST(Lines, RefuseTextsThatCannotBeSent) {
  // "ann", "bob" and two delimiters go into the same frame.
  const std::size_t longest = 65536 - 12;
  const struct {
    std::string text;
    std::string reason;
  } cases[] = {
      {"a|||b", "the character sequence ||| cannot be sent"},
      {"|||", "the character sequence ||| cannot be sent"},
      {"\xe2\x82\xac", "byte 226 is not ASCII"},
      {"\x1b[A", "control character 27 is not allowed in a message"},
      {"\x7f", "control character 127 is not allowed in a message"},
      {std::string(longest + 1, 'x'), "too long: 65536 bytes are allowed"},
  };
  Lines lines = logged_in();
  for (const auto& [text, reason] : cases) {
    EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
    EXPECT_EQ(lines.take_line("bob"), print("Message: "));
    EXPECT_EQ(lines.take_line(text), print(reason + "\n"));
  }
  for (const std::string& text :
       {std::string(longest, 'x'), std::string("|x||"), std::string("\tx")}) {
    composed("bob", text);
  }
}

TEST(Lines, TakeUndeliveredMessagesUntilTheListBehindThem) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("g"), (Step{.send = frame(Deliver{}) + frame(List{"ann"})}));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), print("New message from bob:\n1\n\n"));
  EXPECT_EQ(lines.take_reply(message("ann", "ann", "2")), print("New message from ann:\n2\n\n"));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(usernames({"ann"})), Step{});
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, WaitForTheListBehindARefusedDeliver) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("g"), (Step{.send = frame(Deliver{}) + frame(List{"ann"})}));
  EXPECT_EQ(lines.take_reply(error("not now")), print("not now\n"));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(usernames({"ann"})), Step{});
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines, AskForTheOwnNameLiterally) {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_line("a*b?[c]"), send(Login{"a*b?[c]"}));
  EXPECT_EQ(lines.take_reply(success()), print(std::string("Logged in as: a*b?[c]\n") + kMenu));
  EXPECT_EQ(lines.take_line("g"), (Step{.send = frame(Deliver{}) + frame(List{"a[*]b[?][[]c]"})}));
}

TEST(Lines, DeleteTheAccountAndMakeSure) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("d"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("?"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("n"), Step{});
  EXPECT_EQ(lines.take_line("d"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), (Step{.send = frame(Delete{}) + frame(List{"ann"})}));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(usernames({})), Step{.ending = Ending{}});
}

TEST(Lines, DoNotTrustADeletionThatDidNotHappen) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("d"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), (Step{.send = frame(Delete{}) + frame(List{"ann"})}));
  EXPECT_EQ(lines.take_reply(usernames({"ann"})),
            broken("it still lists the account that it was to delete"));
}

TEST(Lines, GoOnWhenTheServerRefusesToDelete) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("d"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), (Step{.send = frame(Delete{}) + frame(List{"ann"})}));
  EXPECT_EQ(lines.take_reply(error("not now")), print("not now\n"));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(usernames({"ann"})), Step{});
  EXPECT_EQ(lines.take_line("h"), print(kMenu));
}

TEST(Lines, KeepWhatArrivesUntilThePromptIsDone) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), Step{});
  EXPECT_EQ(lines.take_line("bob"), print("Message: "));
  EXPECT_EQ(lines.take_reply(message("cat", "ann", "2")), Step{});
  EXPECT_EQ(lines.take_line("hi"), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_reply(error("soon over")), Step{});
  EXPECT_EQ(lines.take_line("y"),
            (Step{.print = "New message from bob:\n1\n\nNew message from cat:\n2\n\nsoon over\n",
                  .send = frame(Send{Message{"ann", "bob", "hi"}})}));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "3")), print("New message from bob:\n3\n\n"));
}

TEST(Lines, ShowWhatWaitedHoweverThePromptEnds) {
  const std::string waited = "New message from bob:\n1\n\n";
  const struct {
    const char* word;
    std::string line;
    Step step;
  } cases[] = {
      {"l", "", Step{.print = waited, .send = frame(List{})}},
      {"l", "\xff", print("byte 255 is not ASCII\n" + waited)},
      {"c", "|||", print("the character sequence ||| cannot be sent\n" + waited)},
      {"d", "n", print(waited)},
      {"d", "y", Step{.print = waited, .send = frame(Delete{}) + frame(List{"ann"})}},
  };
  for (const auto& [word, line, step] : cases) {
    Lines lines = logged_in();
    ASSERT_NE(lines.take_line(word), Step{});
    EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), Step{});
    EXPECT_EQ(lines.take_line(line), step) << word << " " << line;
  }
}

TEST(Lines, ShowMessagesThatOvertakeTheAnswerToLoginAfterIt) {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_line("ann"), send(Login{"ann"}));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), Step{});
  EXPECT_EQ(lines.take_reply(success()),
            print(std::string("Logged in as: ann\n") + kMenu + "New message from bob:\n1\n\n"));
}

TEST(Lines, AreCrowdedWhenMuchWaits) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  const std::string text(60000, 'x');
  std::size_t messages = 0;
  for (; !lines.is_crowded(); ++messages) {
    EXPECT_EQ(lines.take_reply(message("bob", "ann", text)), Step{});
  }
  EXPECT_EQ(messages, 18U);  // 2^20 / 60024, rounded up
  EXPECT_EQ(lines.take_line("").print.size(), messages * (text.size() + 24));
  EXPECT_FALSE(lines.is_crowded());
}

TEST(Lines, ShowControlCharactersEscaped) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_reply(message("b\tb\r", "ann", "\x1b]0;x\x07\r\n\tNew message\x7f\b")),
            print("New message from b\\x09b\\x0d:\n"
                  "\\x1b]0;x\\x07\\x0d\\x0a\\x09New message\\x7f\\x08\n\n"));
}

TEST(Lines, EndWithTheInputOnALineOfTheirOwn) {
  EXPECT_EQ(begun().end_input(), Step{.ending = Ending{}});
  EXPECT_EQ(logged_in().end_input(), Step{.ending = Ending{}});
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), Step{});
  EXPECT_EQ(lines.end_input(),
            (Step{.print = "\nNew message from bob:\n1\n\n", .ending = Ending{}}));
}

TEST(Lines, ShowTheServersLastWordsBeforeItsEnd) {
  Lines lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_EQ(lines.take_reply(error("no login within 300000 ms")), Step{});
  const Ending gone{EX_UNAVAILABLE, "the server closed the connection"};
  EXPECT_EQ(lines.end(gone), (Step{.print = "\nno login within 300000 ms\n", .ending = gone}));

  Lines idle = begun();
  EXPECT_EQ(idle.take_reply(error("too many connections")), print("too many connections\n"));
  EXPECT_EQ(idle.end(gone), Step{.ending = gone});
}

TEST(Lines, EndAtAnswersThatNothingAskedFor) {
  const std::string early = "it delivers a message before login";
  EXPECT_EQ(begun().take_reply(message("bob", "ann", "1")), broken(early));
  EXPECT_EQ(begun().take_reply(message("", "", "")), broken(early));
  EXPECT_EQ(begun().take_reply(success()), broken("it reports a success that nothing asked for"));
  EXPECT_EQ(begun().take_reply(usernames({"ann"})),
            broken("it lists usernames that nothing asked for"));
  EXPECT_EQ(logged_in().take_reply(success()),
            broken("it reports a success that nothing asked for"));
  EXPECT_EQ(logged_in().take_reply(usernames({})),
            broken("it lists usernames that nothing asked for"));
  EXPECT_EQ(logged_in().take_reply(message("bob", "cat", "1")),
            broken("it delivers a message that is for another account"));
  EXPECT_EQ(logged_in().take_reply(message("ann", "bob", "1")),
            broken("it confirms a message that was not sent"));
}

TEST(Lines, EndAtAnswersToAnotherCommand) {
  EXPECT_EQ(composed("bob", "1").take_reply(success()),
            broken("it reports a success that nothing asked for"));
  EXPECT_EQ(composed("bob", "1").take_reply(usernames({})),
            broken("it lists usernames that nothing asked for"));
  EXPECT_EQ(composed("bob", "1").take_reply(message("ann", "bob", "2")),
            broken("it confirms a message that was not sent"));
  EXPECT_EQ(composed("bob", "1").take_reply(message("ann", "cat", "1")),
            broken("it confirms a message that was not sent"));
}

TEST(Lines, EndAtAProtocolBreakInAPromptWithWhatWaited) {
  Lines lines = logged_in();
  EXPECT_EQ(lines.take_line("l"), print("Search pattern (optional): "));
  EXPECT_EQ(lines.take_reply(message("bob", "ann", "1")), Step{});
  EXPECT_EQ(lines.break_off("bad\n"), broken("bad\\x0a", "\nNew message from bob:\n1\n\n"));
}

}  // namespace
}  // namespace tribar
