// SPDX-License-Identifier: MIT
//
// See scenario.h.
#include "stress/scenario.h"

#include "stress/plays.h"
#include "stress/roles.h"
#include "stress/stage.h"

namespace tribar::stress {

Results play(const Options& options, const Server& server) {
  const Roles roles = share_out(options);
  Stage stage(options, server, roles.absent.end(),
              Pairing(roles.recipients.first, roles.recipients.count, options.seed));
  switch (options.scenario) {
    case Scenario::Ramp:
      play_ramp(stage, roles);
      break;
    case Scenario::Idle:
      play_idle(stage, roles);
      break;
    case Scenario::Offline:
      // Limits of the queues of absent users and slow readers are meant to be reached.
      stage.results().may_refuse = true;
      play_offline(stage, roles);
      break;
    case Scenario::FanIn:
    case Scenario::Slow:
    case Scenario::Mixed:
      stage.results().may_refuse = true;
      play_together(stage, roles);
      break;
    case Scenario::Exchange:
    case Scenario::Rate:
    case Scenario::Churn:
    case Scenario::List:
      play_together(stage, roles);
      break;
  }
  stage.leave();
  return stage.finish();
}

}  // namespace tribar::stress
