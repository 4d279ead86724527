// SPDX-License-Identifier: MIT
//
// Checks whether a server could be what a config says, listen and log, as far as possible without
// starting one or disturbing one that runs. Main thread; blocks for the resolver, and some seconds
// at most for a server that already listens at an address.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace tribar {

struct ListenCheck {
  std::vector<std::string> remarks;   // facts that are normal while the server runs
  std::vector<std::string> problems;  // reasons why a server cannot listen
};

/// Whether each address and each Unix socket, of clients, metrics and control, is free, or has a
/// server that listens there and answers as a running tribard does. Changes nothing.
[[nodiscard]] ListenCheck check_listen(const Config& config);

/// If a listener is to be served over TLS: whose certificate it is and until when it is good, or
/// what is wrong with which file.
[[nodiscard]] ListenCheck check_tls(const Config& config);

/// Why this build, with the memory and the descriptors that this process may have, could not be a
/// server with such settings. May raise the process's own soft limit on descriptors.
[[nodiscard]] std::vector<std::string> check_means(const Config& config);

/// Why lines of the log could not be written to log.file, if so. Changes nothing.
[[nodiscard]] std::optional<std::string> check_log(const Config& config);

}  // namespace tribar
