// SPDX-License-Identifier: MIT
//
// Chat: what each typed line, each answer of the server and each change of the connection makes it
// print, send and ask, in both protocols.
#include "client/chat.h"

#include <gtest/gtest.h>
#include <sysexits.h>

#include <clocale>
#include <cstdlib>
#include <ctime>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/interrupt.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"
#include "zero/wording.h"

namespace tribar {

void PrintTo(const ChatStep& step, std::ostream* out) {
  *out << "print " << testing::PrintToString(step.print);
  if (step.rings) {
    *out << ", ring";
  }
  if (step.draft) {
    *out << ", draft " << testing::PrintToString(*step.draft);
  }
  if (step.drops_link) {
    *out << ", drop the link";
  }
  if (step.ending) {
    *out << ", end with " << step.ending->exit_code << " "
         << testing::PrintToString(step.ending->reason);
  }
}

namespace {

constexpr UnixMs kNoon{1'767'182'400'000};  // 2025-12-31 12:00 UTC
constexpr const char* kTrying = "Trying again. What you type is kept.\n";

std::string frame(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}

std::string frame(const Command1& command) {
  std::string out;
  append_command1(out, command);
  return out;
}

std::string frame(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}

std::string frame(const Reply1& reply) {
  std::string out;
  append_reply1(out, reply);
  return out;
}

// What a server of protocol 1 says.
std::string ok() { return frame(Reply1(Response1{kOk})); }
std::string login_ok(std::uint64_t waiting = 0, std::uint64_t highest = 0) {
  return frame(Reply1(Response1{kOk, {}, waiting, highest}));
}
std::string error(std::string_view token, std::string_view text = "words",
                  std::optional<std::uint64_t> third = std::nullopt) {
  return frame(Reply1(Response1{token, text, std::nullopt, third}));
}
std::string users(std::vector<ListResponse1::User> list) {
  return frame(Reply1(ListResponse1{std::move(list)}));
}
std::string message(std::uint64_t number, std::string_view sender, std::string_view text) {
  return frame(Reply1(Delivery1{{number}, kNoon, {sender, "ann", text}}));
}
std::string accepted(std::uint64_t n, std::uint64_t number = 1) {
  return frame(Reply1(Accepted1{n, {number}, kNoon}));
}

// And of protocol 0.
std::string response0(std::string_view error = {}) { return frame(Reply(Response{error})); }
std::string users0(std::vector<std::string_view> names) {
  return frame(Reply(ListResponse{std::move(names)}));
}
std::string message0(std::string_view sender, std::string_view recipient, std::string_view text) {
  return frame(Reply(Delivery{{sender, recipient, text}}));
}

ChatStep nothing() { return {}; }
ChatStep print(std::string text) { return {.print = std::move(text)}; }
ChatStep ends(int exit_code = 0, std::string reason = {}) {
  ChatStep step;
  step.ending = Ending{exit_code, std::move(reason)};
  return step;
}
ChatStep draft(std::string text, std::string back) {
  ChatStep step = print(std::move(text));
  step.draft = std::move(back);
  return step;
}

Chat::Settings settings(int protocol) {
  Chat::Settings made;
  made.session.protocol = protocol;
  made.session.client = "cl";
  made.server = "HOST";
  made.view.is_utf8 = true;
  return made;
}

/// A person, a Chat, and a server that says what it is told to.
class Rig {
 public:
  explicit Rig(int protocol = 1) : Rig(settings(protocol)) {}
  explicit Rig(Chat::Settings with) : chat(std::move(with)) {}

  ChatStep type(std::string text) { return chat.take_line(std::move(text), false, moment); }
  ChatStep paste(std::string text) { return chat.take_line(std::move(text), true, moment); }
  ChatStep end_input() { return chat.end_input(moment); }
  ChatStep interrupt(std::string_view cleared = {}) { return chat.interrupt(cleared, moment); }
  ChatStep connect(bool is_private = true) { return chat.connected(is_private, moment); }
  ChatStep lose(std::string_view why = "it is gone") { return chat.lost(why, moment); }
  ChatStep server(std::string_view bytes) { return chat.receive(bytes, moment); }
  /// What the server got since the last call.
  std::string sent() { return std::exchange(chat.output(), {}); }

