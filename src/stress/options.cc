// SPDX-License-Identifier: MIT
//
// The table of options. getopt_long finds them; each row says how its value is read.
#include "stress/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <charconv>
#include <span>
#include <string_view>
#include <vector>

#include "stress/payload.h"

namespace tribar::stress {
namespace {

constexpr double kMostSeconds = 4 * 3600;  // stamps hold 4.8 hours
constexpr std::size_t kMostTextBytes = std::size_t{64} * 1024 * 1024;

/// Nothing, or what is wrong with a value: "is 0, allowed are 1..9".
using Complaint = std::optional<std::string>;

template <typename Number>
Complaint read_number(std::string_view text, Number least, Number most, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most) {
    return std::nullopt;
  }
  return fmt::format("is '{}', allowed is {}..{}", text, least, most);
}

Complaint read_server(std::string_view text, Options& options) {
  auto where = parse_host_port(text);
  if (!where) {
    return fmt::format("is {}", where.error());
  }
  options.server = where.value();
  return std::nullopt;
}

Complaint read_bytes(std::string_view text, Options& options) {
  const std::size_t dash = text.find('-');
  if (auto complaint =
          read_number(text.substr(0, dash), kStampBytes, kMostTextBytes, options.least_bytes)) {
    return fmt::format("{} (the first {} bytes of a message say which it is)", *complaint,
                       kStampBytes);
  }
  options.most_bytes = options.least_bytes;
  return dash == std::string_view::npos ? std::nullopt
                                        : read_number(text.substr(dash + 1), options.least_bytes,
                                                      kMostTextBytes, options.most_bytes);
}

Complaint read_warmup(std::string_view text, Options& options) {
  return read_number(text, 0.0, kMostSeconds, options.warmup_s.emplace());
}

struct Row {
  const char* name;
  const char* value;  // what the value is called; null: the option takes none
  const char* help;
  Complaint (*read)(std::string_view text, Options& options);
};

constexpr Row kRows[] = {
    {"server", "HOST:PORT", "where the server is (127.0.0.1:9000)", read_server},
    {"users", "N", "how many users (100)",
     [](std::string_view text, Options& o) { return read_number(text, 2U, kMostUsers, o.users); }},
    {"window", "W", "messages that each user has under way (1)",
     [](std::string_view text, Options& o) { return read_number(text, 1U, 1U << 16, o.window); }},
    {"bytes", "B[-C]", "bytes of a message, or from B to C (64)", read_bytes},
    {"seconds", "S", "for how long messages are sent (10)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.01, kMostSeconds, o.seconds);
     }},
    {"messages", "M", "send so many messages instead",
     [](std::string_view text, Options& o) {
       return read_number(text, std::uint64_t{1}, std::uint64_t{1'000'000'000'000}, o.messages);
     }},
    {"warmup", "S", "seconds at the start that do not count (a tenth of the run, at most 1)",
     read_warmup},
    {"drain", "S", "seconds without any progress until what is missing is lost (10)",
     [](std::string_view text, Options& o) {
       return read_number(text, 0.01, kMostSeconds, o.drain_s);
     }},
    {"seed", "X", "the seed of all that is random (1)",
     [](std::string_view text, Options& o) {
       return read_number(text, std::uint64_t{0}, ~std::uint64_t{0}, o.seed);
     }},
    {"json", "FILE", "write the report to FILE as JSON, too",
     [](std::string_view text, Options& o) -> Complaint {
       o.json_file = text;
       return std::nullopt;
     }},
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

/// What only shows when all options are known.
Complaint check_together(const Options& options) {
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
  optind = 0;  // start afresh, also when it was used before
  while (true) {
    int index = -1;
    const int found = getopt_long(argc, argv, "+:", table.data(), &index);
    if (found == -1) {
      break;
    }
    const char* argument = argv[optind - 1];
    if (found == ':') {
      return fmt::format("'{}' needs a value", argument);
    }
    if (found != 0 || index < 0) {
      return fmt::format("'{}' is not an option", argument);
    }
    const Row& row = kRows[index];
    if (auto complaint = row.read(optarg == nullptr ? "" : optarg, options)) {
      return fmt::format("--{} {}", row.name, *complaint);
    }
  }
  if (optind < argc) {
    return fmt::format("'{}' is not an option", argv[optind]);
  }
  if (auto complaint = check_together(options)) {
    return *complaint;
  }
  return options;
}

std::string usage_text() {
  std::string text =
      "usage: tribar-stress [OPTION]...\n"
      "\n"
      "Lets many users write to each other through a server and proves that every message\n"
      "arrives exactly once, unchanged and in order.\n"
      "\n";
  for (const Row& row : kRows) {
    const std::string left = row.value == nullptr ? fmt::format("--{}", row.name)
                                                  : fmt::format("--{} {}", row.name, row.value);
    text += fmt::format("  {:<20}  {}\n", left, row.help);
  }
  return text +
         "\n"
         "Exit status: 0 all is right, 1 a wrong result, 64 wrong usage, 69 no server.\n";
}

}  // namespace tribar::stress
