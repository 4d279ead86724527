// SPDX-License-Identifier: MIT
//
// See threshold.h.
#include "stress/threshold.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/log.h"
#include "stress/results.h"

namespace tribar::stress {
namespace {

/// How many microseconds `unit` is; none if it is not a unit.
std::optional<double> factor_of(std::string_view unit) {
  if (unit.empty() || unit == "us") {
    return 1;
  }
  if (unit == "ms") {
    return 1e3;
  }
  return unit == "s" ? std::optional(1e6) : std::nullopt;
}

}  // namespace

Result<Threshold, std::string> parse_threshold(std::string_view text) {
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) {
    return fmt::format("'{}' is not NAME>VALUE or NAME<VALUE", log::escaped(text));
  }
  Threshold threshold{.text = std::string(text),
                      .name = std::string(text.substr(0, sign)),
                      .is_upper = text[sign] == '>',
                      .bound = 0};
  const FigureKind* kind = find_figure_kind(threshold.name);
  if (kind == nullptr && !Results().value_of(threshold.name)) {
    return fmt::format("'{}': there is no figure '{}'", log::escaped(text),
                       log::escaped(threshold.name));
  }
  const std::string_view value = text.substr(sign + 1);
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), threshold.bound);
  const std::string_view unit = value.substr(static_cast<std::size_t>(end - value.data()));
  const bool is_time = kind != nullptr && kind->unit == "us";
  const auto factor = is_time || unit.empty() ? factor_of(unit) : std::nullopt;
  threshold.bound *= factor.value_or(1);
  // Nothing exceeds infinity, so such a bound would be useless.
  if (error != std::errc{} || !factor || !std::isfinite(threshold.bound)) {
    return fmt::format("'{}': '{}' is not a number{}", log::escaped(text), log::escaped(value),
                       is_time ? " with us, ms, s or nothing behind it" : "");
  }
  return threshold;
}

std::optional<std::string> broken(const Threshold& threshold, const Results& results) {
  const auto value = results.value_of(threshold.name);
  if (!value) {
    return fmt::format("{}: this run has no {}", threshold.text, threshold.name);
  }
  const bool is_broken = threshold.is_upper ? *value > threshold.bound : *value < threshold.bound;
  if (!is_broken) {
    return std::nullopt;
  }
  const FigureKind* kind = find_figure_kind(threshold.name);
  return fmt::format("{}: {} is {:.6g}{}{}", threshold.text, threshold.name, *value,
                     kind == nullptr ? "" : " ", kind == nullptr ? "" : kind->unit);
}

}  // namespace tribar::stress