  Chat chat;
  ChatMoment moment{kNoon, false};
};

/// Connected, in the first menu.
Rig begun(int protocol = 1) {
  Rig rig(protocol);
  EXPECT_EQ(rig.connect(),
            print("* Connected to HOST.\n* login NAME or create NAME; help lists all.\n"));
  EXPECT_EQ(rig.chat.prompt(), "tribar> ");
  return rig;
}

/// Logged in as ann, with a secret in protocol 1.
Rig logged_in(int protocol = 1, std::uint64_t waiting = 0) {
  Rig rig = begun(protocol);
  if (protocol == 0) {
    EXPECT_EQ(rig.type("login ann"), nothing());
    EXPECT_EQ(rig.sent(), frame(Command(Login{"ann"})));
    EXPECT_EQ(
        rig.server(response0()),
        print("* Logged in as ann. help lists the commands.\n*   g shows messages that wait.\n"));
  } else {
    EXPECT_EQ(rig.type("login ann"), nothing());
    EXPECT_EQ(rig.type("ann's secret"), nothing());
    EXPECT_EQ(rig.sent(), frame(Command1(Login{"ann", "cl", "ann's secret"})));
    const std::string how_many =
        waiting == 0 ? "" : "*   " + std::to_string(waiting) + " messages wait: g shows them.\n";
    EXPECT_EQ(rig.server(login_ok(waiting)),
              print("* Logged in as ann. help lists the commands.\n" + how_many));
  }
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
  return rig;
}

/// In a conversation with bob.
Rig talking(int protocol = 1) {
  Rig rig = logged_in(protocol);
  EXPECT_EQ(rig.type("c bob"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(wait) ");
  if (protocol == 0) {
    EXPECT_EQ(rig.sent(), frame(Command(List{"bob"})));
    EXPECT_EQ(rig.server(users0({"bob"})),
              print("* To bob. Each line is a message; an empty line leaves.\n"));
  } else {
    EXPECT_EQ(rig.sent(), frame(Command1(List{"bob"})));
    EXPECT_EQ(rig.server(users({{"bob", true}})),
              print("* To bob, who is online. Each line is a message; an empty line leaves.\n"));
  }
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
  EXPECT_FALSE(rig.chat.is_question());
  return rig;
}

class ChatTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::setenv("TZ", "UTC0", 1), 0);
    ::tzset();
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  }
};

using ChatBeforeLogin = ChatTest;
using ChatCommandsTest = ChatTest;
using ChatConversation = ChatTest;
using ChatDeletion = ChatTest;
using ChatSecret = ChatTest;
using ChatMessages = ChatTest;
using ChatLost = ChatTest;
using ChatLeaving = ChatTest;
using ChatCompletionTest = ChatTest;

// Before login.

TEST_F(ChatBeforeLogin, HasHelpAndEnds) {
  for (const std::string quit : {"quit", "q", "/q", "  q  "}) {
    EXPECT_EQ(begun().type(quit), ends());
  }
  EXPECT_EQ(begun().end_input(), ends());
  Rig rig = begun();
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_EQ(rig.type("help").print.find("* login NAME   logs in"), 0U);
  EXPECT_EQ(rig.sent(), "");
}

TEST_F(ChatBeforeLogin, HintsAtWhatThereIs) {
  Rig rig = begun();
  const std::string there_is = " here: login NAME, create NAME, help or quit.\n";
  EXPECT_EQ(rig.type("l"), print("! Log in first: login NAME, or create NAME.\n"));
  EXPECT_EQ(rig.type("\x1b[D"), print("! There is no command \\x1b[D" + there_is));
  EXPECT_EQ(rig.type(std::string(40, 'x')), print("! There is no command" + there_is));
  EXPECT_EQ(rig.type("hello you"), draft("! There is no command hello" + there_is, "hello you"));
  EXPECT_EQ(rig.type("login ann\nbob"), draft("! A command is one line.\n", "login ann\nbob"));
}

TEST_F(ChatBeforeLogin, LogsInWithASecret) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Secret of ann: ");
  EXPECT_TRUE(rig.chat.wants_secret());
  EXPECT_TRUE(rig.chat.is_question());
  EXPECT_EQ(rig.type("ann's secret"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(wait) ");
  EXPECT_FALSE(rig.chat.wants_secret());
  EXPECT_FALSE(rig.chat.is_question());
  EXPECT_EQ(rig.sent(), frame(Command1(Login{"ann", "cl", "ann's secret"})));
  EXPECT_EQ(rig.server(login_ok(1)), print("* Logged in as ann. help lists the commands.\n"
                                           "*   1 message waits: g shows it.\n"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatBeforeLogin, AsksForTheName) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("login"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Name: ");
  EXPECT_TRUE(rig.chat.is_question());
  EXPECT_EQ(rig.type(" ann "), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Secret of ann: ");
  EXPECT_EQ(rig.end_input(), print("* Cancelled.\n"));
  EXPECT_EQ(rig.type("create"), nothing());
  EXPECT_EQ(rig.type(""), print("* Cancelled.\n"));
  EXPECT_EQ(rig.type("create"), nothing());
  EXPECT_EQ(rig.interrupt(), print("* Cancelled.\n"));
  EXPECT_EQ(rig.chat.prompt(), "tribar> ");
  EXPECT_EQ(rig.sent(), "");
}

TEST_F(ChatBeforeLogin, RefusesNamesWithTheCharacterAndItsPlace) {
  Rig rig = begun();
  const std::string rule = "a username has letters, digits, '.', '_' and '-' only.\n";
  EXPECT_EQ(rig.type("login b\u00e9a"),
            draft("! No account has that name: character 2 is \u00e9 (U+00E9): " + rule,
                  "login b\u00e9a"));
  EXPECT_EQ(rig.type("create a b"),
            draft("! No account has that name: character 2 is a blank: " + rule, "create a b"));
  EXPECT_EQ(rig.type("create"), nothing());
  EXPECT_EQ(rig.type("a|b"),
            draft("! No account has that name: character 2 is '|': " + rule, "create a|b"));
}

TEST_F(ChatBeforeLogin, CreatesAnAccountWithASecret) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("create ann"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret (empty: none): ");
  EXPECT_TRUE(rig.chat.wants_secret());
  EXPECT_EQ(rig.type("short"),
            print("! Not taken: the secret has 5 bytes: 8 to 512 are allowed.\n"));
  EXPECT_EQ(rig.type("a long secret"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret again: ");
  EXPECT_EQ(rig.type("another secret"), print("! The two are not the same.\n"));
  EXPECT_EQ(rig.chat.prompt(), "New secret (empty: none): ");
  EXPECT_EQ(rig.type("a long secret"), nothing());
  EXPECT_EQ(rig.paste("a long secret\nx"), print("! A secret is one line.\n"));
  EXPECT_EQ(rig.paste("a long secret"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Create{"ann", "cl", "a long secret"})));
  EXPECT_EQ(rig.server(ok()), print("* Logged in as ann. help lists the commands.\n"));
}

TEST_F(ChatBeforeLogin, CreatesAnAccountByNameOnly) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("create_account ann"), nothing());
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Create{"ann", "cl", ""})));
  Rig zero = begun(0);
  EXPECT_EQ(zero.type("create ann"), nothing());
  EXPECT_EQ(zero.sent(), frame(Command(Create{"ann"})));
  EXPECT_EQ(zero.server(response0()), print("* Logged in as ann. help lists the commands.\n"));
}

TEST_F(ChatBeforeLogin, LogsInAtOnceWithANameFromTheSettings) {
  for (const int protocol : {0, 1}) {
    Chat::Settings with = settings(protocol);
    with.name = "ann";
    if (protocol == 1) {
      with.secret = "ann's secret";
    }
    Rig rig(with);
    EXPECT_EQ(rig.connect(), print("* Connected to HOST.\n"));
    EXPECT_EQ(rig.sent(), protocol == 0 ? frame(Command(Login{"ann"}))
                                        : frame(Command1(Login{"ann", "cl", "ann's secret"})));
  }
  Chat::Settings with = settings(1);
  with.name = "ann";
  Rig rig(with);
  EXPECT_EQ(rig.connect(), print("* Connected to HOST.\n"));
  EXPECT_EQ(rig.chat.prompt(), "Secret of ann: ");
}

TEST_F(ChatBeforeLogin, SendsNoSecretWhereOthersCanReadIt) {
  Rig rig;
  EXPECT_NE(rig.connect(false), nothing());
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_EQ(rig.type("ann's secret"),
            draft("! A secret is not sent where others can read it: connect to tribars://HOST "
                  "instead.\n",
                  "login ann"));
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Login{"ann", "cl", ""})));
}

