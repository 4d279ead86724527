// SPDX-License-Identifier: MIT
//
// tribard shows no secret: neither in its log, nor in what it tells clients, nor in a core dump.
// Its log shows no text of a message either.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/vault.h"
#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

constexpr std::string_view kMark = "mark";  // in all secrets, and in nothing else
constexpr std::string_view kSecret = "first-mark-secret";
constexpr std::string_view kNewSecret = "second-mark-secret";

/// Sends `bytes` on a new connection, and returns all that the server says until it has answered a
/// PING, or closed.
std::string answers_to(std::uint16_t port, const std::string& bytes) {
  TestPeer peer(port, TestPeer::Options{.version = kVersion1});
  peer.send_raw(bytes + bytes1_of(Ping{"end"}));
  peer.half_close();
  std::string answers;
  for (const WireFrame& frame : peer.receive_rest()) {
    answers += frame.data + '\n';
  }
  return answers;
}

std::string raw(FrameCode code, std::string_view data) {
  return bytes_of(WireFrame{static_cast<std::uint8_t>(code), std::string(data)}, kVersion1);
}

/// Every command with a secret, right and wrong, well-formed and not.
std::vector<std::string> commands_with_secrets() {
  const std::string create = bytes1_of(Create{"ann", "c", kSecret});
  const std::string login = bytes1_of(Login{"ann", "c", kSecret});
  return {
      create,
      create,  // the name is taken
      login,
      bytes1_of(Login{"ann", "c", "wrong-mark"}),
      bytes1_of(Login{"nobody", "c", kSecret}),
      bytes1_of(SetSecret{kSecret, kNewSecret}),
      login + bytes1_of(SetSecret{"wrong-mark", kNewSecret}),
      login + bytes1_of(SetSecret{kSecret, "mark"}),
      login + bytes1_of(Delete{"wrong-mark"}),
      login + bytes1_of(SetSecret{kSecret, kNewSecret}) + bytes1_of(Delete{kSecret}),
      bytes1_of(Create{"bob", "c", "mark"}),
      bytes1_of(Create{"bob", "c", "mark|||mark"}),
      bytes1_of(Create{"bob", "c", "mark-\x01"}),
      bytes1_of(Create{"bob", "c", "mark-\xff"}),
      bytes1_of(Create{"bob", "a client", kSecret}),
      raw(FrameCode::Create, "mark-alone"),
      raw(FrameCode::Secret, "mark-alone"),
      raw(FrameCode::Login, std::string("ann|||c|||mark") + std::string(2000, 'x')),
      create.substr(0, create.size() - 3),
  };
}

TEST(Secrets, AreShownNowhere) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  RunningServer server(R"("log": {"level": "debug"})");
  for (const std::string& commands : commands_with_secrets()) {
    const std::string answers = answers_to(server.port(), commands);
    EXPECT_EQ(answers.find(kMark), std::string::npos) << answers;
  }
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 0);
  const std::string& log = server.process().error();
  EXPECT_NE(log.find("ann"), std::string::npos) << "the log says who was created";
  EXPECT_EQ(log.find(kMark), std::string::npos) << log;
  EXPECT_EQ(log.find("$argon2"), std::string::npos) << log;
}

/// Runs `tribarctl` with `arguments`, and `input` as its standard input. Returns its exit code.
int control(const std::string& socket, std::vector<std::string> arguments,
            const std::string& input) {
  arguments.insert(arguments.begin(), program("TRIBARCTL", "tribarctl"));
  Process tribarctl(arguments, Process::Stdio::Pipes, {"TRIBAR_CONTROL=" + socket});
  tribarctl.send(input);
  tribarctl.end_input();
  return tribarctl.wait_for_exit();
}

/// A server that logs all it can, in one of the log's formats.
class LogAtDebug : public testing::TestWithParam<std::string> {
 protected:
  /// Stops the server, and expects nothing in its log that should not be there.
  void expect_no_mark() {
    server_.process().signal(SIGTERM);
    EXPECT_EQ(server_.process().wait_for_exit(), 0);
    const std::string& log = server_.process().error();
    EXPECT_NE(log.find("ann"), std::string::npos) << "the log says who was created";
    EXPECT_NE(log.find("ann left: "), std::string::npos) << log;
    EXPECT_EQ(log.find(kMark), std::string::npos) << log;
    EXPECT_EQ(log.find("$argon2"), std::string::npos) << log;
  }

