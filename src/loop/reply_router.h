// SPDX-License-Identifier: MIT
//
// Station 6, reply: what is safe comes back. With one loop that is the loop; with several a batch
// may say something to connections of each, and every loop gets it that has a part in it.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "registry/batch.h"

namespace tribar {

class LoopInbox;

/// A share in a batch. Whoever is done with it last has the batch alone again. Moved between
/// threads; the batch does not change while it is shared.
class BatchShare {
 public:
  /// The first share.
  explicit BatchShare(BatchPtr batch) : batch_(batch.release()) { batch_->shares.store(1); }
  BatchShare(BatchShare&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  BatchShare& operator=(BatchShare&& other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchShare() { static_cast<void>(finish()); }

  /// One more share of the same batch.
  [[nodiscard]] BatchShare split() const {
    batch_->shares.fetch_add(1);
    return BatchShare(batch_);
  }

  [[nodiscard]] const Batch& operator*() const { return *batch_; }

  /// Lets go; the batch if this was the last share of it, else none.
  BatchPtr finish() {
    Batch* batch = std::exchange(batch_, nullptr);
    return batch != nullptr && batch->shares.fetch_sub(1) == 1 ? BatchPtr(batch) : nullptr;
  }

 private:
  explicit BatchShare(Batch* batch) : batch_(batch) {}
  Batch* batch_;
};

class ReplyRouter {
 public:
  /// `inboxes`: of all loops, in the order of LoopPlace::index.
  explicit ReplyRouter(std::vector<LoopInbox*> inboxes);

  /// Sends batches to the loops that have a part in them, each loop's in this order, and to the
  /// one that each is of. Any thread, one at a time. Never waits.
  void post(std::span<BatchPtr> batches);

  /// Any thread: a batch that all loops are done with goes to the one that it is of.
  void give_back(BatchPtr batch);

 private:
  void share_out(BatchPtr batch);

  std::vector<LoopInbox*> inboxes_;
  std::vector<std::vector<BatchShare>> shares_;  // by loop, only while post() runs
  std::vector<bool> has_part_;                   // by loop, of one batch
};

}  // namespace tribar