TEST_F(ChatBeforeLogin, GivesTheNameBackWhenTheServerRefuses) {
  const struct {
    std::string answer;
    std::string told;
  } cases[] = {
      {error("no-such-user"), "There is no account ann. create ann makes it."},
      {error("bad-secret"), "The secret of ann is another one."},
      {error("throttled", "words", 1500), "Too many wrong secrets: try again in 2 s."},
      {error("in-use"), "ann is logged in elsewhere: log out there first, or try again."},
      {error("secret-needs-tls"),
       "The server takes no secrets over this connection: connect to tribars://HOST instead."},
      {error("busy"), "The server is too busy now. Try again in a moment."},
      {error("storage-unavailable"), "The server cannot store anything now. Try again later."},
      {error("new", "w\u202eords"), "The server says: w\\u{202e}ords"},
  };
  for (const auto& [answer, told] : cases) {
    Rig rig = begun();
    EXPECT_EQ(rig.type("login ann"), nothing());
    EXPECT_EQ(rig.type("ann's secret"), nothing());
    EXPECT_EQ(rig.server(answer), draft("! " + told + "\n", "login ann"));
    EXPECT_EQ(rig.chat.prompt(), "tribar> ");
  }
  Rig rig = begun();
  EXPECT_EQ(rig.type("create ann"), nothing());
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_EQ(rig.server(error("name-taken")),
            draft("! The name ann is taken. If it is yours: login ann.\n", "create ann"));
  Rig zero = begun(0);
  EXPECT_EQ(zero.type("login ann"), nothing());
  EXPECT_EQ(zero.server(response0("username needs a secret: use protocol 1")),
            draft("! The server says: username needs a secret: use protocol 1\n", "login ann"));
}

TEST_F(ChatBeforeLogin, TakesLinesThatWereTypedAheadAfterLogin) {
  Rig rig = begun(0);
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_EQ(rig.type("c bob hi"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command(Login{"ann"})));
  EXPECT_EQ(
      rig.server(response0()),
      print("* Logged in as ann. help lists the commands.\n*   g shows messages that wait.\n"));
  EXPECT_EQ(rig.sent(), frame(Command(Send{{"ann", "bob", "hi"}})));
}

// Commands.

TEST_F(ChatCommandsTest, SendsOneMessage) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bob hello  there "), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{1, "bob", "hello  there "})));
  EXPECT_EQ(rig.server(accepted(1)), print("* sent to bob\n"));
  EXPECT_EQ(rig.type("/compose bob one\ntwo"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{2, "bob", "one\ntwo"})));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatCommandsTest, SendsOneMessageInProtocol0) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.type("c bob hello"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command(Send{{"ann", "bob", "hello"}})));
  EXPECT_EQ(rig.server(message0("ann", "bob", "hello")), print("* sent to bob\n"));
}

TEST_F(ChatCommandsTest, HintsAtWhatThereIs) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("hello"), print("! There is no command hello: help lists them. A message: c "
                                     "NAME TEXT.\n"));
  EXPECT_EQ(rig.type("hello you"), draft("! There is no command hello: help lists them. A message: "
                                         "c NAME TEXT.\n",
                                         "hello you"));
  EXPECT_EQ(rig.type("login bob"),
            draft("! You are logged in as ann: q ends that first.\n", "login bob"));
  EXPECT_EQ(rig.type("g you"),
            draft("! Nothing stands behind g. A message: c NAME TEXT.\n", "g you"));
  EXPECT_EQ(rig.type("d bob said"),
            draft("! Nothing stands behind d. A message: c NAME TEXT.\n", "d bob said"));
  EXPECT_EQ(rig.paste("d\ny"),
            draft("! Nothing stands behind d. A message: c NAME TEXT.\n", "d\ny"));
  EXPECT_EQ(rig.type("  "), nothing());
  EXPECT_EQ(rig.sent(), "");
}

TEST_F(ChatCommandsTest, AsksForThePartner) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "To: ");
  EXPECT_EQ(rig.type("bob "), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(List{"bob"})));
  EXPECT_EQ(rig.server(users({{"bob", false}})),
            print("* To bob, who is not online: messages wait. Each line is a message; an empty "
                  "line leaves.\n"));
  EXPECT_EQ(rig.type("/c"), nothing());
  EXPECT_EQ(rig.type("b b"),
            draft("! No account has that name: character 2 is a blank: a username has letters, "
                  "digits, '.', '_' and '-' only.\n",
                  "/c b b"));
}

TEST_F(ChatCommandsTest, ChecksThePartnerBeforeTheText) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bib"), nothing());
  EXPECT_EQ(rig.server(users({})),
            draft("! There is no account bib. l lists the accounts.\n", "c bib"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
  // Another server's answer to a pattern that it does not understand.
  EXPECT_EQ(rig.type("c bib"), nothing());
  EXPECT_EQ(rig.server(users({{"bob", true}})),
            draft("! There is no account bib. l lists the accounts.\n", "c bib"));
  EXPECT_EQ(rig.type("c bib"), nothing());
  EXPECT_EQ(rig.server(error("busy")),
            draft("! The server is too busy now. Try again in a moment.\n", "c bib"));
}

TEST_F(ChatCommandsTest, GivesBackWhatWasTypedForAPartnerWhoDoesNotExist) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bib"), nothing());
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.server(users({})),
            draft("! There is no account bib. l lists the accounts.\n", "c bib d\ny"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatCommandsTest, AnswersTheLastSender) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("r"), draft("! Nobody has written yet.\n", "r"));
  EXPECT_EQ(rig.server(message(7, "bob", "hi")), print("12:00 <bob> hi\n"));
  EXPECT_EQ(rig.type("r hello there"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{1, "bob", "hello there"})));
  EXPECT_EQ(rig.type("r"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(List{"bob"})));
  EXPECT_EQ(rig.server(accepted(1) + users({{"bob", true}})),
            print("* sent to bob\n* To bob, who is online. Each line is a message; an empty line "
                  "leaves.\n"));
}

TEST_F(ChatCommandsTest, AnswersNoSenderWithANameThatCannotBe) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.server(message0("b b", "ann", "hi")), print("12:00 <b\\x20b> hi\n"));
  EXPECT_EQ(rig.type("r"),
            draft("! No account has that name: character 2 is a blank: a username has letters, "
                  "digits, '.', '_' and '-' only.\n",
                  "r"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatCommandsTest, ListsAccounts) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("l"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(List{""})));
  EXPECT_EQ(rig.server(users({{"bob", false}, {"ann", true}})),
            print("* 2 accounts:\n*   bob\n*   ann (online)\n"));
  EXPECT_EQ(rig.type("list a* "), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(List{"a*"})));
  EXPECT_EQ(rig.server(users({})), print("* No account matches.\n"));
  EXPECT_EQ(rig.type("l"), nothing());
  EXPECT_EQ(rig.server(error("too-many")),
            print("! Too many accounts match: narrow the pattern, as in l a*.\n"));
  Rig zero = logged_in(0);
  EXPECT_EQ(zero.type("l"), nothing());
  EXPECT_EQ(zero.sent(), frame(Command(List{""})));
  EXPECT_EQ(zero.server(users0({"ann", "b\n! x"})),
            print("* 2 accounts:\n*   ann\n*   b\\x0a\\x21\\x20x\n"));
  EXPECT_EQ(zero.type("l \u00e9"),
            draft("! Not asked: character 1 is \u00e9 (U+00E9): a username has letters, digits, "
                  "'.', '_' and '-' only.\n",
                  "l \u00e9"));
}

