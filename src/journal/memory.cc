// SPDX-License-Identifier: MIT
//
// See memory.h.
#include "journal/memory.h"

namespace tribar {

void MemoryJournal::append(BatchPtr batch) { onward_({&batch, 1}); }

}  // namespace tribar
