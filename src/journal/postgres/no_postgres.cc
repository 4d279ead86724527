// SPDX-License-Identifier: MIT
//
// Implements postgres.h in a build without libpq.
#include "journal/postgres/postgres.h"

namespace tribar {

Result<std::unique_ptr<Store>, StoreOpenError> make_postgres_store(
    const std::string& /*connection*/,
    StoreOptions /*options*/) {  // NOLINT(performance-unnecessary-value-param): as in postgres.cc
  return StoreOpenError{
      "storage.engine \"postgresql\": this build has no PostgreSQL; use another engine, or build "
      "with libpq (libpq-dev)",
      false};
}

}  // namespace tribar
