// SPDX-License-Identifier: MIT
//
// tribard shows no secret: neither in its log, nor in what it tells clients, nor in a core dump.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/vault.h"
#include "support/running_server.h"
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
