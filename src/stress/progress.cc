// SPDX-License-Identifier: MIT
//
// See progress.h.
#include "stress/progress.h"

#include <fmt/format.h>
#include <unistd.h>

namespace tribar::stress {
namespace {

constexpr Nanos kEvery = 200 * kMillisecond;
constexpr std::string_view kWipe = "\r\x1b[K";

}  // namespace

Progress::Progress(bool is_quiet) : is_on_(!is_quiet && isatty(STDERR_FILENO) != 0) {}

void Progress::show(Nanos now, std::string_view text) {
  next_ = now + kEvery;
  is_shown_ = true;
  fmt::print(stderr, "{}{}", kWipe, text);
}

void Progress::clear() {
  if (is_shown_) {
    fmt::print(stderr, "{}", kWipe);
    is_shown_ = false;
  }
}

}  // namespace tribar::stress
