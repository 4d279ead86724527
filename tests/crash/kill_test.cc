// SPDX-License-Identifier: MIT
//
// kill -9 at any moment, under load: what the server confirmed is there after the next start, in
// order, and at most what was under way comes twice. The whole program, over real sockets.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crash/rounds.h"
#include "support/daemon.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Senders, each with a reader of its own; every second reader is away while messages are sent.
constexpr std::size_t kPairs = 6;
/// Messages that a sender has under way.
constexpr std::size_t kWindow = 64;
constexpr int kLeastMs = 20;
constexpr int kMostMs = 160;

/// What one sender and its reader know for sure, over all lives.
struct Pair {
  std::string sender;
  std::string reader;
  std::uint64_t sent = 0;
  std::uint64_t confirmed = 0;           // messages 1..confirmed were echoed since `from`
  std::uint64_t from = 0;                // messages up to this are done with
  std::vector<std::uint64_t> live;       // received before the end, in order
  std::vector<std::uint64_t> delivered;  // asked for after it
};

std::uint64_t number_in(const WireFrame& frame) {
  return std::stoull(frame.data.substr(frame.data.rfind('|') + 1));
}

/// One end of a pair while the server lives.
struct End {
  Pair* pair = nullptr;
  bool is_sender = false;
  TestPeer peer;
  bool is_gone = false;
};

class Kill : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < kPairs; ++i) {
      pairs_.push_back({fmt::format("sender{}", i), fmt::format("reader{}", i), 0, 0, 0, {}, {}});
    }
    Daemon daemon(folder_.path());
    for (const Pair& pair : pairs_) {
      created(daemon.port(), pair.sender).close();
      created(daemon.port(), pair.reader).close();
    }
    daemon.kill();
  }

  /// A life under load, ended at some moment.
  void live_and_die(std::uint64_t round);
  /// What the next life shows.
  void check(std::uint64_t round);

  TemporaryFolder folder_;
  std::vector<Pair> pairs_;
  std::mt19937_64 random_{number_from("TRIBAR_CRASH_SEED", 1)};
  std::uint64_t doubled_ = 0;
  std::uint64_t confirmed_ = 0;
  std::string newest_;   // an account whose creation was confirmed
  std::string deleted_;  // and one whose deletion was
};

void Kill::live_and_die(std::uint64_t round) {
  Daemon daemon(folder_.path());
  std::deque<End> ends;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    ends.push_back({&pairs_[i], true, logged_in(daemon.port(), pairs_[i].sender)});
    if (i % 2 == 0) {
      ends.push_back({&pairs_[i], false, logged_in(daemon.port(), pairs_[i].reader)});
    }
  }
  deleted_ = newest_;
  if (!deleted_.empty()) {
    TestPeer leaver = logged_in(daemon.port(), deleted_);
    leaver.send(Delete{});
    leaver.send(List{deleted_});
    leaver.expect(names({}));
  }
  newest_ = fmt::format("new{}", round);
  TestPeer newcomer = created(daemon.port(), newest_);

  const auto end_at =
      Clock::now() + milliseconds(kLeastMs + static_cast<int>(random_() % (kMostMs - kLeastMs)));
  bool is_alive = true;
  std::size_t left = ends.size();
  while (left > 0) {
    if (is_alive && Clock::now() >= end_at) {
      daemon.kill();
      is_alive = false;
    }
    std::vector<pollfd> polled;
    for (End& end : ends) {
      if (!end.is_gone && is_alive && end.is_sender) {
        std::string bytes;
        while (end.pair->sent - end.pair->confirmed < kWindow) {
          bytes += send_bytes(end.pair->sender, end.pair->reader, std::to_string(++end.pair->sent));
        }
        if (!bytes.empty()) {
          end.peer.send_raw(bytes);
        }
      }
      polled.push_back({end.is_gone ? -1 : end.peer.fd(), POLLIN, 0});
    }
    const auto patience = std::chrono::duration_cast<milliseconds>(end_at - Clock::now()).count();
    poll(polled.data(), polled.size(), is_alive ? std::max(0, static_cast<int>(patience)) : -1);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (polled[i].revents == 0) {
        continue;
      }
      End& end = ends[i];
      std::vector<WireFrame> frames;
      end.is_gone = !end.peer.receive_some(frames);
      left -= end.is_gone ? 1 : 0;
      for (const WireFrame& frame : frames) {
        ASSERT_EQ(frame.code, 2) << frame.data;
        const std::uint64_t number = number_in(frame);
        if (end.is_sender) {
          ASSERT_EQ(number, end.pair->confirmed + 1) << "echoes come in order";
          end.pair->confirmed = number;
        } else {
          end.pair->live.push_back(number);
        }
      }
    }
  }
  if (is_alive) {
    daemon.kill();
    FAIL() << "the server closed every connection";
  }
}

void Kill::check(std::uint64_t round) {
  Daemon daemon(folder_.path());
  for (Pair& pair : pairs_) {
    TestPeer reader = logged_in(daemon.port(), pair.reader);
    reader.send(Deliver{});
    reader.send(List{"no body"});
    for (WireFrame frame = reader.receive(); frame.code == 2; frame = reader.receive()) {
      pair.delivered.push_back(number_in(frame));
    }
    const auto is_ascending = [](const std::vector<std::uint64_t>& numbers) {
      return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
             numbers.end();
    };
    ASSERT_TRUE(is_ascending(pair.live)) << pair.sender;
    ASSERT_TRUE(is_ascending(pair.delivered)) << pair.sender;
    std::set<std::uint64_t> got(pair.live.begin(), pair.live.end());
    // What comes twice is all from some message on: whose handing over was not stored yet.
    const auto twice = std::find_if(pair.live.begin(), pair.live.end(), [&](std::uint64_t number) {
      return !pair.delivered.empty() && number >= pair.delivered.front();
    });
    ASSERT_TRUE(std::includes(pair.delivered.begin(), pair.delivered.end(), twice, pair.live.end()))
        << pair.sender;
    for (const std::uint64_t number : pair.delivered) {
      ASSERT_GT(number, pair.from) << pair.sender << ": delivered in an earlier life";
      ASSERT_LE(number, pair.sent) << pair.sender << ": invented";
      doubled_ += got.insert(number).second ? 0 : 1;
    }
    for (std::uint64_t number = pair.from + 1; number <= pair.confirmed; ++number) {
      ASSERT_TRUE(got.contains(number))
          << "round " << round << ": " << pair.sender << "'s message " << number << " of "
          << pair.confirmed << " confirmed ones is lost";
    }
    // No hole: what came behind a message of the same sender came with it.
    ASSERT_EQ(got.size(), got.empty() ? 0 : *got.rbegin() - pair.from) << pair.sender;
    confirmed_ += pair.confirmed - pair.from;
    pair.live.clear();
    pair.delivered.clear();
    pair.from = pair.confirmed = pair.sent;
  }
  TestPeer asker(daemon.port());
  asker.send(List{newest_});
  asker.expect(names({newest_}));
  if (!deleted_.empty()) {
    asker.send(List{deleted_});
    asker.expect(names({}));
  }
  // So that nothing of what came now comes again.
  daemon.stop();
}

TEST_F(Kill, LosesNothingThatWasConfirmed) {
  const std::uint64_t rounds = number_from("TRIBAR_KILL_ROUNDS", 100 / kSlowness);
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    live_and_die(round);
    if (!HasFatalFailure()) {
      check(round);
    }
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
  fmt::print("{} rounds, {} messages confirmed, 0 lost, {} came twice\n", rounds, confirmed_,
             doubled_);
}

}  // namespace
}  // namespace tribar::test
