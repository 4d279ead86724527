// SPDX-License-Identifier: MIT
//
// The PostgreSQL store: what it refuses, who leads, and that whatever becomes of a connection,
// nothing is lost or stored twice.
#include "journal/postgres/postgres.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/postgres_cluster.h"
#include "support/records.h"
#include "support/store_contents.h"
#include "support/store_rules.h"

namespace tribar::test {
namespace {

class PostgresEngine final : public StoreEngine {
 public:
  [[nodiscard]] std::string obstacle() const override { return PostgresCluster::obstacle(); }
  Result<std::unique_ptr<Store>, StoreOpenError> make(const StoreOptions& options) override {
    return make_postgres_store(cluster().connection(database()), options);
  }
  void begin_anew() override { database_.clear(); }
  void execute(const std::string& sql) override { cluster().ask(database(), sql); }
  std::string ask(const std::string& sql) override { return cluster().ask(database(), sql); }
  [[nodiscard]] std::string shell() const override { return "psql"; }
  [[nodiscard]] std::string bytes(const std::string& hex) const override {
    return "'\\x" + hex + '\'';
  }

 private:
  [[nodiscard]] static PostgresCluster& cluster() { return PostgresCluster::shared(); }
  const std::string& database() {
    if (database_.empty()) {
      database_ = cluster().make_database();
    }
    return database_;
  }

  std::string database_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreRules,
                         testing::Values([]() -> std::unique_ptr<StoreEngine> {
                           return std::make_unique<PostgresEngine>();
                         }));

}  // namespace
}  // namespace tribar::test
