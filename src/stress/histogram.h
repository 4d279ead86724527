// SPDX-License-Identifier: MIT
//
// A histogram of durations, log-linear as in HdrHistogram: 128 steps per octave, so that a value is
// known to within 0.4 %, from 1 ns to 137 s (longer ones count as that). Fixed size; recording
// allocates nothing; two histograms can be added.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stress/types.h"

namespace tribar::stress {

class Histogram {
 public:
  Histogram() : counts_(kBuckets, 0) {}

  void record(Nanos value) {
    ++counts_[bucket_of(value)];
    ++total_;
    sum_ += value;
    least_ = std::min(least_, value);
    most_ = std::max(most_, value);
  }

  /// Adds the counts of `other`.
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] Nanos min() const { return total_ == 0 ? 0 : least_; }
  [[nodiscard]] Nanos max() const { return most_; }
  [[nodiscard]] double mean() const;

  /// The value that `percent` % of all values do not exceed; 0 if there are none.
  [[nodiscard]] Nanos percentile(double percent) const;

  struct Bucket {
    Nanos value;  // the middle of the bucket
    std::uint64_t count;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  /// The non-empty buckets, in order.
  [[nodiscard]] std::vector<Bucket> buckets() const;

 private:
  static constexpr unsigned kStepBits = 7;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  static constexpr unsigned kMostBits = 37;
  static constexpr Nanos kMost = (Nanos{1} << kMostBits) - 1;
  static constexpr std::size_t kBuckets = (kMostBits - kStepBits + 1) * kSteps;

  [[nodiscard]] static std::size_t bucket_of(Nanos value) {
    value = std::min(value, kMost);
    // Below 2 * kSteps each value has a bucket of its own; above, the leading bits select the
    // bucket.
    const unsigned shift =
        value < 2 * kSteps ? 0 : static_cast<unsigned>(std::bit_width(value)) - kStepBits - 1;
    return shift * kSteps + (value >> shift);
  }
  [[nodiscard]] static Nanos middle_of(std::size_t bucket);

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
  Nanos least_ = kMost;
  Nanos most_ = 0;
};

}  // namespace tribar::stress
