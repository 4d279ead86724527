// SPDX-License-Identifier: MIT
//
// tribar's commands for scripts, in both protocols: what they print and each exit code, with the
// real server, and with one that is lost or says what it likes.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "programs/client_rig.h"
#include "support/link_rig.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"

namespace tribar {
namespace {

using test::Listener;
using test::Outcome;
using test::outcome_of;
using test::Process;
using test::program;
using test::run_script;
using test::RunningServer;
using test::TemporaryFolder;
using test::write_file;

using Words = std::vector<std::string>;

const Outcome kQuiet{0, "", ""};

Outcome printed(std::string output) { return {0, std::move(output), ""}; }
Outcome refused(int exit_code, const std::string& why) {
  return {exit_code, "", "tribar: " + why + "\n"};
}
Outcome misused(const std::string& why, const std::string& verb) {
  return refused(64, why + "\nTry 'tribar " + verb + " --help'.");
}

/// A server of the test's own making, with one connection at a time.
class FakeServer {
 public:
  [[nodiscard]] std::string address() const { return to_string(listener_.address()); }
  void accept() {
    received_.clear();
    peer_ = listener_.accept();
  }
  /// Waits until the client has sent all of `frames`, and nothing else before.
  void expect(const std::string& frames) {
    while (received_.size() < frames.size()) {
      const std::string some = test::read_some(peer_);
      ASSERT_FALSE(some.empty()) << "the client is gone";
      received_ += some;
    }
    EXPECT_EQ(received_.substr(0, frames.size()), frames);
    received_.erase(0, frames.size());
  }
  void say(std::string_view bytes) const {
    EXPECT_EQ(::send(peer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() { peer_ = Descriptor(); }
  void stop_listening() { listener_.close(); }

 private:
  Listener listener_;
  Descriptor peer_;
  std::string received_;
};

std::string frame0(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}
std::string frame0(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}
std::string frame1(const Command1& command) {
  std::string out;
  append_command1(out, command);
  return out;
}
std::string frame1(const Reply1& reply) {
  std::string out;
  append_reply1(out, reply);
  return out;
}
std::string login_ok1(std::uint64_t waiting, std::uint64_t highest) {
  return frame1(Response1{"ok", {}, waiting, highest});
}

/// The client keeps its files in a folder of the test's own, and has its own name there.
class Verbs : public test::ClientAndServer {
 protected:
  void SetUp() override {
    ClientAndServer::SetUp();
    std::filesystem::create_directory(folder_.file("tribar"));
    write_file(folder_.file("tribar/client"), "cl\n");
  }
  [[nodiscard]] Words environment() const {
    return {"XDG_STATE_HOME=" + folder_.path(), "XDG_CONFIG_HOME=" + folder_.path(),
            "LC_ALL=C.UTF-8"};
  }
  [[nodiscard]] Outcome run(const Words& words, std::string_view input = "") const {
    return run_script(words, input, environment());
  }
  [[nodiscard]] Words for_shell(const std::string& script) const {
    return {"/bin/sh", "-c", script};
  }

  TemporaryFolder folder_;
};

class VerbsInBoth : public Verbs, public testing::WithParamInterface<int> {
 protected:
  [[nodiscard]] bool is_protocol0() const { return GetParam() == 0; }
  [[nodiscard]] Words with_server(Words words, const std::string& address) const {
    words.insert(words.end(), {"--protocol", std::to_string(GetParam()), "--server", address});
    return words;
  }
  [[nodiscard]] Outcome at(const std::string& address, const Words& words,
                           std::string_view input = "") const {
    return run(with_server(words, address), input);
  }
  [[nodiscard]] std::string shell_words(const Words& words, const std::string& address) const {
    std::string line = program("TRIBAR");
    for (const std::string& word : with_server(words, address)) {
      line += " " + word;
    }
    return line;
  }
};

INSTANTIATE_TEST_SUITE_P(Protocol, VerbsInBoth, testing::Values(0, 1));

TEST_P(VerbsInBoth, DoOneThingAndEnd) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"list"}), printed("ann\nbob\n"));
  EXPECT_EQ(at(at_, {"list", "a*", "--json"}),
            printed(is_protocol0() ? "{\"name\":\"ann\",\"online\":null}\n"
                                   : "{\"name\":\"ann\",\"online\":false}\n"));
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "one"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann"}, "two\n\"lines\"\n"), kQuiet);
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", ""}), kQuiet);
  EXPECT_EQ(at(at_, {"receive", "--as", "bob"}),
            printed("ann: one\nann: two\\x0a\"lines\"\nann: \n"));
  EXPECT_EQ(at(at_, {"receive", "--as", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"delete", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"list"}), printed("ann\n"));
}

