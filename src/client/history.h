// SPDX-License-Identifier: MIT
//
// The lines that were typed before, and how they stand in a file: one a line, in UTF-8, with what
// would not stay one line escaped: \n for a line break, \\ for a backslash. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace tribar {

/// The latest lines; no two in a row are the same.
class History {
 public:
  static constexpr std::size_t kMostLines = 1000;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  /// Whether `line` is one to keep: neither empty nor beginning with a blank.
  [[nodiscard]] static bool is_kept(std::string_view line);

  /// Adds a line, and forgets the oldest ones that are too many. False: it is the latest one.
  bool add(std::string line);

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  /// The `age`-th latest line, from 1 to size().
  [[nodiscard]] const std::string& line(std::size_t age) const {
    return lines_[lines_.size() - age];
  }

 private:
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
};

/// `line` as it stands in a file, without the LF behind it.
[[nodiscard]] std::string history_entry(std::string_view line);

/// The line that an entry stands for; none: it is damaged: not UTF-8, a control character, an
/// unknown escape, or more than kMostBytes.
[[nodiscard]] std::optional<std::string> parse_history_entry(std::string_view entry);

struct ParsedHistory {
  History history;
  std::size_t lines = 0;    // in the file
  std::size_t damaged = 0;  // of these; they are left out
};

/// The content of a file. What stands behind the last LF counts as a line.
[[nodiscard]] ParsedHistory parse_history(std::string_view content);

}  // namespace tribar
