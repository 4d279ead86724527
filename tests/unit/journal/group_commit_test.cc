// SPDX-License-Identifier: MIT
//
// The journal's thread: as a standby before it has the store, and what it says of itself.
#include "journal/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "support/fake_store.h"
#include "support/patience.h"

namespace tribar {
namespace {

/// A store that another server has, until it is told otherwise.
class SharedStore final : public test::FakeStore {
 public:
  struct Controls {
    std::atomic<bool> is_held{true};
    std::atomic<int> looks{0};
    std::atomic<bool> is_closed{false};
  };
  explicit SharedStore(Controls& controls) : controls_(controls) {}

  [[nodiscard]] bool is_shared() const override { return true; }
  [[nodiscard]] std::optional<StoreLease> lease() const override {
    return StoreLease{7, commits, 2};
  }
  [[nodiscard]] std::optional<StoreOpenError> open() override {
    ++controls_.looks;
    if (controls_.is_held.load()) {
      return StoreOpenError{.text = "held", .holder = StoreHolder{"a:1", 6}};
    }
    return FakeStore::open();
  }
  void close() override {
    controls_.is_closed.store(true);
    FakeStore::close();
  }

 private:
  Controls& controls_;
};

void await(const std::function<bool()>& is_true) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(test::kPatienceMs);
  while (!is_true()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

class GroupCommitTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<GroupCommit> start() {
    StoreSharing sharing;
    sharing.status = &status_;
    sharing.standby = std::make_unique<Standby>(
        registry_, Standby::Events{[](const StoreHolder&) {}, [](const StoreOpenError&) {},
                                   [this](const Result<Restored, StoreOpenError>& restored) {
                                     has_led_.store(static_cast<bool>(restored));
                                   }});
    return std::make_unique<GroupCommit>(
        std::make_unique<SharedStore>(controls_),
        [this](std::span<BatchPtr> batches) { passed_ += batches.size(); },
        [](bool, const std::string&) {}, [](const StoreError&) {}, std::move(sharing));
  }

  SharedStore::Controls controls_;
  RoleStatus status_;
  Registry registry_{RegistryLimits{}, HashKey{1, 2}, true};
  std::atomic<bool> has_led_{false};
  std::atomic<std::size_t> passed_{0};
};

TEST_F(GroupCommitTest, StoresOnceTheOtherServerIsGone) {
  const auto journal = start();
  await([this] { return controls_.looks.load() >= 2; });
  EXPECT_FALSE(has_led_.load());
  controls_.is_held.store(false);
  await([this] { return has_led_.load(); });
  auto batch = std::make_unique<Batch>();
  batch->output.records.emplace_back(AccountCreated{AccountId{1}, UnixMs{2}, "ann"});
  journal->append(std::move(batch));
  await([this] { return passed_.load() == 1; });
  await([this] { return status_.commits.load() == 1; });
  EXPECT_EQ(status_.replication.load(), 2);
  EXPECT_EQ(journal->stop(), Unstored{});
  EXPECT_TRUE(controls_.is_closed.load());
}

TEST_F(GroupCommitTest, EndsAsAStandbyWithoutHavingTheStore) {
  const auto journal = start();
  await([this] { return controls_.looks.load() >= 1; });
  journal->begin_end();
  EXPECT_EQ(journal->stop(), Unstored{});
  EXPECT_FALSE(has_led_.load());
  EXPECT_TRUE(controls_.is_closed.load());
  EXPECT_EQ(status_.commits.load(), 0U);
}

}  // namespace
}  // namespace tribar
