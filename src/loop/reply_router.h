// SPDX-License-Identifier: MIT
//
// Station 6, reply: routes batches from the journal back to the loops. A batch can contain effects
// for connections of several loops; each of these loops gets a share of it.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "registry/batch.h"

namespace tribar {

class LoopInbox;

/// Shared ownership of a batch: the last owner that finishes gets the batch. Can be moved between
/// threads; the batch does not change while it is shared.
class BatchShare {
 public:
  /// Creates the first share.
  explicit BatchShare(BatchPtr batch) : batch_(batch.release()) { batch_->shares.store(1); }
  BatchShare(BatchShare&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  BatchShare& operator=(BatchShare&& other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchShare() { static_cast<void>(finish()); }

  /// Creates another share of the same batch.
  [[nodiscard]] BatchShare split() const {
    batch_->shares.fetch_add(1);
    return BatchShare(batch_);
  }

  [[nodiscard]] const Batch& operator*() const { return *batch_; }

  /// Gives up this share; returns the batch if it was the last share, else null.
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
  /// `inboxes`: those of all loops, in the order of LoopPlace::index.
  explicit ReplyRouter(std::vector<LoopInbox*> inboxes);

  /// Sends each batch to the loop that sent it and to every loop with an effect in it. Each loop
  /// gets its batches in this order. Any thread, one call at a time. Never waits.
  void post(std::span<BatchPtr> batches);

  /// Any thread: returns a batch that all loops have finished to the loop that sent it.
  void give_back(BatchPtr batch);

 private:
  void share_out(BatchPtr batch);

  std::vector<LoopInbox*> inboxes_;
  std::vector<std::vector<BatchShare>> shares_;  // one list per loop, used only in post()
  std::vector<bool> has_part_;                   // per loop, for one batch
};

}  // namespace tribar
