// SPDX-License-Identifier: MIT
//
// See listeners.h.
#include "server/listeners.h"

#include <fmt/format.h>

#include <algorithm>

#include "secrets/vault.h"

namespace tribar {

std::string place_of(const ListenerSettings& listener) {
  return listener.socket.empty() ? fmt::format("{}:{}", listener.host, listener.port)
                                 : "unix:" + listener.socket;
}

Protocol protocol_of(const ListenerSettings& listener) {
  if (listener.allows_zero && listener.allows_one) {
    return Protocol::Undecided;
  }
  return listener.allows_one ? Protocol::One : Protocol::Zero;
}

std::optional<std::string> secrets_problem(const Config& config) {
  if (config.secrets.policy == SecretsPolicy::Required && !can_hash_secrets()) {
    return "secrets are \"required\", and this tribard was built without libsodium";
  }
  return std::nullopt;
}

bool needs_tls(const Config& config) {
  return std::any_of(config.listen.begin(), config.listen.end(),
                     [](const ListenerSettings& listener) { return listener.tls; });
}

Result<TransportFilter, std::string> make_tls_filter(const Config::Tls&) {
  return std::string("this tribard was built without TLS, and a listener has \"tls\": true");
}

std::vector<std::string> exposure_of(const ListenerSettings& listener, const Config& config) {
  std::vector<std::string> sentences;
  const bool is_secret_needed = config.secrets.policy == SecretsPolicy::Required;
  if (!is_secret_needed && listener.allows_zero) {
    sentences.emplace_back(
        "protocol 0 has no passwords: whoever connects can log in as anyone who has no secret and "
        "is not online");
  } else if (!is_secret_needed) {
    sentences.emplace_back(
        "secrets are optional: whoever connects can log in as anyone who has none and is not "
        "online");
  }
  if (listener.tls) {
    return sentences;
  }
  if (config.allow_clear_secrets) {
    sentences.emplace_back("nothing is encrypted: whoever sees the traffic reads it, secrets too");
  } else if (is_secret_needed) {
    sentences.emplace_back(
        "nobody can log in from there: secrets are required, and without TLS they are refused");
  } else {
    sentences.emplace_back("nothing is encrypted: whoever sees the traffic reads it");
  }
  return sentences;
}

}  // namespace tribar
