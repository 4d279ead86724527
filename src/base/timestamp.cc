// SPDX-License-Identifier: MIT
//
// See timestamp.h. The calendar is the standard library's: gmtime_r can fail.
#include "base/timestamp.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace tribar {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::int64_t ms_of(sys_days day) {
  return std::chrono::duration_cast<milliseconds>(day.time_since_epoch()).count();
}
constexpr std::int64_t kFirstMs = ms_of(year{0} / 1 / 1);
constexpr std::int64_t kLastMs = ms_of(year{10000} / 1 / 1) - 1;

}  // namespace

std::string timestamp(std::int64_t unix_ms) {
  const milliseconds since_epoch{std::clamp(unix_ms, kFirstMs, kLastMs)};
  // Rounded down, not towards 1970, so that the remainder is never negative.
  const sys_days day{std::chrono::floor<days>(since_epoch)};
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{since_epoch - day.time_since_epoch()};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::int64_t unix_ms_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::floor<milliseconds>(now).count();
}

}  // namespace tribar
