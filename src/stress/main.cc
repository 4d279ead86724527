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

#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/report.h"
#include "stress/scenario.h"
#include "stress/stage.h"

namespace tribar::stress {
namespace {

// Those from 64 to 78 after sysexits.h.
constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kUsage = 64;
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

int run(int argc, char** argv) {
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
  if (const auto complaint = make_room(options)) {
    fmt::print(stderr, "tribar-stress: {}\n", *complaint);
    return kUsage;
  }
  const auto server = find_server(options.server);
  if (!server) {
    fmt::print(stderr, "tribar-stress: {}\n", server.error());
    return kUnavailable;
  }
  catch_interrupts();
  const Results results = play(options, server.value());
  fmt::print("{}", report_as_text(options, results));
  if (!options.json_file.empty() &&
      !write_file(options.json_file, report_as_json(options, results))) {
    return kCannotWrite;
  }
  if (results.is_wrong()) {
    return kWrong;
  }
  bool is_any_broken = false;
  for (const Threshold& threshold : options.thresholds) {
    if (const auto why = broken(threshold, results)) {
      fmt::print("broken: {}\n", *why);
      is_any_broken = true;
    }
  }
  return is_any_broken ? kBroken : kRight;
}

}  // namespace
}  // namespace tribar::stress

int main(int argc, char** argv) {
  try {
    return tribar::stress::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tribar-stress: {}\n", error.what());
    return tribar::stress::kBug;
  }
}
