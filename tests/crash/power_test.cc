// SPDX-License-Identifier: MIT
//
// Loss of power at any moment: what was stored is there, what was being stored is there whole or
// not at all, and nothing else is.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "crash/rounds.h"
#include "support/fault_vfs.h"
#include "support/old_store.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

constexpr UnixMs kTime{1700000000000};
/// Some 20 commits reach the size at which SQLite writes its log back into the database.
constexpr std::size_t kMostTextBytes = 20000;
constexpr std::uint64_t kCommits = 120;

/// What a server could have to store, and what a store holds when it has.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {}

  /// The next records; they are good until next() is called again.
  const std::vector<Record>& next() {
    records_.clear();
    texts_.clear();
    texts_.reserve(32);
    if (after_.accounts.empty() || random_() % 8 == 0) {
      const std::uint64_t id = ++after_.last_account;
      after_.accounts.push_back({id, "user" + std::to_string(id)});
      texts_.push_back(after_.accounts.back().name);
      records_.emplace_back(AccountCreated{AccountId{id}, kTime, texts_.back()});
    }
    for (std::uint64_t i = random_() % 20; i > 0; --i) {
      const std::uint64_t number = ++number_;
      if (number >= after_.below) {
        after_.below = number + 64;
        records_.emplace_back(NumbersReserved{MessageNumber{after_.below}});
      }
      const auto& account = after_.accounts[random_() % after_.accounts.size()];
      texts_.emplace_back(random_() % kMostTextBytes, static_cast<char>('a' + number % 26));
      after_.messages.push_back({number, account.id, kTime.value, "ann", texts_.back()});
      records_.emplace_back(
          MessageKept{MessageNumber{number}, AccountId{account.id}, kTime, "ann", texts_.back()});
    }
    while (after_.messages.size() > 60 || (!after_.messages.empty() && random_() % 2 == 0)) {
      const auto at =
          after_.messages.begin() + static_cast<std::ptrdiff_t>(random_() % after_.messages.size());
      records_.emplace_back(HandedOver{MessageNumber{at->number}});
      after_.messages.erase(at);
    }
    return records_;
  }

  /// What a store holds once all that next() returned is stored.
  [[nodiscard]] const StoreContents& contents() const { return after_; }
  [[nodiscard]] std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  StoreContents after_;
  std::vector<Record> records_;
  std::vector<std::string> texts_;
};

/// Goes on until the power goes; returns every state that was reached, the one under way last.
std::vector<StoreContents> live_until_power_goes(const std::string& path, Sync sync, Life& life,
                                                 FaultVfs& disk, std::uint64_t operations) {
  disk.watch_power();
  const Opening opening = open_store(path, {.sync = sync});
  if (!opening.store) {
    ADD_FAILURE() << opening.error.text;
    return {};
  }
  disk.lose_power_after(operations);
  std::vector<StoreContents> states{life.contents()};
  for (std::uint64_t i = 0; i < kCommits; ++i) {
    const std::vector<Record>& records = life.next();
    states.push_back(life.contents());
    if (!commit(*opening.store, records).empty()) {
      EXPECT_FALSE(disk.has_power());
      return states;
    }
  }
  states.push_back(states.back());
  return states;
}

/// Makes `left` what a start finds after the power went.
void leave(const std::string& path, const std::string& left, FaultVfs& disk,
           std::mt19937_64& random) {
  write_file(left, disk.left_of(path, random));
  const std::string log = disk.left_of(path + "-wal", random);
  if (!log.empty() || random() % 2 == 0) {
    write_file(left + "-wal", log);
  }
  if (const std::string journal = disk.left_of(path + "-journal", random); !journal.empty()) {
    write_file(left + "-journal", journal);
  }
}

