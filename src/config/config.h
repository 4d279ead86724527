// SPDX-License-Identifier: MIT
//
// The settings of tribard: one struct with their defaults, and how it is read from JSON. Read once,
// before any other thread starts; immutable afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace tribar {

/// Where to listen: an address or a name, and a port; 0 means any free one.
struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9000;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

enum class StorageEngine { Memory, Sqlite };
/// See Sync in journal/store.h.
enum class StorageSync { Full, Normal };

/// Members are named like the keys. config/tribard.json explains each setting; config_table.cc has
/// the allowed ranges.
struct Config {
  std::vector<ListenAddress> listen{ListenAddress{}};
  unsigned workers = 0;  // 0: one per four cores, at least one
  unsigned io_loops = 1;

  struct Limits {
    std::uint64_t connections = 10000;
    // 0: no limit, as for the two below.
    std::uint64_t connections_per_address = 0;
    std::uint64_t new_connections_per_second = 0;
    std::uint64_t commands_per_second = 0;
    std::uint64_t accounts = 1000000;
    std::uint64_t username_bytes = 64;
    std::uint64_t frame_bytes = 65536;
    std::uint64_t in_flight_commands = 1024;
    std::uint64_t in_flight_bytes = 262144;
    std::uint64_t outbox_bytes = 262144;
    std::uint64_t undelivered_messages = 10000;
    std::uint64_t undelivered_bytes = 16777216;
    std::uint64_t queued_bytes = 1073741824;
    std::uint64_t buffered_bytes = 536870912;
    std::uint64_t list_names = 100000;
    friend bool operator==(const Limits&, const Limits&) = default;
  } limits;

  /// 0: never.
  struct Timeouts {
    std::uint64_t login_ms = 300000;
    std::uint64_t frame_ms = 10000;
    std::uint64_t stalled_ms = 600000;
    std::uint64_t shutdown_ms = 5000;
    friend bool operator==(const Timeouts&, const Timeouts&) = default;
  } timeouts;

  struct Storage {
    StorageEngine engine = StorageEngine::Memory;
    std::string path;  // empty: none
    StorageSync sync = StorageSync::Full;
    friend bool operator==(const Storage&, const Storage&) = default;
  } storage;

  unsigned tcp_keepalive_s = 60;  // 0: off

  struct Log {
    tribar::log::Level level = tribar::log::Level::Info;
    tribar::log::Format format = tribar::log::Format::Text;
    friend bool operator==(const Log&, const Log&) = default;
  } log;

  friend bool operator==(const Config&, const Config&) = default;
};

/// All mistakes in a config, in the order of the file, each a line without its line end:
/// `file:line:column: key must be what is allowed, but is what was found`. Columns count bytes from
/// 1. A mistake that only follows from an earlier one is not listed.
using ConfigMistakes = std::vector<std::string>;

/// Parses `text`: JSON with // and /* */ comments. A missing key has its default. `file_name` is
/// only for the mistakes. No side effects; accepts any bytes, with time and memory linear in
/// `text`.
[[nodiscard]] Result<Config, ConfigMistakes> parse_config(std::string_view text,
                                                          std::string_view file_name);

/// In place of a path: standard input.
inline constexpr std::string_view kStandardInput = "-";

/// The name of the config at `path` in messages.
[[nodiscard]] std::string name_of_config(const std::string& path);

/// Reads the config in the file at `path`, or on standard input, up to its end. If the file cannot
/// be read or has more than 1 MiB, the mistake has no position.
[[nodiscard]] Result<Config, ConfigMistakes> load_config(const std::string& path);

/// `config` as JSON with every key; parse_config turns it into the same value again.
[[nodiscard]] std::string print_config(const Config& config);

}  // namespace tribar
