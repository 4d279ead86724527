// SPDX-License-Identifier: MIT
//
// What the person asks for on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "stress/endpoint.h"
#include "stress/types.h"

namespace tribar::stress {

struct Options {
  HostPort server;
  User users = 100;
  std::uint32_t window = 1;
  std::size_t least_bytes = 64;
  std::size_t most_bytes = 64;
  double seconds = 10;
  std::uint64_t messages = 0;      // 0: `seconds` counts
  std::optional<double> warmup_s;  // none: a tenth of `seconds`, at most 1
  double drain_s = 10;             // without any progress
  std::uint64_t seed = 1;
  std::string json_file;
  bool is_quiet = false;
  bool asks_for_help = false;
  bool asks_for_version = false;
};

/// The options in `argv`; an error says what is wrong, for the person.
[[nodiscard]] Result<Options, std::string> parse_options(int argc, char** argv);

/// What --help prints.
[[nodiscard]] std::string usage_text();

}  // namespace tribar::stress
