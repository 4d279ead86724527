// SPDX-License-Identifier: MIT
//
// The table of options. getopt_long finds the options; each row says how to read the value.
#include "stress/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "chat/text.h"
#include "stress/payload.h"
#include "stress/roles.h"
#include "zero/frame.h"

namespace tribar::stress {
namespace {

constexpr double kMostSeconds = 4 * 3600;  // stamps hold 4.8 hours
constexpr std::size_t kMostSecretBytes = 512;
constexpr std::size_t kMostTextBytes = std::size_t{64} * 1024 * 1024;

/// None, or what is wrong with a value: "is 0, allowed are 1..9".
using Complaint = std::optional<std::string>;

template <typename Number>
Complaint read_number(std::string_view text, Number least, Number most, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most) {
    return std::nullopt;
  }
  return fmt::format("is '{}', allowed is {}..{}", log::escaped(text), least, most);
}

Complaint read_server(std::string_view text, Options& options) {
  auto servers = parse_host_ports(text);
  if (!servers) {
    return fmt::format("is {}", servers.error());
  }
  options.servers = std::move(servers.value());
  return std::nullopt;
}

Complaint read_bytes(std::string_view text, Options& options) {
  const std::size_t dash = text.find('-');
  if (auto complaint =
          read_number(text.substr(0, dash), kStampBytes, kMostTextBytes, options.least_bytes)) {
    return fmt::format("{} (the first {} bytes of a message identify it)", *complaint, kStampBytes);
  }
  options.most_bytes = options.least_bytes;
  return dash == std::string_view::npos ? std::nullopt
                                        : read_number(text.substr(dash + 1), options.least_bytes,
                                                      kMostTextBytes, options.most_bytes);
}

Complaint read_scenario(std::string_view text, Options& options) {
  const auto* at = std::find(kScenarioNames.begin(), kScenarioNames.end(), text);
  if (at == kScenarioNames.end()) {
    return fmt::format("is '{}', allowed is one of {}", log::escaped(text),
                       fmt::join(kScenarioNames, ", "));
  }
  options.scenario = static_cast<Scenario>(at - kScenarioNames.begin());
  return std::nullopt;
}

Complaint read_threshold(std::string_view text, Options& options) {
  auto threshold = parse_threshold(text);
  if (!threshold) {
    return threshold.error();
  }
  options.thresholds.push_back(std::move(threshold.value()));
  return std::nullopt;
}

Complaint read_secret(std::string_view text, Options& options) {
  if (text.empty() || text.size() > kMostSecretBytes ||
      text.find(kDelimiter) != std::string_view::npos || refuse_text(text)) {
    return fmt::format("is none: allowed are 1..{} bytes of UTF-8 without '{}'", kMostSecretBytes,
                       kDelimiter);
  }
  options.secret = text;
  return std::nullopt;
}

Complaint read_secret_file(std::string_view text, Options& options) {
  std::ifstream file{std::string(text)};
  std::string line;
  if (!std::getline(file, line)) {
    return fmt::format("'{}' cannot be read, or is empty", log::escaped(text));
  }
  return read_secret(line, options);
}

Complaint read_warmup(std::string_view text, Options& options) {
  return read_number(text, 0.0, kMostSeconds, options.warmup_s.emplace());
}

struct Row {
  const char* name;
  const char* value;  // the name of the value; null: the option takes none
  const char* help;
  Complaint (*read)(std::string_view text, Options& options);
};

constexpr Row kRows[] = {
    {"server", "HOST:PORT,...", "where the server is (127.0.0.1:9000); others take over from it",
     read_server},
    {"protocol", "0|1", "which protocol the users speak (0)",
     [](std::string_view text, Options& o) {
       return read_number(text, std::uint8_t{0}, std::uint8_t{1}, o.protocol);
     }},
    {"secret", "TEXT", "the secret of all accounts (none); needs --protocol 1", read_secret},
    {"secret-file", "FILE", "the same, from the first line of FILE", read_secret_file},
    {"tls", nullptr, "speak TLS, and check the server's certificate",
     [](std::string_view, Options& o) -> Complaint {
       o.is_tls = true;
       return std::nullopt;
     }},
    {"ca", "FILE", "the CA to trust, in PEM (those of this machine); needs --tls",
     [](std::string_view text, Options& o) -> Complaint {
       o.ca_file = text;
       return std::nullopt;
     }},
    {"scenario", "NAME", "what the users do (exchange; rate if --rate is given)", read_scenario},
    {"users", "N", "how many users (100)",
     [](std::string_view text, Options& o) { return read_number(text, 1U, kMostUsers, o.users); }},
    {"window", "W", "messages in flight per user (1)",
     [](std::string_view text, Options& o) { return read_number(text, 1U, 1U << 16, o.window); }},
    {"bytes", "B[-C]", "bytes of a message, or from B to C (64)", read_bytes},
    {"seconds", "S", "how long messages are sent (10)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.01, kMostSeconds, o.seconds);
     }},
    {"messages", "M", "send this many messages instead",
     [](std::string_view text, Options& o) {
       return read_number(text, std::uint64_t{1}, std::uint64_t{1'000'000'000'000}, o.messages);
     }},
    {"rate", "R", "messages a second on a schedule, whether or not the server keeps up",
     [](std::string_view text, Options& o) { return read_number(text, 0.1, 1e8, o.rate); }},
    {"warmup", "S", "seconds at the start that do not count (a tenth of the run, at most 1)",
     read_warmup},
    {"drain", "S", "seconds without progress after which missing messages are lost (10)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.01, kMostSeconds, o.drain_s);
     }},
    {"share", "P", "percent of the users that churn, sleep or ask for lists (10)",
     [](std::string_view text, Options& o) {
       return read_number(text, User{1}, User{90}, o.share_percent);
     }},
    {"nap", "S", "seconds for which slow readers sleep, and then read (1)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.001, kMostSeconds, o.nap_s);
     }},
    {"burst", "K", "messages in a session of a churning user (10)",
     [](std::string_view text, Options& o) { return read_number(text, 1U, 10'000U, o.burst); }},
    {"accounts", "N", "number of accounts that exist for lists (those of the users)",
     [](std::string_view text, Options& o) {
       return read_number(text, User{1}, kMostUsers, o.accounts);
     }},
    {"step", "S", "seconds of each step of a ramp (2)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.1, kMostSeconds, o.step_s);
     }},
    {"factor", "F", "growth of the rate from one step of a ramp to the next (1.25)",
     [](std::string_view text, Options& o) {
       return read_number(text, 1.01, 10.0, o.step_factor);
     }},
    {"bound", "US", "the p99 in microseconds at which a ramp ends (10000)",
     [](std::string_view text, Options& o) { return read_number(text, 1.0, 1e8, o.bound_p99_us); }},
    {"seed", "X", "the seed of all random choices (1)",
     [](std::string_view text, Options& o) {
       return read_number(text, std::uint64_t{0}, ~std::uint64_t{0}, o.seed);
     }},
    {"json", "FILE", "also write the report to FILE as JSON",
     [](std::string_view text, Options& o) -> Complaint {
       o.json_file = text;
       return std::nullopt;
     }},
    {"html", "FILE", "also write the report to FILE as an HTML page",
     [](std::string_view text, Options& o) -> Complaint {
       o.html_file = text;
       return std::nullopt;
     }},
    {"server-pid", "PID", "the server's process, to measure what it uses",
     [](std::string_view text, Options& o) {
       return read_number(text, pid_t{1}, pid_t{1} << 22, o.server_pid.emplace());
     }},
    {"fail-if", "BOUND", "exit with 99 if this is true, such as 'p99>5ms' or 'lost>0'; repeatable",
     read_threshold},
    {"quiet", nullptr, "no progress on the terminal",
     [](std::string_view, Options& o) -> Complaint {
       o.is_quiet = true;
       return std::nullopt;
     }},
    {"help", nullptr, "print this",
     [](std::string_view, Options& o) -> Complaint {
       o.asks_for_help = true;
       return std::nullopt;
     }},
    {"version", nullptr, "print the version",
     [](std::string_view, Options& o) -> Complaint {
       o.asks_for_version = true;
       return std::nullopt;
     }},
};

/// The least number of users for `scenario`: it needs senders and recipients.
User fewest_users(Scenario scenario) {
  switch (scenario) {
    case Scenario::Idle:
      return 1;
    case Scenario::List:
      return 3;
    case Scenario::Mixed:
      return 5;
    case Scenario::Exchange:
    case Scenario::Rate:
    case Scenario::Ramp:
    case Scenario::Offline:
    case Scenario::FanIn:
    case Scenario::Churn:
    case Scenario::Slow:
      break;
  }
  return 2;
}

/// Checks rules about several options together.
Complaint check_together(const Options& options) {
  const User fewest = fewest_users(options.scenario);
  if (options.users < fewest) {
    return fmt::format("--scenario {} needs at least {} users", name_of(options.scenario), fewest);
  }
  if (!options.secret.empty() && options.protocol == 0) {
    return std::string("--secret needs --protocol 1");
  }
  if (!options.ca_file.empty() && !options.is_tls) {
    return std::string("--ca needs --tls");
  }
  if (options.scenario == Scenario::Mixed && options.share_percent > 30) {
    return std::string("--scenario mixed has three shares of at most 30 percent each");
  }
  if (options.scenario == Scenario::List && share_out(options).talkers.count < 2) {
    return fmt::format("--scenario list with --share {} leaves only one of {} users to write",
                       options.share_percent, options.users);
  }
  if (options.scenario == Scenario::Rate && options.rate == 0) {
    return std::string("--scenario rate needs a --rate");
  }
  const bool may_count =
      options.scenario == Scenario::Exchange || options.scenario == Scenario::Rate ||
      options.scenario == Scenario::FanIn || options.scenario == Scenario::Slow ||
      options.scenario == Scenario::Offline;
  if (options.messages > 0 && !may_count) {
    return fmt::format("--messages cannot be used with --scenario {}", name_of(options.scenario));
  }
  const bool has_own_pace =
      options.scenario == Scenario::Exchange || options.scenario == Scenario::Idle ||
      options.scenario == Scenario::Offline || options.scenario == Scenario::Churn;
  if (options.rate > 0 && has_own_pace) {
    return fmt::format("--rate cannot be used with --scenario {}", name_of(options.scenario));
  }
  if (options.messages > 0 && options.warmup_s.value_or(0) > 0) {
    return std::string("--messages counts from the first message, so --warmup cannot be used");
  }
  if (options.messages == 0 && options.warmup_s.value_or(0) >= options.seconds) {
    return fmt::format("--warmup {} leaves nothing of --seconds {}", *options.warmup_s,
                       options.seconds);
  }
  return std::nullopt;
}

}  // namespace