  TemporaryFolder folder_;
  std::string socket_ = folder_.file("control");
  RunningServer server_{R"("log": {"level": "debug", "format": ")" + GetParam() +
                        R"("}, "control": {"socket": ")" + socket_ + "\"}"};
};
INSTANTIATE_TEST_SUITE_P(Log, LogAtDebug, testing::Values("text", "json"),
                         [](const auto& name) { return name.param; });

TEST_P(LogAtDebug, HoldsNoTextOfAMessage) {
  constexpr std::string_view kText = "a text with a mark";
  created(server_.port(), "bob").close();
  TestPeer ann = created(server_.port(), "ann");
  std::string sent;
  for (const std::string_view to : {"ann", "bob", "nobody"}) {
    sent += send_bytes("ann", to, kText) + send_bytes("bob", to, kText);  // bob is not this one
  }
  for (const std::string_view data : {"mark text", "ann|||bob|||mark", "ann|||ann|||mark-\x01",
                                      "ann|||ann|||mark-\xff", "mark|||mark|||mark|||mark"}) {
    for (std::uint8_t code = 0; code < 10; ++code) {
      sent += bytes_of(WireFrame{code, std::string(data)});
    }
  }
  ann.send_raw(sent + std::string(100, 'm'));  // in the end bytes that are no frame
  ann.half_close();
  static_cast<void>(ann.receive_rest());

  std::string sent1 = bytes1_of(Create{"cat", "c"});
  std::uint64_t n = 0;
  for (const std::string_view to : {"cat", "bob", "nobody", "mark"}) {
    for (const std::string_view text :
         {kText, std::string_view("mark-\xc3\xa9"), std::string_view("mark-\x01"),
          std::string_view("mark-\xff")}) {
      sent1 += bytes1_of(SendNumbered{++n, to, text});
    }
  }
  for (std::uint8_t code = 0; code < 32; ++code) {
    sent1 += raw(static_cast<FrameCode>(code), "mark|||mark|||mark");
  }
  static_cast<void>(answers_to(server_.port(), sent1 + bytes1_of(Ping{"mark"})));

  TestPeer bob = logged_in(server_.port(), "bob");
  bob.send(Deliver{});
  EXPECT_EQ(bob.receive(), message("ann", "bob", kText));
  bob.close();
  expect_no_mark();
}

TEST_P(LogAtDebug, HoldsNoSecretThatAnOperatorSets) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  created(server_.port(), "ann").close();
  EXPECT_EQ(control(socket_, {"user", "set-secret", "ann"}, std::string(kSecret) + "\n"), 0);
  EXPECT_EQ(control(socket_, {"user", "add", "bob"}, std::string(kSecret) + "\n"), 0);
  EXPECT_EQ(control(socket_, {"user", "set-secret", "nobody"}, std::string(kSecret) + "\n"), 1);
  EXPECT_EQ(control(socket_, {"user", "set-secret", "ann"}, "mark\n"), 1) << "it is too short";
  EXPECT_EQ(control(socket_, {"user", "set-secret", "ann"}, "mark-\xff\n"), 1);
  static_cast<void>(answers_to(server_.port(), bytes1_of(Login{"ann", "c", kSecret}) +
                                                   bytes1_of(SetSecret{kSecret, kNewSecret})));
  expect_no_mark();
}

#ifdef __linux__
TEST(Secrets, AreInNoCoreDump) {
  RunningServer server;
  std::ifstream limits("/proc/" + std::to_string(server.process().pid()) + "/limits");
  std::string line;
  while (std::getline(limits, line) && !line.starts_with("Max core file size")) {
  }
  const std::string sizes = line.substr(std::string("Max core file size").size());
  EXPECT_EQ(sizes.find_first_not_of(" 0bytes"), std::string::npos) << line;
  EXPECT_NE(sizes.find('0'), std::string::npos) << line;
}
#endif

}  // namespace
}  // namespace tribar::test
