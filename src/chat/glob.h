// SPDX-License-Identifier: MIT
//
// The patterns of LIST: as in Python's fnmatch, case sensitive. `*` matches any sequence, `?` any
// character, `[abc]`, `[a-z]` and `[!abc]` one character; an unclosed `[` stands for itself.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

/// A compiled pattern, to be matched with many names. Compiling takes time and space linear in the
/// pattern. A match takes linear space and at worst pattern × name time; a pattern that needs more
/// characters than the name has is rejected at once.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  /// Whether the whole of `name` matches. Adds the steps that it took to `steps`, so that a caller
  /// can limit its work; one step takes some nanoseconds.
  [[nodiscard]] bool matches(std::string_view name, std::uint64_t& steps) const;
  [[nodiscard]] bool matches(std::string_view name) const;

  /// The only name that can match, if the pattern has no special character.
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
  std::size_t least_bytes_ = 0;  // number of elements that match exactly one character
  std::optional<std::string> literal_;
};

}  // namespace tribar