TEST_F(ChatCommandsTest, GetsWhatWaits) {
  Rig rig = logged_in(1, 2);
  EXPECT_EQ(rig.type("g"), nothing());
  const std::string sent = rig.sent();
  EXPECT_EQ(sent, frame(Command1(Deliver{})) + frame(Command1(List{"ann"})));
  EXPECT_EQ(rig.server(message(7, "bob", "one") + message(8, "bob", "two") + users({})),
            print("12:00 <bob> one\n12:00 <bob> two\n"));
  rig.chat.shown();
  EXPECT_EQ(rig.sent(), frame(Command1(Acknowledge{{8}})) + sent);
  EXPECT_EQ(rig.server(users({})), print("* 2 messages; nothing more waits.\n"));
  EXPECT_EQ(rig.type("get"), nothing());
  EXPECT_EQ(rig.server(users({})), print("* Nothing waits.\n"));
}

TEST_F(ChatCommandsTest, DoesNotKnowWhenWhatWaitsInProtocol0WasSent) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.type("g"), nothing());
  EXPECT_EQ(rig.server(message0("bob", "ann", "one")), print("earlier <bob> one\n"));
  EXPECT_EQ(rig.server(users0({"ann"})), print("* 1 message; nothing more waits.\n"));
  EXPECT_EQ(rig.server(message0("bob", "ann", "two")), print("12:00 <bob> two\n"));
  EXPECT_EQ(rig.type("g"), nothing());
  EXPECT_EQ(rig.server(users0({"ann"})), print("* Nothing waits.\n"));
}

TEST_F(ChatCommandsTest, HasHelp) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("help"), rig.type("/?"));
  EXPECT_EQ(rig.type("h").print.find("* c NAME       a conversation"), 0U);
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

// Conversation.

TEST_F(ChatConversation, SendsEachLine) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("hello"), nothing());
  EXPECT_EQ(rig.type("  h\u00e9 |||"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{1, "bob", "hello"})) +
                            frame(Command1(SendNumbered{2, "bob", "  h\u00e9 |||"})));
  EXPECT_EQ(rig.server(accepted(1) + accepted(2)), print("* sent\n* sent\n"));
}

TEST_F(ChatConversation, IsLeftByAnEmptyLineOrTheEndOfInput) {
  for (const std::string empty : {"", "  ", "\t"}) {
    Rig rig = talking();
    EXPECT_EQ(rig.type(empty), print("* No longer to bob.\n"));
    EXPECT_EQ(rig.chat.prompt(), "ann> ");
  }
  Rig rig = talking();
  EXPECT_EQ(rig.end_input(), print("* No longer to bob.\n"));
  EXPECT_EQ(rig.end_input(), ends());
}

TEST_F(ChatConversation, TakesPastedLinesForOneText) {
  Rig rig = talking();
  EXPECT_EQ(rig.paste("d\ny"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{1, "bob", "d\ny"})));
  EXPECT_EQ(rig.paste(""), nothing());
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
  EXPECT_EQ(rig.paste("// a comment"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{2, "bob", "// a comment"})));
}

TEST_F(ChatConversation, HasCommandsBehindASlash) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("/l"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(List{""})));
  EXPECT_EQ(rig.type("//l"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{1, "bob", "/l"})));
  EXPECT_EQ(rig.type("/hlep"),
            draft("! There is no command hlep: help lists them. A message: //TEXT.\n", "/hlep"));
  EXPECT_EQ(rig.type("/"), nothing());
  EXPECT_EQ(rig.type("/c cid hi"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{2, "cid", "hi"})));
  EXPECT_EQ(rig.server(users({}) + accepted(1) + accepted(2)),
            print("* No account matches.\n* sent\n* sent to cid\n"));
  EXPECT_EQ(rig.type("/c cid"), nothing());
  EXPECT_EQ(rig.server(users({{"cid", false}})).print,
            "* To cid, who is not online: messages wait. Each line is a message; an empty line "
            "leaves.\n");
  EXPECT_EQ(rig.chat.prompt(), "to cid> ");
  EXPECT_EQ(rig.type("/c bib"), nothing());
  EXPECT_EQ(rig.server(users({})),
            draft("! There is no account bib. l lists the accounts.\n", "/c bib"));
  EXPECT_EQ(rig.chat.prompt(), "to cid> ");
  EXPECT_EQ(rig.type("/q"), ends());
}

TEST_F(ChatConversation, GivesBackATextThatCannotBeSent) {
  Rig rig = talking(0);
  EXPECT_EQ(rig.type("it\u2019s"), draft("! Not sent: character 3 is \u2019 (U+2019): protocol 0 "
                                         "carries ASCII only.\n",
                                         "it\u2019s"));
  EXPECT_EQ(rig.type("\x1b[D"),
            draft("! Not sent: character 1 is a control character (U+001B): a text may hold tabs "
                  "and line breaks, and no others.\n",
                  "\x1b[D"));
  EXPECT_EQ(rig.type("a ||| b"), draft("! Not sent: characters 3 to 5 are |||: protocol 0 cannot "
                                       "carry that in a text.\n",
                                       "a ||| b"));
  const std::string long_text(70000, 'x');
  EXPECT_EQ(rig.type(long_text).draft, long_text);
  EXPECT_EQ(rig.type("/c cid it\u2019s").draft, "/c cid it\u2019s");
  EXPECT_EQ(rig.sent(), "");
}

TEST_F(ChatConversation, GivesBackATextThatTheServerRefuses) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("//one"), nothing());
  EXPECT_EQ(rig.server(error("mailbox-full", "words", 1)),
            draft("! Not sent: too many messages wait for bob already. Try again when some were "
                  "read.\n",
                  "//one"));
  EXPECT_EQ(rig.type("/c cid two"), nothing());
  EXPECT_EQ(rig.server(error("no-such-user", "words", 1)),
            draft("! Not sent: there is no account cid. l lists the accounts.\n", "/c cid two"));
  EXPECT_EQ(rig.type(""), print("* No longer to bob.\n"));
  EXPECT_EQ(rig.type("c cid two"), nothing());
  EXPECT_EQ(rig.server(error("busy", "words", 1)),
            draft("! Not sent. The server is too busy now. Try again in a moment.\n", "c cid two"));
}