TEST_P(VerbsInBoth, WriteMessagesAsJson) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "ann", "--as", "bob"}, "a \"b\"\\\tc\nd"), kQuiet);
  const Outcome outcome = at(at_, {"receive", "--json", "--as", "ann"});
  const std::string start = "{\"from\":\"bob\",\"text\":\"a \\\"b\\\"\\\\\\tc\\nd\",\"number\":";
  if (is_protocol0()) {
    EXPECT_EQ(outcome, printed(start + "null,\"time_ms\":null}\n"));
    return;
  }
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_TRUE(std::regex_match(outcome.output.substr(start.size()),
                               std::regex("[0-9]{16},\"time_ms\":[0-9]{13}\\}\n")))
      << outcome.output;
  EXPECT_EQ(outcome.output.substr(0, start.size()), start);
}

/// In protocol 0 a message to oneself arrives on the connection that sends it.
TEST_F(Verbs, TellWhatArrivesMeanwhile) {
  RunningServer server;
  EXPECT_EQ(run({"create", "ann", "--server", server.address()}), kQuiet);
  EXPECT_EQ(run({"send", "ann", "--as", "ann", "-m", "me", "--server", server.address()}),
            (Outcome{0, "",
                     "tribar: a message arrived meanwhile, and the server does not keep it: ann: "
                     "me\n"}));
}

TEST_P(VerbsInBoth, SayWhyTheServerRefused) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "ann"}),
            refused(77, "ann was not created: username already exists (name-taken)"));
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "hi"}),
            refused(77, "the message was not sent: recipient does not exist (no-such-user)"));
  EXPECT_EQ(at(at_, {"send", "ann", "--as", "bob", "-m", "hi"}),
            refused(77, "cannot log in as bob: username does not exist (no-such-user)"));
  EXPECT_EQ(at(at_, {"receive", "--as", "bob"}),
            refused(77, "cannot log in as bob: username does not exist (no-such-user)"));
  EXPECT_EQ(at(at_, {"delete", "bob"}),
            refused(77, "cannot log in as bob: username does not exist (no-such-user)"));
  // Who is logged in elsewhere may be free later.
  Process ann(test::command_line(with_server({"receive", "--follow", "--as", "ann"}, at_)),
              Process::Stdio::Pipes, environment());
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "ann", "--as", "bob", "-m", "hi"}), kQuiet);
  ann.read_until("bob: hi\n");
  EXPECT_EQ(at(at_, {"receive", "--as", "ann"}),
            refused(75, "cannot log in as ann: user is already logged in (in-use)"));
}

