// SPDX-License-Identifier: MIT
//
// What all front ends of tribar need before they connect, made from the options: the TLS settings,
// the secret, the name of this installation. Reads files.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "client/client_options.h"
#include "client/dialogue.h"
#include "client/link.h"

namespace tribar {

struct ClientSetup {
  Link::Settings link{};
  int protocol = 0;
  std::optional<std::string> secret{};  // of the secret file, if there is one; protocol 1 only
  std::string client{};                 // see own_files.h; protocol 1 only; empty: there is none
  std::string client_failure{};         // why there is none, as a note for the user; else empty
  bool is_utf8 = false;                 // the locale's: what is typed and shown
};

/// Sets the locale, reads the files. An Ending: what is wrong, and the exit code for it. Call once.
[[nodiscard]] Result<ClientSetup, Ending> set_up_client(const ClientOptions& options);

}  // namespace tribar
