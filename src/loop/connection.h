// SPDX-License-Identifier: MIT
//
// What the loop knows of one connection: shared by the stations that run on it, owned by the
// Switchboard. What is needed only while bytes flow is kept apart and goes away.
#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "chat/protocol.h"
#include "loop/outbox.h"
#include "loop/peer_network.h"
#include "loop/token_bucket.h"
#include "loop/transport.h"
#include "registry/input.h"

namespace tribar {

/// Bytes that were read and are not in a batch: the front of a frame, or whole frames that the
/// window does not let pass yet.
struct HeldBytes {
  ByteBuffer bytes;
  std::size_t needed_bytes = 0;  // of the first frame, as far as is known
  std::uint64_t waited_ms = 0;   // for the rest of the first frame, while the peer was read
  bool is_blocked = false;       // by the window or a judgement, not for want of bytes
};

/// What limits that are off by default count for one connection.
struct Allowance {
  PeerNetwork network;
  TokenBucket commands;
};

struct Connection {
  // First, what every message touches: these are next to each other in memory.
  ConnectionId id;
  std::unique_ptr<Outgoing> outgoing;  // what this turn brought: see Writer
  std::uint32_t in_flight_bytes = 0;   // the window: commands without a completion
  std::uint32_t in_flight_commands = 0;

  Protocol protocol = Protocol::Zero;
  bool is_introduced : 1 = false;  // its first bytes came, and its protocol is settled
  bool is_logged_in : 1 = false;
  bool is_reading : 1 = false;        // the transport's reading is on
  bool is_at_end : 1 = false;         // the peer sends no more
  bool is_end_told : 1 = false;       // and the registry knows
  bool is_lost : 1 = false;           // the stream cannot be trusted: nothing is framed any more
  bool is_expired : 1 = false;        // the registry was told of a missed login
  bool is_finishing : 1 = false;      // Close came: what is owed is written, then it ends
  bool is_shut : 1 = false;           // our side has ended; what comes is discarded
  bool is_failed : 1 = false;         // the transport failed: to be dropped
  bool is_rejected : 1 = false;       // over the cap: the registry never hears of it
  bool is_touched : 1 = false;        // in this turn's list
  bool is_watched : 1 = false;        // the clock looks at it: see Switchboard::tick()
  bool wants_report : 1 = false;      // the registry asked to hear of writing soon
  bool awaits_judgement : 1 = false;  // a long frame waits for the answers before it
  bool awaits_poll : 1 = false;       // a LOGIN is next: see Switchboard::defer_logins()
  bool may_log_in : 1 = false;        // and has waited
  bool awaits_allowance : 1 = false;  // it sent more commands than it may in this second
  std::uint8_t turn_reads = 0;        // in units of Framer::kReadBytes, in `turn`
  std::uint32_t turn = 0;             // of its last read: see Switchboard::space()

  std::unique_ptr<Transport> transport;
  std::unique_ptr<HeldBytes> held;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Allowance> allowance;  // only while such a limit is on
  Written unreported;                    // written, and the registry does not know
  std::uint32_t waited_ms = 0;           // without a login; when closing, for the peer's end
  std::uint32_t logins = 0;              // so far
  std::uint32_t discarded_bytes = 0;     // read after the last word

  [[nodiscard]] bool owes_bytes() const { return outbox != nullptr; }
};

}  // namespace tribar