Result<Options, std::string> parse_options(int argc, char** argv) {
  std::vector<option> table;
  for (const Row& row : kRows) {
    table.push_back({row.name, row.value == nullptr ? no_argument : required_argument, nullptr, 0});
  }
  table.push_back({});
  Options options;
  bool has_scenario = false;
  optind = 0;  // reset getopt_long, which may have been used before
  while (true) {
    int index = -1;
    const int found = getopt_long(argc, argv, "+:", table.data(), &index);
    if (found == -1) {
      break;
    }
    const std::string argument = log::escaped(argv[optind - 1]);
    if (found == ':') {
      return fmt::format("'{}' needs a value", argument);
    }
    if (found != 0 || index < 0) {
      return fmt::format("'{}' is not an option", argument);
    }
    const Row& row = kRows[index];
    has_scenario = has_scenario || row.read == read_scenario;
    if (auto complaint = row.read(optarg == nullptr ? "" : optarg, options)) {
      return fmt::format("--{} {}", row.name, *complaint);
    }
  }
  if (optind < argc) {
    return fmt::format("'{}' is not an option", log::escaped(argv[optind]));
  }
  if (!has_scenario && options.rate > 0) {
    options.scenario = Scenario::Rate;
  }
  if (auto complaint = check_together(options)) {
    return *complaint;
  }
  return options;
}

