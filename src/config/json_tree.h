// SPDX-License-Identifier: MIT
//
// JSON with comments, as a small tree that knows where everything stands in the text: the JSON
// library's own tree has no positions, and keeps one of two equal keys. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

/// What is wrong at an offset of the text.
struct JsonMistake {
  std::size_t offset;
  std::string text;
};

/// A JSON value, with the key it stands under, as pieces of the text.
struct JsonNode {
  enum class Kind { Number, String, Other, Object, List };
  Kind kind = Kind::Other;
  std::size_t offset = 0;
  std::size_t end = 0;  // of an object or list: 0 while it is open
  std::string key = {};
  std::size_t key_offset = 0;
  std::optional<std::uint64_t> number = {};  // of a Number that is whole, not negative, below 2^64
  std::string string = {};
  std::vector<JsonNode> children = {};
};

/// What could be read of a text.
struct JsonTree {
  std::optional<JsonNode> root = {};  // as far as it came, if there is an error of syntax
  std::optional<JsonMistake> syntax_error = {};
};

/// Reads `text`, which may have // and /* */ comments, up to its end or the first error of syntax.
/// Any bytes may come, in time and memory linear in `text`. What stands deeper than any setting is
/// passed over.
[[nodiscard]] JsonTree read_json(std::string_view text);

/// `text` as a JSON string, with its quotes. What is not UTF-8 is replaced.
[[nodiscard]] std::string json_quoted(const std::string& text);

}  // namespace tribar
