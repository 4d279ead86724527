// SPDX-License-Identifier: MIT
//
// The loop's state of one connection: used by the stations on the loop, owned by the Switchboard.
// State that is needed only while bytes flow is allocated separately, and freed afterwards.
#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "chat/protocol.h"
#include "loop/login_note.h"
#include "loop/outbox.h"
#include "loop/peer_network.h"
#include "loop/token_bucket.h"
#include "loop/transport.h"
#include "registry/input.h"

namespace tribar {

/// A limit on frames that was higher when some bytes came.
struct FormerLimit {
  std::size_t bytes = 0;          // frames that begin in the first so many
  std::uint64_t frame_bytes = 0;  // may have so much data
};

/// Bytes that were read but are not in a batch yet: the start of a frame, or whole frames that must
/// wait, for example because the window is full.
struct HeldBytes {
  ByteBuffer bytes;
  std::size_t needed_bytes = 0;  // length of the first frame, as far as known
  // how long the rest of the first frame was awaited while the peer was being read
  std::uint64_t waited_ms = 0;
  // true: the first frame must wait for the window, answers or an allowance; false: it is
  // incomplete
  bool is_blocked = false;
  // Behind a full window: frames at the start that were looked at and wait; and whether the next
  // one goes ahead of them, but not yet. See Framer::take_ahead().
  std::size_t passed_bytes = 0;
  bool has_next_ahead = false;
  FormerLimit former;
};

/// Counters of limits that are off by default, for one connection.
struct Allowance {
  PeerNetwork network;
  TokenBucket commands;
};

struct Connection {
  // First, the fields that every message uses: next to each other in memory.
  ConnectionId id;
  std::unique_ptr<Outgoing> outgoing;  // output collected in this turn: see Writer
  std::uint32_t in_flight_bytes = 0;   // the window: bytes of commands without a completion
  std::uint32_t in_flight_commands = 0;

  Protocol protocol = Protocol::Zero;
  bool is_introduced : 1 = false;  // its first bytes came, and its protocol is settled
  bool is_pinged : 1 = false;      // because it was silent, and nothing came since
  bool has_checked : 1 = false;    // a secret of it was given to the checker
  bool is_logged_in : 1 = false;
  bool is_reading : 1 = false;       // the transport is reading
  bool is_at_end : 1 = false;        // the peer will send nothing more
  bool is_end_reported : 1 = false;  // and the registry was informed
  bool is_lost : 1 = false;          // the stream is unusable: no more frames are cut
  bool is_expired : 1 = false;       // the login timeout was reported to the registry
  // Close arrived: pending output is flushed, then the connection ends
  bool is_finishing : 1 = false;
  bool is_shut : 1 = false;         // our side is shut down; input is discarded
  bool is_failed : 1 = false;       // the transport failed: the connection must be dropped
  bool is_rejected : 1 = false;     // over the limit: unknown to the registry
  bool is_touched : 1 = false;      // in the list of this turn
  bool is_watched : 1 = false;      // its deadlines are checked: see Switchboard::tick()
  bool wants_report : 1 = false;    // the registry wants an early report of what is written
  bool awaits_answers : 1 = false;  // a long frame waits for answers that may log it in
  bool awaits_poll : 1 = false;  // a LOGIN is next and must wait: see Switchboard::defer_logins()
  bool may_log_in : 1 = false;   // and it has waited
  bool awaits_allowance : 1 = false;  // it sent more commands in this second than allowed
  std::uint8_t turn_reads : 3 = 0;    // in units of Framer::kReadBytes, in `turn`
  std::uint32_t turn = 0;             // turn of its last read: see Switchboard::space()

  std::unique_ptr<Transport> transport;
  std::unique_ptr<HeldBytes> held;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Allowance> allowance;  // null if such limits are off
  LoginNote login;                       // of whom the log says that they are logged in
  Written unreported;                    // written, but not reported to the registry yet
  std::uint32_t waited_ms = 0;  // without a login; after its end, for it to read what is left;
                                // after shutting down, for the peer to close
  std::uint32_t silent_ms = 0;  // since the last bytes, while it is read
  std::uint32_t logins = 0;     // number of logins so far
  std::uint32_t discarded_bytes = 0;  // bytes read after our side was shut down

  [[nodiscard]] bool owes_bytes() const { return outbox != nullptr; }
};

}  // namespace tribar
