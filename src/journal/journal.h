// SPDX-License-Identifier: MIT
//
// Station 5, between registry and loop: releases effects only when the records that they depend on
// are stored. Keeps batches in the order of the registry.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/pulse.h"
#include "journal/journal_counters.h"
#include "registry/batch.h"

namespace tribar {

/// How much could not be stored before the end. None of it was confirmed to a client.
struct Unstored {
  std::string why;  // empty: everything was stored
  std::uint64_t accounts = 0;
  std::uint64_t deletions = 0;
  std::uint64_t messages = 0;
  std::uint64_t handed_over = 0;  // messages that will be delivered a second time
  std::uint64_t secrets = 0;
  friend bool operator==(const Unstored&, const Unstored&) = default;
};

class Journal {
 public:
  /// Takes batches whose records are stored, in order. May be called on any thread, one call at a
  /// time. Batches that were stored together are passed together, so that the loop writes them
  /// together.
  using Onward = std::function<void(std::span<BatchPtr>)>;

  virtual ~Journal() = default;

  /// Takes the next batch, from the thread that runs the registry. Never waits.
  virtual void append(BatchPtr batch) = 0;

  /// Prepares for the end: what cannot be stored from now on is given up, so that no station waits
  /// for it.
  virtual void begin_end() = 0;

  /// For metrics, any thread; none: it stores nothing.
  [[nodiscard]] virtual const JournalCounters* counters() const { return nullptr; }
  /// Answers after nudge(); none: it has no thread.
  [[nodiscard]] virtual Pulse* pulse() { return nullptr; }
  /// Any thread: makes the thread go around once.
  virtual void nudge() {}

  /// Stores and releases all that was appended, and ends. Nothing may be appended afterwards.
  virtual Unstored stop() = 0;
};

}  // namespace tribar
