// SPDX-License-Identifier: MIT
//
// How tribarctl prints an answer. Pure.
#pragma once

#include <string>

#include "control/lines.h"

namespace tribar {

/// For people: rows of one value as `key: value`, rows of several as columns under a heading.
/// Nothing in it can control a terminal.
[[nodiscard]] std::string shown_answer(const ControlAnswer& answer);

/// A JSON object for each row of several values; rows of one value together are one object, where a
/// key that repeats has a list. Values of digits are numbers, "yes" and "no" are true and false.
[[nodiscard]] std::string json_answer(const ControlAnswer& answer);

}  // namespace tribar
