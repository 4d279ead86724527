// SPDX-License-Identifier: MIT
//
// Many connections to a server on one thread: one poll for all, one read and one write per
// connection and turn, no allocation per frame. Speaks TLS where the server does. Knows frames, but
// not their meaning. All calls must come from the thread that created it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "stress/byte_queue.h"
#include "stress/endpoint.h"
#include "stress/poller.h"
#include "stress/types.h"
#include "tls/tls_client.h"
#include "zero/frame.h"

namespace tribar::stress {

/// The events of a swarm. Views are valid during the call. Every call may open and close
/// connections.
class SwarmEvents {
 public:
  virtual ~SwarmEvents() = default;
  /// The TLS handshake of `user` is over.
  virtual void on_secured(User /*user*/) {}
  /// `user` received a whole frame.
  virtual void on_frame(User user, std::uint8_t code, std::string_view data) = 0;
  /// All frames of one read were passed on: now they can be answered with one write.
  virtual void on_read(User user) = 0;
  /// The connection has ended and is closed; `why`: the reason as text. Not called after close().
  virtual void on_gone(User user, std::string_view why) = 0;
};

class Swarm {
 public:
  /// For up to `users` connections to `server`, on which frames of `version` come. `events` must
  /// outlive this; throws std::system_error if the system denies a resource. All connect to the
  /// same place of the server, at first to the first.
  Swarm(const Server& server, User users, SwarmEvents& events, std::uint8_t version = kVersion0);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  /// Starts to connect; what is written meanwhile is sent when possible. Requires !is_open().
  /// Returns 0, or the errno if it cannot even start; later failures are reported by on_gone().
  [[nodiscard]] int open(User user);
  /// The place where the last connection of `user` went is of no use: all that are opened from now
  /// on go to the next. Nothing if that is done already.
  void leave_place(User user);
  /// Whether the kernel has taken any bytes of this connection.
  [[nodiscard]] bool has_written(User user) const { return links_[user].has_written; }

  /// Closes the connection at once; unwritten bytes are dropped, and with TLS no end is announced.
  void close(User user);
  /// Shuts down our side once everything is written. When the server closes, on_gone() is called.
  void finish(User user);
  [[nodiscard]] bool is_open(User user) const { return links_[user].fd >= 0; }

  /// Adds `bytes` bytes to the output of an open connection; the caller must fill them in before
  /// any other call. They are sent by the next flush.
  char* write(User user, std::size_t bytes);
  /// Bytes of an open connection that the kernel has not accepted yet.
  [[nodiscard]] std::size_t unwritten(User user) const {
    const Link& link = links_[user];
    return link.out.size() + (link.tls ? link.tls->plain.size() : 0);
  }
  /// Writes the pending output of all connections.
  void flush();

  /// Stops or resumes reading.
  void set_reading(User user, bool is_reading);

  /// How many connections are handled in one turn: few, if others must not wait.
  void set_events_per_turn(std::size_t events) { events_per_turn_ = events; }

  /// Waits for events until `until` (a monotonic_now()) at the latest, and handles them. A signal
  /// ends the wait.
  void turn(Nanos until);

  /// The time when the clock was last read: at the last read from a socket, or in refresh_now().
  [[nodiscard]] Nanos now() const { return now_; }
  Nanos refresh_now() { return now_ = monotonic_now(); }

 private:
  static constexpr std::size_t kMostEventsPerTurn = 512;
  static constexpr int kUnwatched = -1;  // not in the poll yet

  struct Tls {
    TlsClient client;
    ByteQueue plain;  // not sealed yet
  };
  struct Link {
    int fd = -1;
    std::uint32_t generation = 0;  // to recognise events of an earlier connection
    int watched = kUnwatched;      // events that are watched
    int error = 0;                 // errno of a failed write
    std::size_t place = 0;
    bool has_written = false;
    bool is_reading = true;
    bool is_dirty = false;
    bool is_finishing = false;
    std::unique_ptr<Tls> tls;  // none: no TLS
    ByteQueue out;             // for the kernel
    ByteQueue partial;         // the start of an incomplete frame
  };

  void read(User user);
  void read_sealed(User user, std::string_view ciphertext);
  static void seal(Link& link);
  void flush(User user);
  void hand_over(User user, std::string_view bytes);
  void lose(User user, std::string_view why);
  void watch(User user);

  Server server_;
  std::uint8_t version_;
  SwarmEvents& events_;
  std::vector<Link> links_;
  std::vector<User> dirty_;
  std::vector<char> buffer_;
  ByteBuffer plain_;  // of the last read over TLS, with the start of its first frame
  Poller poller_;
  std::size_t place_ = 0;   // where connections go
  std::size_t opened_ = 0;  // connections opened so far
  std::size_t events_per_turn_ = kMostEventsPerTurn;
  Nanos now_ = 0;
};

}  // namespace tribar::stress
