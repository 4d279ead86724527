// SPDX-License-Identifier: MIT
//
// The missing numbers of ascending series. Stored as ranges, so that memory grows with the number
// of gaps and not with their size.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace tribar::stress {

class Gaps {
 public:
  /// A series and a number in it.
  using Place = std::pair<std::uint64_t, std::uint32_t>;

  /// Adds `from` .. `to - 1` of `series`, none of which may be present.
  void add(std::uint64_t series, std::uint32_t from, std::uint32_t to);

  /// Removes `number`; false if it is not present.
  bool take(std::uint64_t series, std::uint32_t number);

  /// Removes all numbers in `from` .. `to - 1`; returns how many there were.
  std::uint64_t take_range(std::uint64_t series, std::uint32_t from, std::uint32_t to);

  [[nodiscard]] bool holds(std::uint64_t series, std::uint32_t number) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Requires count() > 0.
  [[nodiscard]] Place first() const { return ranges_.begin()->first; }

 private:
  std::map<Place, std::uint32_t> ranges_;  // from → to
  std::uint64_t count_ = 0;
};

}  // namespace tribar::stress
