// SPDX-License-Identifier: MIT
//
// See metrics.h.
#include "operate/metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "chat/refusal.h"

namespace tribar {

/// The lines of one metric after another.
class MetricLines {
 public:
  void begin(const Metric& metric) {
    metric_ = &metric;
    has_header_ = false;
  }
  /// `labels`: none, or `name="value"` with commas between.
  void add(std::uint64_t value, std::string_view labels = {}) { line({}, labels, value); }
  void add_real(double value) { line({}, {}, value); }
  /// `scale`: one of the histogram's numbers, in the unit of the metric.
  void add(const Histogram& histogram, double scale, std::string_view labels = {}) {
    const std::string more = labels.empty() ? std::string() : fmt::format("{},", labels);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
      count += histogram.read(i);
      const double bound = static_cast<double>(Histogram::bound(i)) * scale;
      line("_bucket", fmt::format("{}le=\"{:.6g}\"", more, bound), count);
    }
    count += histogram.read(Histogram::kBuckets - 1);
    line("_bucket", fmt::format("{}le=\"+Inf\"", more), count);
    line("_sum", labels, static_cast<double>(histogram.sum()) * scale);
    line("_count", labels, count);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  template <typename Number>
  void line(std::string_view suffix, std::string_view labels, Number value) {
    if (!has_header_) {
      has_header_ = true;
      text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", metric_->name, metric_->help,
                           name_of(metric_->type));
    }
    text_ += labels.empty() ? fmt::format("{}{} {}\n", metric_->name, suffix, value)
                            : fmt::format("{}{}{{{}}} {}\n", metric_->name, suffix, labels, value);
  }

  const Metric* metric_ = nullptr;
  bool has_header_ = false;
  std::string text_;
};

namespace {

constexpr double kMicrosecond = 1e-6;

template <typename Read>
std::uint64_t sum(const MetricSources& from, Read read) {
  std::uint64_t total = 0;
  for (const LoopCounters* loop : from.loops) {
    total += read(*loop);
  }
  return total;
}

/// Messages that were delivered, and that the registry still counts as waiting.
std::uint64_t unreported(const MetricSources& from) {
  return sum(from, [](const LoopCounters& loop) { return loop.unreported.read(); });
}

/// Counters of several threads are not read at one moment.
std::uint64_t below(std::uint64_t all, std::uint64_t part) { return all > part ? all - part : 0; }

/// The inputs that are commands of clients, by what they ask for. Those with the same name are one.
struct CommandName {
  std::size_t index;
  std::string_view name;
};

template <typename Input, std::size_t At = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<At, InputBody>, Input>) {
    return At;
  } else {
    return index_of<Input, At + 1>();
  }
}

constexpr std::array kCommands{
    CommandName{index_of<Send>(), "send"},          CommandName{index_of<Create>(), "create"},
    CommandName{index_of<List>(), "list"},          CommandName{index_of<Deliver>(), "deliver"},
    CommandName{index_of<Delete>(), "delete"},      CommandName{index_of<Login>(), "login"},
    CommandName{index_of<Acknowledge>(), "ack"},    CommandName{index_of<SetSecret>(), "secret"},
    CommandName{index_of<Ping>(), "ping"},          CommandName{index_of<Pong>(), "pong"},
    CommandName{index_of<Rejected>(), "malformed"},
};

std::optional<std::uint64_t> size_of_file(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(found.st_size);
}

/// Field `at`, counted from 1, of /proc/self/stat; see proc(5).
std::optional<std::uint64_t> process_field(std::size_t at) {
  std::ifstream file("/proc/self/stat");
  std::string text(std::istreambuf_iterator<char>(file), {});
  // The second field is a name in parentheses, which may contain anything.
  std::size_t begin = text.rfind(')');
  for (std::size_t field = 2; field < at && begin != std::string::npos; ++field) {
    begin = text.find(' ', begin + 1);
  }
  if (begin == std::string::npos) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data() + begin + 1, text.data() + text.size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> count_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) {
    return std::nullopt;
  }
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) {
    count += entry->d_name[0] != '.' ? 1 : 0;
  }
  closedir(folder);
  return count - 1;  // without the one that is open for this
}

