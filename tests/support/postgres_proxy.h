// SPDX-License-Identifier: MIT
//
// Stands between a store and its PostgreSQL server, and cuts, holds or changes what passes. It has
// a thread of its own; its functions may be called on any other one.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "support/temporary_folder.h"

namespace tribar::test {

class PostgresProxy {
 public:
  /// Passes connections on to the Unix socket at `server`.
  explicit PostgresProxy(std::string server);
  ~PostgresProxy();
  PostgresProxy(const PostgresProxy&) = delete;
  PostgresProxy& operator=(const PostgresProxy&) = delete;

  /// The folder of its socket, whose port is 5432.
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }

  /// Cuts the connections once `messages` more have passed, in both directions together. Those that
  /// come later are not cut.
  void cut_after(int messages) { arm(messages, false); }
  /// Keeps instead what the clients that are connected send from then on; the server learns of
  /// their end only when that was let go.
  void hold_after(int messages) { arm(messages, true); }
  /// Whether one of these has happened since.
  [[nodiscard]] bool has_happened() const { return has_happened_.load(); }
  /// Sends what was kept of clients that are gone.
  void let_go();

  /// Gives each client another key than the server's, as poolers do.
  void change_keys() { changes_keys_.store(true); }

 private:
  struct Flow {
    std::string partial;  // read, and not a whole message
    std::string ready;    // to be written
    bool has_ended = false;
  };
  struct Link {
    Descriptor client;
    Descriptor server;
    Flow up;  // from the client
    Flow down;
    bool has_started = false;
    bool is_held = false;
    bool is_over = false;
  };

  void arm(int messages, bool holds);
  void run();
  void accept_one();
  void serve(Link& link, short client_events, short server_events);
  void take(Link& link, Flow& flow, int from);
  void pass(Link& link, Flow& flow, bool is_up);
  void write(Link& link, Flow& flow, int to) const;

  std::string server_;
  TemporaryFolder folder_{TemporaryFolder::On::Memory};
  Descriptor listener_;
  static constexpr int kNever = 1 << 30;
  std::atomic<int> left_{kNever};
  std::atomic<bool> holds_{false};
  std::atomic<bool> has_happened_{false};
  std::atomic<bool> changes_keys_{false};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::list<Link> links_;
  std::thread thread_;
};

}  // namespace tribar::test
