// SPDX-License-Identifier: MIT
//
// tribar in protocol 1, with the real server: secrets, UTF-8, what waits, and its own files.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "programs/client_rig.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar {
namespace {

using test::kFirstMenu;
using test::Outcome;
using test::outcome_of;
using test::Person;
using test::Process;
using test::program;
using test::run_script;
using test::RunningServer;
using test::TemporaryFolder;
using test::write_file;

const std::string kMenu =
    "Commands: help (h), compose (c), list users (l), get messages (g), secret (s), delete account "
    "(d), logout (q)\n";

/// The tests that need the real server. The client keeps its files in a folder of the test's own.
class Client1AndServer : public test::ClientAndServer {
 protected:
  [[nodiscard]] std::vector<std::string> environment(const std::string& locale = "C.UTF-8") const {
    return {"XDG_STATE_HOME=" + folder_.path(), "LC_ALL=" + locale};
  }
  [[nodiscard]] Outcome run(const std::string& server, std::string_view input,
                            const std::vector<std::string>& options = {}) const {
    std::vector<std::string> arguments{"--protocol", "1", server};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_script(arguments, input, environment());
  }
  [[nodiscard]] std::string name_file() const { return folder_.file("tribar/client"); }

  TemporaryFolder folder_;
};

/// tribar at a terminal, in protocol 1.
class Person1 : public Person {
 public:
  Person1(const std::string& server, const std::vector<std::string>& environment)
      : Person({"--protocol", "1", server}, environment) {}

