// SPDX-License-Identifier: MIT
//
// What all TLS connections of a server have in common: certificate, key, which clients are let in,
// which versions and ciphers. Made from files, checked as a whole, and never changed. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace tribar {

/// Files in PEM; an empty path: none.
struct TlsSettings {
  /// Whether a client is asked for a certificate that `client_ca` signed. One that it shows must be
  /// good, even if it need not show one.
  enum class ClientCertificates { Off, Optional, Required };
  enum class Version { Tls12, Tls13 };

  std::string certificate;  // the server's, and behind it those that lead to its CA
  std::string key;          // of the first certificate, without a passphrase
  std::string client_ca;
  std::string client_crl;  // what the CA revoked; of each CA in a chain, if there are several
  ClientCertificates client_certificates = ClientCertificates::Optional;
  Version min_version = Version::Tls13;
  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

class TlsContext {
 public:
  /// A certificate that expires in so many days gets a warning.
  static constexpr int kWarningDays = 14;

  /// Reads and checks everything, and tries a handshake. Or every mistake: the setting, its file,
  /// and what is wrong. Tickets for resumption that `former` gave are good here, too, if clients'
  /// certificates are judged by the same files.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>, std::vector<std::string>> load(
      const TlsSettings& settings, const TlsContext* former = nullptr);

  /// What is not wrong but should be looked at, as of now.
  [[nodiscard]] std::vector<std::string> warnings() const;
  /// Whose certificate it is and until when it is good, for the log.
  [[nodiscard]] const std::string& description() const;

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Seconds since 1970 at which the certificate expires.
  [[nodiscard]] std::int64_t expiry() const;

  [[nodiscard]] ssl_ctx_st* raw() const;

 private:
  struct Parts;
  class Loader;
  explicit TlsContext(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// Whether this program was built with TLS. Without, load() says so, and nothing else is called.
[[nodiscard]] bool has_tls();

}  // namespace tribar
