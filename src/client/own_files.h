// SPDX-License-Identifier: MIT
//
// The files of the person who runs the client: a secret, and the name of this installation. May
// block while a file system does.
#pragma once

#include <string>

#include "base/result.h"

namespace tribar {

/// Why a file cannot be used, as text that names it.
struct FileError {
  std::string text;
};

/// The secret in the file at `path`: its first line, without the line break; at most 512 bytes.
[[nodiscard]] Result<std::string, FileError> read_secret(const std::string& path);

/// The name by which servers know this installation: see docs/protocol.md, `client`. Chosen at
/// random the first time, and kept in $XDG_STATE_HOME/tribar/client, or in
/// ~/.local/state/tribar/client. While another program of the same person uses that name, it is the
/// name with ".2" to ".8" behind it: two programs that count with one name would take each other's
/// messages for their own repeats. It is this program's until it ends. Not for several threads.
[[nodiscard]] Result<std::string, FileError> client_name();

/// Where typed lines are kept: $XDG_STATE_HOME/tribar/history, or ~/.local/state/tribar/history;
/// empty if neither is known.
[[nodiscard]] std::string history_path();

}  // namespace tribar
