// SPDX-License-Identifier: MIT
//
// The reading half of a PostgreSQL store.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "journal/contents.h"
#include "journal/postgres/session.h"

namespace tribar {

/// Reads everything in a store, in the order of RowReader. Returns what is wrong; when the database
/// itself failed, that is in `failure`, too. Calls `meanwhile` from time to time.
[[nodiscard]] std::optional<std::string> walk(
    Session& session, const Walker& walker, std::optional<Failure>& failure,
    const std::function<void()>& meanwhile = [] {});

}  // namespace tribar
