// SPDX-License-Identifier: MIT
//
// A progress line on standard error, which is overwritten each time; only on a terminal.
#pragma once

#include <cstdint>
#include <string_view>

#include "stress/types.h"

namespace tribar::stress {

class Progress {
 public:
  explicit Progress(bool is_quiet);

  /// Whether it is time for another line.
  [[nodiscard]] bool is_due(Nanos now) const { return is_on_ && now >= next_; }
  /// Writes `text` over the last line.
  void show(Nanos now, std::string_view text);
  /// Clears the line.
  void clear();

 private:
  bool is_on_;
  bool is_shown_ = false;
  Nanos next_ = 0;
};

}  // namespace tribar::stress
