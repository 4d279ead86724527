// SPDX-License-Identifier: MIT
//
// A CA of a test's own, in memory, with certificates and lists of revoked ones as a test wants
// them. Any thread.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace tribar::test {

struct TestCertificate {
  std::string pem;
  std::string key_pem;
  long serial = 0;
};

/// What a certificate says.
struct CertificateText {
  std::string name = "localhost";  // the CN
  std::string hosts = "DNS:localhost,IP:127.0.0.1,IP:::1";
  std::string usage = "serverAuth";  // extended key usage
  long begin_s = -3600;              // from now
  long end_s = 365L * 24 * 3600;
};

class TestCa {
 public:
  /// Good for `end_s` from now on; negative: no more.
  explicit TestCa(const std::string& name = "test CA", long end_s = 3650L * 24 * 3600);
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  /// The CA's own certificate in PEM.
  [[nodiscard]] const std::string& pem() const { return pem_; }
  [[nodiscard]] TestCertificate issue(const CertificateText& text = {});
  /// A client's.
  [[nodiscard]] TestCertificate issue_client(const std::string& name) {
    return issue({.name = name, .hosts = "", .usage = "clientAuth"});
  }
  /// A CRL with `serials`, good for `end_s` from now on.
  [[nodiscard]] std::string crl(const std::vector<long>& serials, long end_s = 24L * 3600) const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::string pem_;
  long last_serial_ = 1;
};

}  // namespace tribar::test
