// SPDX-License-Identifier: MIT
//
// See usage.h. The files are described in proc(5), and schedstat in the kernel's sched-stats.
#include "stress/usage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace tribar::stress {
namespace {

Nanos read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<Nanos>(time.tv_sec) * kSecond + static_cast<Nanos>(time.tv_nsec);
}

/// The first number after `key` in `text`, or 0.
std::uint64_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  const std::size_t start = at == std::string_view::npos
                                ? std::string_view::npos
                                : text.find_first_of("0123456789", at + key.size());
  std::uint64_t number = 0;
  if (start != std::string_view::npos) {
    std::from_chars(text.data() + start, text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

std::optional<Process> Process::find(pid_t pid) {
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) {
    return std::nullopt;
  }
  const int statm = open(fmt::format("/proc/{}/statm", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (statm < 0) {
    return std::nullopt;
  }
  return Process(pid, clock, statm);
}

Process::Process(Process&& other) noexcept
    : pid_(other.pid_), clock_(other.clock_), statm_(std::exchange(other.statm_, -1)) {}

Process::~Process() {
  if (statm_ >= 0) {
    close(statm_);
  }
}

Nanos Process::cpu() const { return read_clock(clock_); }

std::uint64_t Process::resident_bytes() const {
  std::array<char, 128> text{};
  const ssize_t count = pread(statm_, text.data(), text.size(), 0);
  if (count <= 0) {
    return 0;
  }
  // "size resident ...", in pages.
  const std::uint64_t pages = number_after({text.data(), static_cast<std::size_t>(count)}, " ");
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t Process::context_switches() const {
  std::uint64_t switches = 0;
  std::error_code error;
  std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid_), error);
  for (const std::filesystem::directory_iterator end; !error && task != end;
       task.increment(error)) {
    std::ifstream file(task->path() / "status");
    const std::string status{std::istreambuf_iterator<char>(file), {}};
    switches += number_after(status, "\nvoluntary_ctxt_switches:") +
                number_after(status, "\nnonvoluntary_ctxt_switches:");
  }
  return switches;
}

OwnUsage own_usage() {
  OwnUsage usage{.cpu = read_clock(CLOCK_THREAD_CPUTIME_ID)};
  std::ifstream schedule("/proc/thread-self/schedstat");
  Nanos ran = 0;
  schedule >> ran >> usage.waited;
  return usage;
}

}  // namespace tribar::stress
