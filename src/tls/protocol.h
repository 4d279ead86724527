// SPDX-License-Identifier: MIT
//
// What TLS looks like here on either side: versions, ciphers, and what is switched off. For this
// folder alone.
#pragma once

#include "tls/openssl.h"

namespace tribar::tls {

/// Sets up `context` for TLS 1.3, and 1.2 with forward secrecy and AEAD ciphers if `allows_1_2`.
/// False when the library refuses, see take_error().
[[nodiscard]] inline bool set_protocol(SSL_CTX* context, bool allows_1_2) {
  SSL_CTX_set_security_level(context, 2);  // RSA from 2048 bits on, no SHA-1
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  return SSL_CTX_set_min_proto_version(context, allows_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) ==
             1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
         SSL_CTX_set_ciphersuites(context,
                                  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                  "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

}  // namespace tribar::tls
