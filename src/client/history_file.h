// SPDX-License-Identifier: MIT
//
// Keeps the history in a file that only its owner may read, with other clients that do the same at
// the same time: each line is appended under a lock (flock), and a file that has become long is
// replaced under it. May block while a file system does, and while another client writes a line.
// One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "client/history.h"

namespace tribar {

class HistoryFile {
 public:
  /// A file may have so many lines before it is cut to History::kMostLines.
  static constexpr std::size_t kMostFileLines = 2 * History::kMostLines;
  /// A file may have so many bytes before it is cut; of a longer one only the end is read.
  static constexpr std::size_t kMostFileBytes = 4 * History::kMostBytes;

  /// `path`: the file, which need not exist, nor its folder; empty: none, and nothing is kept.
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// Reads the file. What cannot be read or is damaged is left out.
  History load();
  /// Appends a line that History::add() took. After trouble with the file, nothing.
  void add(std::string_view line);

  /// What has gone wrong, for the user, once: with the file at all, or lines that are damaged.
  std::optional<std::string> take_trouble();

 private:
  std::optional<Descriptor> open_locked();
  void cut(const History& history);
  void fail(std::string_view what, int error);

  std::string path_;
  std::size_t lines_ = 0;  // that are known to be in the file
  std::optional<std::string> trouble_;
};

}  // namespace tribar