TEST_F(ChatConversation, PrintsATextThatCannotComeBackIntoTheLine) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("one\ntwo"), nothing());
  EXPECT_EQ(rig.type("three"), nothing());
  rig.moment.is_typing = true;
  EXPECT_EQ(rig.server(error("busy", "words", 1)),
            print("! Not sent. The server is too busy now. Try again in a moment.\n      | one\n"
                  "      | two\n"));
  rig.moment.is_typing = false;
  EXPECT_EQ(rig.type("/d"), nothing());
  EXPECT_EQ(rig.server(error("bad-number", "words", 0)), nothing());
  EXPECT_EQ(rig.server(error("busy", "words", 1)),
            print("! Not sent. The server is too busy now. Try again in a moment.\n"
                  "      | three\n"));
  EXPECT_EQ(rig.chat.prompt(), "Delete ann and what waits for it? (y/n): ");
}

TEST_F(ChatConversation, GivesBackOneOfSeveralTexts) {
  Rig rig = talking(0);
  EXPECT_EQ(rig.type("one"), nothing());
  EXPECT_EQ(rig.type("two"), nothing());
  EXPECT_EQ(
      rig.server(response0("the recipient has too many undelivered messages, try again later") +
                 response0("recipient does not exist")),
      draft("! Not sent: too many messages wait for bob already. Try again when some were "
            "read.\n! Not sent: there is no account bob. l lists the accounts.\n"
            "      | two\n",
            "one"));
}

// Deletion.

TEST_F(ChatDeletion, AsksFirst) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Delete ann and what waits for it? (y/n): ");
  EXPECT_TRUE(rig.chat.is_question());
  EXPECT_EQ(rig.type("maybe"), print("! Type y or n.\n"));
  EXPECT_EQ(rig.type(""), print("! Type y or n.\n"));
  EXPECT_EQ(rig.type("n"), print("* Not deleted.\n"));
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.end_input(), print("* Not deleted.\n"));
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.interrupt(), print("* Not deleted.\n"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
  EXPECT_EQ(rig.sent(), "");
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command(Delete{})) + frame(Command(List{"ann"})));
  EXPECT_EQ(rig.server(users0({})), print("* The account ann is deleted.\n"));
  EXPECT_EQ(rig.chat.prompt(), "tribar> ");
}

TEST_F(ChatDeletion, IsNotAnsweredByAPaste) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.paste("y"), print("! Type y or n: what is pasted does not answer this.\n"));
  EXPECT_TRUE(rig.chat.is_question());
  EXPECT_EQ(rig.sent(), "");
}

TEST_F(ChatDeletion, IsNotAnsweredByWhatWasTypedBefore) {
  Rig rig = begun(0);
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.server(response0()).print,
            "* Logged in as ann. help lists the commands.\n*   g shows messages that wait.\n"
            "! What was typed before this question is not taken: 1 line.\n");
  EXPECT_TRUE(rig.chat.is_question());
  EXPECT_EQ(rig.sent(), frame(Command(Login{"ann"})));
}

TEST_F(ChatDeletion, NeedsTheSecret) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Secret of ann: ");
  EXPECT_TRUE(rig.chat.wants_secret());
  EXPECT_EQ(rig.type("a wrong one"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Delete{"a wrong one"})));
  EXPECT_EQ(rig.server(error("bad-secret")),
            print("! The secret is another one: nothing was changed.\n"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.type("ann's secret"), nothing());
  EXPECT_EQ(rig.server(ok()), print("* The account ann is deleted.\n"));
  EXPECT_EQ(rig.type("create ann"), nothing());
}

// Secrets.

TEST_F(ChatSecret, IsChanged) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("s"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Old secret: ");
  EXPECT_EQ(rig.type("ann's secret"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret: ");
  EXPECT_EQ(rig.type("short"),
            print("! Not taken: the secret has 5 bytes: 8 to 512 are allowed.\n"));
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.type("a typo"), print("! The two are not the same.\n"));
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SetSecret{"ann's secret", "a new secret"})));
  EXPECT_EQ(rig.server(ok()), print("* The secret is changed.\n"));
  EXPECT_EQ(rig.type("s"), nothing());
  EXPECT_EQ(rig.interrupt("half of i"), print("* The secret was not changed.\n"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatSecret, IsSetWhereThereIsNone) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("create ann"), nothing());
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_NE(rig.server(ok()), nothing());
  EXPECT_EQ(rig.type("s"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret: ");
  EXPECT_EQ(rig.type("a new secret"), nothing());
  rig.sent();
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SetSecret{"", "a new secret"})));
  EXPECT_EQ(rig.server(error("bad-secret")),
            print("! The secret is another one: nothing was changed.\n"));
  EXPECT_EQ(rig.type("s"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "Old secret: ");
}

TEST_F(ChatSecret, ComesFromTheFile) {
  Chat::Settings with = settings(1);
  with.name = "ann";
  with.secret = "ann's secret";
  Rig rig(with);
  EXPECT_NE(rig.connect(), nothing());
  EXPECT_NE(rig.server(login_ok()), nothing());
  rig.sent();
  EXPECT_EQ(rig.type("s"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret: ");
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.type("a new secret"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(SetSecret{"ann's secret", "a new secret"})));
  EXPECT_EQ(rig.server(ok()),
            print("* The secret is changed. Write the new one to the secret file, too.\n"));
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Delete{"a new secret"})));
}

TEST_F(ChatSecret, IsNoCommandOfProtocol0) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.type("s"),
            print("! There is no command s: help lists them. A message: c NAME TEXT.\n"));
}

// Messages.

TEST_F(ChatMessages, AreAcknowledgedWhenTheyWereShown) {
  Rig rig = talking();
  EXPECT_EQ(rig.server(message(7, "cid", "one\ntwo")), print("12:00 <cid> one\n      | two\n"));
  EXPECT_EQ(rig.sent(), "");
  rig.chat.shown();
  EXPECT_EQ(rig.sent(), frame(Command1(Acknowledge{{7}})));
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
}

TEST_F(ChatMessages, RingOnlyWhenAsked) {
  Chat::Settings with = settings(0);
  with.name = "ann";
  with.rings = true;
  Rig rig(with);
  EXPECT_NE(rig.connect(), nothing());
  EXPECT_FALSE(rig.server(response0()).rings);
  EXPECT_TRUE(rig.server(message0("bob", "ann", "hi")).rings);
}

TEST_F(ChatMessages, CannotLookLikeAnythingElse) {
  Rig rig = talking(0);
  EXPECT_EQ(rig.server(message0("bob> x\n* sent", "ann",
                                "a\n* sent\n! lost\n12:00 <cid> b\r\n\x1b]0;t\x07to bob> d")),
            print("12:00 <bob\\x3e\\x20x\\x0a\\x2a\\x20sent> a\n      | * sent\n      | ! lost\n"
                  "      | 12:00 <cid> b\n      | \\x1b]0;t\\x07to bob> d\n"));
}

