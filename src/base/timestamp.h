// SPDX-License-Identifier: MIT
//
// A moment as text, for logs and reports. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace tribar {

/// `unix_ms`, milliseconds since 1970 UTC, as in 2026-01-31T09:05:00.123Z (RFC 3339). That has four
/// digits for the year: what is before the year 0 or past 9999 becomes the first or last moment
/// there is, so that a clock that is far off never spoils a line.
[[nodiscard]] std::string timestamp(std::int64_t unix_ms);

/// The clock of the system, in milliseconds since 1970 UTC; negative when it is set before that.
[[nodiscard]] std::int64_t unix_ms_now();

}  // namespace tribar
