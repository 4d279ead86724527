// SPDX-License-Identifier: MIT
//
// The credit of every connection, counted from what goes into the registry and comes out of it: no
// message is handed over to one that is owed as much as its credit already.
#pragma once

#include <cstdint>
#include <map>

#include "registry/batch.h"
#include "simulation/diary.h"

namespace tribar::simulation {

class Credit {
 public:
  Credit(std::uint64_t bytes, Diary& diary) : bytes_(bytes), diary_(diary) {}

  /// The registry is done with a batch. Which input gave which effect is not known, so all that the
  /// batch reports as written counts as if it came first.
  void note_passed(const Batch& batch);
  /// The server is a new one.
  void begin_life() { owed_.clear(); }

 private:
  std::uint64_t bytes_;
  Diary& diary_;
  std::map<ConnectionId, std::int64_t> owed_;
};

}  // namespace tribar::simulation