TEST_F(ChatMessages, OfTheEditorAreShown) {
  Rig rig = talking();
  EXPECT_EQ(rig.chat.note("the line is full"), print("! The line is full\n"));
}

TEST_F(ChatMessages, ToOneselfAreSentAndArrive) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.type("c ann note"), nothing());
  EXPECT_EQ(rig.server(message0("ann", "ann", "note") + message0("ann", "ann", "note")),
            print("12:00 <ann> note\n* sent to ann\n"));
}

// The connection is lost.

TEST_F(ChatLost, IsSaidOnce) {
  Rig rig = talking();
  EXPECT_EQ(rig.lose("The server ended it."),
            print(std::string("! No connection: The server ended it.\n!   ") + kTrying));
  EXPECT_EQ(rig.lose("It refused."), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(offline) to bob> ");
  EXPECT_TRUE(rig.chat.wants_link());
  EXPECT_FALSE(rig.chat.is_settled());
  rig.sent();
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Login{"ann", "cl", "ann's secret"})));
  EXPECT_EQ(rig.server(login_ok()), print("* Connected again.\n"));
  EXPECT_TRUE(rig.chat.is_settled());
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
  EXPECT_NE(rig.lose("The server ended it."), nothing());
}

TEST_F(ChatLost, KeepsMessagesAndSendsWhatWasNotConfirmedAgain) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("one"), nothing());
  EXPECT_EQ(rig.type("two"), nothing());
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.type("three"), print("* Kept: it is sent to bob when the connection is back.\n"));
  EXPECT_EQ(rig.connect(), nothing());
  rig.sent();
  EXPECT_EQ(
      rig.server(login_ok(0, 1)),
      print("* Connected again. Sending 2 messages.\n* sent, before the connection was lost\n"));
  EXPECT_EQ(rig.sent(), frame(Command1(SendNumbered{2, "bob", "two"})) +
                            frame(Command1(SendNumbered{3, "bob", "three"})));
  EXPECT_EQ(rig.server(accepted(2) + accepted(3)), print("* sent\n* sent\n"));
}

TEST_F(ChatLost, GetsWhatCameMeanwhile) {
  Rig rig = talking();
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.connect(), nothing());
  rig.sent();
  EXPECT_EQ(rig.server(login_ok(1)), print("* Connected again.\n"));
  EXPECT_EQ(rig.sent(), frame(Command1(Deliver{})) + frame(Command1(List{"ann"})));
  EXPECT_EQ(rig.server(message(9, "bob", "hi") + users({})), print("12:00 <bob> hi\n"));
  rig.chat.shown();
  EXPECT_EQ(rig.server(users({})), nothing());
  // Who has not asked for what waits does not get it.
  Rig waiting = logged_in(1, 2);
  EXPECT_NE(waiting.lose(), nothing());
  EXPECT_EQ(waiting.connect(), nothing());
  waiting.sent();
  EXPECT_EQ(waiting.server(login_ok(3)),
            print("* Connected again.\n*   3 messages wait: g shows them.\n"));
  EXPECT_EQ(waiting.sent(), "");
}

TEST_F(ChatLost, AsksAboutAMessageInDoubt) {
  Rig rig = talking(0);
  EXPECT_EQ(rig.type("one\ntwo"), nothing());
  EXPECT_EQ(
      rig.lose().print,
      std::string("! No connection: it is gone\n!   ") + kTrying +
          "! It is not known whether your last message has reached bob. You are asked whether "
          "to send it again when the connection is back.\n");
  EXPECT_FALSE(rig.chat.is_question());
  EXPECT_EQ(rig.type("three"), print("* Kept: it is sent to bob when the connection is back.\n"));
  EXPECT_EQ(rig.connect(), nothing());
  rig.sent();
  EXPECT_EQ(
      rig.server(response0()),
      print("* Connected again. Sending 1 message.\n! It is not known whether this has reached "
            "bob:\n      | one\n      | two\n"));
  EXPECT_EQ(rig.sent(), frame(Command(Send{{"ann", "bob", "three"}})));
  EXPECT_EQ(rig.chat.prompt(), "Send it again? (y/n): ");
  EXPECT_EQ(rig.paste("y"), print("! Type y or n: what is pasted does not answer this.\n"));
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
  EXPECT_EQ(rig.server(message0("ann", "bob", "three")), print("* sent\n"));
  EXPECT_EQ(rig.sent(), frame(Command(Send{{"ann", "bob", "one\ntwo"}})));
}

TEST_F(ChatLost, DoesNotAskWhileSomethingIsHalfTyped) {
  Rig rig = talking(0);
  EXPECT_EQ(rig.type("one"), nothing());
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.connect(), nothing());
  rig.moment.is_typing = true;
  EXPECT_EQ(rig.server(response0()), print("* Connected again.\n"));
  EXPECT_FALSE(rig.chat.is_question());
  rig.moment.is_typing = false;
  rig.sent();
  EXPECT_EQ(rig.type("two"),
            print("! It is not known whether this has reached bob:\n      | one\n"));
  EXPECT_EQ(rig.sent(), frame(Command(Send{{"ann", "bob", "two"}})));
  EXPECT_EQ(rig.type("n"), print("* Not sent again.\n"));
  EXPECT_EQ(rig.chat.prompt(), "to bob> ");
}

TEST_F(ChatLost, LeavesQuestionsAsTheyAre) {
  Rig rig = begun();
  EXPECT_EQ(rig.type("create ann"), nothing());
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.chat.prompt(), "New secret (empty: none): ");
  EXPECT_EQ(rig.connect(), print("* Connected again.\n"));
  EXPECT_EQ(rig.chat.prompt(), "New secret (empty: none): ");
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.type(""), draft("! There is no connection now: this works again when it is back.\n",
                                "create ann"));
}

TEST_F(ChatLost, LogsInWhenTheConnectionIsBack) {
  Rig rig = begun(0);
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(wait) ");
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.sent(), frame(Command(Login{"ann"})));
  EXPECT_NE(rig.server(response0()), nothing());
  EXPECT_EQ(rig.chat.prompt(), "ann> ");

  Rig again = begun(0);
  EXPECT_NE(again.lose(), nothing());
  EXPECT_EQ(again.chat.prompt(), "(offline) tribar> ");
  EXPECT_EQ(again.type("login ann"),
            print("* You are logged in as soon as there is a connection.\n"));
  EXPECT_EQ(again.connect(), nothing());
  EXPECT_EQ(again.sent(), frame(Command(Login{"ann"})));
}

