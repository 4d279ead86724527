// SPDX-License-Identifier: MIT
//
// Whether a server could start with a config, as far as that can be known without starting one and
// without disturbing one that runs. Main thread; waits for the resolver, and some seconds at most
// for who listens at an address already.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/config.h"

namespace tribar {

/// Why there can be no store at `path`, in one line that says what to do: its folder is not there
/// or cannot be written, or what is there is no file. Creates and opens nothing.
[[nodiscard]] std::optional<std::string> storage_problem(const std::string& path);

struct ListenCheck {
  std::vector<std::string> remarks;   // what is as it is on a machine where the server runs
  std::vector<std::string> problems;  // why a server cannot listen
};

/// Whether each address is free, or has a server of protocol 0 that listens there, as a running
/// tribard does.
[[nodiscard]] ListenCheck check_listen(const std::vector<ListenAddress>& addresses);

}  // namespace tribar
