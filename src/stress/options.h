// SPDX-License-Identifier: MIT
//
// The options on the command line.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/command_line.h"
#include "base/result.h"
#include "stress/endpoint.h"
#include "stress/threshold.h"
#include "stress/types.h"

namespace tribar::stress {

enum class Scenario : std::uint8_t {
  Exchange,
  Rate,
  Ramp,
  Idle,
  Offline,
  FanIn,
  Churn,
  Slow,
  List,
  Mixed,
};
inline constexpr std::array<std::string_view, 10> kScenarioNames{
    "exchange", "rate", "ramp", "idle", "offline", "fan-in", "churn", "slow", "list", "mixed"};

struct Options {
  std::vector<HostPort> servers{HostPort{}};  // of the same accounts; at least one
  std::uint8_t protocol = 0;                  // 0 or 1
  std::string secret;                         // of all accounts; empty: they have none
  bool is_tls = false;
  std::string ca_file;  // the CA of the server's certificate; empty: those of this machine
  Scenario scenario = Scenario::Exchange;
  User users = 100;
  std::uint32_t window = 1;
  std::size_t least_bytes = 64;
  std::size_t most_bytes = 64;
  double seconds = 10;
  std::uint64_t messages = 0;  // 0: send for `seconds`
  double rate = 0;  // messages/s on a schedule; 0: each user keeps `window` messages in flight
  std::optional<double> warmup_s;  // none: a tenth of `seconds`, at most 1
  double drain_s = 10;             // without progress
  User share_percent = 10;         // of users that churn, sleep or list
  double nap_s = 1;
  std::uint32_t burst = 10;  // messages of a churning user's session
  User accounts = 0;         // for lists; at least the users
  double step_s = 2;         // per step of a ramp
  double step_factor = 1.25;
  double bound_p99_us = 10'000;
  std::uint64_t seed = 1;
  std::optional<pid_t> server_pid;
  std::string json_file;
  std::string html_file;
  std::vector<Threshold> thresholds;
  bool is_quiet = false;
  bool asks_for_help = false;
  bool asks_for_version = false;
};

[[nodiscard]] inline std::string_view name_of(Scenario scenario) {
  return kScenarioNames[static_cast<std::size_t>(scenario)];
}

/// Parses `argv`; an error says what is wrong, for the user.
[[nodiscard]] Result<Options, std::string> parse_options(int argc, char** argv);

/// All options, and what `compare` takes: for the manual page and completions.
[[nodiscard]] CommandLine stress_command_line();

/// The text of --help.
[[nodiscard]] std::string usage_text();

}  // namespace tribar::stress
