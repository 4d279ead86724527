// SPDX-License-Identifier: MIT
//
// The patterns of LIST: those of Python's fnmatch, case sensitive. `*` any run, `?` any character,
// `[abc]`, `[a-z]`, `[!abc]`; an unclosed `[` is itself.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

/// A pattern made ready for many names. Compiling takes time and space linear in the pattern;
/// a match takes linear space and at worst pattern × name time, where a pattern that asks for
/// more characters than the name has costs nothing.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  /// Whether the whole of `name` matches. Adds the steps taken to `steps`, so that a caller can
  /// bound its work: one step is some nanoseconds.
  [[nodiscard]] bool matches(std::string_view name, std::uint64_t& steps) const;
  [[nodiscard]] bool matches(std::string_view name) const;

  /// The one name that can match, when the pattern has no special character.
  [[nodiscard]] const std::optional<std::string>& literal() const { return literal_; }

 private:
  using Set = std::bitset<256>;
  struct Element {
    enum class Kind : std::uint8_t { Literal, Any, Set, Star } kind;
    unsigned char literal = 0;
    std::uint32_t set = 0;  // index into sets_
  };

  void add_bracket(std::string_view inside);
  [[nodiscard]] bool takes(const Element& element, char c) const;

  std::vector<Element> elements_;
  std::vector<Set> sets_;
  std::size_t least_bytes_ = 0;  // elements that take exactly one character
  std::optional<std::string> literal_;
};

}  // namespace tribar
