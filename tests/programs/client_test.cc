// SPDX-License-Identifier: MIT
//
// tribar as a person at a terminal and as a script uses it: with the real server, and with servers
// in this file that do what the real one never does.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "programs/client_rig.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "zero/command.h"
#include "zero/frame.h"
#include "zero/reply.h"

namespace tribar {
namespace {

using test::Channel;
using test::ClientAndServer;
using test::kFirstMenu;
using test::kLosesSignals;
using test::kMenu;
using test::kPatienceMs;
using test::Outcome;
using test::outcome_of;
using test::Person;
using test::Process;
using test::program;
using test::run_script;
using test::RunningServer;

std::string frame(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}

std::string frame(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}

std::string message(std::string_view sender, std::string_view recipient, std::string_view text) {
  return frame(Reply{Delivery{Message{sender, recipient, text}}});
}

/// A server that says what the test tells it to. Every wait has a deadline and throws.
class FakeServer {
 public:
  FakeServer() {
    listener_.open(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.fd(), generic, length) != 0 || ::listen(listener_.fd(), 1) != 0 ||
        ::getsockname(listener_.fd(), generic, &length) != 0) {
      throw std::runtime_error("no port for the fake server");
    }
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }

  [[nodiscard]] const std::string& address() const { return address_; }

  void stop_listening() { listener_.close(); }

  void accept() {
    await(listener_, POLLIN, "no connection");
    peer_.open(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }

  /// The next bytes must be these.
  void expect(std::string_view bytes) {
    std::string got;
    while (got.size() < bytes.size()) {
      await(peer_, POLLIN, "nothing came");
      std::array<char, 4096> chunk{};
      const ssize_t count =
          ::recv(peer_.fd(), chunk.data(), std::min(chunk.size(), bytes.size() - got.size()), 0);
      if (count <= 0) {
        throw std::runtime_error("the connection ended");
      }
      got.append(chunk.data(), static_cast<std::size_t>(count));
    }
    EXPECT_EQ(got, bytes);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      await(peer_, POLLOUT, "the client takes no more");
      bytes.remove_prefix(send_some(bytes));
    }
  }

  /// Sends until the client has taken all, or nothing for `quiet_ms`. Returns how much.
  std::size_t send_while_taken(std::string_view bytes, int quiet_ms) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      pollfd peer{peer_.fd(), POLLOUT, 0};
      if (::poll(&peer, 1, quiet_ms) == 0) {
        break;
      }
      sent += send_some(bytes.substr(sent));
    }
    return sent;
  }

  void close() { peer_.close(); }

 private:
  static void await(const Channel& channel, short event, const char* complaint) {
    pollfd polled{channel.fd(), event, 0};
    if (::poll(&polled, 1, kPatienceMs) != 1) {
      throw std::runtime_error(complaint);
    }
  }

  std::size_t send_some(std::string_view bytes) {
    const ssize_t sent = ::send(peer_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      throw std::runtime_error("the connection broke");
    }
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  Channel listener_;
  Channel peer_;
  std::string address_;
};

/// A port where connections wait to be accepted, and there is no room for another.
class Unanswering {
 public:
  Unanswering() {
    listener_.open(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.fd(), generic, length) != 0 || ::listen(listener_.fd(), 0) != 0 ||
        ::getsockname(listener_.fd(), generic, &length) != 0) {
      throw std::runtime_error("no port for the fake server");
    }
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    pollfd waits{-1, POLLOUT, 0};
    do {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      waiting_.push_back(std::make_unique<Channel>(fd));
      static_cast<void>(::connect(fd, generic, length));
      waits.fd = fd;
    } while (::poll(&waits, 1, 300) != 0);
  }

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  Channel listener_;
  std::vector<std::unique_ptr<Channel>> waiting_;
  std::string address_;
};

/// The same, again while the server has not yet noticed the end of an earlier session of the user.
Outcome run_script_when_free(const std::string& address, std::string_view input) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (true) {
    Outcome outcome = run_script({address}, input);
    if (outcome.output.find("user is already logged in") == std::string::npos ||
        std::chrono::steady_clock::now() >= deadline) {
      return outcome;
    }
  }
}

