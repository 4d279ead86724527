// SPDX-License-Identifier: MIT
//
// The files that a server with TLS needs, in a folder of the test's own.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support/certificates.h"
#include "support/temporary_folder.h"
#include "tls/tls_context.h"

namespace tribar::test {

/// Files of TLS in a folder of the test's own.
class TlsFiles {
 public:
  TlsFiles() {
    put(ca.issue());
    write("ca.pem", ca.pem());
  }

  /// The server's certificate from now on.
  void put(const TestCertificate& certificate) const {
    write("server.pem", certificate.pem);
    write("server.key", certificate.key_pem);
  }
  /// The settings of a server with these; clients are asked for nothing.
  [[nodiscard]] TlsSettings settings() const {
    TlsSettings settings;
    settings.certificate = path("server.pem");
    settings.key = path("server.key");
    return settings;
  }
  /// The same, where clients' certificates are of this CA, too.
  [[nodiscard]] TlsSettings settings(TlsSettings::ClientCertificates certificates) const {
    TlsSettings with = settings();
    with.client_ca = path("ca.pem");
    with.client_certificates = certificates;
    return with;
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder.file(name); }
  void write(const std::string& name, std::string_view bytes) const {
    // As an administrator should: the new file takes the old one's place.
    const std::string made = path(name + ".new");
    std::ofstream(made, std::ios::binary) << bytes;
    std::filesystem::permissions(
        made, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(made, path(name));
  }

  TemporaryFolder folder;
  TestCa ca;
};

}  // namespace tribar::test