TEST_F(ChatLost, EndsACreationWithoutAnAnswer) {
  Rig rig = begun(0);
  EXPECT_EQ(rig.type("create ann"), nothing());
  EXPECT_EQ(rig.lose(), draft(std::string("! No connection: it is gone\n!   ") + kTrying +
                                  "! The connection was lost before the answer came. Try again.\n",
                              "create ann"));
  EXPECT_EQ(rig.chat.prompt(), "(offline) tribar> ");
}

TEST_F(ChatLost, GoesOnWithAPartnerWhoCannotBeLookedUp) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bob"), nothing());
  EXPECT_EQ(rig.lose().print, std::string("! No connection: it is gone\n!   ") + kTrying +
                                  "* To bob. Each line is a message; an empty line leaves.\n");
  EXPECT_EQ(rig.type("/c cid"), print("* To cid. Each line is a message; an empty line leaves.\n"));
  EXPECT_EQ(rig.chat.prompt(), "(offline) to cid> ");
}

TEST_F(ChatLost, DoesWithoutWhatNeedsAConnection) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("l"), nothing());
  EXPECT_EQ(rig.lose().print, std::string("! No connection: it is gone\n!   ") + kTrying +
                                  "! The connection was lost before the answer came. Try again.\n");
  for (const std::string command : {"l", "g", "s", "d"}) {
    EXPECT_EQ(rig.type(command),
              print("! There is no connection now: this works again when it is back.\n"));
  }
  EXPECT_NE(rig.type("help"), nothing());
}

TEST_F(ChatLost, LearnsAtTheNextLoginWhatBecameOfADeletion) {
  for (const bool is_deleted : {false, true}) {
    Rig rig = logged_in(0);
    EXPECT_EQ(rig.type("d"), nothing());
    EXPECT_EQ(rig.type("y"), nothing());
    EXPECT_NE(rig.lose(), nothing());
    EXPECT_EQ(rig.chat.prompt(), "(offline) ann> ");
    EXPECT_EQ(rig.connect(), nothing());
    if (is_deleted) {
      EXPECT_EQ(rig.server(response0("username does not exist")),
                print("* The account ann is deleted.\n"));
      EXPECT_EQ(rig.chat.prompt(), "tribar> ");
    } else {
      EXPECT_EQ(rig.server(response0()),
                print("* Connected again.\n! The connection was lost before the answer came. Try "
                      "again.\n"));
      EXPECT_EQ(rig.chat.prompt(), "ann> ");
    }
  }
}

TEST_F(ChatLost, TriesAgainWhileTheServerDoesNotTakeTheLoginYet) {
  Rig rig = talking(0);
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_EQ(rig.type("one"), print("* Kept: it is sent to bob when the connection is back.\n"));
  EXPECT_EQ(rig.connect(), nothing());
  ChatStep dropped = print(
      "! ann is logged in elsewhere: log out there first, or try again.\n"
      "!   Trying again.\n");
  dropped.drops_link = true;
  EXPECT_EQ(rig.server(response0("user is already logged in")), dropped);
  EXPECT_EQ(rig.chat.prompt(), "(offline) to bob> ");
  EXPECT_TRUE(rig.chat.wants_link());
  EXPECT_EQ(rig.connect(), nothing());
  dropped.print.clear();
  EXPECT_EQ(rig.server(response0("user is already logged in")), dropped);
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.server(response0()), print("* Connected again. Sending 1 message.\n"));
}

TEST_F(ChatLost, IsLoggedOutIfTheServerDoesNotTakeTheLoginAnyMore) {
  Rig rig = talking();
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_NE(rig.type("one"), nothing());
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.server(error("bad-secret")),
            draft("! You are logged out. The secret of ann is another one.\n"
                  "! Not sent. You are not logged in any more.\n      | one\n",
                  "login ann"));
  EXPECT_EQ(rig.chat.prompt(), "tribar> ");
}

TEST_F(ChatLost, EndsWithoutReconnecting) {
  Chat::Settings with = settings(0);
  with.name = "ann";
  with.reconnects = false;
  Rig rig(with);
  EXPECT_NE(rig.connect(), nothing());
  EXPECT_NE(rig.server(response0()), nothing());
  EXPECT_EQ(rig.type("c bob one"), nothing());
  EXPECT_EQ(rig.type("c bob two"), nothing());
  ChatStep end = ends(EX_UNAVAILABLE, "it is gone");
  end.print =
      "! Not sent to bob:\n      | two\n! It is not known whether this has reached bob:\n"
      "      | one\n";
  ChatStep lost = rig.lose();
  EXPECT_EQ(lost, end);
}

TEST_F(ChatLost, DoesNotComeBackByItselfWhenReplaced) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("one"), nothing());
  ChatStep replaced = print(
      "! It is not known whether this has reached bob:\n      | one\n"
      "! ann was logged in elsewhere, which ended this session.\n"
      "!   login ann takes it back here.\n");
  replaced.drops_link = true;
  EXPECT_EQ(rig.server(error("replaced")), replaced);
  EXPECT_FALSE(rig.chat.wants_link());
  EXPECT_EQ(rig.chat.prompt(), "(offline) tribar> ");
  EXPECT_EQ(rig.type("login ann"), nothing());
  EXPECT_FALSE(rig.chat.wants_link());
  rig.sent();
  EXPECT_EQ(rig.type("ann's secret"),
            print("* You are logged in as soon as there is a connection.\n"));
  EXPECT_TRUE(rig.chat.wants_link());
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.sent(), frame(Command1(Login{"ann", "cl", "ann's secret"})));
}

TEST_F(ChatLost, DoesNotSendAgainWhatIsTooLongForTheServer) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("one"), nothing());
  ChatStep too_long = draft(
      "! Not sent: it is too long for this server. The server says: words\n"
      "! No connection: the server says: words.\n!   Trying again. What you type is kept.\n",
      "one");
  too_long.drops_link = true;
  EXPECT_EQ(rig.server(error("too-long")), too_long);
  EXPECT_EQ(rig.connect(), nothing());
  EXPECT_EQ(rig.server(login_ok()), print("* Connected again.\n"));
}

TEST_F(ChatLost, SaysTheServersLastWord) {
  Rig rig = talking();
  ChatStep stopping = print(
      "! No connection: the server says: it stops.\n"
      "!   Trying again. What you type is kept.\n");
  stopping.drops_link = true;
  EXPECT_EQ(rig.server(error("stopping", "it stops")), stopping);
  EXPECT_TRUE(rig.chat.wants_link());
  EXPECT_EQ(rig.chat.prompt(), "(offline) to bob> ");
}

TEST_F(ChatLost, EndsWhenTheServerBreaksTheProtocol) {
  Rig rig = talking();
  EXPECT_EQ(rig.type("one"), nothing());
  ChatStep end =
      ends(EX_PROTOCOL, "the server broke the protocol: it answers a ping that was not sent");
  end.print = "! It is not known whether this has reached bob:\n      | one\n";
  end.drops_link = true;
  EXPECT_EQ(rig.server(frame(Reply1(Pong{""}))), end);
}

