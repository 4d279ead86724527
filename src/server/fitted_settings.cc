// SPDX-License-Identifier: MIT
//
// See fitted_settings.h.
#include "server/fitted_settings.h"

#include <stdexcept>
#include <utility>

#include "config/config_table.h"
#include "server/station_limits.h"

namespace tribar {

FittedSettings::FittedSettings(const Config& asked)
    : asked_(asked),
      memory_(memory_limits()),
      in_effect_(fitted(asked, memory_for(asked, memory_))),
      connections_(connection_limit(in_effect_)) {
  update_counters();
}

Result<FittedSettings::Fit, std::string> FittedSettings::fit(const Config& asked) const {
  if (asked == asked_) {
    return Fit{asked, in_effect_, connections_};
  }
  try {
    Fit fit{asked, fitted(asked, memory_for(asked, memory_)), 0};
    fit.connections = connection_limit(fit.fitted);
    return fit;
  } catch (const std::runtime_error& error) {
    return std::string(error.what());
  }
}

void FittedSettings::use(Fit fit) {
  asked_ = std::move(fit.asked);
  for (const ConfigRow* row : changes(in_effect_, fit.fitted)) {
    take_over(*row, fit.fitted, in_effect_);
  }
  connections_ = fit.connections;
  update_counters();
}

void FittedSettings::update_counters() {
  counters_.connections.set(connections_);
  counters_.buffered_bytes.set(in_effect_.limits.buffered_bytes / in_effect_.io_loops);
  counters_.queued_bytes.set(in_effect_.limits.queued_bytes);
  counters_.accounts.set(in_effect_.limits.accounts);
}

}  // namespace tribar