TEST_P(VerbsInBoth, SayWhatTheyAreNotGiven) {
  const std::string nowhere = "127.0.0.1:1";
  EXPECT_EQ(at(nowhere, {"send", "bob", "-m", "hi"}),
            misused("send needs your own name: --as NAME", "send"));
  EXPECT_EQ(at(nowhere, {"receive"}), misused("receive needs your own name: --as NAME", "receive"));
  EXPECT_EQ(at(nowhere, {"create"}), misused("create needs the name of the account", "create"));
  EXPECT_EQ(at(nowhere, {"delete"}), misused("delete needs the name of the account", "delete"));
  const std::string rule = "a username has letters, digits, '.', '_' and '-' only";
  EXPECT_EQ(at(nowhere, {"send", "bob ", "--as", "ann"}),
            misused("the name: character 4 is a blank: " + rule, "send"));
  EXPECT_EQ(at(nowhere, {"create", "b*b"}),
            misused("the name: character 2 is '*': " + rule, "create"));
  EXPECT_EQ(at(nowhere, {"receive", "--as", "b\u00f6b"}),
            misused("--as: character 2 is \u00f6 (U+00F6): " + rule, "receive"));
  EXPECT_EQ(at(nowhere, {"send", "bob", "--as", "ann"}),
            refused(64,
                    "standard input is empty, and nothing was sent: -m '' sends an empty "
                    "message"));
  EXPECT_EQ(at(nowhere, {"send", "bob", "--as", "ann"}, std::string(70000, 'a')),
            refused(64,
                    "standard input is too long for one message: less than 65536 bytes are "
                    "allowed. Nothing was sent"));
  EXPECT_EQ(at(nowhere, {"send", "bob", "--as", "ann"}, "a\x1b"),
            refused(64,
                    "character 2 is a control character (U+001B): a text may hold tabs and "
                    "line breaks, and no others. Nothing was sent"));
  EXPECT_EQ(at(nowhere, {"send"}), misused("send needs the name of the recipient", "send"));
  EXPECT_EQ(at(nowhere, {"send", "bob", "hi", "--as", "ann"}),
            misused("send takes one name, and 'hi' is one more: the text stands behind -m, in "
                    "quotes",
                    "send"));
  EXPECT_EQ(at(nowhere, {"receive", "ann"}),
            misused("receive takes no name, and 'ann' is one more", "receive"));
  EXPECT_EQ(at(nowhere, {"list", "a", "b"}),
            misused("list takes one name, and 'b' is one more", "list"));
  for (const Words& words : {Words{"receive", "--count", "0"}, Words{"list", "--follow"},
                             Words{"send", "ann", "--json"}}) {
    const Outcome outcome = at(nowhere, words);
    EXPECT_EQ(outcome.exit_code, 64) << outcome.error;
    EXPECT_EQ(outcome.output, "");
  }
}

TEST_P(VerbsInBoth, SayThatThereIsNoServer) {
  for (const Words& words :
       {Words{"send", "bob", "--as", "ann", "-m", "hi"}, Words{"list"},
        Words{"receive", "--as", "ann"}, Words{"receive", "--follow", "--as", "ann"},
        Words{"create", "ann"}, Words{"delete", "ann"}}) {
    EXPECT_EQ(at("127.0.0.1:1", words),
              refused(69, "cannot connect to 127.0.0.1:1: Connection refused"));
  }
}

TEST_P(VerbsInBoth, DoNotWaitForeverForAnAnswer) {
  // Its connections are made by the system, and nobody answers.
  const Listener silent;
  const std::string address = to_string(silent.address());
  const std::string reason = "the server did not answer within 0.2 s";
  const auto late = [&](Words words) {
    words.insert(words.end(), {"--timeout", "0.2"});
    return at(address, words);
  };
  EXPECT_EQ(late({"list"}), refused(75, reason));
  EXPECT_EQ(late({"receive", "--as", "ann"}), refused(75, reason));
  EXPECT_EQ(late({"send", "bob", "--as", "ann", "-m", "hi"}),
            refused(75, reason + ": the message was not sent"));
  EXPECT_EQ(late({"create", "ann"}), refused(75, reason + ": ann may have been created, or not"));
  EXPECT_EQ(late({"delete", "ann"}), refused(75, reason + ": ann was not deleted"));
}

TEST_P(VerbsInBoth, SayThatTheServerBrokeTheProtocol) {
  FakeServer server;
  Process list(test::command_line(with_server({"list"}, server.address())), Process::Stdio::Pipes,
               environment());
  server.accept();
  server.say(is_protocol0() ? frame0(Reply(Response{})) : frame1(Reply1(Response1{"ok"})));
  EXPECT_EQ(outcome_of(list),
            refused(76,
                    "the server broke the protocol: it reports a success that nothing asked "
                    "for"));
  Process other(test::command_line(with_server({"list"}, server.address())), Process::Stdio::Pipes,
                environment());
  server.accept();
  server.say("\x07");
  const Outcome outcome = outcome_of(other);
  EXPECT_EQ(outcome.exit_code, 76) << outcome.error;
}

