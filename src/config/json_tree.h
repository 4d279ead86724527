// SPDX-License-Identifier: MIT
//
// JSON with comments, as a small tree that has the position of every value: the JSON library's own
// tree has no positions, and keeps only one of two equal keys. No side effects; any thread.
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

/// A JSON value and its key, as pieces of the text.
struct JsonNode {
  enum class Kind { Number, String, Boolean, Other, Object, List };
  Kind kind = Kind::Other;
  std::size_t offset = 0;
  std::size_t end = 0;  // 0 for an object or list that is not closed yet
  std::string key = {};
  std::size_t key_offset = 0;
  std::optional<std::uint64_t> number = {};  // of a Number that is an integer from 0 to 2^64-1
  std::string string = {};
  bool boolean = false;
  std::vector<JsonNode> children = {};
};

/// The result of reading a text.
struct JsonTree {
  std::optional<JsonNode> root = {};  // after a syntax error: what was read before it
  std::optional<JsonMistake> syntax_error = {};
};

/// Reads `text`, which may contain // and /* */ comments, up to its end or the first syntax error.
/// Accepts any bytes, with time and memory linear in `text`. What is nested deeper than any setting
/// is ignored.
[[nodiscard]] JsonTree read_json(std::string_view text);

/// `text` as a JSON string, with quotes. Invalid UTF-8 is replaced.
[[nodiscard]] std::string json_quoted(const std::string& text);

}  // namespace tribar
