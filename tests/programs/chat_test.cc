// SPDX-License-Identifier: MIT
//
// The chat on a terminal, against a tribard: what a person sees who types, pastes, loses the server
// and leaves.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "programs/client_rig.h"
#include "support/temporary_folder.h"
#include "support/terminal_window.h"
#ifdef TRIBAR_HAS_TLS
#include "support/tls_files.h"
#endif

namespace tribar {
namespace {

using test::Screen;
using test::TerminalWindow;

const std::string kCtrlC = "\x03";
const std::string kCtrlD = "\x04";
const std::string kCtrlZ = "\x1a";
const std::string kLeft = "\x1b[D";
const std::string kUp = "\x1b[A";

std::string pasted(const std::string& text) { return "\x1b[200~" + text + "\x1b[201~"; }

/// Whether the row with the cursor begins with `prompt`, or is one that such a row wraps into.
std::function<bool(const Screen&)> has_prompt(const std::string& prompt) {
  return [prompt](const Screen& screen) {
    const std::string text = "\n" + screen.text_with_cursor();
    std::size_t begin = text.rfind("\n" + prompt);
    while (begin != std::string::npos) {
      const std::size_t end = std::min(text.find('\n', begin + 1), text.size());
      if (text.find('[', begin) < end) {
        return true;
      }
      // What wraps leaves no room.
      begin =
          end - begin - 1 == static_cast<std::size_t>(screen.columns()) ? end : std::string::npos;
    }
    return false;
  };
}

/// The rows of `text` joined, without the marks of further ones.
std::string flat(std::string text) {
  for (const std::string_view end : {"\n      | ", "\n"}) {
    for (std::size_t at = 0; (at = text.find(end)) != std::string::npos;) {
      text.replace(at, end.size(), end.size() > 1 ? " " : "");
    }
  }
  return text;
}

/// A person at a terminal.
class Person : public TerminalWindow {
 public:
  using TerminalWindow::TerminalWindow;

  /// Types a line, and waits until the prompt is `prompt`.
  void say(const std::string& line, const std::string& prompt) {
    type(line + "\r");
    await_prompt(prompt);
  }
  void await_prompt(const std::string& prompt) { await(has_prompt(prompt), prompt); }
  [[nodiscard]] bool sees(std::string_view text) const {
    return screen().all_text().find(text) != std::string::npos;
  }
};

class ChatProgram : public testing::Test {
 protected:
  void SetUp() override { start_server(); }

  void start_server() {
    server_ = std::make_unique<test::RunningServer>(
        R"({"listen": [{"socket": ")" + folder_.file("socket") +
        R"("}], "storage": {"engine": "sqlite", "path": ")" + folder_.file("store.db") + "\"}}");
  }

  /// Its end is without a word.
  void kill_server() {
    server_->process().signal(SIGKILL);
    server_->process().wait_for_exit();
  }

  [[nodiscard]] std::vector<std::string> command(int protocol,
                                                 const std::vector<std::string>& options) const {
    std::vector<std::string> all{"--protocol", std::to_string(protocol)};
    all.insert(all.end(), options.begin(), options.end());
    all.push_back("unix:" + folder_.file("socket"));
    return test::command_line(all);
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    return {"XDG_STATE_HOME=" + folder_.file("state"), "XDG_CONFIG_HOME=" + folder_.file("config"),
            "TZ=UTC0"};
  }

  std::unique_ptr<Person> start(int protocol, int columns = 80,
                                const std::vector<std::string>& options = {},
                                const std::vector<std::string>& more_environment = {}) {
    auto all = environment();
    all.insert(all.end(), more_environment.begin(), more_environment.end());
    auto person = std::make_unique<Person>(command(protocol, options), columns, 24, all);
    person->await_prompt("tribar> ");
    return person;
  }

  /// Somebody who has just created the account `name`.
  std::unique_ptr<Person> created(const std::string& name, int protocol, int columns = 80,
                                  const std::vector<std::string>& options = {}) {
    auto person = start(protocol, columns, options);
    if (protocol == 0) {
      person->say("create " + name, name + "> ");
    } else {
      person->say("create " + name, "New secret");
      person->say("", name + "> ");
    }
    return person;
  }

