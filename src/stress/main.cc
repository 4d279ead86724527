// SPDX-License-Identifier: MIT
//
// tribar-stress: arguments, one run, its reports. One thread.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output.h"
#include "base/result.h"
#include "base/standard_descriptors.h"
#include "stress/compare.h"
#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/report.h"
#include "stress/report_file.h"
#include "stress/scenario.h"
#include "stress/stage.h"
#include "stress/usage.h"

namespace tribar::stress {
namespace {

// Those from 64 to 78 follow sysexits.h.
constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kUsage = 64;
constexpr int kBadInput = 65;
constexpr int kNoInput = 66;
constexpr int kUnavailable = 69;
constexpr int kBug = 70;
constexpr int kCannotCreate = 73;
constexpr int kCannotWrite = 74;
constexpr int kBroken = 99;

int complain(std::string_view text, int status) {
  fmt::print(stderr, "tribar-stress: {}\n", text);
  return status;
}

/// Prints `text`; returns the resulting exit status.
int print(std::string_view text) {
  const auto trouble = write_output(text);
  return trouble ? complain(*trouble, kCannotWrite) : kRight;
}

/// Writes `text` to `file`; returns the resulting exit status.
int write(ReportFile& file, std::string_view text) {
  const std::string trouble = file.write(text);
  return trouble.empty() ? kRight : complain(trouble, kCannotWrite);
}

/// The content of the file at `path`; if it cannot be read, none, and a line on standard error.
std::optional<std::string> read_file(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  std::string text;
  std::array<char, 65536> buffer;
  for (std::size_t n = 1; file && n > 0; text.append(buffer.data(), n)) {
    n = std::fread(buffer.data(), 1, buffer.size(), file.get());
  }
  if (!file || std::ferror(file.get()) != 0) {
    complain(fmt::format("cannot read {}: {}", path, std::strerror(errno)), kNoInput);
    return std::nullopt;
  }
  return text;
}

/// Raises the limit on descriptors as far as the system allows; returns an error if that is too
/// few.
std::optional<std::string> make_room(const Options& options) {
  constexpr rlim_t kOthers = 16;  // standard streams, epoll, files of the system
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (options.users + kOthers <= limit.rlim_cur) {
    return std::nullopt;
  }
  return fmt::format(
      "--users {}: {} descriptors are allowed here (see ulimit -n), enough for {} users",
      options.users, limit.rlim_cur, difference(limit.rlim_cur, kOthers));
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
    const auto text = read_file(arguments[i]);
    if (!text) {
      return kNoInput;
    }
    auto report = read_report(arguments[i], *text);
    if (!report) {
      return complain(report.error(), kBadInput);
    }
    reports.push_back(std::move(report.value()));
  }
  std::optional<ReportFile> page;
  if (has_html) {
    auto opened = ReportFile::open(arguments[3]);
    if (!opened) {
      return complain(opened.error(), kCannotCreate);
    }
    page.emplace(std::move(opened.value()));
  }
  const int printed = print(comparison_as_text(reports[0], reports[1]));
  const int written = page ? write(*page, comparison_as_html(reports[0], reports[1])) : kRight;
  return printed != kRight ? printed : written;
}

/// The files for reports, if requested.
struct ReportFiles {
  std::optional<ReportFile> json;
  std::optional<ReportFile> html;
};

/// Opens the files that `options` name; an error says which could not be opened, and why.
Result<ReportFiles, std::string> open_reports(const Options& options) {
  ReportFiles files;
  for (const auto& [path, file] :
       {std::pair(&options.json_file, &files.json), std::pair(&options.html_file, &files.html)}) {
    if (!path->empty()) {
      auto opened = ReportFile::open(*path);
      if (!opened) {
        return opened.error();
      }
      file->emplace(std::move(opened.value()));
    }
  }
  if (files.json && files.html && files.json->is_same_as(*files.html)) {
    return fmt::format("cannot write {}: it is the file of --json and of --html",
                       options.html_file);
  }
  return files;
}

/// Runs the scenario, writes reports, and returns the exit status. An error in the run takes
/// precedence over a report that could not be written.
int run_scenario(const Options& options, const Server& server, ReportFiles& files) {
  catch_interrupts();
  const Results results = play(options, server);
  std::string text = report_as_text(options, results);
  bool is_any_broken = false;
  for (const Threshold& threshold : options.thresholds) {
    if (const auto why = broken(threshold, results)) {
      text += fmt::format("broken: {}\n", *why);
      is_any_broken = true;
    }
  }
  int written = print(text);
  if (files.json) {
    written = std::max(written, write(*files.json, report_as_json(options, results)));
  }
  if (files.html) {
    written = std::max(written, write(*files.html, report_as_html(options, results)));
  }
  if (is_any_broken) {
    return kBroken;
  }
  return results.is_wrong() ? kWrong : written;
}

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "compare") {
    return run_compare({argv + 2, argv + argc});
  }
  const auto parsed = parse_options(argc, argv);
  if (!parsed) {
    return complain(parsed.error() + "\nTry --help.", kUsage);
  }
  const Options& options = parsed.value();
  if (options.asks_for_help) {
    return print(usage_text());
  }
  if (options.asks_for_version) {
    return print(fmt::format("tribar-stress {}\n", TRIBAR_VERSION));
  }
  if (options.server_pid && !Process::find(*options.server_pid)) {
    return complain(
        fmt::format("--server-pid {}: there is no such process, or it cannot be observed",
                    *options.server_pid),
        kUsage);
  }
  if (const auto complaint = make_room(options)) {
    return complain(*complaint, kUsage);
  }
  std::shared_ptr<const TlsClientContext> tls;
  if (options.is_tls) {
    auto loaded = TlsClientContext::load({.ca = options.ca_file, .certificate = "", .key = ""});
    if (!loaded) {
      return complain(loaded.error(), kNoInput);
    }
    tls = std::move(loaded.value());
  }
  auto files = open_reports(options);
  if (!files) {
    return complain(files.error(), kCannotCreate);
  }
  const auto server = find_server(options.servers, tls);
  if (!server) {
    return complain(server.error(), kUnavailable);
  }
  return run_scenario(options, server.value(), files.value());
}

}  // namespace
}  // namespace tribar::stress

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  try {
    return tribar::stress::run(argc, argv);
  } catch (const std::exception& error) {
    return tribar::stress::complain(error.what(), tribar::stress::kBug);
  }
}