// Leaving.

TEST_F(ChatLeaving, WaitsForConfirmations) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bob one"), nothing());
  EXPECT_EQ(rig.type("q"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(sending) ");
  ChatStep end = ends();
  end.print = "* sent to bob\n";
  EXPECT_EQ(rig.server(accepted(1)), end);
}

TEST_F(ChatLeaving, IsCancelledByARefusal) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("c bob one"), nothing());
  EXPECT_EQ(rig.type("q"), nothing());
  EXPECT_EQ(rig.server(error("busy", "words", 1)),
            draft("! Not sent. The server is too busy now. Try again in a moment.\n", "c bob one"));
  EXPECT_EQ(rig.chat.prompt(), "ann> ");
}

TEST_F(ChatLeaving, AsksWhenMessagesCannotBeSent) {
  Rig rig = talking();
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_NE(rig.type("one"), nothing());
  EXPECT_EQ(rig.type("/q"), print("! The server has not confirmed 1 message.\n"));
  EXPECT_EQ(rig.chat.prompt(), "Leave all the same? (y/n): ");
  EXPECT_EQ(rig.type("n"), nothing());
  EXPECT_EQ(rig.chat.prompt(), "(offline) to bob> ");
  EXPECT_NE(rig.type("/q"), nothing());
  EXPECT_EQ(rig.type("y"), ends());

  Rig leaving = talking();
  EXPECT_EQ(leaving.type("one"), nothing());
  EXPECT_EQ(leaving.type("/q"), nothing());
  EXPECT_EQ(leaving.lose().print, std::string("! No connection: it is gone\n!   ") + kTrying +
                                      "! The server has not confirmed 1 message.\n");
  EXPECT_EQ(leaving.chat.prompt(), "Leave all the same? (y/n): ");

  Rig hanging = talking();
  EXPECT_EQ(hanging.type("one"), nothing());
  EXPECT_EQ(hanging.type("/q"), nothing());
  EXPECT_EQ(hanging.interrupt(), print("! The server has not confirmed 1 message.\n"));
  EXPECT_EQ(hanging.type("y"), ends());
}

TEST_F(ChatLeaving, IsAlsoByTwoInterrupts) {
  Rig rig = logged_in();
  const std::string hint = "* q or Ctrl-D ends the program; Ctrl-C again does, too.\n";
  EXPECT_EQ(rig.interrupt(), print(hint));
  EXPECT_EQ(rig.type(""), nothing());
  EXPECT_EQ(rig.interrupt(), print(hint));
  EXPECT_EQ(rig.interrupt("a draft"), print("* Cleared:\n      | a draft\n"));
  EXPECT_EQ(rig.interrupt(), print(hint));
  EXPECT_EQ(rig.interrupt(), ends(kInterruptedExitCode));

  Rig conversation = talking();
  EXPECT_EQ(
      conversation.interrupt(),
      print("* An empty line leaves the conversation, /q ends the program; Ctrl-C again does, "
            "too.\n"));
}

TEST_F(ChatLeaving, ShowsWhatIsNotSentWhenItMustEnd) {
  Rig rig = talking();
  EXPECT_NE(rig.lose(), nothing());
  EXPECT_NE(rig.type("one"), nothing());
  ChatStep end = ends(143);
  end.print = "! Not sent to bob:\n      | one\n";
  EXPECT_EQ(rig.chat.end(Ending{143, ""}), end);
}

// Completion.

using Words = std::vector<std::string>;

TEST_F(ChatCompletionTest, KnowsCommands) {
  Rig rig = begun();
  EXPECT_EQ(rig.chat.complete(""), (ChatCompletion{0, {"login", "create", "help", "quit"}}));
  EXPECT_EQ(rig.chat.complete("cr"), (ChatCompletion{0, {"create"}}));
  Rig in = logged_in();
  EXPECT_EQ(in.chat.complete("l"), (ChatCompletion{0, {"list"}}));
  EXPECT_EQ(in.chat.complete("/co"), (ChatCompletion{1, {"compose"}}));
  EXPECT_EQ(in.chat.complete("x"), (ChatCompletion{0, {}}));
  Rig conversation = talking();
  EXPECT_EQ(conversation.chat.complete("co"), ChatCompletion{});
  EXPECT_EQ(conversation.chat.complete("/co"), (ChatCompletion{1, {"compose"}}));
  EXPECT_EQ(conversation.chat.complete("//co"), ChatCompletion{});
}

TEST_F(ChatCompletionTest, AsksTheServerForNames) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.chat.complete("c bo"), (ChatCompletion{2, {}}));
  EXPECT_TRUE(rig.chat.awaits_names());
  EXPECT_EQ(rig.sent(), frame(Command1(List{"bo*"})));
  EXPECT_EQ(rig.server(users({{"bob", true}, {"boris", false}})), nothing());
  EXPECT_FALSE(rig.chat.awaits_names());
  EXPECT_EQ(rig.chat.complete("c bo"), (ChatCompletion{2, {"bob", "boris"}}));
  EXPECT_EQ(rig.sent(), "");
  EXPECT_EQ(rig.chat.complete("c  bor"), (ChatCompletion{3, {"boris"}}));
  EXPECT_EQ(rig.sent(), frame(Command1(List{"bor*"})));
  EXPECT_EQ(rig.chat.complete("c bob t"), ChatCompletion{});
  EXPECT_EQ(rig.chat.complete("g b"), ChatCompletion{});
  EXPECT_EQ(rig.server(error("too-many")), nothing());
  EXPECT_EQ(rig.type("c"), nothing());
  EXPECT_EQ(rig.chat.complete("bob"), (ChatCompletion{0, {"bob"}}));
}

TEST_F(ChatCompletionTest, OffersNoNameThatCannotBe) {
  Rig rig = logged_in(0);
  EXPECT_EQ(rig.server(message0("bo\x1b[A", "ann", "x") + message0("boris", "ann", "x")).print,
            "12:00 <bo\\x1b\\x5bA> x\n12:00 <boris> x\n");
  EXPECT_EQ(rig.chat.complete("c b"), (ChatCompletion{2, {"boris"}}));
}

TEST_F(ChatCompletionTest, IsNotForAnswersAndSecrets) {
  Rig rig = logged_in();
  EXPECT_EQ(rig.type("d"), nothing());
  EXPECT_EQ(rig.chat.complete(""), ChatCompletion{});
  EXPECT_EQ(rig.type("y"), nothing());
  EXPECT_EQ(rig.chat.complete(""), ChatCompletion{});
}

}  // namespace
}  // namespace tribar
