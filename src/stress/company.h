// SPDX-License-Identifier: MIT
//
// Every role at its work at the same time: makes the behaviours that the roles need, and begins
// and ends them together.
#pragma once

#include <cstdint>

#include "stress/churner.h"
#include "stress/lister.h"
#include "stress/pacer.h"
#include "stress/roles.h"
#include "stress/sleeper.h"
#include "stress/stage.h"
#include "stress/talker.h"

namespace tribar::stress {

class Company {
 public:
  /// Gives each user of `roles` its behaviour. Both must outlive this.
  Company(Stage& stage, const Roles& roles);

  /// All begin; they must be ready.
  void start();
  /// Nobody does anything new any more.
  void stop();
  /// Whether as many messages were sent as were asked for.
  [[nodiscard]] bool is_done() const;

  /// What was done before now does not count in the report.
  void mark();
  /// What was done since, in `span_s`.
  void report(Results& results, double span_s) const;

 private:
  const Options& options_;
  const Roles& roles_;
  Crowd& crowd_;
  Talker& talker_;
  // The others are there if there is such a role.
  Pacer* pacer_ = nullptr;
  Sleeper* sleeper_ = nullptr;
  Churner* churner_ = nullptr;
  Lister* lister_ = nullptr;
  std::uint64_t sessions_before_ = 0;
  std::uint64_t lists_before_ = 0;
};

/// `behaviour` is that of all users of `range` from now on.
void assign(Crowd& crowd, const Range& range, Behaviour& behaviour);

}  // namespace tribar::stress
