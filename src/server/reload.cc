// SPDX-License-Identifier: MIT
//
// See reload.h.
#include "server/reload.h"

#include <fmt/format.h>

#include "config/config_table.h"

namespace tribar {

Config merge(const Config& in_effect, const Config& wanted, ReloadResult& result) {
  Config merged = in_effect;
  for (const ConfigRow* row : changes(in_effect, wanted)) {
    if (row->reload == Reload::Restart) {
      result.needs_restart.emplace_back(row->key);
    } else {
      result.changed.emplace_back(row->key);
      take_over(*row, wanted, merged);
    }
  }
  return merged;
}

std::vector<std::string> describe(const ReloadResult& result) {
  std::vector<std::string> lines;
  for (const std::string& mistake : result.mistakes) {
    lines.push_back(fmt::format("reload: nothing applied: {}", mistake));
  }
  if (!lines.empty()) {
    return lines;
  }
  if (!result.has_file) {
    return {"reload: there are no settings to read again: they did not come from a file"};
  }
  std::string line = result.changed.empty()
                         ? "reload: no setting changed"
                         : fmt::format("reload: changed {}", fmt::join(result.changed, ", "));
  if (!result.needs_restart.empty()) {
    line += fmt::format("; needs a restart: {}", fmt::join(result.needs_restart, ", "));
  }
  return {line};
}

}  // namespace tribar
