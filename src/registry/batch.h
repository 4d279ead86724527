// SPDX-License-Identifier: MIT
//
// A batch: the input that one loop turn collected for one worker, on its way through the stations.
// The loop fills `bytes` and `arrivals`, the worker `inputs`, the registry `output`; then the batch
// returns to the loop, which writes what the effects say and reuses the batch. It belongs to one
// station at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/byte_buffer.h"
#include "base/ids.h"
#include "base/wipe.h"
#include "chat/protocol.h"
#include "registry/input.h"
#include "registry/output.h"

namespace tribar {

/// What the loop received, in order: a frame, or an event of a connection.
struct Arrival {
  static constexpr std::uint32_t kIsFrame = ~std::uint32_t{0};

  ConnectionId from;
  // where the frame's data starts in Batch::bytes; of a Returned: where its frame starts, if it has
  // one
  std::uint64_t data_offset = 0;
  std::uint32_t data_bytes = 0;
  std::uint32_t event = kIsFrame;   // index into Batch::events
  std::uint32_t command_bytes = 0;  // of a frame: its whole length
  Protocol protocol = Protocol::Zero;
  std::uint8_t code = 0;  // of a frame
  bool is_next = false;   // of a frame: see Input::is_next
};

struct Batch {
  /// A batch that grew beyond this frees its memory before it is reused.
  static constexpr std::size_t kKeptBytes = 1 << 20;
  static constexpr std::size_t kKeptItems = 1 << 14;

  ByteBuffer bytes;
  std::vector<Arrival> arrivals;
  // inputs that the loop creates itself; in a Returned that is not kept the message is filled in
  // later
  std::vector<Input> events;
  Arena names;  // of certificates, that `events` point to
  UnixMs now;
  std::chrono::steady_clock::time_point sent;  // when the loop sent it
  std::uint32_t loop = 0;                      // the loop that sent it
  std::uint32_t worker = 0;
  // One count for all loops, starting at 1, in the order of sending; 0: no loop sent it.
  std::uint64_t number = 0;
  // All loops must see this batch: some of its effects went on in another batch and point into this
  // one.
  bool is_for_all = false;
  bool is_continuation = false;  // created by the registry to continue long work: see RegistryActor

  bool may_have_secrets = false;  // `bytes` are wiped where they are moved from
  bool has_secrets = false;       // `bytes` contain secrets, which are wiped after use
  std::vector<Input> inputs;
  std::unique_ptr<const RegistryLimits> limits;  // of a Reconfigured, which is alone in its batch
  Output output;

  std::atomic<std::uint32_t> shares{0};  // how many loops still use it: see BatchShare

  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { wipe_secrets(); }

  /// The memory that it holds, roughly.
  [[nodiscard]] std::size_t held_bytes() const {
    return bytes.capacity() + names.held_bytes() + arrivals.capacity() * sizeof(Arrival) +
           (events.capacity() + inputs.capacity()) * sizeof(Input) +
           output.effects.capacity() * sizeof(Effect);
  }

  void clear() {
    wipe_secrets();
    bytes.clear(kKeptBytes);
    arrivals.clear();
    events.clear();
    names.reset();
    number = 0;
    may_have_secrets = false;
    is_for_all = false;
    is_continuation = false;
    inputs.clear();
    limits.reset();
    output.clear();
    if (inputs.capacity() > kKeptItems) {
      arrivals.shrink_to_fit();
      inputs.shrink_to_fit();
      output.effects.shrink_to_fit();
    }
  }

 private:
  void wipe_secrets() {
    if (std::exchange(has_secrets, false)) {
      wipe(bytes.data(), bytes.size());
    }
    output.wipe_secrets();
  }
};

using BatchPtr = std::unique_ptr<Batch>;

}  // namespace tribar
