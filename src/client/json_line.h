// SPDX-License-Identifier: MIT
//
// Writes a JSON object on one line. Keys are this program's own; values may be a peer's, and are
// escaped so that a terminal shows them as they are. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tribar {

/// `text`, which is UTF-8, as a JSON string with its quotes. Control characters, and what is
/// invisible or changes the direction of writing, become \uXXXX. A byte that is not UTF-8 becomes
/// U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

class JsonLine {
 public:
  /// The next key, which needs no escaping, and its value; none: null.
  JsonLine& text(std::string_view key, std::string_view text);
  JsonLine& number(std::string_view key, std::optional<std::uint64_t> number);
  JsonLine& truth(std::string_view key, std::optional<bool> truth);

  /// The object, with a line end.
  [[nodiscard]] std::string line() const { return "{" + members_ + "}\n"; }

 private:
  std::string& begin(std::string_view key);

  std::string members_;
};

}  // namespace tribar
