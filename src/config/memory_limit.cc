// SPDX-License-Identifier: MIT
//
// See memory_limit.h.
#include "config/memory_limit.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace tribar {
namespace {

/// With less than this the server does not start.
constexpr std::uint64_t kLeastBytes = std::uint64_t{8} << 20;
/// Each limit may use one part in this many of the available memory. Limits do not count
/// everything: lists of batches grow by doubling, and data that waits for a socket exists there as
/// well as in its queue. Together the limits use about four fifths at worst; the rest is for the
/// program itself.
constexpr std::uint64_t kQueuedShare = 8;
constexpr std::uint64_t kBufferedShare = 12;
constexpr std::uint64_t kAccountsShare = 12;
constexpr std::uint64_t kConnectionsShare = 12;
constexpr std::uint64_t kTlsConnectionsShare = 4;
constexpr std::uint64_t kLeastBudget = std::uint64_t{1} << 20;
/// The memory of an account in addition to its name, and of an idle connection.
constexpr std::uint64_t kAccountBytes = 192;
constexpr std::uint64_t kConnectionBytes = 2048;
/// With TLS: 14 KiB at rest, and 50 KiB while something is on its way, as always if the peer does
/// not read.
constexpr std::uint64_t kTlsConnectionBytes = 65536;

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The number in the file at `path`; none if there is no file, or no number in it, such as "max".
std::optional<std::uint64_t> number_in(const std::string& path) {
  const std::string text = text_of_file(path);
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

/// The lowest number in `file`, in the folder `mount` + `path` and its parents.
std::optional<std::uint64_t> least_up_from(const std::string& mount, std::string path,
                                           const char* file) {
  std::optional<std::uint64_t> least;
  for (;;) {
    const auto found = number_in(fmt::format("{}{}/{}", mount, path, file));
    if (found && (!least || *found < *least)) {
      least = found;
    }
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      return least;
    }
    path.resize(slash);
  }
}

/// What the process uses, in bytes: address space, resident memory, writable memory.
struct Usage {
  std::uint64_t addresses = 0;
  std::uint64_t resident = 0;
  std::uint64_t data = 0;
};

Usage usage() {
  std::istringstream statm(text_of_file("/proc/self/statm"));
  std::uint64_t shared = 0;
  std::uint64_t text = 0;
  std::uint64_t library = 0;
  Usage used;
  statm >> used.addresses >> used.resident >> shared >> text >> library >> used.data;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return {used.addresses * page, used.resident * page, used.data * page};
}

std::optional<std::uint64_t> resource_limit(int resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_cur;
}

}  // namespace

std::optional<std::uint64_t> group_limit(const std::string& memberships, const std::string& mount) {
  std::optional<std::uint64_t> least;
  const auto take = [&least](std::optional<std::uint64_t> found) {
    // Version 1 expresses "no limit" as a number near the largest.
    if (found && *found < std::uint64_t{1} << 60 && (!least || *found < *least)) {
      least = found;
    }
  };
  std::istringstream lines(memberships);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") {
      take(least_up_from(mount, path, "memory.max"));
    } else if (controllers.find(",memory,") != std::string::npos) {
      take(least_up_from(mount + "/memory", path, "memory.limit_in_bytes"));
    }
  }
  return least;
}

std::vector<MemoryLimit> memory_limits() {
  constexpr std::uint64_t kUsualStackBytes = std::uint64_t{8} << 20;
  const Usage used = usage();
  const std::uint64_t stack = resource_limit(RLIMIT_STACK).value_or(kUsualStackBytes);
  std::vector<MemoryLimit> limits;
  const auto add = [&limits](std::optional<std::uint64_t> limit, std::uint64_t taken,
                             std::string_view source, bool is_of_addresses,
                             std::uint64_t thread_bytes) {
    if (limit) {
      limits.push_back({*limit - std::min(*limit, taken),
                        fmt::format("{}, {} bytes,", source, *limit), is_of_addresses,
                        thread_bytes});
    }
  };
  add(resource_limit(RLIMIT_AS), used.addresses, "the limit on address space", true, stack);
  add(resource_limit(RLIMIT_DATA), used.data, "the limit on data", false, stack);
  add(group_limit(text_of_file("/proc/self/cgroup"), "/sys/fs/cgroup"), used.resident,
      "the control group's limit on memory", false, 0);
  return limits;
}

std::optional<MemoryLimit> tightest(const std::vector<MemoryLimit>& limits, unsigned threads) {
  std::optional<MemoryLimit> least;
  for (MemoryLimit limit : limits) {
    limit.bytes -= std::min(limit.bytes, threads * limit.thread_bytes);
    if (!least || limit.bytes < least->bytes) {
      least = limit;
    }
  }
  return least;
}

std::vector<std::string> fit_into_memory(Config::Limits& limits, std::uint64_t bytes,
                                         bool has_tls) {
  if (bytes < kLeastBytes) {
    throw std::runtime_error(
        fmt::format("leaves {} bytes, and at least {} are needed", bytes, kLeastBytes));
  }
  std::vector<std::string> lowered;
  const auto lower = [&lowered](const char* key, std::uint64_t& limit, std::uint64_t most) {
    if (limit > most) {
      lowered.push_back(fmt::format("{} from {} to {}", key, limit, most));
      limit = most;
    }
  };
  lower("limits.connections", limits.connections,
        has_tls ? bytes / kTlsConnectionsShare / (kConnectionBytes + kTlsConnectionBytes)
                : bytes / kConnectionsShare / kConnectionBytes);
  lower("limits.accounts", limits.accounts,
        bytes / kAccountsShare / (kAccountBytes + limits.username_bytes));
  lower("limits.queued_bytes", limits.queued_bytes, std::max(bytes / kQueuedShare, kLeastBudget));
  lower("limits.buffered_bytes", limits.buffered_bytes,
        std::max(bytes / kBufferedShare, kLeastBudget));
  return lowered;
}

}  // namespace tribar
