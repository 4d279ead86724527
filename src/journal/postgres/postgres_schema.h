// SPDX-License-Identifier: MIT
//
// What identifies a database as a store, and whether its server keeps what it confirms; both are
// described in docs/storage.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/postgres/session.h"
#include "journal/store.h"

namespace tribar {

/// In meta.version; it changes with the tables.
constexpr std::uint32_t kPostgresVersion = 1;

// `name`: of the store, see Target.

[[nodiscard]] StoreOpenError damaged_database(const std::string& name, const std::string& reason);

/// For a failure of a statement or of the connection.
[[nodiscard]] StoreOpenError failed_database(const std::string& name, const Failure& failure);

/// For a connection that the server, or the network, did not let come about.
[[nodiscard]] StoreOpenError refused_connection(const std::string& name, const Failure& failure);

/// Checks what stands between us and a database that we can write to, and how sure its commits are.
/// Returns warnings, each a sentence with its remedy; an error when what is confirmed would not be
/// stored at all. `is_reading`: it is not to be written to.
[[nodiscard]] Result<std::vector<std::string>, StoreOpenError> check_database(
    const std::string& name, Session& session, bool is_reading);

/// Checks that the tables are those of a store of this program's version. False: there are none.
[[nodiscard]] Result<bool, StoreOpenError> check_tables(const std::string& name, Session& session);

/// Makes an empty store, in one transaction, where check_tables() found none.
[[nodiscard]] std::optional<StoreOpenError> create_tables(const std::string& name,
                                                          Session& session);

}  // namespace tribar