TEST_P(VerbsInBoth, TellTheServersLastWord) {
  FakeServer server;
  const auto outcome_after = [&](const Words& words, const std::string& bytes) {
    Process process(test::command_line(with_server(words, server.address())), Process::Stdio::Pipes,
                    environment());
    server.accept();
    server.say(bytes);
    return outcome_of(process);
  };
  // Also one that turns away before the first byte, in protocol 0.
  EXPECT_EQ(outcome_after({"list"}, frame0(Reply(Response{"the server is shutting down"}))),
            refused(75, "the server is shutting down"));
}

TEST_P(VerbsInBoth, WriteEverythingOrSaySo) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "one"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "two"}), kQuiet);
  Process full(for_shell(shell_words({"receive", "--as", "bob"}, at_) + " > /dev/full"),
               Process::Stdio::Pipes, environment());
  EXPECT_EQ(outcome_of(full),
            refused(74, std::string("standard output: No space left on device") +
                            (is_protocol0() ? ": messages that had arrived are lost" : "")));
  // What was not written was not acknowledged.
  EXPECT_EQ(at(at_, {"receive", "--as", "bob"}),
            is_protocol0() ? kQuiet : printed("ann: one\nann: two\n"));
}

TEST_P(VerbsInBoth, EndAfterACount) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  for (const char* text : {"one", "two", "three"}) {
    EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", text}), kQuiet);
  }
  if (is_protocol0()) {
    // All that waits comes at once, and the server does not keep it.
    EXPECT_EQ(at(at_, {"receive", "--as", "bob", "--count", "2"}),
              printed("ann: one\nann: two\nann: three\n"));
    EXPECT_EQ(at(at_, {"receive", "--as", "bob", "--count", "2"}), kQuiet);
  } else {
    EXPECT_EQ(at(at_, {"receive", "--as", "bob", "--count", "2"}), printed("ann: one\nann: two\n"));
    EXPECT_EQ(at(at_, {"receive", "--as", "bob", "--count", "2"}), printed("ann: three\n"));
  }
  Process bob(
      test::command_line(with_server({"receive", "--follow", "--count", "2", "--as", "bob"}, at_)),
      Process::Stdio::Pipes, environment());
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "four"}), kQuiet);
  bob.read_until("ann: four\n");
  EXPECT_EQ(at(at_, {"send", "bob", "--as", "ann", "-m", "five"}), kQuiet);
  EXPECT_EQ(outcome_of(bob), printed("ann: four\nann: five\n"));
}

