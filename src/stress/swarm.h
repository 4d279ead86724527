// SPDX-License-Identifier: MIT
//
// Many connections to one server on one thread: one poll for all, one read and one write per
// connection and turn, no allocation per frame. Knows frames and nothing of what they mean. All
// calls come from the thread that made it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stress/byte_queue.h"
#include "stress/endpoint.h"
#include "stress/poller.h"
#include "stress/types.h"

namespace tribar::stress {

/// What a swarm tells its owner. Views are good for the call. Every call may open and close
/// connections.
class SwarmEvents {
 public:
  virtual ~SwarmEvents() = default;
  /// A whole frame came to `user`.
  virtual void on_frame(User user, std::uint8_t code, std::string_view data) = 0;
  /// All frames of one read were handed over: the time to answer them in one write.
  virtual void on_read(User user) = 0;
  /// The connection is gone and closed; `why` in words. Not called for what close() did.
  virtual void on_gone(User user, std::string_view why) = 0;
};

class Swarm {
 public:
  /// Room for `users` connections to `server`. `events` must outlive this; throws
  /// std::system_error when the system has no poll for us.
  Swarm(const Address& server, User users, SwarmEvents& events);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  /// Starts to connect; what is written meanwhile goes out when it can. Only when not is_open().
  /// Returns 0, or the errno of why it cannot even start; other failures come as on_gone().
  [[nodiscard]] int open(User user);
  /// Ends the connection at once; what is not written yet is dropped.
  void close(User user);
  /// Says that nothing more will be sent, once all is written. The server's end then comes as
  /// on_gone().
  void finish(User user);
  [[nodiscard]] bool is_open(User user) const { return links_[user].fd >= 0; }

  /// Room for `bytes` more to be written to an open connection, for the caller to fill in before
  /// any other call. It goes out with the next flush.
  char* write(User user, std::size_t bytes);
  /// Bytes of an open connection that the system has not taken yet.
  [[nodiscard]] std::size_t unwritten(User user) const { return links_[user].out.size(); }
  /// Writes what waits, of all connections.
  void flush();

  /// Stops or goes on reading.
  void set_reading(User user, bool is_reading);

  /// How many connections are looked after in one turn: few, where others must not wait.
  void set_events_per_turn(std::size_t events) { events_per_turn_ = events; }

  /// Waits for events, no longer than until `until` (a monotonic_now()), and handles them. A
  /// signal ends the wait.
  void turn(Nanos until);

  /// The clock as last read: at the last read from a socket, or at the last refresh_now().
  [[nodiscard]] Nanos now() const { return now_; }
  Nanos refresh_now() { return now_ = monotonic_now(); }

 private:
  static constexpr std::size_t kMostEventsPerTurn = 512;
  static constexpr int kUnwatched = -1;  // not in the poll yet

  struct Link {
    int fd = -1;
    std::uint32_t generation = 0;  // tells events of an earlier connection
    int watched = kUnwatched;      // what the poll looks for
    int error = 0;                 // errno of a failed write
    bool is_reading = true;
    bool is_dirty = false;
    bool is_finishing = false;
    ByteQueue out;
    ByteQueue partial;  // the front of a frame that is not whole yet
  };

  void read(User user);
  void flush(User user);
  void hand_over(User user, std::string_view bytes);
  void lose(User user, std::string_view why);
  void watch(User user);

  Address server_;
  SwarmEvents& events_;
  std::vector<Link> links_;
  std::vector<User> dirty_;
  std::vector<char> buffer_;
  Poller poller_;
  std::size_t opened_ = 0;  // connections so far
  std::size_t events_per_turn_ = kMostEventsPerTurn;
  Nanos now_ = 0;
};

}  // namespace tribar::stress