  [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
  [[nodiscard]] test::RunningServer& server() { return *server_; }

 private:
  test::TemporaryFolder folder_;
  std::unique_ptr<test::RunningServer> server_;
};

TEST_F(ChatProgram, TalksWhileMessagesArrive) {
  for (const int protocol : {0, 1}) {
    for (const int columns : {20, 80}) {
      SCOPED_TRACE(columns);
      const std::string number = std::to_string(protocol) + std::to_string(columns);
      const std::string ann_name = "ann" + number;
      const std::string bob_name = "bob" + number;
      const auto ann = created(ann_name, protocol, columns);
      const auto bob = created(bob_name, protocol, columns);
      ann->say("c " + bob_name, "to " + bob_name + "> ");
      bob->say("c " + ann_name, "to " + ann_name + "> ");
      bob->type("half of it, and more" + kLeft);
      bob->await_text("more");
      ann->type("hello\r");
      ann->await_text("* sent");
      // What is half typed is whole, below the message, with the cursor where it was.
      bob->await(
          [](const Screen& screen) {
            const std::string text = flat(screen.text_with_cursor());
            return text.find("> hello") != std::string::npos &&
                   text.ends_with("half of it, and mor[e]") &&
                   text.find("> hello") < text.find("half of it");
          },
          "the message above the half-typed line");
      bob->type("\r");
      ann->await_text("<" + bob_name + ">");
      ann->await(
          [](const Screen& screen) {
            return flat(screen.text()).find("> half of it, and more") != std::string::npos;
          },
          "bob's message");
      EXPECT_EQ(ann->screen().unknown() + bob->screen().unknown(), "");
      for (Person* person : {ann.get(), bob.get()}) {
        person->type(kCtrlD + kCtrlD);
        EXPECT_EQ(person->wait_for_exit(), 0);
        EXPECT_TRUE(person->is_as_for_a_shell());
      }
    }
  }
}

TEST_F(ChatProgram, SendsPastedLinesAsOneText) {
  for (const int protocol : {0, 1}) {
    const std::string number = std::to_string(protocol);
    const auto ann = created("ann" + number, protocol);
    const auto bob = created("bob" + number, protocol);
    ann->say("c bob" + number, "to bob");
    ann->type(pasted("d\ny\n"));
    ann->type("\r");
    bob->await_text("<ann" + number + "> d\n      | y\n");
    ann->await_text("* sent");
    ann->say("", "ann" + number + "> ");
    ann->type(pasted("d\ny\n") + "\r");
    ann->await_text("! Nothing stands behind d.");
    // Both are there.
    bob->say("l", "bob" + number + "> ");
    bob->await_text("*   ann" + number);
  }
}

// Whose terminal has ASCII alone sees the others as escapes, and is told what it cannot type.
TEST_F(ChatProgram, ShowsAndTakesAsciiAloneInALocaleWithoutUtf8) {
  const auto ann = start(1, 80, {}, {"LC_ALL=C"});
  ann->say("create ann", "New secret");
  ann->say("", "ann> ");
  const auto bob = created("bob", 1);
  bob->say("c ann", "to ann> ");
  bob->type("caf\u00e9\r");
  bob->await_text("* sent");
  ann->await_text("> caf\\u{e9}\n");
  ann->say("c bob", "to bob> ");
  ann->type("na\u00efve");
  ann->await_text("! What is not ASCII was left out: this locale has no more\n");
  ann->await_prompt("to bob> nave");
  ann->type(
      "\x7f\x7f"
      "ive\r");
  bob->await_text("> naive");
  EXPECT_FALSE(bob->sees("na\u00efve"));
  EXPECT_EQ(ann->screen().unknown(), "");
}

#ifdef TRIBAR_HAS_TLS
TEST_F(ChatProgram, TalksOverTls) {
  const test::TlsFiles files;
  auto server = std::make_unique<test::RunningServer>(
      R"({"listen": [{"host": "127.0.0.1", "port": 0, "tls": true}], "tls": {"certificate": ")" +
      files.path("server.pem") + R"(", "key": ")" + files.path("server.key") + "\"}}");
  const auto start_over_tls = [&](int protocol) {
    auto person = std::make_unique<Person>(
        test::command_line({"--protocol", std::to_string(protocol), "--ca", files.path("ca.pem"),
                            "tribars://" + server->address()}),
        80, 24, environment());
    person->await_prompt("tribar> ");
    return person;
  };
  const auto ann = start_over_tls(1);
  ann->say("create ann", "New secret");
  ann->say("secret-of-ann", "New secret again");
  ann->say("secret-of-ann", "ann> ");
  const auto bob = start_over_tls(0);
  bob->say("create bob", "bob> ");
  ann->say("c bob", "to bob> ");
  bob->say("c ann", "to ann> ");
  ann->type("hello\r");
  ann->await_text("* sent");
  bob->await_text("> hello");
  // More than one record.
  bob->type(pasted(std::string(20'000, 'x') + "end") + "\r");
  ann->await_text("xend\n");
  bob->await_text("* sent");
  server->process().signal(SIGKILL);
  server->process().wait_for_exit();
  ann->await_prompt("(offline) to bob");
  for (Person* person : {ann.get(), bob.get()}) {
    EXPECT_EQ(person->screen().unknown(), "");
    person->type(kCtrlD + kCtrlD);
    person->wait_for_exit();
    EXPECT_TRUE(person->is_as_for_a_shell());
  }
}
#endif

TEST_F(ChatProgram, DoesNotTakeWhatWasTypedBeforeAQuestion) {
  const auto ann = created("ann", 0);
  ann->type("d\ry\r");
  ann->await_prompt("Delete ann and what waits for it? (y/n): ");
  ann->say("n", "ann> ");
  ann->say("l", "ann> ");
  ann->await_text("*   ann");
  ann->say("d", "Delete ann and what waits for it? (y/n): ");
  ann->type(pasted("y") + "\r");
  ann->await_text("! Type y or n: what is pasted does not answer this.");
  ann->say("y", "tribar> ");
  EXPECT_TRUE(ann->sees("* The account ann is deleted."));
}

TEST_F(ChatProgram, ComesBackToAServerThatWasStartedAgain) {
  for (const int protocol : {0, 1}) {
    SCOPED_TRACE(protocol);
    const std::string number = std::to_string(protocol);
    const auto ann = created("ann" + number, protocol);
    const auto bob = created("bob" + number, protocol);
    ann->say("c bob" + number, "to bob");
    bob->type("a draft" + kLeft);
    kill_server();
    ann->await_prompt("(offline) to bob");
    bob->await_prompt("(offline) bob");
    ann->type("kept\r");
    ann->await_text("* Kept: it is sent to bob");
    ann->type("half of");
    start_server();
    ann->await_prompt("to bob" + number + "> half of[ ]");
    bob->await_text("* Connected again.");
    bob->await_prompt("bob" + number + "> a draf[t]");
    ann->await_text("* Connected again. Sending 1 message.");
    ann->await_text("* sent");
    if (protocol == 0) {
      // bob may have come back before that or behind it.
      bob->type(kCtrlC + "g\r");
      bob->await_text("waits.");
    }
    bob->await_text("<ann" + number + "> kept");
    ann->type(" it\r");
    bob->await_text("<ann" + number + "> half of it");
  }
}

/// Without a wait, which would be half a second or more.
TEST_F(ChatProgram, GoesToTheNextServerWhenOneIsLost) {
  for (const int protocol : {0, 1}) {
    SCOPED_TRACE(protocol);
    test::RunningServer other;
    const std::string name = "ann" + std::to_string(protocol);
    // Both serve the same accounts, as far as the client can see.
    ASSERT_EQ(test::run_script({"create", name, "--protocol", std::to_string(protocol), "--server",
                                "unix:" + file("socket")},
                               "", environment()),
              (test::Outcome{0, "", ""}));
    auto words = command(protocol, {"--as", name});
    words.back() = other.address() + ",unix:" + file("socket");
    ASSERT_EQ(test::run_script({"create", name, "--protocol", std::to_string(protocol), "--server",
                                other.address()},
                               "", environment()),
              (test::Outcome{0, "", ""}));
    Person ann(words, 80, 24, environment());
    if (protocol == 1) {
      ann.await_text("Secret of ");
      ann.type("\r");
    }
    ann.await_prompt(name + "> ");
    ann.await_text("* Connected to " + other.address() + ".");
    other.process().signal(SIGKILL);
    ann.await_text("* Connected again.");
    ann.type("l\r");
    ann.await_text(" account");
  }
}

TEST_F(ChatProgram, SendsAgainWhatWasNotConfirmed) {
  const auto ann = created("ann", 1);
  const auto bob = created("bob", 1);
  ann->say("c bob", "to bob> ");
  server().process().signal(SIGSTOP);
  ann->type("one\r");
  ann->type("two");
  ann->await_prompt("to bob> two[ ]");
  kill_server();
  ann->await_prompt("(offline) to bob> two[ ]");
  start_server();
  ann->await_text("* Connected again. Sending 1 message.");
  ann->await_text("* sent");
  bob->await_text("<ann> one");
  ann->type("\r");
  bob->await_text("<ann> two");
  const std::string text = bob->screen().all_text();
  EXPECT_EQ(text.find("<ann> one"), text.rfind("<ann> one"));
}

TEST_F(ChatProgram, AsksAboutAMessageInDoubt) {
  const auto ann = created("ann", 0);
  const auto bob = created("bob", 0);
  ann->say("c bob", "to bob> ");
  server().process().signal(SIGSTOP);
  ann->type("one\r");
  ann->type("t");
  ann->await_prompt("to bob> t[ ]");
  kill_server();
  ann->await_text("! It is not known whether your last message has reached bob.");
  start_server();
  // The question waits until nothing is half typed.
  ann->await_text("* Connected again.");
  ann->say("wo", "Send it again? (y/n): ");
  ann->say("y", "to bob> ");
  ann->await_text("* sent\n* sent\n");
  bob->await_prompt("bob> ");
  bob->say("g", "bob> ");
  bob->await_text("<ann> one");
  bob->await_text("<ann> two");
}

TEST_F(ChatProgram, LeavesNothingToTheShell) {
  // The server ends while a line is half typed, and the client with it. What was typed is not the
  // next line of the shell.
  std::string script = "'" + test::program("TRIBAR") + "' --no-reconnect 'unix:" + file("socket") +
                       "'; echo \"[ended: $?]\"; read line; echo \"[read: $line]\"";
  Person shell({"/bin/sh", "-c", script}, 80, 24, environment());
  shell.await_prompt("tribar> ");
  shell.say("create ann", "ann> ");
  shell.type("touch x");
  shell.await_prompt("ann> touch x[ ]");
  kill_server();
  shell.await_text("[ended: 69]");
  EXPECT_TRUE(shell.sees("not sent: touch x\n"));
  EXPECT_TRUE(shell.sees("tribar: the server closed the connection")) << shell.screen().text();
  shell.type("\r");
  shell.await_text("[read: ]");
  EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(ChatProgram, ClearsTheLineByCtrlCAndEndsByTheSecond) {
  const auto ann = created("ann", 0);
  ann->type("a draft" + kCtrlC);
  ann->await_text("* Cleared:\n      | a draft\n");
  ann->await_prompt("ann> [ ]");
  ann->type(kCtrlC);
  ann->await_text("* q or Ctrl-D ends the program");
  ann->type(kCtrlC);
  EXPECT_EQ(ann->wait_for_exit(), 130);
  EXPECT_TRUE(ann->is_as_for_a_shell());
}

TEST_F(ChatProgram, EndsBySignalsWithWhatIsNotSent) {
  const struct {
    int signal;
    int exit_code;
  } cases[] = {{SIGTERM, 143}, {SIGHUP, 129}, {SIGINT, 130}};
  for (const auto& [signal, exit_code] : cases) {
    const auto ann = start(0);
    ann->type("half of");
    ann->await_prompt("tribar> half of[ ]");
    ann->process().signal(signal);
    EXPECT_EQ(ann->wait_for_exit(), exit_code);
    EXPECT_TRUE(ann->sees("not sent: half of\n"));
    EXPECT_TRUE(ann->is_as_for_a_shell());
  }
}

TEST_F(ChatProgram, StopsAndGoesOn) {
  const std::string script = "set -m; '" + test::program("TRIBAR") + "' 'unix:" + file("socket") +
                             "'; echo '[stopped]'; read line; fg; echo \"[ended: $?]\"";
  Person shell({"/bin/sh", "-c", script}, 80, 24, environment());
  shell.await_prompt("tribar> ");
  shell.type("half" + kLeft);
  shell.await_prompt("tribar> hal[f]");
  shell.type(kCtrlZ);
  shell.await_text("[stopped]");
  EXPECT_TRUE(shell.is_as_for_a_shell());
  shell.type("\n");
  shell.await(
      [](const Screen& screen) {
        return screen.is_paste_bracketed() && screen.text_with_cursor().ends_with("> hal[f]\n");
      },
      "the line, drawn again");
  shell.type("r\r");
  shell.await_text("! There is no command halrf");
  shell.type(kCtrlC + kCtrlD);
  shell.await_text("[ended: 0]");
}

TEST_F(ChatProgram, CutsRowsToTheNewWidth) {
  const auto ann = created("ann", 0);
  const auto bob = created("bob", 0);
  bob->resize(30, 24);
  bob->type("x");
  bob->await_prompt("bob> x[ ]");
  ann->type("c bob a row that ends with words is easier to read\r");
  bob->await_text("<ann> a row that ends\n      | with words is easier\n      | to read\n");
}

TEST_F(ChatProgram, HidesSecretsEverywhere) {
  const std::string secret = "open sesame 1";
  const auto ann = start(1);
  ann->say("create ann", "New secret");
  ann->say(secret, "New secret again: ");
  ann->say(secret, "ann> ");
  ann->type("q\r");
  EXPECT_EQ(ann->wait_for_exit(), 0);
  EXPECT_FALSE(ann->sees("sesame"));
  const auto again = start(1);
  again->say("login ann", "Secret of ann: ");
  again->say("a wrong one", "tribar> login ann[ ]");
  again->say("", "Secret of ann: ");
  again->say(secret, "ann> ");
  // A login from elsewhere ends this one, which does not come back by itself.
  const auto third = start(1);
  third->say("login ann", "Secret of ann: ");
  third->say(secret, "ann> ");
  again->await_text("! ann was logged in elsewhere");
  again->await_prompt("(offline) tribar> ");
  again->say("login ann", "Secret of ann: ");
  again->say(secret, "ann> ");
  third->await_prompt("(offline) tribar> ");
  std::ifstream history(file("state") + "/tribar/history");
  const std::string lines{std::istreambuf_iterator<char>(history), {}};
  EXPECT_NE(lines.find("create ann"), std::string::npos);
  EXPECT_EQ(lines.find("sesame"), std::string::npos);
  EXPECT_EQ(lines.find("wrong"), std::string::npos);
  struct stat status {};
  ASSERT_EQ(::stat((file("state") + "/tribar/history").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ChatProgram, RemembersLines) {
  {
    const auto ann = created("ann", 0);
    ann->say("l a*", "ann> ");
    ann->type("q\r");
    EXPECT_EQ(ann->wait_for_exit(), 0);
  }
  const auto ann = start(0);
  ann->type(kUp + kUp);
  ann->await_prompt("tribar> l a*[ ]");
}

TEST_F(ChatProgram, CompletesCommandsAndNames) {
  for (const int protocol : {0, 1}) {
    const std::string number = std::to_string(protocol);
    const auto bob = created("bobert" + number, protocol);
    const auto ann = created("ann" + number, protocol);
    ann->type("com\tbob\t");
    ann->await_prompt("ann" + number + "> compose bobert");
    ann->type(
        "\x15"
        "c bobert" +
        number + "\t\r");
    ann->await_prompt("to bobert" + number + "> ");
  }
}

TEST_F(ChatProgram, PaintsAndRingsWhenItMay) {
  const auto ann = created("ann", 0, 80, {"--bell"});
  const auto bob = created("bob", 0);
  bob->say("c ann hi", "bob> ");
  ann->await_text("<bob> hi");
  ann->await([](const Screen& screen) { return screen.bells() == 1; }, "a bell");
  EXPECT_NE(ann->process().output().find("\x1b[36m* "), std::string::npos);
  const auto plain = start(0, 80, {}, {"NO_COLOR=1"});
  plain->say("help", "tribar> ");
  EXPECT_EQ(plain->process().output().find("\x1b[36m"), std::string::npos);
}

TEST_F(ChatProgram, SaysWhatWaits) {
  const auto bob = created("bob", 1);
  bob->type("q\r");
  EXPECT_EQ(bob->wait_for_exit(), 0);
  const auto ann = created("ann", 1);
  ann->say("c bob one", "ann> ");
  ann->await_text("* sent to bob");
  ann->say("c bob two", "ann> ");
  ann->say("g", "ann> ");
  ann->await_text("* Nothing waits.");
  const auto again = start(1);
  again->say("login bob", "Secret of bob: ");
  again->say("", "bob> ");
  again->await_text("*   2 messages wait: g shows them.");
  again->say("g", "bob> ");
  again->await_text("* 2 messages; nothing more waits.");
  EXPECT_TRUE(again->sees("<ann> one\n"));
  EXPECT_TRUE(again->sees("<ann> two\n"));
}

}  // namespace
}  // namespace tribar
