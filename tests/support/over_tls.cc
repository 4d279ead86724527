// SPDX-License-Identifier: MIT
//
// See over_tls.h.
#include "support/over_tls.h"

#include <cstdlib>
#include <queue>
#include <utility>

#include "support/tls_files.h"

namespace tribar::test {
namespace {

TlsFiles& files() {
  static TlsFiles made;
  return made;
}

std::queue<TestCertificate>& renewals() {
  static std::queue<TestCertificate> made;
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
  if (renewals().empty()) {
    prepare_renewals(1);
  }
  const TestCertificate renewed = std::move(renewals().front());
  renewals().pop();
  files().put(renewed);
  return renewed.serial;
}

void prepare_renewals(std::size_t count) {
  for (; count > 0; --count) {
    renewals().push(files().ca.issue());
  }
}

std::string tls_ca_file() { return files().path("ca.pem"); }

std::shared_ptr<const TlsClientContext> peers_tls() {
  static const std::shared_ptr<const TlsClientContext> made =
      TlsClientContext::load({tls_ca_file(), "", ""}).value();
  return made;
}

}  // namespace tribar::test