  /// Types a secret, of which the screen shows nothing.
  void type_secret(const std::string& secret, const std::string& shown) {
    send(secret + "\n");
    EXPECT_EQ(read_until(shown), "\n" + shown);
  }
};

TEST_F(Client1AndServer, HoldAConversation) {
  RunningServer server;
  Person1 bob(server.address(), environment());
  bob.type("create_account", "Username: ");
  bob.type("bob", "New secret (empty for none): ");
  bob.type_secret("bob's secret", "New secret again: ");
  bob.type_secret("bob's secret", "Logged in as: bob\n" + kMenu);
  Person1 ann(server.address(), environment());
  ann.type("create_account", "Username: ");
  ann.type("ann", "New secret (empty for none): ");
  ann.type_secret("ann's secret", "New secret again: ");
  ann.type_secret("ann's secret", "Logged in as: ann\n" + kMenu);

  ann.type("c", "Recipient: ");
  ann.type("bob", "Message: ");
  ann.type("h\u00e9 ||| \u4f60\u597d", "Send? (y/n): ");
  ann.type("y", "Sent to bob:\nh\u00e9 ||| \u4f60\u597d\n\n");
  const std::string received = "New message from ann:\nh\u00e9 ||| \u4f60\u597d\n\n";
  EXPECT_EQ(bob.read_until(received), received);
  bob.type("q", "");
  EXPECT_EQ(bob.wait_for_exit(), 0);
  ann.type("l", "Search pattern (optional): ");
  ann.type("", "Accounts:\n\tbob\n\tann (online)\n");

  ann.type("s", "Old secret: ");
  ann.type_secret("ann's secret", "New secret: ");
  ann.type_secret("a new secret", "New secret again: ");
  ann.type_secret("a new secret", "Secret changed.\n");
  ann.type("d", "Confirm account deletion? (y/n): ");
  ann.type("y", "Secret: ");
  ann.type_secret("ann's secret", "The secret is wrong.\n");
  ann.type("d", "Confirm account deletion? (y/n): ");
  ann.type("y", "Secret: ");
  ann.send("a new secret\n");
  EXPECT_EQ(ann.wait_for_exit(), 0);
  EXPECT_EQ(ann.output().find("secret\n\n"), std::string::npos);
  // What was shown does not come again.
  EXPECT_EQ(run(server.address(), "login\nbob\nbob's secret\ng\n").output,
            kFirstMenu + "Username: Secret: Logged in as: bob\n" + kMenu);
}

TEST_F(Client1AndServer, KeepWhatWasNotShown) {
  RunningServer server;
  EXPECT_EQ(run(server.address(), "create_account\nbob\n\n").exit_code, 0);
  // bob's session may not be over yet, as far as the server knows; he is told in any case.
  EXPECT_EQ(run(server.address(), "create_account\nann\n\nc\nbob\none\ny\nc\nbob\ntwo\ny\n").output,
            kFirstMenu + "Username: New secret (empty for none): Logged in as: ann\n" + kMenu +
                "Recipient: Message: Send? (y/n): Sent to bob:\none\n\n"
                "Recipient: Message: Send? (y/n): Sent to bob:\ntwo\n\n");
  EXPECT_EQ(run(server.address(), "login\nbob\n\n").output,
            kFirstMenu + "Username: Secret: Logged in as: bob\n" + kMenu +
                "2 messages wait: get messages (g) shows them, and then what comes after them.\n");
  const std::string shown = "New message from ann:\none\n\nNew message from ann:\ntwo\n\n";
  const Outcome outcome = run(server.address(), "login\nbob\n\ng\n");
  EXPECT_TRUE(outcome.output.ends_with(shown)) << outcome.output;
  EXPECT_EQ(run(server.address(), "login\nbob\n\ng\n").output,
            kFirstMenu + "Username: Secret: Logged in as: bob\n" + kMenu);
}

TEST_F(Client1AndServer, SayWhoTookTheSessionOver) {
  RunningServer server;
  const std::string file = folder_.file("secret");
  write_file(file, "ann's secret\nand what is not read\n");
  Person ann({"--protocol", "1", "--secret-file", file, server.address()}, environment());
  ann.type("create_account", "Username: ");
  ann.type("ann", "Logged in as: ann\n" + kMenu);
  EXPECT_EQ(run(server.address(), "login\nann\nwrong secret\n").output,
            kFirstMenu + "Username: Secret: The secret is wrong.\n" + kFirstMenu);
  EXPECT_EQ(run(server.address(), "login\nann\n", {"--secret-file", file}).output,
            kFirstMenu + "Username: Logged in as: ann\n" + kMenu);
  EXPECT_EQ(ann.wait_for_exit(), 69);
  EXPECT_EQ(ann.read_until("session\n"),
            "tribar: the account was logged in to from elsewhere, which ended this session\n");
}

TEST_F(Client1AndServer, MeetAtAUnixSocket) {
  const std::string path = folder_.file("socket");
  RunningServer server(R"({"listen": [{"socket": ")" + path + R"("}]})");
  for (const std::string& address : {"unix:" + path, "tribar+unix://" + path}) {
    EXPECT_EQ(run(address, "create_account\nann\nann's secret\nann's secret\nd\ny\nann's secret\n"),
              (Outcome{0,
                       kFirstMenu +
                           "Username: New secret (empty for none): New secret again: Logged in "
                           "as: ann\n" +
                           kMenu + "Confirm account deletion? (y/n): Secret: ",
                       ""}));
    EXPECT_EQ(run_script({address}, "quit\n"), (Outcome{0, kFirstMenu, ""}));
  }
}

TEST_F(Client1AndServer, FindThatTheProtocolIsNotSpokenHere) {
  RunningServer server(R"({"listen": [{"host": "127.0.0.1", "port": 0, "protocols": [0]}]})");
  EXPECT_EQ(run(server.address(), "login\nann\n\n").error,
            "tribar: the server speaks protocol 0 only here: connect with --protocol 0, which has "
            "no secrets\n");
}

TEST_F(Client1AndServer, ShowTextAsTheLocaleCan) {
  RunningServer server;
  EXPECT_EQ(run(server.address(), "create_account\nann\n\nc\nann\nh\u00e9\ny\n").exit_code, 0);
  const Outcome outcome = run_script({"--protocol", "1", server.address()},
                                     "login\nann\n\ng\nc\nann\nh\u00e9\nq\n", environment("C"));
  EXPECT_EQ(outcome.exit_code, 77);
  EXPECT_TRUE(outcome.output.ends_with(
      "Recipient: Message: only ASCII can be typed here: choose a locale with UTF-8, such as "
      "LC_ALL=C.UTF-8\n"))
      << outcome.output;
}

TEST_F(Client1AndServer, KnowEachOtherByAnInstallationsName) {
  RunningServer server;
  const std::string quit = "quit\n";
  EXPECT_EQ(run(server.address(), quit), (Outcome{0, kFirstMenu, ""}));
  const std::string name = test::read_file(name_file());
  EXPECT_EQ(name.size(), 21U);
  EXPECT_EQ(test::mode_of(name_file()), 0600U);
  EXPECT_EQ(run(server.address(), quit).error, "");
  EXPECT_EQ(test::read_file(name_file()), name);
  const auto entries = std::filesystem::directory_iterator(folder_.file("tribar"));
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);

