// SPDX-License-Identifier: MIT
//
// A server that waits for another one's store: what it tells, and when it takes it.
#include "journal/standby.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/fake_store.h"

namespace tribar {
namespace {

/// A store that another server may have, or that cannot be reached.
class SharedStore : public test::FakeStore {
 public:
  std::optional<StoreHolder> holder;
  bool is_unreadable = false;

  [[nodiscard]] bool is_shared() const override { return true; }
  [[nodiscard]] std::optional<StoreOpenError> open() override {
    if (holder) {
      return StoreOpenError{.text = "another one has it", .holder = holder};
    }
    return FakeStore::open();
  }
  [[nodiscard]] Result<StoreWarnings, StoreOpenError> load(const LoadHandlers& handlers) override {
    if (is_unreadable) {
      close();
      return StoreOpenError{"it cannot be read", true};
    }
    return FakeStore::load(handlers);
  }
};

class StandbyTest : public testing::Test {
 protected:
  Standby::State look() { return standby_.look(store_); }
  std::vector<std::string> told() { return std::exchange(told_, {}); }
  using Lines = std::vector<std::string>;

  SharedStore store_;
  Registry registry_{RegistryLimits{}, HashKey{1, 2}, true};
  std::vector<std::string> told_;
  Standby standby_{registry_,
                   {[this](const StoreHolder& holder) {
                      told_.push_back(holder.address + " " + std::to_string(holder.epoch));
                    },
                    [this](const StoreOpenError& error) { told_.push_back(error.text); },
                    [this](const Result<Restored, StoreOpenError>& restored) {
                      told_.push_back(restored
                                          ? "loaded " + std::to_string(restored.value().messages)
                                          : restored.error().text);
                    }}};
};

TEST_F(StandbyTest, TellsWhoLeadsOnce) {
  store_.holder = {"a:1", 7};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"a:1 7"});
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{});
  store_.holder = {"a:1", 8};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"a:1 8"});
  store_.holder = {"b:1", 8};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"b:1 8"});
}

TEST_F(StandbyTest, TellsOfTroubleOnceUntilItIsOver) {
  store_.misplaced = "gone";
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"the fake store: gone"});
  store_.misplaced = "still gone";
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{});
  store_.misplaced.reset();
  store_.holder = {"a:1", 7};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"a:1 7"});
  store_.holder.reset();
  store_.misplaced = "gone again";
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"the fake store: gone again"});
  // That it is over is told, too.
  store_.misplaced.reset();
  store_.holder = {"a:1", 7};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(told(), Lines{"a:1 7"});
}

TEST_F(StandbyTest, LoadsTheStoreWhenItIsFree) {
  store_.accounts[3] = {"ann", UnixMs{5}};
  store_.messages[9] = {AccountId{3}, UnixMs{6}, "bob", "hello"};
  store_.last_account = AccountId{3};
  store_.holder = {"a:1", 7};
  EXPECT_EQ(look(), Standby::State::Waits);
  EXPECT_EQ(registry_.account_count(), 0U);
  store_.holder.reset();
  told();
  EXPECT_EQ(look(), Standby::State::Leads);
  EXPECT_EQ(told(), Lines{"loaded 1"});
  EXPECT_EQ(registry_.account_count(), 1U);
  EXPECT_TRUE(store_.is_open);
}

TEST_F(StandbyTest, EndsWhenItCannotLoadTheStore) {
  store_.is_unreadable = true;
  EXPECT_EQ(look(), Standby::State::Failed);
  EXPECT_EQ(told(), Lines{"it cannot be read"});
  EXPECT_FALSE(store_.is_open);
}

}  // namespace
}  // namespace tribar
