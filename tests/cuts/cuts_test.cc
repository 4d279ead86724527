// SPDX-License-Identifier: MIT
//
// Protocol 1 loses, doubles and reorders nothing: pairs of clients send each other numbered
// messages, a proxy cuts their connections at random bytes, and the server is killed among that.
// The whole program, over real sockets. $TRIBAR_CUTS says how many cuts, $TRIBAR_CRASH_SEED which;
// the seed decides all but what the system's scheduler does. With $TRIBAR_SLOW_DISK, the library of
// slow_disk.cc, some lives of the server have a slow disk.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/rounds.h"
#include "cuts/client.h"
#include "cuts/proxy.h"
#include "secrets/vault.h"
#include "simulation/random.h"
#include "support/daemon.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kCutsToAKill = 40;
constexpr std::uint64_t kCutsToAKillWithSecrets = 10;
/// Between cuts and kills: bytes from the server, then perhaps time.
constexpr std::size_t kMostBytesToAKill = 30000;
constexpr std::size_t kMostMicrosecondsToAKill = 1000;
/// Without a message that is shown.
constexpr auto kPatience = std::chrono::seconds(120);
/// An account with a secret is taken over while the server still holds the old connection; another
/// one is in use until then.
constexpr microseconds kMostSilence{8000};
constexpr microseconds kMostSilenceWithSecret{150000};

/// How many lives of the server have a slow disk. A kill takes back nothing that was written, so
/// only such a life shows what the server tells before it is stored.
constexpr unsigned kSlowPercent = 35;

DaemonSettings settings(bool has_slow_disk) {
  DaemonSettings settings{
      // So small that senders meet it.
      .limits = R"({"undelivered_messages": 60, "outbox_bytes": 16384})",
      .sync = "normal",
  };
  const char* slow_disk = std::getenv("TRIBAR_SLOW_DISK");
  if (has_slow_disk && slow_disk != nullptr) {
    settings.environment.push_back(fmt::format("LD_PRELOAD={}", slow_disk));
  }
  return settings;
}

/// A client with its proxy.
struct End {
  std::unique_ptr<Proxy> proxy;
  std::unique_ptr<Client> client;
};

class World {
 public:
  /// Two clients; `with_secrets`: of accounts that have some, so that each login takes long.
  World(std::uint64_t seed, bool with_secrets)
      : random_(seed), cuts_to_a_kill_(with_secrets ? kCutsToAKillWithSecrets : kCutsToAKill) {
    daemon_.emplace(folder_.path(), settings(false));
    add("ann", "bob", with_secrets, &there_, &back_);
    add("bob", "ann", with_secrets, &back_, &there_);
  }

  /// Throws BrokenPromise.
  void run(std::uint64_t cuts);
  [[nodiscard]] std::string story() const;
  void print_counts() const;

 private:
  void add(const std::string& name, const std::string& peer, bool with_secret, Way* out, Way* in) {
    auto proxy = std::make_unique<Proxy>(random_.next(),
                                         with_secret ? kMostSilenceWithSecret : kMostSilence);
    const std::string secret = with_secret ? "the secret of " + name : "";
    auto client = std::make_unique<Client>(
        Client::Setup{name, peer, secret, random_.next(), proxy->port(), out, in});
    ends_.push_back({std::move(proxy), std::move(client)});
  }

  /// Until `is_done`, which is asked after each turn.
  template <typename Condition>
  void go_on_until(const Condition& is_done);
  void turn();
  /// Kills the server if it is time.
  void kill_in_time();
  void kill();
  template <typename Condition>
  [[nodiscard]] bool all(const Condition& condition) const {
    return std::all_of(ends_.begin(), ends_.end(),
                       [&](const End& end) { return condition(*end.client); });
  }
  template <typename Number>
  [[nodiscard]] std::uint64_t sum(const Number& number) const {
    std::uint64_t sum = 0;
    for (const End& end : ends_) {
      sum += number(end);
    }
    return sum;
  }
  [[nodiscard]] std::uint64_t cuts() const {
    return sum([](const End& end) { return end.proxy->counts().all; });
  }
  [[nodiscard]] std::uint64_t told_bytes() const {
    return sum([](const End& end) { return end.proxy->counts().told_bytes; });
  }
  [[nodiscard]] std::uint64_t shown() const {
    return sum([](const End& end) { return end.client->shown_messages(); });
  }

  TemporaryFolder folder_{TemporaryFolder::On::Memory};
  simulation::Random random_;
  std::uint64_t cuts_to_a_kill_;
  std::optional<Daemon> daemon_;
  Way there_;
  Way back_;
  std::vector<End> ends_;
  Poller poller_;
  std::uint64_t kills_ = 0;
  bool is_killing_ = false;
  std::optional<std::uint64_t> kill_at_bytes_;
  std::optional<Clock::time_point> kill_at_;
};

