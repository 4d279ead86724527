// SPDX-License-Identifier: MIT
//
// Servers and peers of a test that speak over TLS when $TRIBAR_TEST_TLS is set. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "tls/tls_client.h"

namespace tribar::test {

[[nodiscard]] bool is_over_tls();

/// Has the first listener of `config` speak TLS, with files of the process's own.
void use_tls(Config& config);

/// The file with the certificate of the CA that such a server's is of; empty without TLS.
[[nodiscard]] std::string tls_ca_file();

/// Replaces the certificate of such servers by another one of the same CA, which they use once they
/// read their files again. Returns its serial.
long renew_certificate();
/// Makes the next `count` of them now.
void prepare_renewals(std::size_t count);

/// Whether it is shown of the setting `key` in tls_test.cc, and not in live_settings_test.cc, that
/// it counts after a reload.
[[nodiscard]] inline bool is_shown_over_tls(std::string_view key) {
  return key.starts_with("tls.") || key == "limits.handshakes_per_second";
}

/// What peers of such a server have in common.
[[nodiscard]] std::shared_ptr<const TlsClientContext> peers_tls();

}  // namespace tribar::test
