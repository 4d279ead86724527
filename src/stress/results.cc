// SPDX-License-Identifier: MIT
//
// See results.h.
#include "stress/results.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tribar::stress {

void Results::set(std::string_view name, double value, std::vector<double> parts) {
  // A rate over no time is not finite, and left out.
  if (!std::isfinite(value)) {
    return;
  }
  const FigureKind* kind = find_figure_kind(name);
  const auto at = std::lower_bound(
      figures.begin(), figures.end(), kind,
      [](const Figure& figure, const FigureKind* wanted) { return figure.kind < wanted; });
  if (at != figures.end() && at->kind == kind) {
    *at = {kind, value, std::move(parts)};
  } else {
    figures.insert(at, {kind, value, std::move(parts)});
  }
}

std::optional<double> Results::value_of(std::string_view name) const {
  for (const Figure& figure : figures) {
    if (figure.kind->name == name) {
      return figure.value;
    }
  }
  for (const auto& [finding_name, finding] : all_findings()) {
    if (finding_name == name) {
      return static_cast<double>(finding->count);
    }
  }
  return std::nullopt;
}

bool Results::is_wrong() const {
  return !not_done.empty() || findings.is_anything_wrong() || failed_logins.count > 0 ||
         (findings.refused.count > 0 && !may_refuse);
}

std::vector<std::pair<std::string_view, const Findings::Finding*>> Results::all_findings() const {
  std::vector<std::pair<std::string_view, const Findings::Finding*>> all;
  for (std::size_t i = 0; i < kWrongs; ++i) {
    all.emplace_back(kWrongNames[i], &findings.wrongs[i]);
  }
  all.emplace_back("refused", &findings.refused);
  all.emplace_back("disconnected", &findings.disconnected);
  all.emplace_back("failed_logins", &failed_logins);
  return all;
}

}  // namespace tribar::stress
