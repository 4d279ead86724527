// SPDX-License-Identifier: MIT
//
// The byte stream of a connection: a socket in the server, a simulation in a test, or a filter over
// one of these. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loop/peer_network.h"

namespace tribar {

struct Connection;

/// Memory for the next read. Without room: nothing may be read before the next turn.
struct ReadSpace {
  char* at = nullptr;
  std::size_t size = 0;
};

/// The events of a transport. Each call may destroy the transport.
class TransportEvents {
 public:
  /// Where the next bytes are to be read to; valid until the next event.
  [[nodiscard]] virtual ReadSpace space(Connection& connection) = 0;
  /// `size` bytes, at least one, were read into the space.
  virtual void read(Connection& connection, std::size_t size) = 0;
  /// The peer will send nothing more; `is_failed`: the connection is broken.
  virtual void end(Connection& connection, bool is_failed) = 0;
  /// The current write is finished.
  virtual void written(Connection& connection, bool is_ok) = 0;
  /// The transport has input that it could not pass on: call resume() in the next turn.
  virtual void hold_back(Connection& connection) = 0;

 protected:
  ~TransportEvents() = default;
};

/// Destroying a transport closes it. A filter (such as TLS) is a transport over another transport,
/// whose events it receives. It may turn one read into several, into none or into bytes to write,
/// stop the transport below from reading, and delay a write.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sets the receiver of events and the connection. Called once, before anything else.
  virtual void bind(TransportEvents& events, Connection& connection) = 0;

  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;
  /// Passes on input that it holds back, as far as it is reading.
  virtual void resume() {}

  /// Writes what can be written at once of `bytes` and then `more`. Returns the number of bytes,
  /// from 0 to all; negative if the stream failed. After less than all, the next call is write() of
  /// the rest, or nothing is written any more.
  [[nodiscard]] virtual std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) = 0;

  /// Writes all of `bytes`, which must stay valid until TransportEvents::written(). One write at a
  /// time.
  virtual void write(std::string_view bytes) = 0;

  /// Bytes of the current write that are not accepted yet; exact, even if the write has just
  /// failed.
  [[nodiscard]] virtual std::size_t unwritten_bytes() const = 0;

  /// Reads and drops the input that has arrived. If a socket is closed with unread input the peer
  /// gets a reset, and can lose bytes that are still on their way to it.
  virtual void discard_input() = 0;

  /// Shuts down our side of the stream. No write may be in progress.
  virtual void shut_down() = 0;

  /// Memory that it takes beside what passes through it, in bytes, roughly.
  [[nodiscard]] virtual std::size_t memory_bytes() const { return 0; }

  /// The peer's address, for the log.
  [[nodiscard]] virtual std::string peer() const = 0;

  /// Who counts as one address with the peer; none, and no limit, unless a stream knows better.
  [[nodiscard]] virtual PeerNetwork network() const { return {}; }

  /// Whether nobody else can read along: what is said is encrypted, or does not leave this machine.
  [[nodiscard]] virtual bool is_private() const { return true; }

  /// Whether it is over TLS, for the log.
  [[nodiscard]] virtual bool is_encrypted() const { return false; }

  /// Whom a certificate that the peer has shown, and that was found good, names (CN, UTF-8); empty:
  /// nobody.
  [[nodiscard]] virtual std::string certificate_name() const { return {}; }
};

/// Puts a filter over a transport.
using TransportFilter = std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;

}  // namespace tribar