TEST_P(VerbsInBoth, FollowUntilTheyAreStopped) {
  if (test::kLosesSignals) {
    GTEST_SKIP() << "a signal may be handled only after the next one";
  }
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  for (const auto& [signal, exit_code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    Process follower(test::command_line(with_server({"receive", "--follow", "--as", "ann"}, at_)),
                     Process::Stdio::Pipes, environment());
    const std::string bob = "bob" + std::to_string(signal);
    EXPECT_EQ(at(at_, {"create", bob}), kQuiet);
    EXPECT_EQ(at(at_, {"send", "ann", "--as", bob, "-m", "hi"}), kQuiet);
    follower.read_until(bob + ": hi\n");
    EXPECT_EQ(at(at_, {"send", "ann", "--as", bob, "-m", "you"}), kQuiet);
    follower.read_until(bob + ": you\n");
    follower.signal(signal);
    const std::string both = bob + ": hi\n" + bob + ": you\n";
    EXPECT_EQ(outcome_of(follower), (Outcome{exit_code, both, ""}));
    // What came before the last one was acknowledged; that one may not have been.
    const Outcome next = at(at_, {"receive", "--as", "ann"});
    EXPECT_TRUE(next == kQuiet || next == (Outcome{0, bob + ": you\n", ""}))
        << ::testing::PrintToString(next);
  }
}

TEST_P(VerbsInBoth, FollowUntilNobodyReads) {
  RunningServer server;
  const std::string& at_ = server.address();
  EXPECT_EQ(at(at_, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(at_, {"create", "bob"}), kQuiet);
  EXPECT_EQ(at(at_, {"send", "ann", "--as", "bob", "-m", "hi"}), kQuiet);
  Process shell(for_shell("{ " + shell_words({"receive", "--follow", "--as", "ann"}, at_) +
                          "; echo ended with $? >&2; } | head -n 1"),
                Process::Stdio::Pipes, environment());
  EXPECT_EQ(outcome_of(shell), (Outcome{0, "bob: hi\n", "ended with 0\n"}));
}

TEST_P(VerbsInBoth, FollowOverLostConnections) {
  FakeServer server;
  Process follower(
      test::command_line(with_server({"receive", "--follow", "--as", "ann"}, server.address())),
      Process::Stdio::Pipes, environment());
  const std::string log_in =
      is_protocol0() ? frame0(Command(Login{"ann"})) : frame1(Command1(Login{"ann", "cl", ""}));
  const std::string logged_in = is_protocol0() ? frame0(Reply(Response{})) : login_ok1(1, 0);
  const std::string fetch = is_protocol0()
                                ? frame0(Command(Deliver{})) + frame0(Command(List{"ann"}))
                                : frame1(Command1(Deliver{})) + frame1(Command1(List{"ann"}));
  const auto message = [this](std::uint64_t number, std::string_view text) {
    return is_protocol0() ? frame0(Reply(Delivery{{"bob", "ann", text}}))
                          : frame1(Reply1(Delivery1{{number}, {1}, {"bob", "ann", text}}));
  };
  server.accept();
  server.expect(log_in);
  server.say(logged_in);
  server.expect(fetch);
  server.say(message(7, "one"));
  follower.read_until("bob: one\n");
  server.expect(is_protocol0() ? "" : frame1(Command1(Acknowledge{{7}})));
  server.hang_up();
  EXPECT_EQ(follower.read_error_until("again\n"),
            "tribar: the server closed the connection: connecting again\n");
  server.accept();
  server.expect(log_in);
  // The server may not know yet that the other connection is gone.
  server.say(is_protocol0() ? frame0(Reply(Response{"user is already logged in"}))
                            : frame1(Reply1(Response1{"in-use", "words"})));
  server.accept();
  server.expect(log_in);
  server.say(logged_in);
  server.expect(fetch);
  // In protocol 1 what was written once is not written again.
  server.say((is_protocol0() ? "" : message(7, "one")) + message(8, "two"));
  follower.read_until("bob: two\n");
  EXPECT_EQ(follower.read_error_until("again\n"), "tribar: connected again\n");
  if (!test::kLosesSignals) {
    follower.signal(SIGTERM);
    server.hang_up();
    EXPECT_EQ(follower.wait_for_exit(), 143);
  }
  EXPECT_EQ(follower.output(), "bob: one\nbob: two\n");
}

TEST_P(VerbsInBoth, FollowNoFurtherIfTheyShallNot) {
  FakeServer server;
  Process follower(test::command_line(with_server(
                       {"receive", "--follow", "--no-reconnect", "--as", "ann"}, server.address())),
                   Process::Stdio::Pipes, environment());
  server.accept();
  server.say(is_protocol0() ? frame0(Reply(Response{})) : login_ok1(0, 0));
  server.hang_up();
  EXPECT_EQ(outcome_of(follower).exit_code, 75);
}

/// One that is lost or turns away leads to the next at once.
TEST_P(VerbsInBoth, AskTheNextServer) {
  Listener closed;
  const std::string nobody = to_string(closed.address());
  closed.close();
  RunningServer server;
  const std::string& good = server.address();
  EXPECT_EQ(at(nobody + "," + good, {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(nobody + "," + nobody, {"list"}),
            refused(69, "cannot connect to " + nobody + ": Connection refused; cannot connect to " +
                            nobody + ": Connection refused"));

  FakeServer other;
  const auto after = [&](const Words& words, const std::string& last_word) {
    Process process(test::command_line(with_server(words, other.address() + "," + good)),
                    Process::Stdio::Pipes, environment());
    process.end_input();
    other.accept();
    if (!last_word.empty()) {
      other.say(last_word);
    }
    other.hang_up();
    return outcome_of(process);
  };
  const std::string stopping = is_protocol0()
                                   ? frame0(Reply(Response{"the server is shutting down"}))
                                   : frame1(Reply1(Response1{"stopping", "words"}));
  for (const std::string& last_word : {stopping, std::string()}) {
    EXPECT_EQ(after({"create", "bob"}, last_word), kQuiet);
    EXPECT_EQ(after({"list"}, last_word), printed("ann\nbob\n"));
    EXPECT_EQ(after({"list", "--as", "bob"}, last_word), printed("ann\nbob\n"));
    EXPECT_EQ(after({"receive", "--as", "ann"}, last_word), kQuiet);
    EXPECT_EQ(after({"send", "ann", "--as", "bob", "-m", "hi"}, last_word), kQuiet);
    EXPECT_EQ(at(good, {"receive", "--as", "ann"}), printed("bob: hi\n"));
    EXPECT_EQ(after({"create", "ann"}, last_word),
              refused(75,
                      "the server that was asked first was lost: ann may have been created, or "
                      "not"));
    EXPECT_EQ(after({"delete", "bob"}, last_word), kQuiet);
  }
}

/// In protocol 0 nobody knows what became of the message.
TEST_F(Verbs, SayThatAMessageMayHaveBeenSent) {
  FakeServer server;
  Process send(
      test::command_line({"send", "bob", "--as", "ann", "-m", "hi", "--server", server.address()}),
      Process::Stdio::Pipes, environment());
  server.accept();
  server.expect(frame0(Command(Login{"ann"})));
  server.say(frame0(Reply(Response{})));
  server.expect(frame0(Command(Send{{"ann", "bob", "hi"}})));
  // What comes to ann meanwhile is not lost without a word.
  server.say(frame0(Reply(Delivery{{"carl", "ann", "a \x1b"}})));
  EXPECT_EQ(send.read_error_until("\n"),
            "tribar: a message arrived meanwhile, and the server does not keep it: carl: a "
            "\\x1b\n");
  server.hang_up();
  EXPECT_EQ(send.read_error_until("\n"),
            "tribar: the server closed the connection: the message may have been sent, or not\n");
  EXPECT_EQ(send.wait_for_exit(), 75);
}

class Verbs1 : public Verbs {
 protected:
  [[nodiscard]] Words words(Words more, const std::string& address) const {
    more.insert(more.end(), {"--protocol", "1", "--server", address});
    return more;
  }
  [[nodiscard]] Outcome at(const std::string& address, const Words& more,
                           std::string_view input = "") const {
    return run(words(more, address), input);
  }

  const std::string log_in_ = frame1(Command1(Login{"ann", "cl", ""}));
  const std::string send_ = frame1(Command1(SendNumbered{4, "bob", "hi"}));
};

TEST_F(Verbs1, SendAgainWhatWasNotAccepted) {
  FakeServer server;
  Process send(
      test::command_line(words({"send", "bob", "--as", "ann", "-m", "hi"}, server.address())),
      Process::Stdio::Pipes, environment());
  server.accept();
  server.expect(log_in_);
  server.say(login_ok1(0, 3));
  server.expect(send_);
  server.hang_up();
  server.accept();
  server.expect(log_in_);
  server.say(login_ok1(0, 3));
  server.expect(send_);
  server.say(frame1(Reply1(Accepted1{4, {100}, {1}})));
  server.hang_up();
  EXPECT_EQ(outcome_of(send), kQuiet);
}

TEST_F(Verbs1, SeeThatAMessageWasAccepted) {
  FakeServer server;
  Process send(
      test::command_line(words({"send", "bob", "--as", "ann", "-m", "hi"}, server.address())),
      Process::Stdio::Pipes, environment());
  server.accept();
  server.expect(log_in_);
  server.say(login_ok1(0, 3));
  server.expect(send_);
  server.hang_up();
  server.accept();
  server.expect(log_in_);
  server.say(login_ok1(0, 4));
  server.hang_up();
  EXPECT_EQ(outcome_of(send), kQuiet);
}

/// Two that count with one name would take each other's messages for their own.
TEST_F(Verbs1, HaveANameOfTheirOwnWhileAnotherRuns) {
  const auto log_in = [](std::string_view client) {
    return frame1(Command1(Login{"ann", client, ""}));
  };
  FakeServer first;
  Process follower(
      test::command_line(words({"receive", "--follow", "--as", "ann"}, first.address())),
      Process::Stdio::Pipes, environment());
  first.accept();
  first.expect(log_in("cl"));
  FakeServer second;
  {
    Process send(
        test::command_line(words({"send", "bob", "--as", "ann", "-m", "hi"}, second.address())),
        Process::Stdio::Pipes, environment());
    second.accept();
    second.expect(log_in("cl.2"));
  }
  follower.signal(SIGKILL);
  EXPECT_EQ(follower.wait_for_exit(), 137);
  Process again(
      test::command_line(words({"send", "bob", "--as", "ann", "-m", "hi"}, second.address())),
      Process::Stdio::Pipes, environment());
  second.accept();
  second.expect(log_in("cl"));
}

TEST_F(Verbs1, GiveUpASendAfterTheTimeOut) {
  FakeServer server;
  Process send(test::command_line(words(
                   {"send", "bob", "--as", "ann", "-m", "hi", "--timeout", "2"}, server.address())),
               Process::Stdio::Pipes, environment());
  server.accept();
  server.expect(log_in_);
  server.say(login_ok1(0, 3));
  server.expect(send_);
  server.stop_listening();
  server.hang_up();
  EXPECT_EQ(outcome_of(send), refused(75,
                                      "the server did not answer within 2 s: the message may "
                                      "have been sent, or not"));
}

TEST_F(Verbs1, StayAwayWhenTheyAreReplaced) {
  RunningServer server;
  const std::string file = folder_.file("secret");
  write_file(file, "ann's secret\n");
  EXPECT_EQ(at(server.address(), {"create", "ann", "--secret-file", file}), kQuiet);
  EXPECT_EQ(at(server.address(), {"create", "bob"}), kQuiet);
  Process follower(
      test::command_line(
          words({"receive", "--follow", "--as", "ann", "--secret-file", file}, server.address())),
      Process::Stdio::Pipes, environment());
  EXPECT_EQ(at(server.address(), {"send", "ann", "--as", "bob", "-m", "hi"}), kQuiet);
  follower.read_until("bob: hi\n");
  // A list does not log in, and replaces nobody.
  EXPECT_EQ(at(server.address(), {"list", "--as", "ann", "--secret-file", file, "--json"}),
            printed("{\"name\":\"ann\",\"online\":true}\n{\"name\":\"bob\",\"online\":false}\n"));
  EXPECT_EQ(at(server.address(), {"receive", "--as", "ann", "--secret-file", file}), kQuiet);
  EXPECT_EQ(outcome_of(follower),
            (Outcome{77, "bob: hi\n",
                     "tribar: the account was logged in to on another connection (replaced)\n"}));
}

TEST_F(Verbs1, TakeSecretsFromFilesAndTerminals) {
  RunningServer server;
  const std::string file = folder_.file("secret");
  EXPECT_EQ(at(server.address(), {"list", "--secret-file", file}),
            refused(66, file + ": No such file or directory"));
  write_file(file, "short\n");
  EXPECT_EQ(at(server.address(), {"create", "ann", "--secret-file", file}),
            refused(64, "the secret has 5 bytes: 8 to 512 are allowed"));

  Process create(test::command_line(words({"create", "ann"}, server.address())),
                 Process::Stdio::Terminal, environment());
  EXPECT_EQ(create.read_until(": "), "New secret of ann (empty for none): ");
  create.send("ann's secret\n");
  EXPECT_EQ(create.read_until(": "), "\nNew secret again: ");
  create.send("ann's secret\n");
  EXPECT_EQ(create.wait_for_exit(), 0);
  EXPECT_EQ(create.output().find("secret\n"), std::string::npos);

  EXPECT_EQ(at(server.address(), {"receive", "--as", "ann"}),
            refused(77,
                    "cannot log in as ann: the secret is wrong, or is needed and was not given "
                    "(bad-secret): --secret-file names a file that holds it"));
  write_file(file, "wrong secret\n");
  EXPECT_EQ(at(server.address(), {"receive", "--as", "ann", "--secret-file", file}),
            refused(77,
                    "cannot log in as ann: the secret is wrong, or is needed and was not given "
                    "(bad-secret)"));
  write_file(file, "ann's secret\n");
  EXPECT_EQ(run(words({"receive", "--as", "ann"}, server.address())).exit_code, 77);
  Words with_variable = environment();
  with_variable.push_back("TRIBAR_SECRET_FILE=" + file);
  EXPECT_EQ(run_script(words({"receive", "--as", "ann"}, server.address()), "", with_variable),
            kQuiet);

  Process two(test::command_line(words({"create", "bob"}, server.address())),
              Process::Stdio::Terminal, environment());
  two.read_until("none): ");
  two.send("one secret\n");
  two.read_until("again: ");
  two.send("another secret\n");
  EXPECT_EQ(two.wait_for_exit(), 64);
  // Ctrl-C, and the terminal is as it was.
  if (!test::kLosesSignals) {
    Process stopped(test::command_line(words({"delete", "ann"}, server.address())),
                    Process::Stdio::Terminal, environment());
    stopped.read_until("none): ");
    stopped.send("\x03");
    EXPECT_EQ(stopped.wait_for_exit(), 130);
  }
  // The message is asked for after the secret.
  Process send(test::command_line(words({"send", "ann", "--as", "ann"}, server.address())),
               Process::Stdio::Terminal, environment());
  send.read_until("none): ");
  send.send("ann's secret\n");
  send.read_until("ends it\n");
  send.send("a line\n\x04");
  EXPECT_EQ(send.wait_for_exit(), 0);
  EXPECT_EQ(run_script(words({"receive", "--as", "ann"}, server.address()), "", with_variable),
            printed("ann: a line\n"));
  EXPECT_EQ(run_script(words({"delete", "ann"}, server.address()), "", with_variable), kQuiet);
}

TEST_F(Verbs1, LogInForAListWhereThatIsNeeded) {
  RunningServer server(R"({"listen": [{"host": "127.0.0.1", "port": 0}], "secrets": "required"})");
  const std::string file = folder_.file("secret");
  write_file(file, "ann's secret\n");
  EXPECT_EQ(at(server.address(), {"create", "ann", "--secret-file", file}), kQuiet);
  EXPECT_EQ(at(server.address(), {"list"}),
            refused(77, "no list: attempting to list usernames before logging in (not-logged-in)"));
  EXPECT_EQ(at(server.address(), {"list", "--as", "ann", "--secret-file", file}), printed("ann\n"));
}

TEST_F(Verbs1, ReceiveMoreThanTheServerPushesAtOnce) {
  RunningServer server(
      R"({"listen": [{"host": "127.0.0.1", "port": 0}], "limits": {"outbox_bytes": 70000}})");
  EXPECT_EQ(at(server.address(), {"create", "ann"}), kQuiet);
  EXPECT_EQ(at(server.address(), {"create", "bob"}), kQuiet);
  const std::string text(30000, 'a');
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(at(server.address(), {"send", "bob", "--as", "ann"}, text + std::to_string(i)),
              kQuiet);
    expected += "ann: " + text + std::to_string(i) + "\n";
  }
  const Outcome outcome = at(server.address(), {"receive", "--as", "bob"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_TRUE(outcome.output == expected) << outcome.output.size() << " bytes";
  EXPECT_EQ(at(server.address(), {"receive", "--as", "bob"}), kQuiet);
}

}  // namespace
}  // namespace tribar
