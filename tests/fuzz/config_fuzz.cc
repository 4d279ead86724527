// SPDX-License-Identifier: MIT
//
// Any text as a config: a config that survives being printed, or mistakes that each name a place.
#include "config/config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tribar::fuzz::check;
  const auto config = tribar::parse_config(tribar::fuzz::as_text(data, size), "f");
  if (!config) {
    check(!config.error().empty(), "a refused config has mistakes");
    for (const std::string& mistake : config.error()) {
      check(mistake.starts_with("f:") && mistake.size() < 1000, "a mistake is one short line");
      for (const char c : mistake) {
        check(c >= ' ' && c <= '~', "a mistake can be shown on a terminal");
      }
    }
    return 0;
  }
  const auto again = tribar::parse_config(tribar::print_config(config.value()), "f");
  check(again.is_ok() && again.value() == config.value(), "a printed config is read as it was");
  return 0;
}
