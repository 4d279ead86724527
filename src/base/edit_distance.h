// SPDX-License-Identifier: MIT
//
// How much two words differ: for "did you mean". Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace tribar {

/// How many characters to add, drop or change to make one of the other. Time and memory are those
/// of a table of a.size() by b.size(): cut what is long.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace tribar
