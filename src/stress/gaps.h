// SPDX-License-Identifier: MIT
//
// Numbers that were passed over in series that are counted up: kept as ranges, so that what is
// remembered grows with the number of gaps and not with their size.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace tribar::stress {

class Gaps {
 public:
  /// A series and a number in it.
  using Place = std::pair<std::uint64_t, std::uint32_t>;

  /// Adds `from` .. `to - 1` of `series`, none of which is here yet.
  void add(std::uint64_t series, std::uint32_t from, std::uint32_t to);

  /// Takes `number` out; false when it is not here.
  bool take(std::uint64_t series, std::uint32_t number);

  /// Takes out what lies in `from` .. `to - 1`; returns how many those were.
  std::uint64_t take_range(std::uint64_t series, std::uint32_t from, std::uint32_t to);

  [[nodiscard]] bool holds(std::uint64_t series, std::uint32_t number) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Only when count() > 0.
  [[nodiscard]] Place first() const { return ranges_.begin()->first; }

 private:
  std::map<Place, std::uint32_t> ranges_;  // from → to
  std::uint64_t count_ = 0;
};

}  // namespace tribar::stress
