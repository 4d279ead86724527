// SPDX-License-Identifier: MIT
//
// The certificate that a server shows at a port of the loopback. Waits for it.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tls/openssl.h"

namespace tribar::test {

/// Its serial; -1 if there is none.
inline long serial_at(const std::string& port) {
  const tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  const std::unique_ptr<BIO, tls::Free<BIO_free_all>> connection(
      BIO_new_ssl_connect(context.get()));
  BIO_set_conn_hostname(connection.get(), ("127.0.0.1:" + port).c_str());
  EXPECT_EQ(BIO_do_connect(connection.get()), 1);
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  return certificate == nullptr ? -1 : ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
}

}  // namespace tribar::test
