// SPDX-License-Identifier: MIT
//
// Puts settings into effect, at the start and whenever they are read again while the server runs,
// and renews the certificate when its files change. In two steps, so that a mistake changes
// nothing: first all that can fail, then all that cannot. Settings and files of TLS are read in the
// background. Main thread, unless it says otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "loop/io_loop.h"
#include "server/fitted_settings.h"
#include "server/listener_set.h"
#include "server/reload.h"
#include "tls/tls_watch.h"
#include "uv/background.h"
#include "uv/timer.h"

namespace tribar {

class LiveSettings {
 public:
  /// What it needs of the server; must outlive it. Functions are called on the main thread.
  struct Server {
    FittedSettings& settings;
    const std::vector<std::unique_ptr<IoLoop>>& loops;  // all; the first one is the main thread's
    std::function<bool()> is_standby;                   // it does not lead yet
    std::function<bool()> is_leaving;                   // it drains or stops: nothing changes
    /// See Vault::set_threads().
    std::function<std::error_code(std::size_t)> set_vault_threads;
    /// Has workers and loops take their limits, and each loop do what is said for it.
    std::function<void(std::vector<ListenerChanges>)> tell_stations;
    /// Has the registry take its limits.
    std::function<void()> tell_registry;
  };

  /// `passed`: see ListenerSet.
  LiveSettings(Server server, std::vector<uv::SharedSocket> passed);
  LiveSettings(const LiveSettings&) = delete;
  LiveSettings& operator=(const LiveSettings&) = delete;
  ~LiveSettings() = default;

  /// At the start, before anything runs: puts the settings into effect, and listens; a standby on
  /// its first loop, the one that runs, or not at all. The registry is not told. Throws
  /// std::runtime_error with all that is wrong.
  void start();

  /// The server is not a standby any more: listens on all loops. Throws std::runtime_error if it
  /// cannot.
  void lead();

  /// Before reload(): the file that it reads.
  void set_file(std::string path) { file_ = std::move(path); }

  /// Any thread: reads the settings and the files of TLS again, opens the log's file again, logs
  /// what came of it, and calls `done`, if it is not empty, with that on the main thread. With
  /// mistakes, or once the server leaves, no setting changes. `done` is not called after end().
  void reload(std::function<void(const ReloadResult&)> done);

  /// Whether somebody waits for a reload.
  [[nodiscard]] bool is_reload_due() const {
    return !this_reload_.empty() || !next_reload_.empty();
  }

  /// Where the server listens, HOST:PORT or unix:PATH each.
  [[nodiscard]] std::vector<std::string> addresses() const { return listeners_.addresses(); }

  /// What the server does, for people, while all is well.
  [[nodiscard]] std::string state() const;

  /// Any thread: what new connections of listeners with TLS get; null: no listener ever had TLS.
  [[nodiscard]] std::shared_ptr<const TlsContext> tls() const { return tls_->current(); }

  /// See ListenerSet::remove_files().
  void remove_socket_files() { listeners_.remove_files(); }

  /// Once, before the loops are closed: nothing is read any more, and no reload ends. What is being
  /// read is left if that takes longer, see uv::Background::end(); the log says so.
  void end();

 private:
  using Mistakes = std::vector<std::string>;
  /// None: no listener has TLS.
  using LoadedTls = std::optional<Result<TlsWatch::Loaded, Mistakes>>;
  /// New settings, as they were read in the background, with all of them that takes long.
  struct Reading {
    ReloadResult result;  // with mistakes: they could not be read
    Config asked;
    LoadedTls tls;
  };
  /// All that can fail about new settings was done, and nothing of it is in effect yet.
  struct Prepared {
    FittedSettings::Fit fit;
    std::optional<log::Destination> log;  // if that changes
    std::optional<TlsWatch::Loaded> tls;
    ListenerSet::Plan listeners;
  };

  [[nodiscard]] Result<Prepared, Mistakes> prepare(const Config& asked, LoadedTls tls) const;
  void put_into_effect(Prepared prepared);

  void begin_reload();
  [[nodiscard]] static Reading read(const std::optional<std::string>& file, const Config& in_effect,
                                    const TlsWatch& tls);
  [[nodiscard]] ReloadResult apply(Reading reading);
  void end_reload(Reading reading);
  void reopen_log() const;

  [[nodiscard]] static LoadedTls load_tls(const Config& asked, const TlsWatch& tls);
  void look_at_tls();

  [[nodiscard]] ListenerOptions options_of(const ListenerSettings& listener, IoLoop& io) const;
  [[nodiscard]] bool is_closed(const Config& asked) const;
  [[nodiscard]] Result<ListenerSet::Plan, Mistakes> plan_listeners(const Config& asked) const;
  void tell_stations(ListenerSet::Plan listeners);
  void refuse_idle_sockets() const;
  void warn_of_exposure();

  Server server_;
  std::optional<std::string> file_;
  std::shared_ptr<TlsWatch> tls_;  // for listeners that have TLS; shared with what is being read
  uv::Timer tls_clock_;
  uv::Background background_;  // reads settings and the files of TLS
  // Who waits for the reload that comes next, and for the one that is under way.
  std::vector<std::function<void(const ReloadResult&)>> next_reload_;
  std::vector<std::function<void(const ReloadResult&)>> this_reload_;
  ListenerSet listeners_;
  std::vector<std::string> warnings_;  // of what others can reach, as they were logged
};

}  // namespace tribar
