// SPDX-License-Identifier: MIT
//
// See usage.h. The files are described in proc(5) and in the kernel's sched-stats.
#include "stress/usage.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tribar::stress {
namespace {

/// The number after `key` in a file of "key:  number" lines.
std::uint64_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return 0;
  }
  const std::size_t start = text.find_first_of("0123456789", at + key.size());
  std::uint64_t number = 0;
  if (start != std::string_view::npos) {
    std::from_chars(text.data() + start, text.data() + text.size(), number);
  }
  return number;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Adds what the thread in `task` (a folder of /proc) has used.
void add_thread(Usage& usage, const std::filesystem::path& task) {
  std::ifstream schedule(task / "schedstat");
  Nanos cpu = 0;
  Nanos waited = 0;
  schedule >> cpu >> waited;
  usage.cpu += cpu;
  usage.waited += waited;
  const std::string status = contents(task / "status");
  usage.context_switches += number_after(status, "\nvoluntary_ctxt_switches:") +
                            number_after(status, "\nnonvoluntary_ctxt_switches:");
}

std::uint64_t memory_of(const std::filesystem::path& process) {
  return number_after(contents(process / "status"), "\nVmRSS:") * 1024;
}

}  // namespace

std::optional<Usage> usage_of(pid_t pid) {
  const std::filesystem::path process = fmt::format("/proc/{}", pid);
  std::error_code error;
  Usage usage;
  std::filesystem::directory_iterator tasks(process / "task", error);
  if (error) {
    return std::nullopt;
  }
  for (const std::filesystem::directory_iterator end; tasks != end; tasks.increment(error)) {
    add_thread(usage, tasks->path());
    if (error) {
      break;
    }
  }
  usage.memory_bytes = memory_of(process);
  return usage;
}

Usage own_usage() {
  Usage usage;
  add_thread(usage, "/proc/thread-self");
  timespec cpu{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  usage.cpu = static_cast<Nanos>(cpu.tv_sec) * kSecond + static_cast<Nanos>(cpu.tv_nsec);
  usage.memory_bytes = memory_of("/proc/self");
  return usage;
}

}  // namespace tribar::stress
