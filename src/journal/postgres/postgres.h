// SPDX-License-Identifier: MIT
//
// The store in a PostgreSQL database; its schema and what it promises are described in
// docs/storage.md.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// Makes the store in the database that `connection` names: a connection string or URI of libpq,
/// which may name a service. open() creates the tables if the database has none of them. In a build
/// without libpq, or when `connection` is none, returns an error that says so.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_postgres_store(
    const std::string& connection, StoreOptions options);

}  // namespace tribar
