// SPDX-License-Identifier: MIT
//
// What a simulation shares: its clock, what it found wrong first, and its trace.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace tribar::simulation {

class Diary {
 public:
  /// `is_telling`: write a line for everything that happens.
  explicit Diary(bool is_telling) : is_telling_(is_telling) {}

  /// Counts what happens; `step` orders everything that the checker knows.
  std::uint64_t step = 0;
  std::uint64_t now_ms = 1000;

  template <typename... Args>
  void tell(fmt::format_string<Args...> format, Args&&... args) {
    if (is_telling_) {
      const std::string line = fmt::format(format, std::forward<Args>(args)...);
      std::printf("%6llu %7llu ms  %s\n", static_cast<unsigned long long>(step),
                  static_cast<unsigned long long>(now_ms), line.c_str());
    }
  }

  /// A promise is broken. The first one counts.
  template <typename... Args>
  void fail(fmt::format_string<Args...> format, Args&&... args) {
    const std::string text = fmt::format(format, std::forward<Args>(args)...);
    tell("BROKEN: {}", text);
    if (failure_.empty()) {
      failure_ = fmt::format("step {}: {}", step, text);
    }
  }

  [[nodiscard]] bool is_telling() const { return is_telling_; }
  [[nodiscard]] bool has_failed() const { return !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  bool is_telling_;
  std::string failure_;
};

}  // namespace tribar::simulation
