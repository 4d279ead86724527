// SPDX-License-Identifier: MIT
//
// How long a test waits for what must come.
#pragma once

namespace tribar::test {

inline constexpr int kPatienceMs = 30000;

}  // namespace tribar::test
