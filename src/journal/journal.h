// SPDX-License-Identifier: MIT
//
// Station 5, between registry and loop: effects go on only when the records that they rest on are
// safe. Batches come and go in the order in which the registry made them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "registry/batch.h"

namespace tribar {

/// What could not be stored to the end, and so was not confirmed either.
struct Unstored {
  std::string why;  // empty: all is stored
  std::uint64_t accounts = 0;
  std::uint64_t deletions = 0;
  std::uint64_t messages = 0;
  std::uint64_t handed_over = 0;  // messages that come again
  friend bool operator==(const Unstored&, const Unstored&) = default;
};

class Journal {
 public:
  /// Takes over batches whose records are safe, in order; may be called on any thread, one at a
  /// time. What became safe together comes together, so that the loop writes it together.
  using Onward = std::function<void(std::span<BatchPtr>)>;

  virtual ~Journal() = default;

  /// Takes the next batch. Whoever runs the registry calls this; it never waits.
  virtual void append(BatchPtr batch) = 0;

  /// The end is near: what cannot be stored from now on is given up, so that nobody waits for it.
  virtual void begin_end() = 0;

  /// Makes safe what was appended, passes it on, and ends; nothing is appended any more.
  virtual Unstored stop() = 0;
};

}  // namespace tribar
