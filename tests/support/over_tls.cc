// SPDX-License-Identifier: MIT
//
// See over_tls.h.
#include "support/over_tls.h"

#include <cstdlib>

#include "support/tls_files.h"

namespace tribar::test {
namespace {

TlsFiles& files() {
  static TlsFiles made;
  return made;
}

}  // namespace

bool is_over_tls() {
  static const bool is_set = std::getenv("TRIBAR_TEST_TLS") != nullptr;
  return is_set;
}

void use_tls(Config& config) {
  config.listen.front().tls = true;
  config.tls.certificate = files().settings().certificate;
  config.tls.key = files().settings().key;
}

long renew_certificate() {
  const TestCertificate renewed = files().ca.issue();
  files().put(renewed);
  return renewed.serial;
}

std::string tls_ca_file() { return files().path("ca.pem"); }

std::shared_ptr<const TlsClientContext> peers_tls() {
  static const std::shared_ptr<const TlsClientContext> made =
      TlsClientContext::load({tls_ca_file(), "", ""}).value();
  return made;
}

}  // namespace tribar::test
