// SPDX-License-Identifier: MIT
//
// The journal of a server without storage: releases every batch at once.
#pragma once

#include "journal/journal.h"

namespace tribar {

class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(Onward onward) : onward_(std::move(onward)) {}
  void append(BatchPtr batch) override;
  void begin_end() override {}
  Unstored stop() override { return {}; }

 private:
  Onward onward_;
};

}  // namespace tribar
