// SPDX-License-Identifier: MIT
//
// Vault: the answer to each task, the order of tasks, how many wait, what it takes, how it ends.
#include "secrets/vault.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/memory.h"
#include "support/threads.h"

namespace tribar {
namespace {

using Clock = std::chrono::steady_clock;
using Results = std::vector<SecretResult>;
constexpr auto kDeadline = std::chrono::seconds(60);
constexpr HashCost kCheap{1, 8192};
constexpr HashCost kDearer{2, 16384};

ConnectionId connection(std::size_t n) { return ConnectionId::make(n, 1); }

SecretTask task(std::size_t n, std::string_view secret, std::string hash,
                std::string_view new_secret = {}) {
  return {connection(n), SecretBytes(secret), std::move(hash), SecretBytes(new_secret)};
}

/// Whether `is_so` becomes true before the deadline.
bool becomes(const std::function<bool()>& is_so) {
  for (const auto until = Clock::now() + kDeadline; Clock::now() < until;) {
    if (is_so()) {
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

/// Where the threads of a vault put their results, and can be held up.
class Collector {
 public:
  void add(SecretResult result) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !is_held_; });
    results_.push_back(std::move(result));
    changed_.notify_all();
  }
  /// Holds up whoever adds a result, or lets it go on.
  void hold(bool is_held) {
    const std::lock_guard lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  /// What there is once it is `count`, or at the deadline. Calls `meanwhile` each millisecond.
  Results wait_for(
      std::size_t count, const std::function<void()>& meanwhile = [] {}) {
    std::unique_lock lock(mutex_);
    for (const auto until = Clock::now() + kDeadline;
         results_.size() < count && Clock::now() < until;) {
      changed_.wait_for(lock, std::chrono::milliseconds(1));
      meanwhile();
    }
    return results_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Results results_;
  bool is_held_ = false;
};

/// A vault whose tests are over soon.
struct Fixture {
  explicit Fixture(std::size_t threads = 1, std::size_t most_waiting = 1000, HashCost cost = kCheap)
      : vault({threads, most_waiting, cost},
              [this](SecretResult result) { collector.add(std::move(result)); }) {}

  /// The result of one task, while there is no other.
  SecretResult result_of(SecretTask task) {
    EXPECT_TRUE(vault.submit(std::move(task)));
    const Results results = collector.wait_for(++answered);
    EXPECT_EQ(results.size(), answered);
    return results.size() == answered ? results.back() : SecretResult();
  }

  Collector collector;
  std::size_t answered = 0;
  Vault vault;  // ends before what it calls
};

std::string hash_of(std::string_view secret, HashCost cost = kCheap) {
  begin_hashing();
  auto hash = hash_secret(secret, cost);
  EXPECT_TRUE(hash);
  return hash ? hash.value() : std::string();
}

TEST(Vault, CanBe) { EXPECT_TRUE(can_hash_secrets()); }

TEST(Vault, TellsRightFromWrong) {
  Fixture f;
  const std::string hash = hash_of("correct horse");
  EXPECT_EQ(f.result_of(task(1, "correct horse", hash)),
            (SecretResult{connection(1), Verdict::Right, ""}));
  EXPECT_EQ(f.result_of(task(2, "correct house", hash)),
            (SecretResult{connection(2), Verdict::Wrong, ""}));
  EXPECT_EQ(f.result_of(task(3, "", hash)), (SecretResult{connection(3), Verdict::Wrong, ""}));
}

TEST(Vault, HashesANewSecret) {
  Fixture f;
  const SecretResult made = f.result_of(task(1, "", "", "correct horse"));
  EXPECT_EQ(made.verdict, Verdict::Right);
  EXPECT_EQ(f.result_of(task(2, "correct horse", made.new_hash)),
            (SecretResult{connection(2), Verdict::Right, ""}));
  EXPECT_EQ(f.result_of(task(3, "", made.new_hash)).verdict, Verdict::Wrong);
}

TEST(Vault, HashesANewSecretOnlyWhenTheOldOneIsRight) {
  Fixture f;
  const std::string hash = hash_of("correct horse");
  const SecretResult made = f.result_of(task(1, "correct horse", hash, "battery staple"));
  EXPECT_EQ(made.verdict, Verdict::Right);
  EXPECT_EQ(f.result_of(task(2, "battery staple", made.new_hash)).verdict, Verdict::Right);
  EXPECT_EQ(f.result_of(task(3, "correct horse", made.new_hash)).verdict, Verdict::Wrong);
  EXPECT_EQ(f.result_of(task(4, "correct house", hash, "battery staple")),
            (SecretResult{connection(4), Verdict::Wrong, ""}));
}

TEST(Vault, AnswersATaskThatAsksForNothing) {
  Fixture f;
  EXPECT_EQ(f.result_of(task(1, "correct horse", "")),
            (SecretResult{connection(1), Verdict::Right, ""}));
}

TEST(Vault, RenewsAHashOfAnotherCost) {
  Fixture f(1, 1000, kDearer);
  const std::string old = hash_of("correct horse", kCheap);
  const SecretResult renewed = f.result_of(task(1, "correct horse", old));
  EXPECT_EQ(renewed.verdict, Verdict::Right);
  EXPECT_FALSE(needs_rehash(renewed.new_hash, kDearer));
  EXPECT_EQ(f.result_of(task(2, "correct horse", renewed.new_hash)),
            (SecretResult{connection(2), Verdict::Right, ""}));
  // Not of a secret that is wrong; and a new secret is the one that counts.
  EXPECT_EQ(f.result_of(task(3, "correct house", old)),
            (SecretResult{connection(3), Verdict::Wrong, ""}));
  const SecretResult changed = f.result_of(task(4, "correct horse", old, "battery staple"));
  EXPECT_EQ(changed.verdict, Verdict::Right);
  EXPECT_EQ(f.result_of(task(5, "battery staple", changed.new_hash)).verdict, Verdict::Right);
}

TEST(Vault, FailsWhereNothingIsKnown) {
  Fixture f;
  EXPECT_EQ(f.result_of(task(1, "correct horse", "no hash", "battery staple")),
            (SecretResult{connection(1), Verdict::Failed, ""}));
  EXPECT_EQ(f.result_of(task(2, "correct horse", hash_of("correct horse"))).verdict,
            Verdict::Right);
}

TEST(Vault, LogsTheFirstFailureOfARowAndNothingOfASecret) {
  const std::string hash = hash_of("correct horse");
  testing::internal::CaptureStderr();
  {
    Fixture f;
    for (const std::string& stored : {std::string("no hash"), std::string("none"), hash,
                                      std::string("no hash"), std::string("none")}) {
      static_cast<void>(f.result_of(task(1, "correct horse", stored, "battery staple")));
    }
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  EXPECT_NE(log.find("cannot check or hash a secret: the stored hash is not one of argon2"),
            std::string::npos)
      << log;
  for (const char* unsaid : {"horse", "battery", "no hash"}) {
    EXPECT_EQ(log.find(unsaid), std::string::npos) << log;
  }
}

TEST(Vault, FailsWithoutMemoryAndGoesOn) {
  if (!test::kIsMemoryExact) {
    GTEST_SKIP() << "a sanitizer needs more address space than the limit leaves";
  }
  constexpr HashCost kLarge{1, std::size_t{128} << 20};
  Fixture f(1, 1000, kLarge);
  const std::string hash = hash_of("correct horse");
  // The thread has what it needs for itself.
  EXPECT_EQ(f.result_of(task(1, "correct house", hash)).verdict, Verdict::Wrong);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit low = before;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  low.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (std::size_t{64} << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  const SecretResult made = f.result_of(task(2, "", "", "correct horse"));
  const SecretResult changed = f.result_of(task(3, "correct horse", hash, "battery staple"));
  // It is right whether or not there is memory for a better hash.
  const SecretResult right = f.result_of(task(4, "correct horse", hash));
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(made, (SecretResult{connection(2), Verdict::Failed, ""}));
  EXPECT_EQ(changed, (SecretResult{connection(3), Verdict::Failed, ""}));
  EXPECT_EQ(right, (SecretResult{connection(4), Verdict::Right, ""}));
  EXPECT_EQ(f.result_of(task(5, "correct horse", hash, "battery staple")).verdict, Verdict::Right);
}

TEST(Vault, RefusesWhatIsTooMuchAndKeepsTheOrder) {
  Fixture f(1, 3);
  const std::string hash = hash_of("correct horse");
  f.collector.hold(true);
  // The first one is taken up some time, and then three more wait.
  std::size_t accepted = 0;
  ASSERT_TRUE(becomes([&] {
    if (f.vault.submit(task(accepted + 1, "correct horse", hash))) {
      ++accepted;
    }
    return accepted == 4;
  }));
  EXPECT_FALSE(f.vault.submit(task(99, "correct horse", hash)));
  EXPECT_FALSE(f.vault.submit(task(99, "correct horse", hash)));
  f.collector.hold(false);
  Results expected;
  for (std::size_t n = 1; n <= 4; ++n) {
    expected.push_back({connection(n), Verdict::Right, ""});
  }
  EXPECT_EQ(f.collector.wait_for(4), expected);
  EXPECT_EQ(f.vault.submit(task(5, "correct horse", hash)), true);
  expected.push_back({connection(5), Verdict::Right, ""});
  EXPECT_EQ(f.collector.wait_for(5), expected);
}

SecretTask from_network(std::uint64_t network, std::size_t n, const std::string& hash) {
  SecretTask each = task(n, "correct horse", hash);
  each.network = network;
  return each;
}

/// A vault whose only thread is held up, with a task of network 9 that it has taken.
struct Held {
  explicit Held(std::size_t most_of_network)
      : vault({1, 1000, kCheap, most_of_network}, [this](SecretResult result) {
          is_begun = true;
          collector.add(std::move(result));
        }) {
    collector.hold(true);
    EXPECT_TRUE(vault.submit(from_network(9, 0, hash)));
    EXPECT_TRUE(becomes([this] { return is_begun.load(); }));
  }
  /// Lets the thread go on, and returns the connections in the order of their results.
  std::vector<std::size_t> answered(std::size_t count) {
    collector.hold(false);
    std::vector<std::size_t> order;
    for (const SecretResult& result : collector.wait_for(count)) {
      order.push_back(result.connection.slot());
    }
    return order;
  }

  const std::string hash = hash_of("correct horse");
  Collector collector;
  std::atomic<bool> is_begun{false};
  Vault vault;  // ends before what it calls
};

TEST(Vault, ANetworkMayHaveItsShareOfWhatWaits) {
  Held held(2);
  EXPECT_TRUE(held.vault.submit(from_network(1, 1, held.hash)));
  EXPECT_TRUE(held.vault.submit(from_network(1, 2, held.hash)));
  EXPECT_FALSE(held.vault.submit(from_network(1, 3, held.hash)));
  EXPECT_TRUE(held.vault.submit(from_network(2, 4, held.hash)));
  EXPECT_EQ(held.answered(4).size(), 4U);
  EXPECT_TRUE(held.vault.submit(from_network(1, 5, held.hash)));
}

TEST(Vault, NetworksTakeTurns) {
  Held held(1000);
  for (const std::size_t n : {1U, 2U, 3U}) {
    EXPECT_TRUE(held.vault.submit(from_network(1, n, held.hash)));
  }
  EXPECT_TRUE(held.vault.submit(from_network(2, 4, held.hash)));
  EXPECT_TRUE(held.vault.submit(from_network(3, 5, held.hash)));
  EXPECT_TRUE(held.vault.submit(from_network(2, 6, held.hash)));
  EXPECT_EQ(held.answered(7), (std::vector<std::size_t>{0, 1, 4, 5, 2, 6, 3}));
}

TEST(Vault, ForgetsTheTaskOfAClosedConnection) {
  Held held(2);
  EXPECT_TRUE(held.vault.submit(from_network(1, 1, held.hash)));
  EXPECT_TRUE(held.vault.submit(from_network(1, 2, held.hash)));
  held.vault.forget(connection(1), 1);
  held.vault.forget(connection(2), 7);  // of another network: is not there
  EXPECT_TRUE(held.vault.submit(from_network(1, 3, held.hash)));  // there is room again
  EXPECT_TRUE(held.vault.submit(from_network(2, 4, held.hash)));
  held.vault.forget(connection(4), 2);
  held.vault.forget(connection(0), 9);  // has begun
  EXPECT_EQ(held.answered(3), (std::vector<std::size_t>{0, 2, 3}));
}

TEST(Vault, AnswersEachTaskOfManyThreadsOnce) {
  constexpr std::size_t kSubmitters = 4;
  constexpr std::size_t kEach = 50;
  Fixture f(4);
  const std::string hash = hash_of("correct horse");
  std::vector<std::thread> submitters;
  for (std::size_t s = 0; s < kSubmitters; ++s) {
    submitters.emplace_back([&f, &hash, s] {
      for (std::size_t n = s * kEach; n < (s + 1) * kEach; ++n) {
        EXPECT_TRUE(f.vault.submit(task(n, n % 2 == 0 ? "correct horse" : "wrong horse", hash)));
      }
    });
  }
  for (std::thread& submitter : submitters) {
    submitter.join();
  }
  Results results = f.collector.wait_for(kSubmitters * kEach);
  std::sort(results.begin(), results.end(), [](const SecretResult& a, const SecretResult& b) {
    return a.connection < b.connection;
  });
  Results expected;
  for (std::size_t n = 0; n < kSubmitters * kEach; ++n) {
    expected.push_back({connection(n), n % 2 == 0 ? Verdict::Right : Verdict::Wrong, ""});
  }
  EXPECT_EQ(results, expected);
}

TEST(Vault, DropsWhatWaitsWhenItStopsAndAwaitsWhatRuns) {
  Collector collector;
  const std::string hash = hash_of("correct horse");
  std::atomic<bool> is_begun{false};
  collector.hold(true);
  // More than the test can submit: only stop() has a task refused.
  Vault vault({1, 100'000'000, kCheap}, [&](SecretResult result) {
    is_begun = true;
    collector.add(std::move(result));
  });
  ASSERT_TRUE(vault.submit(task(1, "correct horse", hash)));
  ASSERT_TRUE(becomes([&] { return is_begun.load(); }));
  ASSERT_TRUE(vault.submit(task(2, "correct horse", hash)));
  ASSERT_TRUE(vault.submit(task(3, "correct horse", hash)));
  std::atomic<bool> is_stopped{false};
  std::thread stopper([&] {
    vault.stop();
    is_stopped = true;
  });
  EXPECT_TRUE(becomes([&] { return !vault.submit(task(4, "correct horse", hash)); }));
  EXPECT_FALSE(is_stopped);
  collector.hold(false);
  stopper.join();
  EXPECT_EQ(collector.wait_for(1), (Results{{connection(1), Verdict::Right, ""}}));
  EXPECT_FALSE(vault.submit(task(5, "correct horse", hash)));
  vault.stop();
}

TEST(Vault, AnswersWhatWaitsWhenItEnds) {
  Collector collector;
  const std::string hash = hash_of("correct horse");
  std::atomic<bool> is_begun{false};
  collector.hold(true);
  Vault vault({1, 10, kCheap}, [&](SecretResult result) {
    if (result.verdict == Verdict::Dropped) {
      EXPECT_EQ(result, (SecretResult{connection(2), Verdict::Dropped, ""}));
      return;
    }
    is_begun = true;
    collector.add(std::move(result));
  });
  ASSERT_TRUE(vault.submit(task(1, "correct horse", hash)));
  ASSERT_TRUE(becomes([&] { return is_begun.load(); }));
  ASSERT_TRUE(vault.submit(task(2, "correct horse", hash)));
  vault.drop_waiting();
  EXPECT_FALSE(vault.submit(task(3, "correct horse", hash)));
  collector.hold(false);
  EXPECT_EQ(collector.wait_for(1), (Results{{connection(1), Verdict::Right, ""}}));
}

#if defined(__linux__)
/// The names of this process's threads of vaults, sorted.
std::vector<std::string> vault_threads() {
  std::vector<std::string> names;
  for (const auto& [name, number] : test::thread_numbers()) {
    if (name.starts_with("vault ")) {
      names.push_back(name);
    }
  }
  return names;
}

/// A thread that has just begun has no name of its own yet.
bool there_come(const std::vector<std::string>& names) {
  return becomes([&] { return vault_threads() == names; });
}

TEST(Vault, StartsFurtherThreadsAtOnce) {
  Fixture f(1);
  const std::string hash = hash_of("correct horse");
  f.collector.hold(true);
  for (std::size_t n = 0; n < 4; ++n) {
    ASSERT_TRUE(f.vault.submit(task(n, "correct horse", hash)));
  }
  EXPECT_TRUE(becomes([&] { return f.vault.waiting() == 3; }));
  EXPECT_EQ(f.vault.set_threads(3), std::error_code());
  EXPECT_TRUE(becomes([&] { return f.vault.waiting() == 1; }));
  EXPECT_TRUE(there_come({"vault 0", "vault 1", "vault 2"}));
  f.collector.hold(false);
  EXPECT_EQ(f.collector.wait_for(4).size(), 4U);
}

TEST(Vault, SurplusThreadsEndAfterTheirCheck) {
  Fixture f(3);
  const std::string hash = hash_of("correct horse");
  f.collector.hold(true);
  for (std::size_t n = 0; n < 5; ++n) {
    ASSERT_TRUE(f.vault.submit(task(n, "correct horse", hash)));
  }
  ASSERT_TRUE(becomes([&] { return f.vault.waiting() == 2; }));
  EXPECT_EQ(f.vault.set_threads(1), std::error_code());  // waits for none of them
  EXPECT_TRUE(there_come({"vault 0", "vault 1", "vault 2"}));
  EXPECT_EQ(f.vault.waiting(), 2U);
  f.collector.hold(false);
  EXPECT_EQ(f.collector.wait_for(5).size(), 5U);
  EXPECT_TRUE(there_come({"vault 0"}));
  // Those that sleep end, too; and their places are taken again.
  EXPECT_EQ(f.vault.set_threads(2), std::error_code());
  EXPECT_TRUE(there_come({"vault 0", "vault 1"}));
  EXPECT_EQ(f.vault.set_threads(1), std::error_code());
  EXPECT_TRUE(there_come({"vault 0"}));
}

TEST(Vault, ASurplusThreadThatIsWantedAgainStays) {
  Fixture f(2);
  const std::string hash = hash_of("correct horse");
  f.collector.hold(true);
  for (std::size_t n = 0; n < 4; ++n) {
    ASSERT_TRUE(f.vault.submit(task(n, "correct horse", hash)));
  }
  ASSERT_TRUE(becomes([&] { return f.vault.waiting() == 2; }));
  EXPECT_EQ(f.vault.set_threads(1), std::error_code());
  EXPECT_EQ(f.vault.set_threads(2), std::error_code());
  f.collector.hold(false);
  EXPECT_EQ(f.collector.wait_for(4).size(), 4U);
  EXPECT_TRUE(there_come({"vault 0", "vault 1"}));
}

TEST(Vault, HasAsManyThreadsAsBeforeIfTheSystemHasNoMore) {
  if (!test::kIsMemoryExact) {
    GTEST_SKIP() << "a sanitizer needs more address space than the limit leaves";
  }
  Fixture f(2);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit low = before;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  low.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (std::size_t{64} << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  const std::error_code error = f.vault.set_threads(64);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(there_come({"vault 0", "vault 1"}));
  EXPECT_EQ(f.result_of(task(1, "", "", "correct horse")).verdict, Verdict::Right);
  EXPECT_EQ(f.vault.set_threads(3), std::error_code());
  EXPECT_TRUE(there_come({"vault 0", "vault 1", "vault 2"}));
}
#endif

TEST(Vault, LosesNothingWhileItsThreadsChange) {
  constexpr std::size_t kTasks = 300;
  Fixture f(2);
  const std::string hash = hash_of("correct horse");
  std::thread submitter([&] {
    for (std::size_t n = 0; n < kTasks; ++n) {
      EXPECT_TRUE(f.vault.submit(task(n, "correct horse", hash)));
    }
  });
  std::size_t changes = 0;
  Results results = f.collector.wait_for(
      kTasks, [&] { EXPECT_EQ(f.vault.set_threads(1 + changes++ % 5), std::error_code()); });
  submitter.join();
  std::sort(results.begin(), results.end(), [](const SecretResult& a, const SecretResult& b) {
    return a.connection < b.connection;
  });
  Results expected;
  for (std::size_t n = 0; n < kTasks; ++n) {
    expected.push_back({connection(n), Verdict::Right, ""});
  }
  EXPECT_EQ(results, expected);
  // With one thread that is left, and without any that has ended.
  EXPECT_EQ(f.vault.set_threads(1), std::error_code());
  f.answered = kTasks;
  EXPECT_EQ(f.result_of(task(kTasks, "correct horse", hash)).verdict, Verdict::Right);
  f.vault.stop();
  EXPECT_EQ(f.vault.set_threads(3), std::error_code());
}

TEST(Vault, StopsWhenItHasNothingToDo) {
  for (int i = 0; i < 20; ++i) {
    Fixture f(3);
  }
}

TEST(Vault, TakesMemoryForItsThreadsAndNotForItsTasks) {
  constexpr std::size_t kThreads = 2;
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  Fixture f(kThreads, 1000, kHashCost);
  const std::string hash = hash_of("correct horse", kHashCost);
  const std::size_t before = test::resident_bytes(getpid());
  for (std::size_t n = 0; n < 1000; ++n) {
    ASSERT_TRUE(f.vault.submit(task(n, "correct horse", hash)));
  }
  std::size_t most = 0;
  f.collector.wait_for(6, [&] { most = std::max(most, test::resident_bytes(getpid())); });
  f.vault.stop();
  if (test::kIsMemoryExact) {
    EXPECT_LE(most, before + kThreads * 20 * kMiB);
    EXPECT_GE(most, before + 19 * kMiB);  // It was seen.
  }
  // What a hash took is given back.
  EXPECT_TRUE(test::has_grown_at_most(getpid(), before, 4 * kMiB));
}

#if defined(__linux__)
TEST(Vault, WorksAtALowerPriorityAndSleepsWhenItHasNothingToDo) {
  struct Seen {
    pid_t thread = 0;
    int niceness = 0;
  };
  std::mutex mutex;
  Seen seen;
  Vault vault({1, 10, kCheap}, [&](const SecretResult& /*result*/) {
    const std::lock_guard lock(mutex);
    seen = {gettid(), getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()))};
  });
  const int mine = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
  ASSERT_TRUE(vault.submit(task(1, "", "", "correct horse")));
  ASSERT_TRUE(becomes([&] {
    const std::lock_guard lock(mutex);
    return seen.thread != 0;
  }));
  EXPECT_EQ(seen.niceness, std::min(mine + 5, 19));
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())), mine);
  // "tid (name) state": S is asleep.
  const std::string file = "/proc/self/task/" + std::to_string(seen.thread) + "/stat";
  EXPECT_TRUE(becomes([&] {
    std::string line;
    std::getline(std::ifstream(file) >> std::ws, line);
    const std::size_t end = line.rfind(')');  // the name has a space
    return end != std::string::npos && line.substr(end + 1).starts_with(" S ");
  }));
}
#endif

}  // namespace
}  // namespace tribar
