// SPDX-License-Identifier: MIT
//
// Cuts what is typed into lines: feed bytes, take lines. Keeps no more of a line than the limit and
// one byte, so an endless line costs nothing and is still seen to be too long.
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

  /// No more will be fed. Bytes behind the last line break are a line too.
  void end() { is_ended_ = true; }
  [[nodiscard]] bool is_ended() const { return is_ended_; }

  /// The next line without its LF or CR LF, cut at the limit and one byte; or none for now.
  [[nodiscard]] std::optional<std::string> take();

 private:
  std::size_t limit_bytes_;
  std::string buffer_;  // fed, from taken_ on not yet taken
  std::size_t taken_ = 0;
  std::string line_;  // the front of a line whose end was not fed yet
  bool is_ended_ = false;
};

}  // namespace tribar