/// Seconds since 1970 at which the process started.
std::optional<double> start_time() {
  constexpr std::size_t kStartTime = 22;
  const auto ticks = process_field(kStartTime);
  if (!ticks) {
    return std::nullopt;
  }
  timespec now{};
  timespec up{};
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &up);
  const auto seconds = [](const timespec& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  return seconds(now) - seconds(up) +
         static_cast<double>(*ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

using Type = Metric::Type;
using From = const MetricSources&;
using Lines = MetricLines;

// clang-format off
constexpr std::array kMetrics{
    Metric{"tribar_build_info", Type::Gauge, "Always 1; the label has the version.", "",
           [](From from, Lines& to) { to.add(1U, fmt::format("version=\"{}\"", from.version)); }},
    Metric{"tribar_ready", Type::Gauge, "1 while clients are served, as /readyz says.", "0 for a minute",
           [](From from, Lines& to) { to.add(from.is_ready() ? 1U : 0U); }},

    Metric{"tribar_connections", Type::Gauge, "Open connections, by the protocol that they speak; undecided until the first byte.", "",
           [](From from, Lines& to) {
             constexpr std::array<std::pair<Protocol, std::string_view>, 3> kNames{
                 {{Protocol::Zero, "0"}, {Protocol::One, "1"}, {Protocol::Undecided, "undecided"}}};
             for (const auto& [protocol, name] : kNames) {
               const auto at = static_cast<std::size_t>(protocol);
               to.add(sum(from, [&](const LoopCounters& loop) { return loop.open[at].read(); }), fmt::format("protocol=\"{}\"", name));
             }
           }},
    Metric{"tribar_connections_limit", Type::Gauge, "limits.connections, or fewer where descriptors are scarce.", "tribar_connections above 80 % of it",
           [](From from, Lines& to) { to.add(from.limits->connections.read()); }},
    Metric{"tribar_connections_accepted_total", Type::Counter, "Connections that were accepted, rejected ones included.", "",
           [](From from, Lines& to) { to.add(sum(from, [](const LoopCounters& loop) { return loop.accepted.read(); })); }},
    Metric{"tribar_connections_rejected_total", Type::Counter, "Connections that got an error at once: a limit on connections was reached.", "any increase",
           [](From from, Lines& to) { to.add(sum(from, [](const LoopCounters& loop) { return loop.rejected.read(); })); }},
    Metric{"tribar_sessions", Type::Gauge, "Connections that are logged in.", "",
           [](From from, Lines& to) { to.add(from.registry->logged_in.read()); }},
    Metric{"tribar_logins_total", Type::Counter, "Logins that succeeded.", "",
           [](From from, Lines& to) { to.add(from.registry->logins.read()); }},
    Metric{"tribar_commands_total", Type::Counter, "Commands of clients, by kind; malformed ones were refused unread.", "",
           [](From from, Lines& to) {
             for (const CommandName& command : kCommands) {
               std::uint64_t count = from.registry->inputs[command.index].read();
               if (command.name == "send") {
                 count += from.registry->inputs[index_of<SendNumbered>()].read();
               }
               to.add(count, fmt::format("command=\"{}\"", command.name));
             }
           }},
    Metric{"tribar_refusals_total", Type::Counter, "Commands and connections that were refused, by the reason's name in docs/protocol.md; reasons that have occurred.", "storage-unavailable, server-queues-full or too-many-connections increasing; wrong-secret and throttled increasing fast",
           [](From from, Lines& to) {
             for (std::size_t i = 0; i < refusal_codes().size(); ++i) {
               const std::uint64_t count = sum(from, [i](const LoopCounters& loop) { return loop.refusals[i].read(); });
               if (count > 0) {
                 to.add(count, fmt::format("reason=\"{}\"", token_of(refusal_codes()[i])));
               }
             }
           }},
    Metric{"tribar_read_bytes_total", Type::Counter, "Bytes that clients sent, after decryption.", "",
           [](From from, Lines& to) { to.add(sum(from, [](const LoopCounters& loop) { return loop.read_bytes.read(); })); }},
    Metric{"tribar_written_bytes_total", Type::Counter, "Bytes that were written to clients, before encryption.", "",
           [](From from, Lines& to) { to.add(sum(from, [](const LoopCounters& loop) { return loop.written_bytes.read(); })); }},
    Metric{"tribar_buffered_bytes", Type::Gauge, "Bytes in the buffers of connections, by event loop.", "above 80 % of tribar_buffered_bytes_limit for a minute",
           [](From from, Lines& to) {
             for (std::size_t i = 0; i < from.loops.size(); ++i) {
               to.add(from.loops[i]->buffered_bytes.read(), fmt::format("loop=\"{}\"", i));
             }
           }},
    Metric{"tribar_buffered_bytes_limit", Type::Gauge, "limits.buffered_bytes of one event loop.", "",
           [](From from, Lines& to) { to.add(from.limits->buffered_bytes.read()); }},

    Metric{"tribar_messages_accepted_total", Type::Counter, "Messages that were accepted.", "",
           [](From from, Lines& to) { to.add(from.registry->accepted.read()); }},
    Metric{"tribar_messages_delivered_total", Type::Counter, "Messages whose recipient has them: the socket took them or, in protocol 1, they were acknowledged.", "",
           [](From from, Lines& to) { to.add(from.registry->delivered.read() + unreported(from)); }},
    Metric{"tribar_messages_waiting", Type::Gauge, "Messages that were accepted and are not delivered yet.", "",
           [](From from, Lines& to) { to.add(below(from.registry->waiting.read(), unreported(from))); }},
    Metric{"tribar_messages_waiting_bytes", Type::Gauge, "What these messages count against limits.queued_bytes.", "above 80 % of tribar_messages_waiting_bytes_limit",
           [](From from, Lines& to) { to.add(from.registry->waiting_bytes.read()); }},
    Metric{"tribar_messages_waiting_bytes_limit", Type::Gauge, "limits.queued_bytes.", "",
           [](From from, Lines& to) { to.add(from.limits->queued_bytes.read()); }},
    Metric{"tribar_accounts", Type::Gauge, "Accounts.", "above 90 % of tribar_accounts_limit",
           [](From from, Lines& to) { to.add(from.registry->accounts.read()); }},
    Metric{"tribar_accounts_limit", Type::Gauge, "limits.accounts.", "",
           [](From from, Lines& to) { to.add(from.limits->accounts.read()); }},
    Metric{"tribar_secrets_waiting", Type::Gauge, "Secrets that wait to be checked or hashed.", "above 100 for a minute: somebody guesses, or secrets.threads is too low",
           [](From from, Lines& to) { to.add(from.waiting_secrets()); }},

    Metric{"tribar_loop_turn_seconds", Type::Histogram, "How long a turn of an event loop took, without the wait for work; by event loop.", "99 % above 0.1 s",
           [](From from, Lines& to) {
             for (std::size_t i = 0; i < from.loops.size(); ++i) {
               to.add(from.loops[i]->turns, kMicrosecond, fmt::format("loop=\"{}\"", i));
             }
           }},
    Metric{"tribar_registry_seconds", Type::Histogram, "How long the registry took for a batch of commands.", "99 % above 0.05 s",
           [](From from, Lines& to) { to.add(*from.registry_times, kMicrosecond); }},
    Metric{"tribar_delivery_seconds", Type::Histogram, "From the turn in which a batch of commands was read to the writing of what it causes, storing included; by the event loop that read it.", "99 % above 0.5 s",
           [](From from, Lines& to) {
             for (std::size_t i = 0; i < from.loops.size(); ++i) {
               to.add(from.loops[i]->commands, kMicrosecond, fmt::format("loop=\"{}\"", i));
             }
           }},

    Metric{"tribar_storage_failing", Type::Gauge, "1 while nothing can be stored.", "1",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->is_failing.read()); } }},
    Metric{"tribar_commits_total", Type::Counter, "Commits to the store.", "",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->commits.read()); } }},
    Metric{"tribar_commit_failures_total", Type::Counter, "Commits that failed; each is tried again.", "any increase",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->failures.read()); } }},
    Metric{"tribar_stored_records_total", Type::Counter, "Records that were committed: a message is one when it comes and one when it is delivered.", "",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->records.read()); } }},
    Metric{"tribar_commit_seconds", Type::Histogram, "How long a commit took.", "99 % above 0.5 s: the disk is slow or busy",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->commit_time, kMicrosecond); } }},
    Metric{"tribar_commit_records", Type::Histogram, "How many records a commit had.", "",
           [](From from, Lines& to) { if (from.journal != nullptr) { to.add(from.journal->commit_size, 1); } }},
    Metric{"tribar_store_bytes", Type::Gauge, "Size of SQLite's files: the database, and its write-ahead log.", "the log above 128 MiB: something keeps a read transaction open",
           [](From from, Lines& to) {
             if (from.database.empty()) {
               return;
             }
             if (const auto size = size_of_file(from.database)) {
               to.add(*size, "file=\"database\"");
             }
             if (const auto size = size_of_file(from.database + "-wal")) {
               to.add(*size, "file=\"wal\"");
             }
           }},
    Metric{"tribar_leader", Type::Gauge, "With PostgreSQL: 1 for the server that leads, 0 for a standby.", "a sum over all servers of a database other than 1 for 10 s",
           [](From from, Lines& to) { if (from.role != nullptr) { to.add(from.role->role.load() == Role::Leader ? 1U : 0U); } }},
    Metric{"tribar_epoch", Type::Gauge, "With PostgreSQL: the epoch of the server that leads; it grows with each takeover.", "any increase",
           [](From from, Lines& to) { if (from.role != nullptr) { to.add(from.role->epoch.load()); } }},
    Metric{"tribar_store_commits_total", Type::Counter, "With PostgreSQL: commits of all leaders since the database was made, as the leader knows it.", "",
           [](From from, Lines& to) { if (from.role != nullptr) { to.add(from.role->commits.load()); } }},
    Metric{"tribar_synchronous_standbys", Type::Gauge, "With PostgreSQL: synchronous standbys that the database has; missing where the user may not see it.", "0: what is confirmed is on one machine only, or nothing can be confirmed",
           [](From from, Lines& to) {
             const std::int64_t count = from.role != nullptr ? from.role->replication.load() : -1;
             if (count >= 0) {
               to.add(static_cast<std::uint64_t>(count));
             }
           }},
    Metric{"tribar_certificate_expiry_timestamp_seconds", Type::Gauge, "When the certificate of TLS expires, in seconds since 1970.", "less than 14 days ahead",
           [](From from, Lines& to) {
             if (const auto expiry = from.certificate_expiry()) {
               to.add_real(static_cast<double>(*expiry));
             }
           }},

    Metric{"process_cpu_seconds_total", Type::Counter, "Processor time that the process has used.", "",
           [](From, Lines& to) {
             rusage usage{};
             getrusage(RUSAGE_SELF, &usage);
             to.add_real(static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                    static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * kMicrosecond);
           }},
    Metric{"process_resident_memory_bytes", Type::Gauge, "Memory that the process has in use.", "near what the machine or its control group allows",
           [](From, Lines& to) {
             constexpr std::size_t kResident = 24;
             if (const auto pages = process_field(kResident)) {
               to.add(*pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
             }
           }},
    Metric{"process_open_fds", Type::Gauge, "Open descriptors.", "above 90 % of process_max_fds",
           [](From, Lines& to) { if (const auto count = count_descriptors()) { to.add(*count); } }},
    Metric{"process_max_fds", Type::Gauge, "The limit on open descriptors.", "",
           [](From, Lines& to) {
             rlimit limit{};
             getrlimit(RLIMIT_NOFILE, &limit);
             to.add(static_cast<std::uint64_t>(limit.rlim_cur));
           }},
    Metric{"process_start_time_seconds", Type::Gauge, "When the process started, in seconds since 1970.", "a change that nobody made",
           [](From, Lines& to) { if (const auto time = start_time()) { to.add_real(*time); } }},
};
// clang-format on

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

std::string_view name_of(Metric::Type type) {
  switch (type) {
    case Metric::Type::Counter:
      return "counter";
    case Metric::Type::Gauge:
      return "gauge";
    case Metric::Type::Histogram:
      break;
  }
  return "histogram";
}

std::string metrics_page(const MetricSources& sources) {
  MetricLines lines;
  for (const Metric& metric : kMetrics) {
    lines.begin(metric);
    metric.write(sources, lines);
  }
  return lines.take();
}

}  // namespace tribar
