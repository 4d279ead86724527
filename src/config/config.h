// SPDX-License-Identifier: MIT
//
// The settings of tribard: one struct with their defaults, and how it is read from JSON. Read once,
// before any other thread starts; immutable afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace tribar {

/// One entry of `listen`: where to listen, and what is spoken there.
struct ListenerSettings {
  std::string host = "127.0.0.1";  // an address or a name
  std::uint16_t port = 9000;       // 0: any free one
  std::string socket = {};         // the absolute path of a Unix socket; empty: host and port count
  bool allows_zero = true;         // protocol 0; this or the next, or both
  bool allows_one = true;          // protocol 1
  bool tls = false;
  friend bool operator==(const ListenerSettings&, const ListenerSettings&) = default;
};

enum class StorageEngine { Memory, Sqlite, Postgresql };
/// See Sync in journal/store.h.
enum class StorageSync { Full, Normal };

/// What a server does when another one has the store: with Automatic it is a standby, and takes
/// over when the other one is gone.
enum class ServerRole { Automatic, Alone };
/// What clients meet at the listeners of a standby: nothing, or a refusal that names the leader.
enum class StandbyListeners { Closed, Refuse };

/// Whether a client must show a certificate that tls.client_ca signed.
enum class ClientCertificates { Off, Optional, Required };
enum class TlsVersion { Tls12, Tls13 };
/// Whether accounts may be without a secret.
enum class SecretsPolicy { Optional, Required };

/// Members are named as the keys are. What a value means and what it may be stands in
/// config/tribard.json; its range, in config_table.cc.
struct Config {
  std::vector<ListenerSettings> listen{ListenerSettings{}};
  unsigned workers = 0;  // 0: one per four cores, at least one
  unsigned io_loops = 1;
  // These three are of storage.engine "postgresql".
  ServerRole role = ServerRole::Automatic;
  std::string advertise;  // HOST:PORT; empty: the first listener's
  StandbyListeners standby_listeners = StandbyListeners::Closed;

  struct Limits {
    std::uint64_t connections = 10000;
    // 0: no limit, as for the three below.
    std::uint64_t connections_per_address = 0;
    std::uint64_t new_connections_per_second = 0;
    std::uint64_t handshakes_per_second = 0;
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
    std::uint64_t idle_ms = 120000;
    std::uint64_t shutdown_ms = 5000;
    std::uint64_t takeover_ms = 3000;  // never 0
    friend bool operator==(const Timeouts&, const Timeouts&) = default;
  } timeouts;

  struct Storage {
    StorageEngine engine = StorageEngine::Memory;
    std::string path;        // of SQLite's file; empty: none
    std::string connection;  // of PostgreSQL: a connection string of libpq; empty: none
    StorageSync sync = StorageSync::Full;
    friend bool operator==(const Storage&, const Storage&) = default;
  } storage;

  struct Tls {
    // Paths of files; empty: none. A certificate and its key are there together.
    std::string certificate;
    std::string key;
    std::string client_ca;
    std::string client_crl;
    ClientCertificates client_certificates = ClientCertificates::Optional;
    bool certificate_names = false;
    TlsVersion min_version = TlsVersion::Tls13;
    friend bool operator==(const Tls&, const Tls&) = default;
  } tls;

  struct Secrets {
    SecretsPolicy policy = SecretsPolicy::Optional;
    unsigned threads = 0;  // 0: half of the cores, at least one
    friend bool operator==(const Secrets&, const Secrets&) = default;
  } secrets;
  bool allow_clear_secrets = false;

  unsigned tcp_keepalive_s = 60;  // 0: off

  /// Where metrics are served over HTTP; only host and port, or the socket, count. None: nowhere.
  std::optional<ListenerSettings> metrics;

  struct Control {
    std::string socket;  // the absolute path of a Unix socket; empty: none
    friend bool operator==(const Control&, const Control&) = default;
  } control;

  struct Log {
    tribar::log::Level level = tribar::log::Level::Info;
    tribar::log::Format format = tribar::log::Format::Text;
    std::string file{tribar::log::kStandardError};  // a path, or kStandardError
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

/// Why the store of `config` cannot hold messages of limits.frame_bytes, for people; none: it can.
[[nodiscard]] std::optional<std::string> frame_problem(const Config& config);

/// The name of the config at `path` in messages.
[[nodiscard]] std::string name_of_config(const std::string& path);

/// Reads the config in the file at `path`, or on standard input, up to its end. If the file cannot
/// be read or has more than 1 MiB, the mistake has no position.
[[nodiscard]] Result<Config, ConfigMistakes> load_config(const std::string& path);

/// `config` as JSON with every key; parse_config turns it into the same value again, but for a
/// text with a password, in whose place stands that it is not shown.
[[nodiscard]] std::string print_config(const Config& config);

}  // namespace tribar