void lose_power(Sync sync) {
  const std::uint64_t rounds = number_from("TRIBAR_POWER_ROUNDS", 100 / kSlowness);
  const std::uint64_t first = number_from("TRIBAR_CRASH_SEED", 1);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TemporaryFolder folder(TemporaryFolder::On::Memory);
    const std::string path = folder.file("tribar.db");
    ASSERT_TRUE(open_store(path).store);
    std::vector<StoreContents> states;
    Life life(seed);
    {
      FaultVfs disk;
      states = live_until_power_goes(path, sync, life, disk, 1 + life.random()() % 4000);
      ASSERT_FALSE(states.empty());
      leave(path, folder.file("left.db"), disk, life.random());
    }
    const Opening after = open_store(folder.file("left.db"));
    ASSERT_TRUE(after.store) << after.error.text;
    EXPECT_TRUE(after.warnings.empty());
    const bool is_confirmed = after.contents == states[states.size() - 2];
    const bool is_under_way = after.contents == states.back();
    if (sync == Sync::Full) {
      ASSERT_TRUE(is_confirmed || is_under_way)
          << states.size() - 2 << " commits were confirmed, and there is" << std::endl
          << testing::PrintToString(after.contents.messages.size()) << " messages";
    } else {
      ASSERT_TRUE(std::find(states.begin(), states.end(), after.contents) != states.end());
    }
  }
}

TEST(Power, LosesNothingThatWasStoredWithFullSync) { lose_power(Sync::Full); }

TEST(Power, LosesOnlyTheLatestCommitsWithNormalSync) { lose_power(Sync::Normal); }

// At every operation with the disk, until the start is through.
TEST(Power, LosesNothingOfAStoreThatIsBroughtToTodaysFormat) {
  const StoreContents expected{
      {{1, "ann"}, {2, "bob"}},
      {{1, 2, kTime.value, "ann", "one"}, {2, 2, kTime.value, "ann", "two"}},
      2,
      100};
  std::mt19937_64 random(number_from("TRIBAR_CRASH_SEED", 1));
  bool is_through = false;
  std::uint64_t old_ones = 0;
  std::uint64_t operations = 0;
  while (!is_through) {
    SCOPED_TRACE("power goes after operation " + std::to_string(++operations));
    ASSERT_LT(operations, 1000U);
    const TemporaryFolder folder(TemporaryFolder::On::Memory);
    const std::string path = folder.file("tribar.db");
    const std::string left = folder.file("left.db");
    make_old_store(path, kTime.value, {"one", "two"});
    {
      FaultVfs disk;
      disk.watch_power();
      disk.lose_power_after(operations);
      const Opening opening = open_store(path);
      is_through = disk.has_power();
      EXPECT_TRUE(opening.store || !is_through) << opening.error.text;
      leave(path, left, disk, random);
    }
    StoreOptions options;
    options.warn = [&old_ones](const std::string&) { ++old_ones; };
    const Opening after = open_store(left, options);
    ASSERT_TRUE(after.store) << after.error.text;
    EXPECT_EQ(after.contents, expected);
    EXPECT_EQ(commit(*after.store, {SecretSet{AccountId{1}, "a hash"}}), "");
  }
  EXPECT_GT(old_ones, 0U) << "the power went before";
  EXPECT_LT(old_ones, operations) << "and behind";
}

/// So that the tests above are known to see a loss: a disk that says it synced and did not.
TEST(Power, IsSimulatedSoThatALossWouldShow) {
  std::uint64_t losses = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const TemporaryFolder folder(TemporaryFolder::On::Memory);
    const std::string path = folder.file("tribar.db");
    ASSERT_TRUE(open_store(path).store);
    Life life(seed);
    std::vector<StoreContents> states;
    {
      FaultVfs disk;
      // Normal sync does not sync the log; what is asked of it here is what full sync promises.
      states = live_until_power_goes(path, Sync::Normal, life, disk, 2000);
      leave(path, folder.file("left.db"), disk, life.random());
    }
    const Opening after = open_store(folder.file("left.db"));
    losses += !after.store || (after.contents != states.back() &&
                               after.contents != states[states.size() - 2])
                  ? 1
                  : 0;
  }
  EXPECT_GT(losses, 10U);
}

}  // namespace
}  // namespace tribar::test
