// SPDX-License-Identifier: MIT
//
// See results.h.
#include "stress/results.h"

#include <algorithm>

namespace tribar::stress {

bool Results::is_wrong() const {
  return findings.is_anything_wrong() || failed_logins.count > 0 ||
         (findings.refused.count > 0 && !may_refuse);
}

const Figure* Results::find(std::string_view name) const {
  const auto at = std::find_if(figures.begin(), figures.end(),
                               [name](const Figure& figure) { return figure.name == name; });
  return at == figures.end() ? nullptr : &*at;
}

}  // namespace tribar::stress
