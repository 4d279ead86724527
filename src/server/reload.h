// SPDX-License-Identifier: MIT
//
// What reading the settings again comes to, as values and in words. No side effects; any thread.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace tribar {

struct ReloadResult {
  std::vector<std::string> changed;        // keys of settings that are in effect now
  std::vector<std::string> needs_restart;  // keys of settings that are not, before a restart
  std::vector<std::string> mistakes;  // if there are any, nothing is in effect that was not before
  bool has_file = true;               // false: there were no settings to read again
  friend bool operator==(const ReloadResult&, const ReloadResult&) = default;
};

/// `in_effect`, with all that can change without a restart as it is in `wanted`. Adds to `result`
/// in which keys they differ.
[[nodiscard]] Config merge(const Config& in_effect, const Config& wanted, ReloadResult& result);

/// The result in words: one line, or one for each mistake, without a line end.
[[nodiscard]] std::vector<std::string> describe(const ReloadResult& result);

}  // namespace tribar
