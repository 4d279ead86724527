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

TlsSettings tls_settings(const Config& config) {
  const Config::Tls& tls = config.tls;
  TlsSettings settings;
  settings.certificate = tls.certificate;
  settings.key = tls.key;
  settings.client_ca = tls.client_ca;
  settings.client_crl = tls.client_crl;
  switch (tls.client_certificates) {
    case ClientCertificates::Off:
      settings.client_certificates = TlsSettings::ClientCertificates::Off;
      break;
    case ClientCertificates::Optional:
      settings.client_certificates = TlsSettings::ClientCertificates::Optional;
      break;
    case ClientCertificates::Required:
      settings.client_certificates = TlsSettings::ClientCertificates::Required;
      break;
  }
  settings.min_version = tls.min_version == TlsVersion::Tls12 ? TlsSettings::Version::Tls12
                                                              : TlsSettings::Version::Tls13;
  return settings;
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