TEST_F(ClientAndServer, HoldTheFirstConversation) {
  RunningServer server;
  Person bobert(server.address());
  bobert.create("Bobert");

  Person alicia(server.address());
  alicia.type("login", "Username: ");
  alicia.type("Alicia", "Username not recognized.\n" + kFirstMenu);
  alicia.type("create_account", "Username: ");
  alicia.type("Alicia", "Logged in as: Alicia\n" + kMenu);
  alicia.type("l", "Search pattern (optional): ");
  alicia.type("*", "Accounts:\n\tBobert\n\tAlicia\n");
  alicia.type("c", "Recipient: ");
  alicia.type("Bobert", "Message: ");
  alicia.type("Salutations, Bobert. Is it snowy where you are?", "Send? (y/n): ");
  alicia.type("y", "Sent to Bobert:\nSalutations, Bobert. Is it snowy where you are?\n\n");

  const std::string received =
      "New message from Alicia:\nSalutations, Bobert. Is it snowy where you are?\n\n";
  EXPECT_EQ(bobert.read_until(received), received);
  bobert.type("compose", "Recipient: ");
  bobert.type("Alicia", "Message: ");
  bobert.type("Hey Alicia, yes it is very snowy. I am worried I may lose power.", "Send? (y/n): ");
  bobert.type(
      "y", "Sent to Alicia:\nHey Alicia, yes it is very snowy. I am worried I may lose power.\n\n");

  alicia.read_until("power.\n\n");
  alicia.type("q", "");
  EXPECT_EQ(alicia.wait_for_exit(), 0);
  EXPECT_EQ(
      alicia.output(),
      "Commands: login, create_account, quit\n"
      "login\n"
      "Username: Alicia\n"
      "Username not recognized.\n"
      "Commands: login, create_account, quit\n"
      "create_account\n"
      "Username: Alicia\n"
      "Logged in as: Alicia\n"
      "Commands: help (h), compose (c), list users (l), get messages (g), delete account (d), "
      "logout (q)\n"
      "l\n"
      "Search pattern (optional): *\n"
      "Accounts:\n"
      "\tBobert\n"
      "\tAlicia\n"
      "c\n"
      "Recipient: Bobert\n"
      "Message: Salutations, Bobert. Is it snowy where you are?\n"
      "Send? (y/n): y\n"
      "Sent to Bobert:\n"
      "Salutations, Bobert. Is it snowy where you are?\n"
      "\n"
      "New message from Bobert:\n"
      "Hey Alicia, yes it is very snowy. I am worried I may lose power.\n"
      "\n"
      "q\n");
}

TEST_F(ClientAndServer, KeepMessagesUntilThePromptIsDone) {
  RunningServer server;
  Person bob(server.address());
  bob.create("bob");
  Person ann(server.address());
  ann.create("ann");
  ann.type("c", "Recipient: ");
  bob.type("c", "Recipient: ");
  bob.type("ann", "Message: ");
  bob.type("while you type", "Send? (y/n): ");
  bob.type("y", "Sent to ann:\nwhile you type\n\n");
  ann.type("bob", "Message: ");
  ann.type("dropped", "Send? (y/n): ");
  ann.type("n", "New message from bob:\nwhile you type\n\n");
  ann.type("d", "Confirm account deletion? (y/n): ");
  ann.type("y", "");
  EXPECT_EQ(ann.wait_for_exit(), 0);
  bob.type("l", "Search pattern (optional): ");
  bob.type("", "Accounts:\n\tbob\n");
  bob.signal(SIGINT);
  EXPECT_EQ(bob.wait_for_exit(), 130);
}

TEST_F(ClientAndServer, RefuseASecondLogin) {
  RunningServer server;
  Person ann(server.address());
  ann.create("ann");
  EXPECT_EQ(run_script({server.address()}, "login\nann\ncreate_account\nann\n"),
            (Outcome{77,
                     kFirstMenu + "Username: user is already logged in\n" + kFirstMenu +
                         "Username: Username is taken.\n" + kFirstMenu,
                     "tribar: line 2: user is already logged in\n"
                     "tribar: line 4: Username is taken.\n"}));
}

