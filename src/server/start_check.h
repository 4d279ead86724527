// SPDX-License-Identifier: MIT
//
// Whether a server could start with a config, as far as that can be known without starting one and
// without disturbing one that runs. Main thread; waits for the resolver, and some seconds at most
// for who listens at an address already.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/sqlite/sqlite.h"

namespace tribar {

/// Why the folder of `path` is none for a store: it is not there, then with the command that makes
/// it, or cannot be written.
[[nodiscard]] std::optional<std::string> storage_folder_problem(const std::string& path);

/// Why there can be no store at `path`: its folder, or what is there is no file that can be read
/// and written. Opens and creates nothing.
[[nodiscard]] std::optional<StoreOpenError> storage_problem(const std::string& path);

struct ListenCheck {
  std::vector<std::string> remarks;   // what is as it is on a machine where the server runs
  std::vector<std::string> problems;  // why a server cannot listen
};

/// Whether each address is free, or has a server of protocol 0 that listens there, as a running
/// tribard does.
[[nodiscard]] ListenCheck check_listen(const std::vector<ListenAddress>& addresses);

}  // namespace tribar