  const std::string note =
      "tribar: note: this client has no name that lasts, so the server cannot recognise a message "
      "that is sent twice: ";
  write_file(name_file(), "not a name\n");
  EXPECT_EQ(run(server.address(), "create_account\nbob\n\nc\nbob\nx\ny\n").error,
            note + name_file() +
                ": it must hold 1 to 32 letters, digits, '.', '_' and '-': remove it, and a new "
                "one is made\n");
  EXPECT_EQ(
      run_script({"--protocol", "1", server.address()}, quit, {"XDG_STATE_HOME=/dev/null/none"}),
      (Outcome{0, kFirstMenu, note + "/dev/null/none/tribar: Not a directory\n"}));
  // In protocol 0 there is no such name, and no file.
  std::filesystem::remove_all(folder_.file("tribar"));
  EXPECT_EQ(run_script({server.address()}, quit, environment()), (Outcome{0, kFirstMenu, ""}));
  EXPECT_FALSE(std::filesystem::exists(name_file()));
}

TEST_F(Client1AndServer, LeaveTheTerminalAsItWas) {
  if (test::kLosesSignals) {
    GTEST_SKIP() << "signals are lost";
  }
  RunningServer server;
  for (const int signal : {SIGINT, SIGTERM}) {
    // The shell has the terminal behind the client, and looks how it is.
    Process shell({"/bin/sh", "-c",
                   "trap : INT TERM; \"$0\" --classic --protocol 1 \"$1\"; echo \"code $?\"; "
                   "stty -a | tr ' ' '\\n' | grep -x -e -echo -e echo",
                   program("TRIBAR"), server.address()},
                  Process::Stdio::Terminal, environment());
    shell.read_until(kFirstMenu);
    shell.send("login\nann\n");
    shell.read_until("Secret: ");
    ::kill(-shell.pid(), signal);  // both
    shell.read_until("code ");
    EXPECT_EQ(shell.read_until("echo\n"), std::to_string(128 + signal) + "\necho\n");
    EXPECT_EQ(shell.wait_for_exit(), 0);
  }
}

TEST(Client1, SaysWhatIsWrongWithItsArguments) {
  const std::string hint = "\nTry 'tribar --help'.\n";
  EXPECT_EQ(run_script({"--protocol", "2"}),
            (Outcome{64, "", "tribar: --protocol must be 0 or 1" + hint}));
  EXPECT_EQ(run_script({"--ca", "x", "tribar://localhost"}),
            (Outcome{64, "", "tribar: --ca is for TLS: connect to tribars://HOST[:PORT]" + hint}));
  EXPECT_EQ(run_script({"--secret-file", "x", "localhost"}),
            (Outcome{64, "",
                     "tribar: --secret-file is for protocol 1: connect to tribars://HOST[:PORT], "
                     "or use --protocol 1" +
                         hint}));
  const std::vector<std::string> one{"--protocol", "1", "unix:/none"};
  EXPECT_EQ(run_script(one), (Outcome{69, "",
                                      "tribar: cannot connect to unix:/none: No such file or "
                                      "directory\n"}));
  EXPECT_EQ(run_script(one, "", {"TRIBAR_SECRET_FILE=/none"}),
            (Outcome{66, "", "tribar: /none: No such file or directory\n"}));
  const TemporaryFolder folder;
  const std::string file = folder.file("secret");
  write_file(file, std::string(513, 'x'));
  EXPECT_EQ(run_script(one, "", {"TRIBAR_SECRET_FILE=" + file}),
            (Outcome{66, "", "tribar: " + file + ": its first line has more than 512 bytes\n"}));
  write_file(file, "\nsecret word\n");
  EXPECT_EQ(run_script(one, "", {"TRIBAR_SECRET_FILE=" + file}),
            (Outcome{66, "",
                     "tribar: " + file + ": its first line is empty, and should be the secret\n"}));
  write_file(file, std::string(512, 'x') + "\r\n");
  EXPECT_EQ(run_script(one, "", {"TRIBAR_SECRET_FILE=" + file}).exit_code, 69);
}

}  // namespace
}  // namespace tribar
