// SPDX-License-Identifier: MIT
//
// Cuts typed bytes into lines: feed bytes, take lines. Keeps no more of a line than the limit and
// one byte, so that an endless line needs no memory and is still recognised as too long.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tribar {

class LineReader {
 public:
  explicit LineReader(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void feed(std::string_view bytes);

  /// Forgets all that was fed and not taken.
  void clear();

  /// Ends the input. Bytes after the last line break also form a line.
  void end() { is_ended_ = true; }
  [[nodiscard]] bool is_ended() const { return is_ended_; }

  /// The next line without its LF or CR LF, truncated to the limit and one byte; none if there is
  /// no whole line yet.
  [[nodiscard]] std::optional<std::string> take();

 private:
  std::size_t limit_bytes_;
  std::string buffer_;  // bytes fed; those before taken_ were taken
  std::size_t taken_ = 0;
  std::string line_;  // the start of a line whose end was not fed yet
  bool is_ended_ = false;
};

}  // namespace tribar
