// SPDX-License-Identifier: MIT
//
// Lines1: what each typed line and each reply of protocol 1 makes the client print, send and do.
#include "client/lines1.h"

#include <gtest/gtest.h>
#include <sysexits.h>

#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/conversation.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/wording.h"

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
    "Commands: help (h), compose (c), list users (l), get messages (g), secret (s), delete account "
    "(d), logout (q)\n";

std::string frame(const Command1& command) {
  std::string out;
  append_command1(out, command);
  return out;
}

std::string frame(const Reply1& reply) {
  std::string out;
  append_reply1(out, reply);
  return out;
}

Step print(std::string text) { return Step{.print = std::move(text)}; }
Step send(const Command1& command) { return Step{.send = frame(command)}; }
Step broken(const std::string& reason, std::string text = "") {
  return Step{.print = std::move(text),
              .ending = Ending{EX_PROTOCOL, "the server broke the protocol: " + reason}};
}

Reply1 ok() { return Response1{kOk}; }
Reply1 login_ok(std::uint64_t waiting, std::uint64_t highest) {
  return Response1{kOk, {}, waiting, highest};
}
Reply1 error(std::string_view token, std::string_view text = "words",
             std::optional<std::uint64_t> third = std::nullopt) {
  return Response1{token, text, std::nullopt, third};
}
Reply1 message(std::uint64_t number, std::string_view sender, std::string_view recipient,
               std::string_view text) {
  return Delivery1{{number}, {1}, {sender, recipient, text}};
}

Lines1::Settings settings() {
  return {.client = "cl", .secret = std::nullopt, .is_utf8 = true, .may_send_secrets = true};
}

Lines1 begun(Lines1::Settings with = settings()) {
  Lines1 lines(std::move(with));
  EXPECT_EQ(lines.begin(), print(kFirstMenu));
  return lines;
}

/// Has typed ann and her secret.
Lines1 logging_in() {
  Lines1 lines = begun();
  EXPECT_EQ(lines.take_line("login"), print("Username: "));
  EXPECT_FALSE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("ann"), print("Secret: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("ann's secret"), send(Login{"ann", "cl", "ann's secret"}));
  EXPECT_FALSE(lines.wants_secret());
  EXPECT_FALSE(lines.wants_line());
  return lines;
}

/// Logged in as ann, who has a secret; the server accepted up to `highest` from here.
Lines1 logged_in(std::uint64_t highest = 0) {
  Lines1 lines = logging_in();
  EXPECT_EQ(lines.take_reply(login_ok(0, highest)),
            print(std::string("Logged in as: ann\n") + kMenu));
  return lines;
}

void compose(Lines1& lines, std::uint64_t n, std::string_view recipient, std::string_view text) {
  EXPECT_EQ(lines.take_line("c"), print("Recipient: "));
  EXPECT_EQ(lines.take_line(recipient), print("Message: "));
  EXPECT_EQ(lines.take_line(text), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), send(SendNumbered{n, recipient, text}));
  EXPECT_FALSE(lines.wants_line());
}

