// SPDX-License-Identifier: MIT
//
// Measures how much memory a process uses, for tests that limit it.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace tribar::test {

/// Whether resident_bytes() is close to what the program allocated; a sanitizer keeps much more.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsMemoryExact = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kIsMemoryExact = false;
#else
inline constexpr bool kIsMemoryExact = true;
#endif
#else
inline constexpr bool kIsMemoryExact = true;
#endif

/// Resident memory of process `pid`; 0 if there is no such process.
[[nodiscard]] inline std::size_t resident_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Whether process `pid` uses at most `bound` more than `before`, as far as that can be measured.
[[nodiscard]] inline bool has_grown_at_most(pid_t pid, std::size_t before, std::size_t bound) {
  return !kIsMemoryExact || resident_bytes(pid) < before + bound;
}

}  // namespace tribar::test
