// SPDX-License-Identifier: MIT
//
// The reading half of an SQLite store: reads everything, and reports what is wrong.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/contents.h"

namespace tribar {

/// Reads everything in a store of the format `version`, in the order of RowReader; the reason
/// when the database itself fails.
[[nodiscard]] std::optional<std::string> walk(sqlite3* database, std::uint32_t version,
                                              const Walker& walker);

/// Runs the integrity check `pragma`, which limits the number of findings; empty: no problems.
[[nodiscard]] std::vector<std::string> integrity_findings(sqlite3* database, const char* pragma);

}  // namespace tribar
