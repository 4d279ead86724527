// SPDX-License-Identifier: MIT
//
// What stands in for over_tls.cc where there is no TLS.
#include <cstdlib>

#include "support/over_tls.h"

namespace tribar::test {

bool is_over_tls() { return false; }
void use_tls(Config&) { std::abort(); }
long renew_certificate() { std::abort(); }
void prepare_renewals(std::size_t) { std::abort(); }
std::string tls_ca_file() { return {}; }
std::shared_ptr<const TlsClientContext> peers_tls() { return nullptr; }

}  // namespace tribar::test