TEST(Lines1BeforeLogin, CreatesAnAccountWithASecret) {
  Lines1 lines = begun();
  EXPECT_EQ(lines.take_line("create_account"), print("Username: "));
  EXPECT_EQ(lines.take_line("ann"), print("New secret (empty for none): "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("s\u00e9cret word"), print("New secret again: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("s\u00e9cret word"), send(Create{"ann", "cl", "s\u00e9cret word"}));
  EXPECT_EQ(lines.take_reply(ok()), print(std::string("Logged in as: ann\n") + kMenu));
  compose(lines, 1, "bob", "hi");
}

TEST(Lines1BeforeLogin, CreatesAnAccountWithoutASecret) {
  Lines1 lines = begun();
  (void)lines.take_line("create_account");
  (void)lines.take_line("ann");
  EXPECT_EQ(lines.take_line(""), send(Create{"ann", "cl", ""}));
  EXPECT_EQ(lines.take_reply(error("bad-secret")),
            print(std::string("A secret is needed, and none was given.\n") + kFirstMenu));
}

TEST(Lines1BeforeLogin, SendsNoSecretThatNoAccountCanHave) {
  for (const auto& [secret, reason] : {
           std::pair<std::string, std::string>{"1234567",
                                               "a secret must have 8 to 512 bytes, not 7"},
           {std::string(513, 'x'), "a secret must have 8 to 512 bytes, not 513"},
           {"with ||| in it",
            "a secret must be UTF-8 without control characters and without the delimiter"},
           {"not UTF-8 \xff", "byte 255 is not valid UTF-8 where it stands"},
       }) {
    Lines1 lines = begun();
    (void)lines.take_line("create_account");
    (void)lines.take_line("ann");
    EXPECT_EQ(lines.take_line(secret), print(reason + "\n" + kFirstMenu));
  }
  Lines1 lines = begun();
  (void)lines.take_line("create_account");
  (void)lines.take_line("ann");
  (void)lines.take_line("secret word 1");
  EXPECT_EQ(lines.take_line("secret word 2"),
            print(std::string("The two are not the same: nothing was changed.\n") + kFirstMenu));
}

TEST(Lines1BeforeLogin, SendsNoSecretThatOthersCouldRead) {
  const std::string reason =
      std::string(
          "A secret is not sent where others can read it: connect to tribars://HOST instead.\n") +
      kFirstMenu;
  Lines1::Settings open = settings();
  open.may_send_secrets = false;
  Lines1 lines = begun(open);
  (void)lines.take_line("login");
  (void)lines.take_line("ann");
  EXPECT_EQ(lines.take_line("ann's secret"), print(reason));
  (void)lines.take_line("create_account");
  (void)lines.take_line("ann");
  EXPECT_EQ(lines.take_line("ann's secret"), print(reason));
  (void)lines.take_line("login");
  (void)lines.take_line("ann");
  EXPECT_EQ(lines.take_line(""), send(Login{"ann", "cl", ""}));
  open.secret = "ann's secret";
  Lines1 with_file = begun(open);
  (void)with_file.take_line("login");
  EXPECT_EQ(with_file.take_line("ann"), print(reason));
}

TEST(Lines1BeforeLogin, DoesNotAskForASecretThatItWasGiven) {
  Lines1::Settings with = settings();
  with.secret = "from a file";
  Lines1 lines = begun(with);
  (void)lines.take_line("login");
  EXPECT_EQ(lines.take_line("ann"), send(Login{"ann", "cl", "from a file"}));
  (void)lines.take_reply(error("no-such-user"));
  (void)lines.take_line("create_account");
  EXPECT_EQ(lines.take_line("ann"), send(Create{"ann", "cl", "from a file"}));
  (void)lines.take_reply(ok());
  EXPECT_EQ(lines.take_line("s"), print("New secret: "));
  EXPECT_EQ(lines.take_line("another one"), print("New secret again: "));
  EXPECT_EQ(lines.take_line("another one"), send(SetSecret{"from a file", "another one"}));
  EXPECT_EQ(lines.take_reply(ok()),
            print("Secret changed. Write the new one to the secret file, too.\n"));
  (void)lines.take_line("d");
  EXPECT_EQ(lines.take_line("y"), send(Delete{"another one"}));
}

TEST(Lines1BeforeLogin, SaysWhatToDoAboutARefusal) {
  const struct {
    Reply1 reply;
    std::string told;
  } cases[] = {
      {error("no-such-user"), "Username not recognized."},
      {error("name-taken"), "Username is taken."},
      {error("bad-secret"), "The secret is wrong."},
      {error("throttled", "words", 4000), "Too many wrong secrets: try again in 4 s."},
      {error("throttled", "words", 1), "Too many wrong secrets: try again in 1 s."},
      {error("throttled", "words", std::numeric_limits<std::uint64_t>::max()),
       "Too many wrong secrets: try again in 18446744073709552 s."},
      {error("secret-needs-tls"),
       "The server takes no secrets over this connection: connect to tribars://HOST instead."},
      {error("in-use"),
       "The account is logged in elsewhere. It has no secret, so its session cannot be taken "
       "over: log out there first."},
      {error("a-new-one", "its words \u202e\t"), "its words \\u{202e}\\x09"},
  };
  for (const auto& [reply, told] : cases) {
    Lines1 lines = logging_in();
    EXPECT_EQ(lines.take_reply(reply), print(told + "\n" + kFirstMenu));
    EXPECT_TRUE(lines.wants_line());
  }
}

TEST(Lines1BeforeLogin, RefusesNamesThatCannotBe) {
  Lines1 lines = begun();
  (void)lines.take_line("login");
  EXPECT_EQ(lines.take_line("a|||b"),
            print(std::string("Username not recognized.\n") + kFirstMenu));
  (void)lines.take_line("login");
  EXPECT_EQ(lines.take_line("\xff"),
            print(std::string("byte 255 is not valid UTF-8 where it stands\n") + kFirstMenu));
  (void)lines.take_line("login");
  (void)lines.take_line(std::string(1010, 'a'));
  EXPECT_EQ(lines.take_line("secret word"),
            print(std::string("too long: 1024 bytes are allowed\n") + kFirstMenu));
  (void)lines.take_line("create_account");
  EXPECT_EQ(lines.take_line("\u00e9").send, "");
}

TEST(Lines1, SaysHowManyMessagesWait) {
  Lines1 one = logging_in();
  EXPECT_EQ(one.take_reply(login_ok(1, 0)),
            print(std::string("Logged in as: ann\n") + kMenu +
                  "1 message waits: get messages (g) shows it, and then what comes after it.\n"));
  Lines1 some = logging_in();
  EXPECT_EQ(
      some.take_reply(login_ok(7, 0)),
      print(std::string("Logged in as: ann\n") + kMenu +
            "7 messages wait: get messages (g) shows them, and then what comes after them.\n"));
}

TEST(Lines1, GoesOnFromTheHighestNumber) {
  Lines1 lines = logged_in(41);
  compose(lines, 42, "bob", "h\u00e9|||o");
  EXPECT_EQ(lines.take_reply(Accepted1{42, {7}, {1}}), print("Sent to bob:\nh\u00e9|||o\n\n"));
  compose(lines, 43, "ann", "to myself");
  EXPECT_EQ(lines.take_reply(Accepted1{43, {8}, {1}}), print("Sent to ann:\nto myself\n\n"));
  EXPECT_EQ(lines.take_reply(message(8, "ann", "ann", "to myself")),
            print("New message from ann:\nto myself\n\n"));
}

TEST(Lines1, UsesTheNumberOfARefusedMessageAgain) {
  Lines1 lines = logged_in(3);
  compose(lines, 4, "nobody", "x");
  EXPECT_EQ(lines.take_reply(error("no-such-user", "recipient does not exist", 4)),
            print("recipient does not exist\n"));
  compose(lines, 4, "bob", "y");
  EXPECT_EQ(lines.take_reply(error("bad-number", "words", 9)),
            print("Not sent, since the server has another number for it: send it again.\n"));
  compose(lines, 10, "bob", "y");
  EXPECT_EQ(lines.take_reply(Accepted1{10, {0}, {0}}),
            print("Not sent, since the server takes it for a repeat: send it again.\n"));
  compose(lines, 11, "bob", "y");
}

TEST(Lines1, RefusesWhatCannotBeSent) {
  Lines1 lines = logged_in();
  (void)lines.take_line("c");
  EXPECT_EQ(lines.take_line("a|||b"), print("no username holds |||\n"));
  (void)lines.take_line("c");
  (void)lines.take_line("bob");
  EXPECT_EQ(lines.take_line("\xc3"), print("byte 195 is not valid UTF-8 where it stands\n"));
  (void)lines.take_line("c");
  (void)lines.take_line("bob");
  EXPECT_EQ(lines.take_line("\x1b"), print("control character 27 is not allowed in a message\n"));
  const std::string longest(Dialogue::kFrameBytes - std::string("1||||||bob").size(), 'x');
  (void)lines.take_line("c");
  (void)lines.take_line("bob");
  EXPECT_EQ(lines.take_line(longest + "x"), print("too long: 65536 bytes are allowed\n"));
  compose(lines, 1, "bob", longest);
}

TEST(Lines1, NotesWhatHadNoEffectAndSaysMoreIfItMay) {
  using Refusals = std::vector<std::string>;
  Lines1::Settings with = settings();
  with.gives_hints = true;
  with.secret = "ann's secret";
  Lines1 lines = begun(with);
  EXPECT_EQ(lines.take_line("help"), print(std::string("(invalid command)\n") + kFirstMenu));
  EXPECT_EQ(lines.take_refusals(), Refusals{"no such command: help"});
  (void)lines.take_line("login");
  (void)lines.take_line("ann");
  (void)lines.take_reply(login_ok(0, 0));
  (void)lines.take_line("c");
  EXPECT_EQ(lines.take_line("bob").send, "");
  EXPECT_EQ(lines.take_line("a\x07"),
            print("character 2 is a control character (U+0007): a text may hold tabs and line "
                  "breaks, and no others\n"));
  EXPECT_EQ(lines.take_refusals().size(), 1U);
  (void)lines.take_line("c");
  (void)lines.take_line("bob");
  (void)lines.take_line("hi");
  EXPECT_TRUE(lines.wants_confirmation());
  EXPECT_EQ(lines.unfinished(),
            "the message to bob was not sent: the input ended before it was confirmed with y");
  EXPECT_EQ(lines.take_line("so"), print("Send? (y/n): "));
  EXPECT_EQ(lines.take_refusals(), Refusals{"neither y nor n: so"});
  (void)lines.take_line("y");
  EXPECT_EQ(lines.take_reply(error("no-such-user", "no such user")), print("no such user\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{"no such user"});
  (void)lines.take_line("d");
  EXPECT_TRUE(lines.wants_confirmation());
  EXPECT_EQ(lines.refuse_line("why"), print("why\n"));
  EXPECT_EQ(lines.take_refusals(), Refusals{"why"});
}

TEST(Lines1, TakesAsciiOnlyWhereTheTerminalHasNoMore) {
  Lines1::Settings with = settings();
  with.is_utf8 = false;
  Lines1 lines = begun(with);
  (void)lines.take_line("login");
  (void)lines.take_line("ann");
  (void)lines.take_line("");
  (void)lines.take_reply(login_ok(0, 0));
  EXPECT_EQ(lines.take_reply(message(1, "bob", "ann", "h\u00e9")),
            print("New message from bob:\nh\\u{e9}\n\n"));
  (void)lines.take_line("c");
  (void)lines.take_line("bob");
  EXPECT_EQ(lines.take_line("h\u00e9"),
            print("only ASCII can be typed here: choose a locale with UTF-8, such as "
                  "LC_ALL=C.UTF-8\n"));
}

TEST(Lines1, ShowsWhoIsOnline) {
  Lines1 lines = logged_in();
  (void)lines.take_line("l");
  EXPECT_EQ(lines.take_line("*"), send(List{"*"}));
  EXPECT_EQ(lines.take_reply(ListResponse1{{{"bob", false}, {"ann", true}}}),
            print("Accounts:\n\tbob\n\tann (online)\n"));
  (void)lines.take_line("l");
  (void)lines.take_line("");
  EXPECT_EQ(lines.take_reply(error("too-many", "narrow the pattern")),
            print("narrow the pattern\n"));
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines1, AcknowledgesWhatItHasShown) {
  Lines1 lines = logged_in();
  EXPECT_EQ(lines.confirm_shown(), "");
  EXPECT_EQ(lines.take_reply(message(5, "bob", "ann", "one")),
            print("New message from bob:\none\n\n"));
  EXPECT_EQ(lines.take_reply(message(9, "bob", "ann", "two")),
            print("New message from bob:\ntwo\n\n"));
  EXPECT_EQ(lines.confirm_shown(), frame(Acknowledge{{9}}));
  EXPECT_EQ(lines.confirm_shown(), "");
}

TEST(Lines1, AcknowledgesNothingThatWaitsForAPrompt) {
  Lines1 lines = logged_in();
  (void)lines.take_line("c");
  EXPECT_EQ(lines.take_reply(message(5, "bob", "ann", "one")), Step{});
  EXPECT_EQ(lines.confirm_shown(), "");
  (void)lines.take_line("bob");
  (void)lines.take_line("text");
  EXPECT_EQ(lines.confirm_shown(), "");
  EXPECT_EQ(lines.take_line("n"), print("New message from bob:\none\n\n"));
  EXPECT_EQ(lines.confirm_shown(), frame(Acknowledge{{5}}));
}

TEST(Lines1, DropsRepeatsAndAcknowledgesThemAgain) {
  Lines1 lines = logged_in();
  (void)lines.take_reply(message(5, "bob", "ann", "one"));
  (void)lines.confirm_shown();
  EXPECT_EQ(lines.take_reply(message(5, "bob", "ann", "one")), Step{});
  EXPECT_EQ(lines.confirm_shown(), frame(Acknowledge{{5}}));
  EXPECT_EQ(lines.take_reply(message(4, "bob", "ann", "none")), Step{});
  EXPECT_EQ(lines.confirm_shown(), frame(Acknowledge{{5}}));
}

TEST(Lines1, GetsWhatWaits) {
  Lines1 lines = logged_in();
  EXPECT_EQ(lines.take_line("g"), (Step{.send = frame(Deliver{}) + frame(List{"ann"})}));
  EXPECT_EQ(lines.take_reply(message(5, "bob", "ann", "one")),
            print("New message from bob:\none\n\n"));
  EXPECT_FALSE(lines.wants_line());
  EXPECT_EQ(lines.take_reply(ListResponse1{{{"ann", true}}}), Step{});
  EXPECT_TRUE(lines.wants_line());
}

TEST(Lines1, AnswersPings) {
  for (Lines1 lines : {begun(), logging_in(), logged_in()}) {
    EXPECT_EQ(lines.take_reply(Ping{"a\xff"}), send(Pong{"a\xff"}));
  }
}

TEST(Lines1, ChangesTheSecret) {
  Lines1 lines = logged_in();
  EXPECT_EQ(lines.take_line("secret"), print("Old secret: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("ann's secret"), print("New secret: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("another one"), print("New secret again: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("another one"), send(SetSecret{"ann's secret", "another one"}));
  EXPECT_EQ(lines.take_reply(ok()), print("Secret changed.\n"));
  (void)lines.take_line("s");
  (void)lines.take_line("wrong secret");
  (void)lines.take_line("yet another");
  (void)lines.take_line("yet another");
  EXPECT_EQ(lines.take_reply(error("bad-secret")), print("The secret is wrong.\n"));
  (void)lines.take_line("s");
  (void)lines.take_line("wrong secret");
  EXPECT_EQ(lines.take_line("short"), print("a secret must have 8 to 512 bytes, not 5\n"));
}

TEST(Lines1, SendsNoOldSecretThatCannotBe) {
  for (const std::string& secret : {std::string("before|||behind"), std::string(1025, 'x')}) {
    Lines1 lines = logged_in();
    (void)lines.take_line("s");
    EXPECT_EQ(lines.take_line(secret), print("No account can have that secret.\n"));
    (void)lines.take_line("d");
    (void)lines.take_line("y");
    EXPECT_EQ(lines.take_line(secret), print("No account can have that secret.\n"));
  }
}

TEST(Lines1, TellsWhyAFirstSecretIsRefused) {
  const Reply1 refusal = error("bad-secret", "this server has no support for secrets");
  Lines1 creating = begun();
  (void)creating.take_line("create_account");
  (void)creating.take_line("ann");
  (void)creating.take_line("ann's secret");
  (void)creating.take_line("ann's secret");
  EXPECT_EQ(creating.take_reply(refusal),
            print(std::string("this server has no support for secrets\n") + kFirstMenu));
  (void)creating.take_line("login");
  (void)creating.take_line("ann");
  (void)creating.take_line("");
  (void)creating.take_reply(login_ok(0, 0));
  (void)creating.take_line("s");
  (void)creating.take_line("ann's secret");
  (void)creating.take_line("ann's secret");
  EXPECT_EQ(creating.take_reply(refusal), print("this server has no support for secrets\n"));
}

TEST(Lines1, GivesAnAccountItsFirstSecret) {
  Lines1 lines = begun();
  (void)lines.take_line("login");
  (void)lines.take_line("ann");
  (void)lines.take_line("");
  (void)lines.take_reply(login_ok(0, 0));
  EXPECT_EQ(lines.take_line("s"), print("New secret: "));
  (void)lines.take_line("first secret");
  EXPECT_EQ(lines.take_line("first secret"), send(SetSecret{"", "first secret"}));
  (void)lines.take_reply(ok());
  EXPECT_EQ(lines.take_line("s"), print("Old secret: "));
}

TEST(Lines1, DeletesTheAccountWithItsSecret) {
  Lines1 lines = logged_in();
  EXPECT_EQ(lines.take_line("d"), print("Confirm account deletion? (y/n): "));
  EXPECT_EQ(lines.take_line("y"), print("Secret: "));
  EXPECT_TRUE(lines.wants_secret());
  EXPECT_EQ(lines.take_line("wrong secret"), send(Delete{"wrong secret"}));
  EXPECT_EQ(lines.take_reply(error("bad-secret")), print("The secret is wrong.\n"));
  (void)lines.take_line("d");
  (void)lines.take_line("y");
  (void)lines.take_line("ann's secret");
  EXPECT_EQ(lines.take_reply(ok()), (Step{.ending = Ending{}}));
}

TEST(Lines1, EndsWhenTheServerSaysItsLastWord) {
  const std::string replaced =
      "the account was logged in to from elsewhere, which ended this session";
  Lines1 lines = logged_in();
  EXPECT_EQ(lines.take_reply(error("replaced")),
            (Step{.ending = Ending{EX_UNAVAILABLE, replaced}}));
  Lines1 asked = logged_in();
  (void)asked.take_line("c");
  (void)asked.take_reply(message(5, "bob", "ann", "one"));
  EXPECT_EQ(asked.take_reply(error("replaced")),
            (Step{.print = "\nNew message from bob:\none\n\n",
                  .ending = Ending{EX_UNAVAILABLE, replaced}}));
  EXPECT_EQ(asked.confirm_shown(), frame(Acknowledge{{5}}));
  for (const char* token : {"stopping", "idle", "bad-version", "too-long"}) {
    Lines1 other = logging_in();
    EXPECT_EQ(other.take_reply(error(token, "its words")),
              (Step{.ending = Ending{EX_UNAVAILABLE, "its words"}}));
  }
}

TEST(Lines1, EndsWithAServerThatBreaksTheProtocol) {
  const std::string unasked = "it reports a success that nothing asked for";
  EXPECT_EQ(begun().take_reply(ok()), broken(unasked));
  EXPECT_EQ(logged_in().take_reply(ok()), broken(unasked));
  const std::string numbers = "it answers with numbers that belong to another command";
  EXPECT_EQ(logging_in().take_reply(ok()), broken(numbers));
  EXPECT_EQ(logged_in().take_reply(login_ok(0, 0)), broken(numbers));
  EXPECT_EQ(logged_in().take_reply(ListResponse1{}),
            broken("it lists usernames that nothing asked for"));
  EXPECT_EQ(begun().take_reply(message(1, "bob", "ann", "x")),
            broken("it delivers a message before login"));
  EXPECT_EQ(logged_in().take_reply(message(1, "bob", "cat", "x")),
            broken("it delivers a message that is for another account"));
  EXPECT_EQ(logged_in().take_reply(Accepted1{1, {1}, {1}}),
            broken("it confirms a message that was not sent"));
  Lines1 lines = logged_in();
  compose(lines, 1, "bob", "x");
  EXPECT_EQ(lines.take_reply(Accepted1{2, {1}, {1}}),
            broken("it confirms a message that was not sent"));
  EXPECT_EQ(logged_in().take_reply(Pong{"x"}), broken("it answers a ping that was not sent"));
  EXPECT_EQ(logged_in().take_frame(6, "no token"),
            broken("an invalid answer: it begins with no token"));
}

/// All that a conversation asks for while `stream` comes in pieces of `size`.
Step in_pieces(const std::string& stream, std::size_t size) {
  Conversation conversation(std::make_unique<Lines1>(settings()));
  (void)conversation.begin();
  conversation.type("login\nann\nann's secret\n");
  while (conversation.take_line()) {
  }
  Step all;
  for (std::size_t at = 0; at < stream.size(); at += size) {
    add(all, conversation.receive(std::string_view(stream).substr(at, size)));
  }
  return all;
}

TEST(Conversation1, ReadsTheSameHoweverTheStreamIsSplit) {
  const std::string stream = frame(login_ok(0, 0)) + frame(Reply1{Ping{"p"}}) +
                             frame(message(1, "bob", "ann", "one")) +
                             frame(message(2, "bob", "ann", "two")) + std::string(1, '\2');
  const Step expected{.print = std::string("Logged in as: ann\n") + kMenu +
                               "New message from bob:\none\n\nNew message from bob:\ntwo\n\n",
                      .send = frame(Command1{Pong{"p"}}) + frame(Acknowledge{{2}}),
                      .ending = Ending{EX_PROTOCOL,
                                       "the server broke the protocol: it speaks version 2, not "
                                       "1"}};
  EXPECT_EQ(in_pieces(stream, stream.size()), expected);
  for (std::size_t size = 1; size < stream.size(); ++size) {
    Step split = in_pieces(stream, size);
    EXPECT_EQ(split.print, expected.print) << size;
    EXPECT_EQ(split.ending, expected.ending) << size;
    EXPECT_TRUE(split.send.ends_with(frame(Acknowledge{{2}}))) << size;
  }
}

TEST(Conversation1, KnowsAServerOfProtocol0) {
  Conversation conversation(std::make_unique<Lines1>(settings()));
  (void)conversation.begin();
  EXPECT_EQ(conversation.receive(std::string(1, '\0')).ending,
            (Ending{EX_PROTOCOL,
                    "the server speaks protocol 0 only here: connect with --protocol 0, which has "
                    "no secrets"}));
}

}  // namespace
}  // namespace tribar
