// SPDX-License-Identifier: MIT
//
// How large an attack is: small in every test run, full when scripts/attack asks for it.
#pragma once

#include <cstdlib>

namespace tribar::test {

/// Whether $TRIBAR_ATTACK_TABLE says where a table of full-size attacks goes.
[[nodiscard]] inline bool is_full_size() { return std::getenv("TRIBAR_ATTACK_TABLE") != nullptr; }

template <typename T>
[[nodiscard]] T sized(T small, T full) {
  return is_full_size() ? full : small;
}

}  // namespace tribar::test
