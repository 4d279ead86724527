// SPDX-License-Identifier: MIT
//
// What the settings say, and what of that is in effect: the same with limits that fit into the
// memory and the descriptors of this machine. Values only. Main thread, unless it says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/memory_limit.h"
#include "operate/metrics.h"

namespace tribar {

class FittedSettings {
 public:
  /// Other settings, of which nothing is in effect yet.
  struct Fit {
    Config asked;                   // what they say
    Config fitted;                  // with limits that fit
    std::uint64_t connections = 0;  // that descriptors suffice for
  };

  /// `asked` is in effect, as far as it fits; the log says what does not. Before other threads run,
  /// since they take memory. Throws std::runtime_error if nothing fits.
  explicit FittedSettings(const Config& asked);

  /// What the settings say, but for what needs a restart, which is as at the start.
  [[nodiscard]] const Config& asked() const { return asked_; }
  /// The same with limits that fit. Stays at its place; other threads may read what needs a
  /// restart, which is never written again.
  [[nodiscard]] const Config& in_effect() const { return in_effect_; }
  /// The limit on connections, as far as descriptors suffice.
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  /// For metrics; any thread may read them.
  [[nodiscard]] const LimitCounters& counters() const { return counters_; }

  /// Fits `asked`, which has what needs a restart as it is; the log says what does not fit, but not
  /// again of the settings that are in effect. Or why nothing fits. May raise the process's own
  /// limit on descriptors.
  [[nodiscard]] Result<Fit, std::string> fit(const Config& asked) const;
  /// Is in effect from now on.
  void use(Fit fit);

 private:
  void update_counters();

  Config asked_;
  std::vector<MemoryLimit> memory_;  // at the start
  Config in_effect_;
  std::uint64_t connections_;
  LimitCounters counters_;
};

}  // namespace tribar
