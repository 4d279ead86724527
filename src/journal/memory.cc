// SPDX-License-Identifier: MIT
//
// See memory.h.
#include "journal/memory.h"

#include <utility>

namespace tribar {

void MemoryJournal::append(BatchPtr batch) { onward_(std::move(batch)); }

}  // namespace tribar
