// SPDX-License-Identifier: MIT
//
// What a connection string of libpq names, with the settings that the server adds to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tribar {

struct Target {
  /// For people: the server, the database and the user as they are named in the string; never a
  /// password.
  std::string name;
  /// For PQconnectdbParams, with expansion of `dbname`.
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// Reads a connection string, the environment (PGHOST and so on), and the file of the service that
/// either names. Connects to nothing. Adds, unless they are given: time-outs, so that a server that
/// is gone is noticed within three seconds, and that of several hosts the one that can be written
/// to is used. The error never shows a part of the string.
[[nodiscard]] Result<Target, std::string> read_target(const std::string& connection);

}  // namespace tribar
