// SPDX-License-Identifier: MIT
//
// The stream under a connection, as the stations of the loop see it: a socket in the server, a
// simulation in a test. Belongs to the loop's thread. Closed when it is destroyed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "loop/peer_network.h"

namespace tribar {

class Transport {
 public:
  virtual ~Transport() = default;

  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;

  /// Bytes taken at once of `bytes` and of `more`, which follows: from 0 to all of them; negative
  /// when the stream failed.
  [[nodiscard]] virtual std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) = 0;

  /// Writes all of `bytes`, which stay where they are until Switchboard::written() is called for
  /// this connection. One at a time.
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
};

}  // namespace tribar
