// SPDX-License-Identifier: MIT
//
// Whether a server could listen where a config says, as far as that can be known without starting
// one and without disturbing one that runs. Main thread; waits for the resolver, and some seconds
// at most for who listens at an address already.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace tribar {

struct ListenCheck {
  std::vector<std::string> remarks;   // what is as it is on a machine where the server runs
  std::vector<std::string> problems;  // why a server cannot listen
};

/// Whether each address is free, or has a server of protocol 0 that listens there, as a running
/// tribard does.
[[nodiscard]] ListenCheck check_listen(const std::vector<ListenAddress>& addresses);

}  // namespace tribar
