// SPDX-License-Identifier: MIT
//
// How large an attack is: small in every test run, full when scripts/attack asks for it.
#pragma once

#include <cstddef>
#include <cstdlib>

#include "support/over_tls.h"

namespace tribar::test {

/// What the server may use more for `connections`, when they are over TLS: the library's buffers,
/// and one that nobody reads from. See docs/architecture.md.
[[nodiscard]] inline std::size_t tls_bytes(std::size_t connections) {
  return is_over_tls() ? connections * 65536 : 0;
}

/// Whether $TRIBAR_ATTACK_TABLE says where a table of full-size attacks goes.
[[nodiscard]] inline bool is_full_size() { return std::getenv("TRIBAR_ATTACK_TABLE") != nullptr; }

template <typename T>
[[nodiscard]] T sized(T small, T full) {
  return is_full_size() ? full : small;
}

}  // namespace tribar::test
