// SPDX-License-Identifier: MIT
//
// How much a proof does: little in every test run, all when scripts/crash-proof asks for it.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace tribar::test {

/// By what a sanitizer slows a proof down, about.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kSlowness = 8;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr std::uint64_t kSlowness = 8;
#else
inline constexpr std::uint64_t kSlowness = 1;
#endif
#else
inline constexpr std::uint64_t kSlowness = 1;
#endif

/// The number that the environment gives as `name`, or `otherwise`.
inline std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  if (value != nullptr) {
    const std::string_view text = value;
    std::from_chars(text.data(), text.data() + text.size(), otherwise);
  }
  return otherwise;
}

}  // namespace tribar::test
