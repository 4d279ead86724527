// SPDX-License-Identifier: MIT
//
// What the settings of a listener mean: where it is, what is spoken there, TLS, and what the log
// has to say about it. Main thread, at the start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/protocol.h"
#include "config/config.h"
#include "tls/tls_context.h"

namespace tribar {

/// HOST:PORT as the settings have them, or unix:PATH; for messages.
[[nodiscard]] std::string place_of(const ListenerSettings& listener);

/// What its connections speak.
[[nodiscard]] Protocol protocol_of(const ListenerSettings& listener);

/// Why the secrets or logins that the settings ask for cannot be had, if so.
[[nodiscard]] std::optional<std::string> secrets_problem(const Config& config);

/// Whether any listener is to be served over TLS.
[[nodiscard]] bool needs_tls(const Config& config);

/// What listeners with TLS have in common.
[[nodiscard]] TlsSettings tls_settings(const Config& config);

/// What whoever runs the server should know of `listener`, which other machines can reach: a
/// sentence each, without its place.
[[nodiscard]] std::vector<std::string> exposure_of(const ListenerSettings& listener,
                                                   const Config& config);

}  // namespace tribar
