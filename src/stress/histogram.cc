// SPDX-License-Identifier: MIT
//
// See histogram.h.
#include "stress/histogram.h"

#include <cmath>

namespace tribar::stress {

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts_[i] += other.counts_[i];
  }
  total_ += other.total_;
  sum_ += other.sum_;
  least_ = std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
}

double Histogram::mean() const {
  return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
}

Nanos Histogram::percentile(double percent) const {
  if (total_ == 0) {
    return 0;
  }
  const auto rank = static_cast<std::uint64_t>(
      std::ceil(std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= std::max(rank, std::uint64_t{1})) {
      // Least and most are known exactly.
      return std::clamp(middle_of(i), least_, most_);
    }
  }
  return most_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> out;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] > 0) {
      out.push_back({middle_of(i), counts_[i]});
    }
  }
  return out;
}

Nanos Histogram::middle_of(std::size_t bucket) {
  if (bucket < 2 * kSteps) {
    return bucket;
  }
  const std::size_t shift = bucket / kSteps - 1;
  const Nanos low = static_cast<Nanos>(bucket - shift * kSteps) << shift;
  return low + (Nanos{1} << shift) / 2;
}

}  // namespace tribar::stress
