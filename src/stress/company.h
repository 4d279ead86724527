// SPDX-License-Identifier: MIT
//
// Runs all roles at the same time: creates the behaviours that the roles need, and starts and stops
// them together.
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

  /// Starts all users, who must be ready.
  void start();
  /// Stops: no user starts anything new.
  void stop();
  /// Whether the requested number of messages was sent.
  [[nodiscard]] bool is_done() const;

  /// Excludes what was done so far from the report.
  void mark();
  /// Reports what was done since mark(), which took `span_s` seconds.
  void report(Results& results, double span_s) const;

 private:
  const Options& options_;
  const Roles& roles_;
  Crowd& crowd_;
  Talker& talker_;
  // The others are set if there is such a role.
  Pacer* pacer_ = nullptr;
  Sleeper* sleeper_ = nullptr;
  Churner* churner_ = nullptr;
  Lister* lister_ = nullptr;
  std::uint64_t sessions_before_ = 0;
  std::uint64_t broken_before_ = 0;
  std::uint64_t logins_before_ = 0;
  std::uint64_t handshakes_before_ = 0;
  std::uint64_t resent_before_ = 0;
  std::uint64_t repeats_before_ = 0;
  std::uint64_t lists_before_ = 0;
};

/// Reports the TLS handshakes, if there are any: how many there were since there had been `before`,
/// over `span_s` seconds, and how long all took.
void report_handshakes(Results& results, const Crowd& crowd, std::uint64_t before, double span_s);

/// Sets the behaviour of all users of `range`.
void assign(Crowd& crowd, const Range& range, Behaviour& behaviour);

}  // namespace tribar::stress
