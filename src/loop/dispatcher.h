// SPDX-License-Identifier: MIT
//
// Between stations 2 and 3: everything of one connection goes to the same worker, in the batch
// that is open for it. Belongs to the loop's thread.
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

  /// `last_number` is that of the last batch sent by any of the loops. Used batches are kept for
  /// the next use while all of them hold at most `spare_bytes`.
  Dispatcher(std::size_t workers, LoopInbox& inbox, std::atomic<std::uint64_t>& last_number,
             Submit submit, LoopPlace place = {},
             std::uint64_t spare_bytes = std::uint64_t{128} << 20);

  /// The open batch of the worker that `id` belongs to.
  [[nodiscard]] Batch& batch_of(ConnectionId id) {
    return *open_[open_.size() == 1 ? 0 : place_.own_at(id) % open_.size()];
  }

  /// Whose batches these are.
  [[nodiscard]] const LoopPlace& place() const { return place_; }

  /// Whether something goes to the worker of `id` anyway.
  [[nodiscard]] bool is_due(ConnectionId id) { return !batch_of(id).arrivals.empty(); }

  /// Adds an input that the loop makes itself.
  void add_event(ConnectionId id, const InputBody& body, std::uint32_t command_bytes = 0);
  /// Adds a push that could not be written; `frame` is what `protocol` made of it.
  void add_returned(ConnectionId id, const Returned& returned, Protocol protocol,
                    std::string_view frame);

  /// Hands every open batch that holds something to its worker, all or none: while enough are under
  /// way they stay open and grow, and the inbox wakes the loop when there is room. So what happened
  /// on one connection before something on another comes to the registry before it, too.
  void submit(UnixMs now);

  /// Whether an open batch is so large that more of it would leave the processor's cache before it
  /// is worked off.
  [[nodiscard]] bool is_full() const;
  /// As submit(), however many are under way: for a full one.
  void submit_full(UnixMs now);

  /// A batch that is done with, for the next use.
  void recycle(BatchPtr batch);

  /// Gives memory back that is kept for the next turn.
  void drop_spares();

  /// Whether nothing is open.
  [[nodiscard]] bool has_sent_all() const { return count_filled() == 0; }
  /// Whether nothing is open or on its way round.
  [[nodiscard]] bool is_idle() const;

 private:
  /// Per worker.
  static constexpr std::size_t kMostUnderWay = 3;
  /// A full batch: of many messages, or of large ones.
  static constexpr std::size_t kFullArrivals = 4096;
  static constexpr std::size_t kFullBytes = std::size_t{512} * 1024;

  [[nodiscard]] BatchPtr take_spare();
  [[nodiscard]] std::size_t count_filled() const;
  void submit_all(UnixMs now);

  LoopPlace place_;
  LoopInbox& inbox_;
  Submit submit_;
  std::vector<BatchPtr> open_;  // by worker
  std::vector<BatchPtr> spare_;
  std::uint64_t most_spare_bytes_;
  std::uint64_t spare_bytes_ = 0;            // held by spare_
  std::atomic<std::uint64_t>& last_number_;  // Batch::number
  std::uint64_t away_ = 0;                   // batches
};

}  // namespace tribar