TEST_F(ClientAndServer, ServeScripts) {
  RunningServer server;
  EXPECT_EQ(run_script({server.address()}, "create_account\nbob\n"),
            (Outcome{0, kFirstMenu + "Username: Logged in as: bob\n" + kMenu, ""}));
  // All at once: every line waits for the answer to the one before.
  EXPECT_EQ(run_script({},
                       "create_account\nann\n"
                       "compose\nbob\none\ny\n"
                       "compose\nbob\ntwo\ny\n"
                       "compose\nann\nself\nyes\n"
                       "compose\nnobody\nlost\ny\n"
                       "compose\nbob\nnot ||| this\n"
                       "list users\n[!b]*\n"
                       "nonsense\n"
                       "delete account\nn\n",
                       {"TRIBAR_SERVER=" + server.address()}),
            (Outcome{77,
                     kFirstMenu + "Username: Logged in as: ann\n" + kMenu +
                         "Recipient: Message: Send? (y/n): Sent to bob:\none\n\n"
                         "Recipient: Message: Send? (y/n): Sent to bob:\ntwo\n\n"
                         "Recipient: Message: Send? (y/n): New message from ann:\nself\n\n"
                         "New message from ann:\nself\n\n"
                         "Recipient: Message: Send? (y/n): recipient does not exist\n"
                         "Recipient: Message: the character sequence ||| cannot be sent\n"
                         "Search pattern (optional): Accounts:\n\tann\n"
                         "(invalid command)\n"
                         "Confirm account deletion? (y/n): ",
                     "tribar: line 18: recipient does not exist\n"
                     "tribar: line 21: characters 5 to 7 are |||: protocol 0 cannot carry that in "
                     "a text\n"
                     "tribar: line 24: no such command: nonsense\n"}));
  // The last line has no end, and what it asks for is still waited for.
  EXPECT_EQ(run_script_when_free(server.address(), "login\r\nbob\r\ng"),
            (Outcome{0,
                     kFirstMenu + "Username: Logged in as: bob\n" + kMenu +
                         "New message from ann:\none\n\nNew message from ann:\ntwo\n\n",
                     ""}));
  EXPECT_EQ(run_script_when_free(server.address(), "login\nbob\ng\nd\ny\nl\n\n"),
            (Outcome{0,
                     kFirstMenu + "Username: Logged in as: bob\n" + kMenu +
                         "Confirm account deletion? (y/n): ",
                     ""}));
  EXPECT_EQ(run_script({server.address()}, "login\nbob\nquit\nh\n"),
            (Outcome{77, kFirstMenu + "Username: Username not recognized.\n" + kFirstMenu,
                     "tribar: line 2: Username not recognized.\n"}));
}

TEST_F(ClientAndServer, SendTheLongestMessage) {
  RunningServer server;
  const std::string text(65536 - 12, 'x');
  EXPECT_EQ(run_script({server.address()},
                       "create_account\nann\nc\nann\n" + text + "\ny\nc\nann\n" + text + "x\nh\n"),
            (Outcome{77,
                     kFirstMenu + "Username: Logged in as: ann\n" + kMenu +
                         "Recipient: Message: Send? (y/n): New message from ann:\n" + text +
                         "\n\nNew message from ann:\n" + text +
                         "\n\nRecipient: Message: too long: 65536 bytes are allowed\n" + kMenu,
                     "tribar: line 9: the text has 65525 bytes: 65524 are allowed\n"}));
}

TEST_F(ClientAndServer, NoticeTheEndOfTheServerInAPrompt) {
  RunningServer server;
  Person ann(server.address());
  ann.create("ann");
  ann.type("c", "Recipient: ");
  server.process().signal(SIGKILL);
  EXPECT_EQ(ann.wait_for_exit(), 69);
  EXPECT_EQ(ann.read_until("connection\n"), "\ntribar: the server closed the connection\n");
}

