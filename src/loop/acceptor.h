// SPDX-License-Identifier: MIT
//
// Station 1, accept: accepts connections and gives them to the switchboard as transports. Belongs
// to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/descriptor.h"
#include "loop/switchboard.h"
#include "loop/token_bucket.h"
#include "uv/listener.h"
#include "uv/loop.h"
#include "uv/timer.h"

namespace tribar {

/// How many connections may wait to be accepted at one listening socket.
inline constexpr int kListenBacklog = 4096;

/// The most bytes of a connection that the kernel keeps unsent: they are lost if the peer
/// disconnects, so it gets only as many as keep the line busy.
inline constexpr unsigned kUnsentBytes = 65536;

struct AcceptorLimits {
  std::uint64_t new_connections_per_second = 0;  // 0: no limit, as for the next
  std::uint64_t handshakes_per_second = 0;       // of filters that have such
  unsigned keepalive_s = 60;                     // see Config::tcp_keepalive_s
};

/// What a listener decides for its connections.
struct ListenerOptions {
  Protocol protocol = Protocol::Zero;
  TransportFilter filter = {};  // over the socket and what is over every one; empty: none
};

/// Names a listener of a loop; never used twice in a server.
struct ListenerId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ListenerId&, const ListenerId&) = default;
};

/// What becomes of the listeners of a loop.
struct ListenerChanges {
  struct Added {
    ListenerId id;
    Descriptor socket;  // listens already
    ListenerOptions options;
  };
  struct Changed {
    ListenerId id;
    ListenerOptions options;  // of connections that come from now on
  };
  std::vector<Added> added;
  std::vector<Changed> changed;
  std::vector<ListenerId> removed;
};

/// Connections that cannot be accepted yet, because descriptors ran out or this second's limit is
/// reached, wait in the kernel's queue. The listeners are not polled meanwhile.
class Acceptor {
 public:
  /// Where connections go, whom their transports report to, and what is put over every socket, if
  /// anything.
  struct Destination {
    Switchboard& switchboard;
    TransportEvents& events;
    TransportFilter filter;
  };

  Acceptor(uv::Loop& loop, Destination destination, const AcceptorLimits& limits);

  /// Accepts connections at other listeners from now on. Those of a removed one stay, and who waits
  /// there to be accepted still is. A socket that cannot be polled is logged, and closed.
  void change(ListenerChanges changes);

  /// From now on these limits count.
  void set_limits(const AcceptorLimits& limits);

  /// Stops accepting.
  void stop();

 private:
  struct Place {
    ListenerOptions options;
    std::optional<uv::Listener> listener;
  };

  void add(ListenerChanges::Added added);
  void accept(Place& place);
  void accept_last(Place& place);
  [[nodiscard]] bool admit(int socket, const ListenerOptions& options);
  [[nodiscard]] uv::SocketOptions socket_options() const;
  void pause(std::uint64_t ms);
  void resume();
  void note_shortage(int code);

  uv::Loop& loop_;
  Destination destination_;
  AcceptorLimits limits_;
  TokenBucket pace_;
  std::map<ListenerId, Place> places_;
  uv::Timer pause_;                    // runs while accepting is paused
  std::uint64_t next_warning_ms_ = 0;  // when a shortage may next be logged
};

}  // namespace tribar
