// SPDX-License-Identifier: MIT
//
// Between stations 2 and 3: puts all input of a connection into the open batch of one worker,
// always the same, and sends batches to the workers. Belongs to the loop's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/ids.h"
#include "loop/loop_inbox.h"
#include "registry/batch.h"

namespace tribar {

class Dispatcher {
 public:
  /// Hands a batch to its worker. Never waits.
  using Submit = std::function<void(BatchPtr)>;

  /// `last_number`: the number of the last batch that any loop sent. Spare batches are kept for
  /// reuse while together they hold at most `spare_bytes`.
  Dispatcher(std::size_t workers, LoopInbox& inbox, std::atomic<std::uint64_t>& last_number,
             Submit submit, LoopPlace place = {},
             std::uint64_t spare_bytes = std::uint64_t{128} << 20);

  /// The open batch of the worker responsible for `id`.
  [[nodiscard]] Batch& batch_of(ConnectionId id) {
    return *open_[open_.size() == 1 ? 0 : place_.own_at(id) % open_.size()];
  }

  /// The loop that owns these batches.
  [[nodiscard]] const LoopPlace& place() const { return place_; }

  /// Whether the open batch of this worker will be sent anyway.
  [[nodiscard]] bool is_due(ConnectionId id) { return !batch_of(id).arrivals.empty(); }

  /// Adds an input that the loop itself creates.
  void add_event(ConnectionId id, const InputBody& body, std::uint32_t command_bytes = 0);
  /// Adds a Certified with `name`.
  void add_certified(ConnectionId id, std::string_view name);
  /// Adds a push that could not be written and is not kept; `frame` is the push as encoded by
  /// `protocol`.
  void add_returned(ConnectionId id, const Returned& returned, Protocol protocol,
                    std::string_view frame);

  /// Sends every non-empty open batch to its worker, all or none. While too many batches are under
  /// way they stay open and grow, and the inbox wakes the loop when there is room. All or none, so
  /// that the registry sees events of different connections in the order in which they happened.
  void submit(UnixMs now);

  /// Whether an open batch is so large that it would leave the CPU cache before it is processed.
  [[nodiscard]] bool is_full() const;
  /// As submit(), but ignores how many batches are under way; for a full batch.
  void submit_full(UnixMs now);

  /// Takes back a batch for reuse.
  void recycle(BatchPtr batch);

  /// From now on spare batches hold at most so much together.
  void set_spare_bytes(std::uint64_t spare_bytes) { most_spare_bytes_ = spare_bytes; }

  /// Frees the spare batches.
  void drop_spares();

  /// Whether all open batches are empty.
  [[nodiscard]] bool has_sent_all() const { return count_filled() == 0; }
  /// Whether all open batches are empty and none is under way.
  [[nodiscard]] bool is_idle() const;

 private:
  /// The most batches under way, per worker.
  static constexpr std::size_t kMostUnderWay = 3;
  /// A batch is full with this many messages, or this many bytes.
  static constexpr std::size_t kFullArrivals = 4096;
  static constexpr std::size_t kFullBytes = std::size_t{512} * 1024;

  [[nodiscard]] BatchPtr take_spare();
  [[nodiscard]] std::size_t count_filled() const;
  void submit_all(UnixMs now);

  LoopPlace place_;
  LoopInbox& inbox_;
  Submit submit_;
  std::vector<BatchPtr> open_;  // one per worker
  std::vector<BatchPtr> spare_;
  std::uint64_t most_spare_bytes_;
  std::uint64_t spare_bytes_ = 0;            // memory held by spare_
  std::atomic<std::uint64_t>& last_number_;  // Batch::number
  std::uint64_t away_ = 0;                   // batches sent and not returned
};

}  // namespace tribar