// The text was dropped, and the exit code was 0.
TEST_F(ClientAndServer, TellScriptsWhatWasNotSent) {
  RunningServer server;
  const std::string menus = kFirstMenu + "Username: Logged in as: ann\n" + kMenu;
  EXPECT_EQ(run_script({server.address()}, "create_account\nann\nc\nann\nthe text\n"),
            (Outcome{65, menus + "Recipient: Message: Send? (y/n): \n",
                     "tribar: the message to ann was not sent: the input ended before it was "
                     "confirmed with y\n"}));
  EXPECT_EQ(run_script_when_free(server.address(), "login\nann\nc\nann\n"),
            (Outcome{65, menus + "Recipient: Message: \n",
                     "tribar: the input ended at 'Message:': nothing was done\n"}));
  const Outcome both = run_script_when_free(server.address(), "login\nann\nnonsense\nc\nann\nx\n");
  EXPECT_EQ(both.exit_code, 77);
  EXPECT_EQ(both.error,
            "tribar: line 3: no such command: nonsense\n"
            "tribar: the message to ann was not sent: the input ended before it was confirmed with "
            "y\n");
  // A blank line asks for nothing, and "n" is an answer.
  EXPECT_EQ(run_script_when_free(server.address(), "login\nann\n\nc\nann\nx\nn\n").exit_code, 0);
}

TEST_F(ClientAndServer, SayWhichCharacterCannotBeSent) {
  RunningServer server;
  EXPECT_EQ(run_script({server.address()}, "create_account\nann\nc\nann\nit\u2019s\n",
                       {"LC_ALL=C.UTF-8"}),
            (Outcome{77,
                     kFirstMenu + "Username: Logged in as: ann\n" + kMenu +
                         "Recipient: Message: byte 226 is not ASCII\n",
                     "tribar: line 5: character 3 is \u2019 (U+2019): protocol 0 carries ASCII "
                     "only\n"}));
}

/// tribar at a terminal that can do no line editing.
const std::vector<std::string> kDumb{"TERM=dumb", "LC_ALL=C.UTF-8"};

TEST_F(ClientAndServer, SayMoreAtATerminalWithoutEditing) {
  RunningServer server;
  Process ann({program("TRIBAR"), server.address()}, Process::Stdio::Terminal, kDumb);
  ann.read_until(kFirstMenu);
  ann.send("q\n");
  EXPECT_EQ(ann.read_until(kFirstMenu), "q\n(invalid command)\n" + kFirstMenu);
  ann.send("create_account\nann\nc\nann\n");
  ann.read_until("Message: ");
  ann.send("it\u2019s\n");
  EXPECT_EQ(ann.read_until("only\n"),
            "it\u2019s\ncharacter 3 is \u2019 (U+2019): protocol 0 carries ASCII only\n");
  ann.send("nonsense\nq\n");
  EXPECT_EQ(ann.wait_for_exit(), 0) << "what was refused was seen";
}

// The kernel cut it silently, and the rest was sent.
TEST_F(ClientAndServer, DoNotSendALineThatTheTerminalHasCut) {
  RunningServer server;
  Person ann(server.address());
  ann.create("ann");
  ann.type("c", "Recipient: ");
  ann.type("ann", "Message: ");
  ann.send(std::string(4094, 'x') + "\n");
  ann.read_until("Send? (y/n): ");
  ann.type("n", "");
  ann.type("c", "Recipient: ");
  ann.type("ann", "Message: ");
  for (const std::size_t bytes : {4095U, 5000U}) {
    ann.send(std::string(bytes, 'y') + "\n");
    ann.read_until(
        "\nThe terminal cuts lines off at 4095 bytes, so this one may have been longer: it has no "
        "effect. Longer texts can come from a pipe.\n");
    ann.type("c", "Recipient: ");
    ann.type("ann", "Message: ");
  }
}

