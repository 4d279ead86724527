// SPDX-License-Identifier: MIT
//
// The commands for scripts: tribar send, list, receive, create, delete. Each makes one connection,
// does one thing and ends. docs/client.md says what they print and their exit codes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/client_options.h"
#include "client/client_setup.h"
#include "client/dialogue.h"

namespace tribar {

/// What is wrong with the names for `options.verb`, which is not None: one is missing, or too much,
/// or cannot be sent. Pure.
[[nodiscard]] std::optional<std::string> why_not_verb(const ClientOptions& options, bool is_utf8);

/// Does what `options.verb` says; not None. Reads standard input if there is a text or a secret to
/// be read, writes to standard output, and notes to standard error. What went wrong is in the
/// result. Call once; from then on SIGPIPE is ignored.
[[nodiscard]] Ending run_verb(const ClientOptions& options, ClientSetup setup);

}  // namespace tribar
