// SPDX-License-Identifier: MIT
//
// SessionLog: a line for whoever logs in, and one for why the session ends, with the connections
// and the registry that make them.
#include "loop/session_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "support/switchboard_rig.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar {
namespace {

using test::bytes_of;
using test::Peer;
using test::Rig;
using Lines = std::vector<std::string>;

/// Connections whose log is a file.
class SessionLines : public testing::Test {
 protected:
  SessionLines() {
    log::configure(log::Level::Info, log::Format::Text);
    auto opened = log::open(path_);
    EXPECT_TRUE(opened);
    log::write_to(std::move(opened.value()));
  }
  ~SessionLines() override { log::write_to(nullptr); }

  /// Lines since the last call, without their times.
  Lines lines() {
    Lines all;
    std::istringstream from(test::read_file(path_).substr(seen_));
    for (std::string line; std::getline(from, line);) {
      seen_ += line.size() + 1;
      all.push_back(line.substr(line.find(' ') + 1));
    }
    return all;
  }
  /// The one line since the last call, which begins with "info  sessions: ".
  std::string line() {
    const Lines found = lines();
    EXPECT_EQ(found.size(), 1U);
    constexpr std::string_view kBegin = "info  sessions: ";
    return found.size() == 1 && found[0].starts_with(kBegin) ? found[0].substr(kBegin.size()) : "?";
  }

