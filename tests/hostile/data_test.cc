// SPDX-License-Identifier: MIT
//
// Names and texts are data: the log never shows a text, nor a byte that is not printable, whatever
// peers send and whatever the format.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "hostile/attack.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// In every text, so that it is found wherever one is shown.
constexpr std::string_view kSecret = "only-for-bob";

const std::array<std::string, 9> kHostile{"%s%n%s%p",
                                          "{} {0:99999} {nobody}",
                                          "\x1b]0;owned\x07\x1b[2J",
                                          "../../etc/passwd",
                                          R"({"level":"error"}\u0000", "x":")",
                                          "<script>alert(1)</script>",
                                          "$(reboot) `reboot`",
                                          "\r\n2026-01-01 error server: fake",
                                          std::string("\0\x80\xff\x7f", 4)};

class Data : public testing::TestWithParam<std::string_view> {};

INSTANTIATE_TEST_SUITE_P(, Data, testing::Values("text", "json"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(Data, OfPeersIsNeverInTheLog) {
  const std::string settings =
      fmt::format(R"("log": {{"level": "debug", "format": "{}"}})", GetParam());
  Target target(settings, Engine::Sqlite);
  TestPeer ann = created(target.port(), "ann");
  TestPeer bob = created(target.port(), "bob");
  for (const std::string& hostile : kHostile) {
    const std::string text = std::string(kSecret) + hostile;
    // As a text, a name of a recipient, a sender and an account, a pattern, and a frame's data.
    ann.send_raw(send_bytes("ann", "bob", text) + send_bytes("ann", text, text) +
                 send_bytes(text, "bob", text) + bytes_of(Create{text}) + bytes_of(Login{text}) +
                 bytes_of(List{text}) + bytes_of(WireFrame{6, text}) +
                 bytes_of(WireFrame{99, text}));
    static_cast<void>(ann.receive(8));
    TestPeer stranger(target.port());
    stranger.send_raw(text);
    stranger.wait_for_end();
    TestPeer other(target.port());
    other.send_raw(bytes_of(Create{text}) + text);
    other.reset();
  }
  ann.expect_nothing_before_an_answer();
  bob.reset();
  ann.reset();
  TestPeer last = logged_in(target.port(), "ann");
  last.expect_nothing_before_an_answer();
  const std::string& log = target.log();
  EXPECT_EQ(log.find(kSecret), std::string::npos);
  EXPECT_TRUE(std::all_of(log.begin(), log.end(), [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n';
  })) << log;
  EXPECT_NE(log.find("closed"), std::string::npos) << "there is a log of level debug";
}

}  // namespace
}  // namespace tribar::test
