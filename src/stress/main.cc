// SPDX-License-Identifier: MIT
//
// tribar-stress: arguments, one run, its reports. One thread.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>

#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/report.h"
#include "stress/scenario.h"
#include "stress/stage.h"

namespace tribar::stress {
namespace {

// The last three after sysexits.h.
constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kUsage = 64;
constexpr int kUnavailable = 69;
constexpr int kBug = 70;
constexpr int kCannotWrite = 73;

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) {
    fmt::print(stderr, "tribar-stress: cannot write {}\n", path);
  }
  return static_cast<bool>(file);
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
  return results.is_wrong() ? kWrong : kRight;
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
