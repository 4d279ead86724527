// SPDX-License-Identifier: MIT
//
// Station 5, between registry and loop: effects go on only when the records that they rest on are
// safe. Batches come and go in the order in which the registry made them.
#pragma once

#include <functional>
#include <span>

#include "registry/batch.h"

namespace tribar {

class Journal {
 public:
  /// Takes over batches whose records are safe, in order; may be called on any thread, one at a
  /// time. What became safe together comes together, so that the loop writes it together.
  using Onward = std::function<void(std::span<BatchPtr>)>;

  virtual ~Journal() = default;

  /// Takes the next batch. Whoever runs the registry calls this; it never waits.
  virtual void append(BatchPtr batch) = 0;

  /// Makes safe what was appended, passes it on, and ends; nothing is appended any more.
  virtual void stop() = 0;
};

}  // namespace tribar
