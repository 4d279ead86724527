// SPDX-License-Identifier: MIT
//
// Tests that every store must pass. A store's own tests link store_rules.cc, and name their engine:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreRules, testing::Values(&make_engine));
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "journal/store.h"
#include "support/store_contents.h"

namespace tribar::test {

/// One store for one test, and another way to what is in it.
class StoreEngine {
 public:
  virtual ~StoreEngine() = default;
  /// Why it cannot be used on this machine; empty: it can.
  [[nodiscard]] virtual std::string obstacle() const { return {}; }
  [[nodiscard]] virtual Result<std::unique_ptr<Store>, StoreOpenError> make(
      const StoreOptions& options) = 0;
  /// From now on it is about a store that does not exist yet.
  virtual void begin_anew() = 0;
  /// Changes the store, which is closed, by SQL.
  virtual void execute(const std::string& sql) = 0;
  /// What a query says, the first column of its first row.
  [[nodiscard]] virtual std::string ask(const std::string& sql) = 0;
  /// The name of the database program, in what operators are told.
  [[nodiscard]] virtual std::string shell() const = 0;
  /// Bytes in its SQL, of hexadecimal digits.
  [[nodiscard]] virtual std::string bytes(const std::string& hex) const = 0;

  [[nodiscard]] Opening open(const StoreOptions& options = {}) { return open_made(make(options)); }
  [[nodiscard]] Result<StoreReport, StoreOpenError> verify() {
    auto made = make({});
    return made ? made.value()->verify() : made.error();
  }
};

using StoreEngineMaker = std::unique_ptr<StoreEngine> (*)();

class StoreRules : public testing::TestWithParam<StoreEngineMaker> {
 protected:
  void SetUp() override;
  /// Ann and bob, and messages 1..3 for bob; closed.
  void make_store();
  [[nodiscard]] static StoreContents made_contents();
  /// Expects that the store is refused for `reason`, as damaged, and that verify() says it, too.
  void expect_damaged(const std::string& reason);
  [[nodiscard]] Opening open() { return engine_->open(); }

  std::unique_ptr<StoreEngine> engine_;
};

}  // namespace tribar::test
