// SPDX-License-Identifier: MIT
//
// The stream under a connection, as the stations of the loop see it: a socket in the server, a
// simulation in a test, or a filter over one of these. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loop/peer_network.h"

namespace tribar {

struct Connection;

/// Where bytes go that are read. One without room: nothing is to be read before the next turn.
struct ReadSpace {
  char* at = nullptr;
  std::size_t size = 0;
};

/// What a transport reports of its connection. Each call may destroy the transport.
class TransportEvents {
 public:
  /// Where the next bytes go; good until anything else is reported.
  [[nodiscard]] virtual ReadSpace space(Connection& connection) = 0;
  /// `size` bytes, at least one, are in the space.
  virtual void read(Connection& connection, std::size_t size) = 0;
  /// The peer sends no more; `is_failed`: the connection is broken.
  virtual void end(Connection& connection, bool is_failed) = 0;
  /// The write under way is over.
  virtual void written(Connection& connection, bool is_ok) = 0;
  /// The transport has input that it could not hand over: resume() it in the next turn.
  virtual void hold_back(Connection& connection) = 0;

 protected:
  ~TransportEvents() = default;
};

/// Closed when it is destroyed. A filter (TLS) is one that has another one under it and is the
/// events of that: it may turn one read into several, none, or bytes to write, keep the one under
/// it from reading, and make a write wait.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Whom it reports to, of which connection. Once, before anything else.
  virtual void bind(TransportEvents& events, Connection& connection) = 0;

  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;
  /// Hands over what it reported to hold back, as far as reading is on.
  virtual void resume() {}

  /// Bytes taken at once of `bytes` and of `more`, which follows: from 0 to all of them; negative
  /// when the stream failed.
  [[nodiscard]] virtual std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) = 0;

  /// Writes all of `bytes`, which stay where they are until TransportEvents::written(). One at a
  /// time.
  virtual void write(std::string_view bytes) = 0;

  /// What is not taken yet of the write under way; exact, also of one that has just failed.
  [[nodiscard]] virtual std::size_t unwritten_bytes() const = 0;

  /// Takes what has come by now and drops it: closed with unread data, the peer would see a reset,
  /// and lose what is still on its way to it.
  virtual void discard_input() = 0;

  /// Ends our side of the stream, with nothing being written.
  virtual void shut_down() = 0;

  /// Who is on the other side, for the log.
  [[nodiscard]] virtual std::string peer() const = 0;

  /// Who counts as one address with the peer; all the same unless a stream knows better.
  [[nodiscard]] virtual PeerNetwork network() const { return {}; }

  /// Whether nobody else can read along: the stream is encrypted or does not leave this machine.
  [[nodiscard]] virtual bool is_private() const { return true; }
};

/// Puts a filter over a transport.
using TransportFilter = std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;

}  // namespace tribar
