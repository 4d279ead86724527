// SPDX-License-Identifier: MIT
//
// Results for people and for programs.
#pragma once

#include <string>

#include "stress/options.h"
#include "stress/results.h"

namespace tribar::stress {

/// The table that is printed.
[[nodiscard]] std::string report_as_text(const Options& options, const Results& results);

/// The same and more as JSON.
[[nodiscard]] std::string report_as_json(const Options& options, const Results& results);

}  // namespace tribar::stress