// "d" and "y" of a paste deleted the account.
TEST_F(ClientAndServer, TakeNoAnswerThatWasTypedBeforeTheQuestion) {
  RunningServer server;
  Person ann(server.address());
  ann.create("ann");
  ann.send("d\ny\ny\n");
  ann.read_until("Confirm account deletion? (y/n): ");
  ann.type("n", "");
  ann.send("c\nann\nthe first line\ny\nd\ny\n");
  ann.read_until("Send? (y/n): ");
  ann.type("n", "");
  ann.type("l", "Search pattern (optional): ");
  ann.type("", "Accounts:\n\tann\n");
}

// The shell made the file.
TEST_F(ClientAndServer, LeaveNoHalfTypedLineToTheShell) {
  RunningServer server;
  Process shell(
      {"/bin/sh", "-c", "\"$0\" --classic \"$1\"; echo code $?; read -r line; echo got $line",
       program("TRIBAR"), server.address()},
      Process::Stdio::Terminal);
  shell.read_until(kFirstMenu);
  shell.send("create_account\nann\n");
  shell.read_until(kMenu);
  shell.send("touch x");
  shell.read_until("touch x");
  server.process().signal(SIGKILL);
  shell.read_until("code 69\n");
  shell.send("\n");
  EXPECT_EQ(shell.read_until("got"), "\ngot");
  EXPECT_EQ(shell.wait_for_exit(), 0);
  EXPECT_TRUE(shell.output().ends_with("got\n")) << shell.output();
}

// As nohup and the shell's & in a script do.
TEST_F(ClientAndServer, LeaveAnIgnoredCtrlCIgnored) {
  RunningServer server;
  Process client(
      {"/bin/sh", "-c", "trap '' INT; exec \"$0\" \"$1\"", program("TRIBAR"), server.address()},
      Process::Stdio::Pipes);
  client.read_until(kFirstMenu);
  client.signal(SIGINT);
  client.send("quit\n");
  EXPECT_EQ(outcome_of(client), (Outcome{0, kFirstMenu, ""}));
}

TEST(Client, GivesUpAServerThatDoesNotAnswer) {
  const Unanswering server;
  EXPECT_EQ(run_script({"--timeout", "0.3", server.address()}),
            (Outcome{69, "",
                     "tribar: cannot connect to " + server.address() +
                         ": no answer within 0.3 s: check the address, or wait longer with "
                         "--timeout\n"}));
}

TEST(Client, ReadsItsConfigFile) {
  const test::TemporaryFolder folder;
  FakeServer server;
  server.stop_listening();
  std::filesystem::create_directory(folder.file("tribar"));
  const std::string file = folder.file("tribar/config");
  const std::vector<std::string> environment{"XDG_CONFIG_HOME=" + folder.path()};
  test::write_file(file, "server = " + server.address() + "\n");
  EXPECT_EQ(run_script({}, "", environment),
            (Outcome{69, "",
                     "tribar: cannot connect to " + server.address() + ": Connection refused\n"}));
  test::write_file(file, "# mine\nsever = x\n");
  EXPECT_EQ(run_script({}, "", environment),
            (Outcome{78, "",
                     "tribar: " + file +
                         ":2:1: \"sever\" is not a setting; did you mean \"server\"?\n"}));
  EXPECT_EQ(run_script({"--version"}, "", environment).exit_code, 0);
}

