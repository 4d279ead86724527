// SPDX-License-Identifier: MIT
//
// The measured time in slices of equal length, each with its own histogram of latencies. The length
// doubles if there would be too many slices, so that any run fits. The total latencies are the sum
// of all slices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stress/histogram.h"
#include "stress/types.h"

namespace tribar::stress {

struct Slice {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  /// Of the messages that were due in this slice.
  Histogram latency;
  /// The last sample of the server in this slice, if there was one: its time (since the timeline's
  /// start), and what the server had used by then.
  Nanos server_seen = 0;
  Nanos server_cpu = 0;
  std::uint64_t server_memory_bytes = 0;

  void add(const Slice& later);
};

class Timeline {
 public:
  static constexpr std::size_t kMostSlices = 128;

  /// Starts with slices of `slice` > 0, from `from` on. Times are monotonic_now()s.
  Timeline(Nanos from, Nanos slice) : from_(from), length_(slice) {}

  /// The slice of `at` >= from(). Valid until the next call.
  Slice& at(Nanos at) {
    const Nanos since = at - from_;
    // Usually the same slice as in the last call.
    if (last_ != nullptr && since >= last_start_ && since - last_start_ < length_) {
      return *last_;
    }
    return find(since);
  }

  [[nodiscard]] Nanos from() const { return from_; }
  [[nodiscard]] Nanos slice_length() const { return length_; }
  [[nodiscard]] const std::vector<Slice>& slices() const { return slices_; }
  [[nodiscard]] Histogram latency() const;

 private:
  Slice& find(Nanos since);
  void halve();

  Nanos from_;
  Nanos length_;
  std::vector<Slice> slices_;
  Slice* last_ = nullptr;
  Nanos last_start_ = 0;
};

}  // namespace tribar::stress