CommandLine stress_command_line() {
  CommandLine line{.name = "tribar-stress", .help = "A load tester for tribar servers."};
  CommandLine compare{.name = "compare",
                      .operands = "A.json B.json",
                      .operand = {.kind = ArgumentValues::Kind::File},
                      .help = "Compares two reports that --json wrote."};
  for (const Row& row : kRows) {
    const std::string_view argument = row.value == nullptr ? "" : row.value;
    CommandOption option{.name = row.name, .argument = std::string(argument), .help = row.help};
    if (argument == "FILE") {
      option.values.kind = ArgumentValues::Kind::File;
    } else if (row.read == read_scenario) {
      option.values = {.kind = ArgumentValues::Kind::Words,
                       .words = {kScenarioNames.begin(), kScenarioNames.end()}};
    } else if (argument == "0|1") {
      option.values = {.kind = ArgumentValues::Kind::Words, .words = {"0", "1"}};
    }
    if (option.name == "html") {
      compare.options.push_back(option);
    }
    line.options.push_back(std::move(option));
  }
  line.verbs.push_back(std::move(compare));
  return line;
}

std::string usage_text() {
  std::string text =
      "usage: tribar-stress [OPTION]...\n"
      "\n"
      "Lets many users write to each other through a server, and checks that every message\n"
      "arrives exactly once, unchanged and in order. 'tribar-stress compare A.json B.json'\n"
      "compares two reports.\n"
      "\n";
  for (const Row& row : kRows) {
    const std::string left = row.value == nullptr ? fmt::format("--{}", row.name)
                                                  : fmt::format("--{} {}", row.name, row.value);
    text += fmt::format("  {:<20}  {}\n", left, row.help);
  }
  return text +
         "\n"
         "Exit status: 0 success, 1 a wrong result, 64 wrong usage, 65 not a report,\n"
         "66 a report cannot be read, 69 no server, 70 a bug, 73 a report cannot be opened,\n"
         "74 output cannot be written, 99 a broken --fail-if.\n";
}

}  // namespace tribar::stress