TEST(Client, SaysWhatIsWrongWithItsArguments) {
  EXPECT_EQ(run_script({"a", "b"}),
            (Outcome{64, "", "tribar: more than one server was given\nTry 'tribar --help'.\n"}));
  EXPECT_EQ(
      run_script({"host:port"}),
      (Outcome{64, "", "tribar: host:port: the port must be 1..65535\nTry 'tribar --help'.\n"}));
  EXPECT_EQ(run_script({}, "", {"TRIBAR_SERVER=:1"}),
            (Outcome{64, "",
                     "tribar: $TRIBAR_SERVER: :1: not of the form HOST[:PORT]\n"
                     "Try 'tribar --help'.\n"}));
  EXPECT_EQ(run_script({"--nonsense"}).exit_code, 64);
  EXPECT_EQ(run_script({"--classic", "--as", "ann"}),
            (Outcome{64, "",
                     "tribar: --as is for verbs and for the chat with line editing: the plain "
                     "prompts ask for the name\n"}));
  EXPECT_EQ(run_script({"-V"}), (Outcome{0, "tribar " TRIBAR_VERSION "\n", ""}));
  EXPECT_EQ(run_script({"--version"}), run_script({"-V"}));
  const Outcome help = run_script({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_TRUE(help.output.starts_with("Usage: tribar [OPTION]... [SERVER]\n")) << help.output;
  EXPECT_EQ(run_script({"-h"}), help);
}

// It was a success when not a byte of it could be written.
TEST(Client, FailsWhenItCannotPrint) {
  const test::TemporaryFolder folder;
  for (const char* option : {"--help", "--version"}) {
    // A file that may not grow is as full as a disk.
    Process process({"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$1\" >\"$2\"",
                     program("TRIBAR"), option, folder.file("output")},
                    Process::Stdio::Pipes);
    process.end_input();
    EXPECT_EQ(process.wait_for_exit(), 74) << option;
    EXPECT_EQ(process.error(), "tribar: standard output: File too large\n") << option;
  }
}

TEST(Client, SaysWhoRefusedTheConnectionAndWhy) {
  FakeServer server;
  server.stop_listening();
  EXPECT_EQ(run_script({server.address()}),
            (Outcome{69, "",
                     "tribar: cannot connect to " + server.address() + ": Connection refused\n"}));
}

TEST(Client, ShowsTheServersLastWords) {
  FakeServer server;
  Process client({program("TRIBAR"), server.address()}, Process::Stdio::Pipes);
  server.accept();
  server.send(frame(Reply{Response{"too many \x1b[1mconnections"}}));
  server.close();
  EXPECT_EQ(outcome_of(client), (Outcome{69, kFirstMenu + "too many \\x1b[1mconnections\n",
                                         "tribar: the server closed the connection\n"}));
}

TEST(Client, EndsAtOnceWhenTheServerIsGoneInAPrompt) {
  FakeServer server;
  Person ann(server.address());
  server.accept();
  ann.type("login", "Username: ");
  server.close();
  EXPECT_EQ(ann.wait_for_exit(), 69);
  EXPECT_EQ(ann.read_until("connection\n"), "\ntribar: the server closed the connection\n");
}

TEST(Client, EndsAtCtrlC) {
  FakeServer server;
  Person ann(server.address());
  ann.type("login", "Username: ");
  ann.send("\x03");
  EXPECT_EQ(ann.wait_for_exit(), 130);

  // Also while an answer is due.
  FakeServer silent;
  Person bob(silent.address());
  silent.accept();
  bob.type("login", "Username: ");
  bob.type("bob", "");
  silent.expect(frame(Command{Login{"bob"}}));
  bob.send("\x03");
  EXPECT_EQ(bob.wait_for_exit(), 130);

  // And right behind a line, which it takes away: the client may be about to read it.
  if (!kLosesSignals) {
    Person cid(silent.address());
    cid.type("login", "Username: ");
    cid.type("cid", "");
    cid.send("\x03");
    EXPECT_EQ(cid.wait_for_exit(), 130);
  }
}

TEST(Client, EndsWhenTheServerBreaksTheProtocol) {
  std::string endless = frame(Command{List{}});
  endless[10] = 1;
  std::string too_long(kHeaderBytes, '\0');
  put_header(too_long.data(), 7, (64U << 20) + 1);
  const struct {
    std::string bytes;
    std::string reason;
  } cases[] = {
      {"HTTP/1.1 400 Bad Request", "it speaks version 72, not 0"},
      {endless, "it announces a frame of more than 67108864 bytes"},
      {too_long, "it announces a frame of more than 67108864 bytes"},
      {frame(Command{Deliver{}}), "command 3 does not go from server to client"},
      {frame(Reply{Response{"\xff"}}), "an invalid answer: byte 255 is not ASCII"},
      {frame(Reply{Response{}}), "it reports a success that nothing asked for"},
      {frame(Reply{ListResponse{}}), "it lists usernames that nothing asked for"},
      {message("bob", "ann", "hi"), "it delivers a message before login"},
  };
  for (const auto& [bytes, reason] : cases) {
    FakeServer server;
    Process client({program("TRIBAR"), server.address()}, Process::Stdio::Pipes);
    server.accept();
    server.send(bytes);
    EXPECT_EQ(outcome_of(client),
              (Outcome{76, kFirstMenu, "tribar: the server broke the protocol: " + reason + "\n"}));
  }
}

TEST(Client, TakesFramesAByteAtATime) {
  FakeServer server;
  Process client({program("TRIBAR"), server.address()}, Process::Stdio::Pipes);
  server.accept();
  client.send("login\nann\ng\nq\n");
  server.expect(frame(Command{Login{"ann"}}));
  const std::string answer = frame(Reply{Response{}});
  for (const char& byte : answer) {
    server.send(std::string_view(&byte, 1));
  }
  server.expect(frame(Command{Deliver{}}) + frame(Command{List{"ann"}}));
  const std::string messages =
      message("bob", "ann", "1") + message("cat", "ann", "\x1b\n") + frame(Reply{ListResponse{}});
  for (const char& byte : messages) {
    server.send(std::string_view(&byte, 1));
  }
  EXPECT_EQ(outcome_of(client),
            (Outcome{0,
                     kFirstMenu + "Username: Logged in as: ann\n" + kMenu +
                         "New message from bob:\n1\n\nNew message from cat:\n\\x1b\\x0a\n\n",
                     ""}));
}

TEST(Client, HoldsBackAServerThatFloodsAPrompt) {
  FakeServer server;
  Process client({program("TRIBAR"), server.address()}, Process::Stdio::Pipes);
  server.accept();
  client.send("login\nann\nl\n");
  server.expect(frame(Command{Login{"ann"}}));
  server.send(frame(Reply{Response{}}));
  client.read_until("Search pattern (optional): ");

  const std::string one = message("bob", "ann", std::string(1000, 'x'));
  constexpr int kMessages = 30000;
  std::string flood;
  for (int i = 0; i < kMessages; ++i) {
    flood += one;
  }
  flood += frame(Reply{ListResponse{}});
  const std::size_t sent = server.send_while_taken(flood, 300);
  EXPECT_LT(sent, flood.size());
  client.send("\n");
  client.end_input();
  std::string_view rest = std::string_view(flood).substr(sent);
  while (!rest.empty()) {
    rest.remove_prefix(server.send_while_taken(rest, 1));
    client.take_output();
  }
  server.expect(frame(Command{List{}}));
  const Outcome outcome = outcome_of(client);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.error, "");
  const std::string shown = "New message from bob:\n" + std::string(1000, 'x') + "\n\n";
  const std::string prologue =
      kFirstMenu + "Username: Logged in as: ann\n" + kMenu + "Search pattern (optional): ";
  EXPECT_EQ(outcome.output.size(),
            prologue.size() + kMessages * shown.size() + std::string("Accounts:\n").size());
  EXPECT_TRUE(outcome.output.ends_with(shown + "Accounts:\n"));
}

TEST(Client, NeedsLittleMemoryForEndlessInput) {
  FakeServer server;
  Process client({program("TRIBAR"), server.address()}, Process::Stdio::Pipes);
  server.accept();
  const std::string megabyte(1 << 20, 'x');
  constexpr std::size_t kMegabytes = 256;
  for (std::size_t i = 0; i < kMegabytes; ++i) {
    client.send(megabyte);
  }
  client.send("\nquit\n");
  EXPECT_EQ(outcome_of(client),
            (Outcome{77, kFirstMenu + "(invalid command)\n",
                     "tribar: line 1: no such command: " + std::string(40, 'x') + "...\n"}));
  // Far less in fact, but a build with a sanitizer needs much for itself.
  EXPECT_LT(client.peak_memory_bytes(), kMegabytes * megabyte.size());
}

}  // namespace
}  // namespace tribar
