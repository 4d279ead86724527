// SPDX-License-Identifier: MIT
//
// See programs.h.
#include "manual/programs.h"

#include "client/client_options.h"
#include "control/options.h"
#include "server/options.h"
#include "stress/options.h"

namespace tribar {

std::vector<CommandLine> all_programs() {
  return {server_command_line(), control_command_line(), client_command_line(),
          stress::stress_command_line()};
}

}  // namespace tribar
