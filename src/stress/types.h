// SPDX-License-Identifier: MIT
//
// The units of the load tester.
#pragma once

#include <cstdint>
#include <ctime>

namespace tribar::stress {

/// A user of the crowd, counted from 0.
using User = std::uint32_t;
inline constexpr User kMostUsers = 1'000'000;

/// Nanoseconds: a time of the monotonic clock, or a difference of two.
using Nanos = std::uint64_t;
inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

[[nodiscard]] inline Nanos monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<Nanos>(now.tv_sec) * kSecond + static_cast<Nanos>(now.tv_nsec);
}

/// `a - b`, or 0 if that is negative, so that figures from outside, or that were never measured, do
/// not become huge.
[[nodiscard]] constexpr std::uint64_t difference(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

[[nodiscard]] inline double seconds(Nanos span) { return static_cast<double>(span) / 1e9; }

/// Mixes `value` into 64 bits (splitmix64): the only source of randomness here, so that the seed
/// determines everything.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// A number below `bound`, made of the 64 bits of `random`.
[[nodiscard]] constexpr std::uint32_t below(std::uint32_t bound, std::uint64_t random) {
  return static_cast<std::uint32_t>(((random >> 32) * bound) >> 32);
}

}  // namespace tribar::stress
