// SPDX-License-Identifier: MIT
//
// A time as text, for logs and reports. No side effects; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace tribar {

/// Formats `unix_ms`, milliseconds since 1970 UTC, as in 2026-01-31T09:05:00.123Z (RFC 3339). The
/// format has four digits for the year: a time before year 0 or after 9999 is replaced by the first
/// or last possible one, so that a wrong clock never breaks the format.
[[nodiscard]] std::string timestamp(std::int64_t unix_ms);

/// The system clock, in milliseconds since 1970 UTC; negative if it is set to a time before.
[[nodiscard]] std::int64_t unix_ms_now();

}  // namespace tribar