  SwitchboardLimits limits_ = [] {
    SwitchboardLimits limits;
    limits.stalled_ms = 1000;
    return limits;
  }();
  test::TemporaryFolder folder_;
  std::string path_ = folder_.file("log");
  std::size_t seen_ = 0;
  SessionLog log_;
  Rig rig_{limits_, {}, &log_};
};

TEST_F(SessionLines, SayWhoCameFromWhereAndThatTheClientClosed) {
  Peer ann = rig_.created("ann");
  EXPECT_EQ(line(), "ann logged in from a test, protocol 0");
  rig_.board.end(*ann.connection, false);
  rig_.turn();
  EXPECT_EQ(line(), "ann left: closed-by-client");
  Peer again = rig_.connect();
  rig_.send(again, bytes_of(Login{"ann"}));
  rig_.turn();
  EXPECT_EQ(line(), "ann logged in from a test, protocol 0");
  rig_.board.end(*again.connection, true);
  EXPECT_EQ(line(), "ann left: connection-broken");
  rig_.turn();
  EXPECT_EQ(lines(), Lines{});
}

TEST_F(SessionLines, SayNothingOfWhoeverDoesNotLogIn) {
  Peer ann = rig_.created("ann");
  EXPECT_EQ(lines().size(), 1U);
  Peer other = rig_.connect();
  rig_.send(other, bytes_of(Login{"ann"}) + bytes_of(Login{"nobody"}));
  rig_.turn();
  rig_.board.end(*other.connection, false);
  rig_.turn();
  EXPECT_EQ(lines(), Lines{});
}

TEST_F(SessionLines, SayWhyASessionEnds) {
  Peer ann = rig_.created("ann");
  rig_.send(ann, bytes_of(Delete{}));
  rig_.turn();
  EXPECT_EQ(lines().back(), "info  sessions: ann left: account-deleted");
  rig_.send(ann, bytes_of(Create{"anna"}));
  rig_.turn();
  EXPECT_EQ(line(), "anna logged in from a test, protocol 0");
  rig_.send(ann, "x");  // no version
  rig_.turn();
  EXPECT_EQ(line(), "anna left: bad-version");

  Peer bob = rig_.created("bob", {1});
  EXPECT_EQ(lines().size(), 1U);
  auto batch = std::make_unique<Batch>();
  batch->inputs.push_back({bob.connection->id, 0, Dismiss{{RefusalCode::Replaced}}});
  rig_.apply(std::move(batch));
  EXPECT_EQ(line(), "bob left: replaced");

  Peer cat = rig_.created("cat", {2});
  EXPECT_EQ(lines().size(), 1U);
  batch = std::make_unique<Batch>();
  batch->output.effects.push_back({cat.connection->id, 0, 0, Close{}});
  rig_.board.deliver_replies(*batch);
  EXPECT_EQ(line(), "cat left: storage-unavailable");

  Peer dan = rig_.created("dan", {3});
  EXPECT_EQ(lines().size(), 1U);
  dan.stream->room = 0;
  rig_.send(dan, bytes_of(List{"*"}));
  rig_.turn();
  rig_.board.tick(1000);
  rig_.board.tick(1000);
  EXPECT_TRUE(dan.stream->is_closed);
  EXPECT_EQ(line(), "dan left: stalled");

  Peer eve = rig_.created("eve", {4});
  EXPECT_EQ(lines().size(), 1U);
  rig_.board.send_final_word({{RefusalCode::TakenOver}});
  EXPECT_EQ(line(), "eve left: taken-over");

  Peer fay = rig_.created("fay", {5});
  EXPECT_EQ(lines().size(), 1U);
  rig_.board.drop_all();
  EXPECT_EQ(line(), "fay left: shutting-down");
}

TEST_F(SessionLines, AreAFewOfAnAddressAndThenCounted) {
  const PeerNetwork network{std::uint64_t{0xffffffff} << 32 | 0xc0000201};
  for (int i = 0; i < 20; ++i) {
    Peer peer = rig_.created("u" + std::to_string(i), network);
    if (i % 2 == 0) {
      rig_.board.end(*peer.connection, true);
      rig_.turn();
    }
  }
  EXPECT_EQ(lines().size(), SessionLog::kLinesOfAddress);
  rig_.created("ann", {7});
  EXPECT_EQ(line(), "ann logged in from a test, protocol 0");
  EXPECT_TRUE(log_.is_counting());
  log_.tick(SessionLog::kTickMs - 1);
  EXPECT_EQ(lines(), Lines{});
  log_.tick(1);
  EXPECT_EQ(line(), "17 more logged in and 8 more left, from 192.0.2.1 within 10000 ms");
  EXPECT_FALSE(log_.is_counting());
}

TEST_F(SessionLines, AreBoundedWhenThousandsLeaveAtOnce) {
  constexpr std::size_t kPeers = 3000;
  for (std::size_t i = 0; i < kPeers; ++i) {
    rig_.created("u" + std::to_string(i), {i + 1});
  }
  log_.flush();
  EXPECT_EQ(lines().size(), SessionLog::kLines);
  rig_.board.send_final_word({});
  log_.flush();
  const Lines found = lines();
  EXPECT_EQ(found.size(), SessionLog::kLines);
  EXPECT_EQ(found.back(),
            fmt::format("info  sessions: 0 more logged in and {} more left, from other addresses "
                        "until the server stopped",
                        kPeers - SessionLog::kLines + 1));
}

TEST_F(SessionLines, HaveKeysOfTheirOwnInJson) {
  log::configure(log::Level::Info, log::Format::Json);
  Peer ann = rig_.created("ann");
  rig_.board.end(*ann.connection, true);
  for (std::size_t i = 0; i < SessionLog::kLinesOfAddress; ++i) {
    rig_.created("u" + std::to_string(i));
  }
  log_.flush();
  const std::string text = test::read_file(path_);
  EXPECT_NE(
      text.find(R"("subject":"sessions","text":"ann logged in from a test, protocol 0",)"
                R"("event":"login","name":"ann","address":"a test","protocol":0,"tls":false})"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("text":"ann left: connection-broken","event":"left","name":"ann",)"
                      R"("reason":"connection-broken"})"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("event":"omitted","address":"Unix sockets","logins":2,"left":0,"ms":0})"),
            std::string::npos)
      << text;
}

// Nothing is counted either, and nothing is remembered.
TEST_F(SessionLines, AreNoneBelowTheirLevel) {
  log::set_level(log::Level::Warn);
  Peer ann = rig_.created("ann");
  EXPECT_FALSE(ann.connection->login);
  EXPECT_FALSE(log_.is_counting());
  log::set_level(log::Level::Info);
  rig_.board.end(*ann.connection, true);
  EXPECT_EQ(lines(), Lines{});
}

}  // namespace
}  // namespace tribar
