// SPDX-License-Identifier: MIT
//
// See heap_trimmer.h.
#include "loop/heap_trimmer.h"

#include <malloc.h>

#include <utility>

namespace tribar {

bool HeapTrimmer::tick(std::uint64_t elapsed_ms) {
  const std::uint64_t batches = batches_.load(std::memory_order_relaxed);
  const bool is_busy = batches - std::exchange(seen_batches_, batches) > kQuietBatches;
  quiet_ms_ = is_busy || !is_due() ? 0 : quiet_ms_ + elapsed_ms;
  if (quiet_ms_ < kQuietMs) {
    return false;
  }
  quiet_ms_ = 0;
  churned_bytes_ = 0;
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return true;
}

}  // namespace tribar
