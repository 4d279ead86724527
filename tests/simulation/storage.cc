// SPDX-License-Identifier: MIT
//
// See storage.h.
#include "simulation/storage.h"

namespace tribar::simulation {

Storage::Storage() {
  before_commit = [this]() -> std::optional<std::string> {
    if (crash_at == CrashAt::Before) {
      throw Crash{};
    }
    if (!is_failing) {
      return std::nullopt;
    }
    crash_at = CrashAt::Never;
    return "the simulation says so";
  };
  after_commit = [this] {
    if (crash_at == CrashAt::After) {
      throw Crash{};
    }
  };
}

std::optional<StoreOpenError> Storage::open() {
  is_failing = false;
  crash_at = CrashAt::Never;
  return FakeStore::open();
}

}  // namespace tribar::simulation