void World::turn() {
  for (End& end : ends_) {
    end.proxy->watch(poller_);
    end.client->watch(poller_);
  }
  if (kill_at_) {
    poller_.wake_at(*kill_at_);
  }
  poller_.wait();
  for (End& end : ends_) {
    end.proxy->step(daemon_->port());
    // At once, so that what the server has just told is not stored yet if it told that too early.
    kill_in_time();
    end.client->step();
  }
}

void World::kill_in_time() {
  if (kill_at_) {
    if (Clock::now() >= *kill_at_) {
      kill_at_.reset();
      kill();
    }
  } else if (kill_at_bytes_) {
    if (told_bytes() >= *kill_at_bytes_) {
      kill_at_bytes_.reset();
      kill_at_ = Clock::now();
      if (random_.chance(40)) {
        *kill_at_ += microseconds(random_.below(kMostMicrosecondsToAKill));
      } else {
        kill_in_time();
      }
    }
  } else if (is_killing_ && cuts() >= (kills_ + 1) * cuts_to_a_kill_) {
    kill_at_bytes_ = told_bytes() + 1 + random_.below(kMostBytesToAKill);
  }
}

void World::kill() {
  daemon_->kill();
  kills_ += 1;
  for (End& end : ends_) {
    end.client->note_kill();
  }
  daemon_.emplace(folder_.path(), settings(random_.chance(kSlowPercent)));
}

template <typename Condition>
void World::go_on_until(const Condition& is_done) {
  std::uint64_t shown_before = shown();
  Clock::time_point moved_at = Clock::now();
  while (!is_done()) {
    turn();
    if (shown() != shown_before) {
      shown_before = shown();
      moved_at = Clock::now();
    } else if (Clock::now() - moved_at > kPatience) {
      throw BrokenPromise("nothing moves any more");
    }
  }
}

void World::run(std::uint64_t cuts_wanted) {
  const auto is_logged_in = [](const Client& client) { return client.is_logged_in(); };
  go_on_until([&] { return all(is_logged_in); });
  for (End& end : ends_) {
    end.proxy->set_cutting(true);
    end.client->set_talking(true);
    end.client->restart();
  }
  is_killing_ = true;
  go_on_until([&] { return cuts() >= cuts_wanted; });

  is_killing_ = false;
  kill_at_bytes_.reset();
  kill_at_.reset();
  for (End& end : ends_) {
    end.proxy->set_cutting(false);
    end.client->set_talking(false);
  }
  go_on_until([&] {
    const std::uint64_t thought = sum([](const End& end) { return end.client->sent_messages(); });
    return all([](const Client& client) { return client.is_settled(); }) && shown() == thought;
  });
  // A server that stops waits for its clients to hang up.
  for (End& end : ends_) {
    end.client->restart();
    end.proxy->step(daemon_->port());
  }
  daemon_->stop();
  daemon_.emplace(folder_.path(), settings(false));
  go_on_until([&] { return all(is_logged_in); });
  for (const End& end : ends_) {
    EXPECT_EQ(end.client->waiting_at_login(), 0U);
    EXPECT_TRUE(end.client->is_highest_known());
  }
}

std::string World::story() const {
  std::string story = fmt::format("after {} cuts, {} kills\n", cuts(), kills_);
  for (const End& end : ends_) {
    story += end.client->story();
  }
  return story;
}

void World::print_counts() const {
  fmt::print("{} cuts, {} kills, {} messages: 0 lost, 0 doubled, 0 out of order\n", cuts(), kills_,
             shown());
  for (const End& end : ends_) {
    const Client::Counts& client = end.client->counts();
    const Proxy::Counts& proxy = end.proxy->counts();
    fmt::print(
        "  {} cuts ({}), {} overdue; {} connections, {} shown; SENDs: {} refused, {} behind them, "
        "{} repeated, {} known at login; {} dropped, {} in use, {} replaced, {} throttled\n",
        proxy.all, fmt::join(proxy.cuts, " "), proxy.overdue, client.connections,
        end.client->shown_messages(), client.refused, client.doomed, client.repeated,
        client.known_at_login, client.dropped, client.in_use, client.replaced, client.throttled);
  }
}

void lose_nothing(std::uint64_t cuts, bool with_secrets) {
  const std::uint64_t seed = number_from("TRIBAR_CRASH_SEED", 1);
  World world(seed, with_secrets);
  try {
    world.run(cuts);
    world.print_counts();
  } catch (const std::exception& error) {
    FAIL() << "seed " << seed << ": " << error.what() << "\n" << world.story();
  }
}

std::uint64_t cuts_in_all() { return number_from("TRIBAR_CUTS", 2000 / kSlowness); }
std::uint64_t cuts_with_secrets() { return cuts_in_all() / 40; }

// Their accounts are in use until the server learns that the connection is gone.
TEST(Cuts, LoseDoubleAndReorderNothingByName) {
  lose_nothing(cuts_in_all() - cuts_with_secrets(), false);
}

// They take their account over from the connection that was cut.
TEST(Cuts, LoseDoubleAndReorderNothingWithSecrets) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "built without secrets";
  }
  lose_nothing(cuts_with_secrets(), true);
}

}  // namespace
}  // namespace tribar::test
