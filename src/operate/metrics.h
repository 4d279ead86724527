// SPDX-License-Identifier: MIT
//
// The metrics of a server in one table, and the page in Prometheus' text format that is made of it
// (https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4). Numbers are counts,
// bytes or seconds; no label names a user or an address.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "journal/journal_counters.h"
#include "journal/role_status.h"
#include "loop/loop_counters.h"
#include "registry/registry_counters.h"

namespace tribar {

/// Limits that are in effect.
struct LimitCounters {
  Counter connections;
  Counter buffered_bytes;  // of one loop
  Counter queued_bytes;
  Counter accounts;
};

/// Where the numbers come from. Pointers must outlive every page. Functions are called on the
/// thread that makes a page, and must not wait.
struct MetricSources {
  std::string version;
  std::vector<const LoopCounters*> loops;
  const RegistryCounters* registry = nullptr;
  const Histogram* registry_times = nullptr;
  const JournalCounters* journal = nullptr;  // null: nothing is stored
  const RoleStatus* role = nullptr;          // null: no other server can have its store
  std::string database;                      // the path of SQLite's file; empty: there is none
  std::function<bool()> is_ready;
  /// Seconds since 1970 at which the first certificate of TLS expires; none: there is no TLS.
  std::function<std::optional<std::int64_t>()> certificate_expiry;
  /// Secrets that wait to be checked or hashed.
  std::function<std::size_t()> waiting_secrets;
  const LimitCounters* limits = nullptr;
};

class MetricLines;

struct Metric {
  enum class Type { Counter, Gauge, Histogram };
  std::string_view name;
  Type type;
  std::string_view help;   // what it counts
  std::string_view alert;  // what to alert on, if anything
  /// Adds its lines; adds none if this server has no such number.
  void (*write)(const MetricSources&, MetricLines&);
};

/// Every metric; docs/operate.md describes them with the same words.
[[nodiscard]] std::span<const Metric> metrics();

/// The name of a type, as Prometheus has it.
[[nodiscard]] std::string_view name_of(Metric::Type type);

/// The page with the numbers of this moment. Any thread.
[[nodiscard]] std::string metrics_page(const MetricSources& sources);

}  // namespace tribar
