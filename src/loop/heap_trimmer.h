// SPDX-License-Identifier: MIT
//
// Gives memory that was freed back to the system once the server is quiet. Under load it would be
// asked for again at once; without this it would stay with the process for ever, since what is
// freed lies between what is in use. Belongs to one loop's thread; owns no clock.
#pragma once

#include <atomic>
#include <cstdint>

namespace tribar {

class HeapTrimmer {
 public:
  /// How often tick() is to be called while is_due().
  static constexpr std::uint64_t kTickMs = 500;

  /// `batches`: how many batches all loops have sent so far, which tells how busy they are.
  explicit HeapTrimmer(const std::atomic<std::uint64_t>& batches) : batches_(batches) {}

  /// About so many bytes were taken from the heap, and are free again or will be soon.
  void note_churn(std::uint64_t bytes) { churned_bytes_ += bytes; }

  /// Whether there may be something to give back.
  [[nodiscard]] bool is_due() const { return churned_bytes_ >= kWorthwhileBytes; }

  /// Trims the heap if the server has been quiet for some seconds. True when it did so.
  bool tick(std::uint64_t elapsed_ms);

 private:
  static constexpr std::uint64_t kWorthwhileBytes = 8 << 20;
  static constexpr std::uint64_t kQuietMs = 2000;
  /// So many batches in one tick are next to nothing.
  static constexpr std::uint64_t kQuietBatches = 25;

  const std::atomic<std::uint64_t>& batches_;
  std::uint64_t seen_batches_ = 0;
  std::uint64_t churned_bytes_ = 0;  // since the heap was trimmed
  std::uint64_t quiet_ms_ = 0;
};

}  // namespace tribar
