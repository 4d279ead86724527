// SPDX-License-Identifier: MIT
//
// tribar-stress: arguments, one run, its reports. One thread.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/standard_descriptors.h"
#include "stress/compare.h"
#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/report.h"
#include "stress/scenario.h"
#include "stress/stage.h"
#include "stress/usage.h"

namespace tribar::stress {
namespace {

// Those from 64 to 78 after sysexits.h.
constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kUsage = 64;
constexpr int kBadInput = 65;
constexpr int kNoInput = 66;
constexpr int kUnavailable = 69;
constexpr int kBug = 70;
constexpr int kCannotWrite = 73;
constexpr int kBroken = 99;

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) {
    fmt::print(stderr, "tribar-stress: cannot write {}\n", path);
  }
  return static_cast<bool>(file);
}

/// Allows as many descriptors as the system lets us have; an error when those are too few.
std::optional<std::string> make_room(const Options& options) {
  constexpr rlim_t kOthers = 16;  // standard streams, epoll, files of the system
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (options.users + kOthers <= limit.rlim_cur) {
    return std::nullopt;
  }
  return fmt::format("--users {}: only {} descriptors are allowed here (see ulimit -n)",
                     options.users, limit.rlim_cur);
}

/// tribar-stress compare A.json B.json [--html FILE]
int run_compare(const std::vector<std::string>& arguments) {
  const bool has_html = arguments.size() == 4 && arguments[2] == "--html";
  if (arguments.size() != 2 && !has_html) {
    fmt::print(stderr, "usage: tribar-stress compare A.json B.json [--html FILE]\n");
    return kUsage;
  }
  std::vector<Report> reports;
  for (std::size_t i = 0; i < 2; ++i) {
    std::ifstream file(arguments[i]);
    if (!file) {
      fmt::print(stderr, "tribar-stress: cannot read {}\n", arguments[i]);
      return kNoInput;
    }
    auto report = read_report(arguments[i], {std::istreambuf_iterator<char>(file), {}});
    if (!report) {
      fmt::print(stderr, "tribar-stress: {}\n", report.error());
      return kBadInput;
    }
    reports.push_back(std::move(report.value()));
  }
  fmt::print("{}", comparison_as_text(reports[0], reports[1]));
  const bool is_written =
      !has_html || write_file(arguments[3], comparison_as_html(reports[0], reports[1]));
  return is_written ? kRight : kCannotWrite;
}

/// Plays, reports, and judges.
int run_scenario(const Options& options, const Address& server) {
  catch_interrupts();
  const Results results = play(options, server);
  fmt::print("{}", report_as_text(options, results));
  const bool is_written = (options.json_file.empty() ||
                           write_file(options.json_file, report_as_json(options, results))) &&
                          (options.html_file.empty() ||
                           write_file(options.html_file, report_as_html(options, results)));
  bool is_any_broken = false;
  for (const Threshold& threshold : options.thresholds) {
    if (const auto why = broken(threshold, results)) {
      fmt::print("broken: {}\n", *why);
      is_any_broken = true;
    }
  }
  if (is_any_broken) {
    return kBroken;
  }
  if (results.is_wrong()) {
    return kWrong;
  }
  return is_written ? kRight : kCannotWrite;
}

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "compare") {
    return run_compare({argv + 2, argv + argc});
  }
  const auto parsed = parse_options(argc, argv);
  if (!parsed) {
    fmt::print(stderr, "tribar-stress: {}\nTry --help.\n", parsed.error());
    return kUsage;
  }
  const Options& options = parsed.value();
  if (options.asks_for_help) {
    fmt::print("{}", usage_text());
    return kRight;
  }
  if (options.asks_for_version) {
    fmt::print("tribar-stress {}\n", TRIBAR_VERSION);
    return kRight;
  }
  if (options.server_pid && !Process::find(*options.server_pid)) {
    fmt::print(stderr, "tribar-stress: --server-pid {}: there is no process that can be seen\n",
               *options.server_pid);
    return kUsage;
  }
  if (const auto complaint = make_room(options)) {
    fmt::print(stderr, "tribar-stress: {}\n", *complaint);
    return kUsage;
  }
  const auto server = find_server(options.server);
  if (!server) {
    fmt::print(stderr, "tribar-stress: {}\n", server.error());
    return kUnavailable;
  }
  return run_scenario(options, server.value());
}

}  // namespace
}  // namespace tribar::stress

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  try {
    return tribar::stress::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tribar-stress: {}\n", error.what());
    return tribar::stress::kBug;
  }
}
