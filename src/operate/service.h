// SPDX-License-Identifier: MIT
//
// The service manager that started the server, if one did: what it is told, the sockets that it
// passes, and its watchdog. The protocols are systemd's (sd_notify(3), sd_listen_fds(3)); without
// libsystemd, or when nobody asks, nothing is told and nothing is passed. The only folder that
// knows libsystemd.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "uv/listener.h"

namespace tribar {

/// What the server does; any thread. `status` is a line for people.
namespace service {
void tell_ready(const std::string& status);
/// Follow it by tell_ready().
void tell_reloading();
void tell_stopping();
void tell_status(const std::string& status);
void tell_alive();
}  // namespace service

/// The sockets that the service manager has passed to this process, which listen; they are owned by
/// the process, and never closed. Once, before other threads start. Or why one of them cannot be
/// used.
[[nodiscard]] Result<std::vector<uv::SharedSocket>, std::string> take_passed_sockets();

/// Whether this build has libsystemd.
[[nodiscard]] bool has_service_manager();

/// How often the service manager wants to hear that the server is alive; none: it does not.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

/// Looks again and again whether the server is well, on a thread of its own, and tells the service
/// manager so. While it is not, nothing is told, and the service manager restarts the server.
class Watchdog {
 public:
  /// `find_stuck` waits up to the time that it is given, and returns what hangs. `interval` is
  /// watchdog_interval().
  using FindStuck = std::function<std::vector<std::string>(std::chrono::milliseconds)>;
  Watchdog(std::chrono::microseconds interval, FindStuck find_stuck);
  /// Ends the thread.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run();

  std::chrono::milliseconds period_;
  FindStuck find_stuck_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_ending_ = false;  // of mutex_
  std::thread thread_;
};

}  // namespace tribar
