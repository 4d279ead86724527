// SPDX-License-Identifier: MIT
//
// A store that is made up: it takes its time as the schedule likes, fails for a while, and is all
// that is left after a crash.
#pragma once

#include "support/fake_store.h"

namespace tribar::simulation {

/// The end of the process, thrown out of a commit: before or behind the point where it is safe.
struct Crash {};

class Storage final : public test::FakeStore {
 public:
  Storage();

  /// What happens to the next commits of this life.
  bool is_failing = false;
  enum class CrashAt { Never, Before, After } crash_at = CrashAt::Never;

  /// A server does not start where storing fails, and the crash that was meant for
  /// the life before is over.
  std::optional<StoreOpenError> open() override;
};

}  // namespace tribar::simulation
