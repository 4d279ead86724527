// SPDX-License-Identifier: MIT
//
// A batch: what one loop turn brought for one worker, on its way round. The loop fills `bytes` and
// `arrivals`, the worker `inputs`, the registry `output`; then it comes back to the loop, which
// writes what the effects say and uses the batch again. It belongs to one station at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "chat/protocol.h"
#include "registry/input.h"
#include "registry/output.h"

namespace tribar {

/// What the loop found, in order: a frame, or an event of a connection.
struct Arrival {
  static constexpr std::uint32_t kIsFrame = ~std::uint32_t{0};

  ConnectionId from;
  std::uint64_t data_offset = 0;  // of the frame's data in Batch::bytes; of a Returned, its frame
  std::uint32_t data_bytes = 0;
  std::uint32_t event = kIsFrame;   // index into Batch::events
  std::uint32_t command_bytes = 0;  // of a frame: all of it
  Protocol protocol = Protocol::Zero;
  std::uint8_t code = 0;  // of a frame
  bool is_next = false;   // of a frame: see Input::is_next
};

struct Batch {
  /// A batch that grew past this gives its memory back before it is used again.
  static constexpr std::size_t kKeptBytes = 1 << 20;
  static constexpr std::size_t kKeptItems = 1 << 14;

  ByteBuffer bytes;
  std::vector<Arrival> arrivals;
  std::vector<Input> events;  // inputs that the loop makes itself; Returned lacks its message
  UnixMs now;
  std::uint32_t loop = 0;  // that sent it
  std::uint32_t worker = 0;
  std::uint64_t number =
      0;  // counted up from 1 by all loops, in the order of sending; 0: none sent it
  bool is_for_all =
      false;  // loops: effects of it went on in another batch, and point into this one
  bool is_continuation = false;  // the registry made it, to go on: see RegistryActor

  std::vector<Input> inputs;
  Output output;

  std::atomic<std::uint32_t> shares{0};  // on its way back: see BatchShare

  /// What it keeps of memory, about.
  [[nodiscard]] std::size_t held_bytes() const {
    return bytes.capacity() + arrivals.capacity() * sizeof(Arrival) +
           (events.capacity() + inputs.capacity()) * sizeof(Input) +
           output.effects.capacity() * sizeof(Effect);
  }

  void clear() {
    bytes.clear(kKeptBytes);
    arrivals.clear();
    events.clear();
    number = 0;
    is_for_all = false;
    is_continuation = false;
    inputs.clear();
    output.clear();
    if (inputs.capacity() > kKeptItems) {
      arrivals.shrink_to_fit();
      inputs.shrink_to_fit();
      output.effects.shrink_to_fit();
    }
  }
};

using BatchPtr = std::unique_ptr<Batch>;

}  // namespace tribar
