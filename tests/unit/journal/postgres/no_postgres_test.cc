// SPDX-License-Identifier: MIT
//
// A build without libpq.
#include <gtest/gtest.h>

#include "journal/postgres/postgres.h"

namespace tribar {
namespace {

TEST(NoPostgres, SaysSo) {
  const auto made = make_postgres_store("dbname=tribar", {});
  ASSERT_FALSE(made);
  EXPECT_FALSE(made.error().is_io);
  EXPECT_EQ(made.error().text,
            "storage.engine \"postgresql\": this build has no PostgreSQL; use another engine, or "
            "build with libpq (libpq-dev)");
}

}  // namespace
}  // namespace tribar
