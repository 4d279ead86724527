// SPDX-License-Identifier: MIT
//
// What the settings of a listener mean: where it is, what is spoken there, what is put over its
// transports, and what the log has to say about it. Main thread, at the start.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "chat/protocol.h"
#include "config/config.h"
#include "loop/transport.h"

namespace tribar {

/// HOST:PORT as the settings have them, or unix:PATH; for messages.
[[nodiscard]] std::string place_of(const ListenerSettings& listener);

/// What its connections speak. The error: why this tribard cannot.
[[nodiscard]] Result<Protocol, std::string> protocol_of(const ListenerSettings& listener);

/// Whether any listener is to be served over TLS.
[[nodiscard]] bool needs_tls(const Config& config);

/// What is put over the transports of listeners with TLS; may be called on any loop's thread. The
/// error: why there is none.
[[nodiscard]] Result<TransportFilter, std::string> make_tls_filter(const Config::Tls& settings);

/// What whoever runs the server should know of `listener`, which other machines can reach: a
/// sentence each, without its place.
[[nodiscard]] std::vector<std::string> exposure_of(const ListenerSettings& listener,
                                                   const Config& config);

}  // namespace tribar
