// SPDX-License-Identifier: MIT
//
// See timeline.h.
#include "stress/timeline.h"

#include <algorithm>
#include <utility>

namespace tribar::stress {

void Slice::add(const Slice& later) {
  sent += later.sent;
  delivered += later.delivered;
  latency.add(later.latency);
  if (later.server_seen > 0) {
    server_seen = later.server_seen;
    server_cpu = later.server_cpu;
    server_memory_bytes = later.server_memory_bytes;
  }
}

Histogram Timeline::latency() const {
  Histogram all;
  for (const Slice& slice : slices_) {
    all.add(slice.latency);
  }
  return all;
}

Slice& Timeline::find(Nanos since) {
  while (since / length_ >= kMostSlices) {
    halve();
  }
  const auto index = static_cast<std::size_t>(since / length_);
  if (index >= slices_.size()) {
    slices_.resize(index + 1);
  }
  last_start_ = index * length_;
  return *(last_ = &slices_[index]);
}

void Timeline::halve() {
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    if (i % 2 == 1) {
      slices_[i / 2].add(slices_[i]);
    } else if (i > 0) {
      slices_[i / 2] = std::move(slices_[i]);
    }
  }
  slices_.resize((slices_.size() + 1) / 2);
  length_ *= 2;
  last_ = nullptr;
}

}  // namespace tribar::stress
