// SPDX-License-Identifier: MIT
//
// What the journal counts for metrics.
#pragma once

#include "base/counter.h"

namespace tribar {

struct JournalCounters {
  Counter commits;
  Counter records;        // stored
  Counter failures;       // commits that failed
  Counter is_failing;     // 1 while storing fails
  Histogram commit_time;  // microseconds
  Histogram commit_size;  // records
};

}  // namespace tribar
