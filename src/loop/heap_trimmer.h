// SPDX-License-Identifier: MIT
//
// Returns freed memory to the operating system once the server is quiet. Otherwise the process
// would keep it forever, because freed memory lies between memory in use. Not under load, when it
// would be requested again at once. Belongs to one loop's thread; owns no clock.
#pragma once

#include <atomic>
#include <cstdint>

namespace tribar {

class HeapTrimmer {
 public:
  /// How often tick() must be called while is_due().
  static constexpr std::uint64_t kTickMs = 500;

  /// `batches`: the number of batches that all loops have sent, as a measure of load.
  explicit HeapTrimmer(const std::atomic<std::uint64_t>& batches) : batches_(batches) {}

  /// About `bytes` bytes were allocated, and are freed or will be soon.
  void note_churn(std::uint64_t bytes) { churned_bytes_ += bytes; }

  /// Whether there may be memory to return.
  [[nodiscard]] bool is_due() const { return churned_bytes_ >= kWorthwhileBytes; }

  /// Trims the heap if the server has been quiet for some seconds. True when it did so.
  bool tick(std::uint64_t elapsed_ms);

 private:
  static constexpr std::uint64_t kWorthwhileBytes = 8 << 20;
  static constexpr std::uint64_t kQuietMs = 2000;
  /// Up to this many batches in one tick, the server counts as quiet.
  static constexpr std::uint64_t kQuietBatches = 25;

  const std::atomic<std::uint64_t>& batches_;
  std::uint64_t seen_batches_ = 0;
  std::uint64_t churned_bytes_ = 0;  // since the heap was trimmed
  std::uint64_t quiet_ms_ = 0;
};

}  // namespace tribar
