// SPDX-License-Identifier: MIT
//
// Any pattern against any name, compared with a matcher so plain that it cannot be wrong. The first
// byte is the length of the pattern; then come the pattern and the name. Both are ASCII, as they
// are wherever a peer can bring one.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "chat/glob.h"
#include "fuzz.h"

namespace tribar {
namespace {

using fuzz::check;

/// Which characters an element takes; a star takes any run of any.
struct Element {
  std::array<bool, 128> takes{};
  bool is_star = false;
};

/// From left to right: an item followed by a hyphen and one more is a range.
Element read_bracket(std::string_view inside) {
  Element element;
  const bool is_negated = inside[0] == '!';
  inside.remove_prefix(is_negated ? 1 : 0);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const bool is_range = i + 2 < inside.size() && inside[i + 1] == '-';
    for (int c = inside[i]; c <= inside[is_range ? i + 2 : i]; ++c) {
      element.takes[static_cast<std::size_t>(c)] = true;
    }
    i += is_range ? 2 : 0;
  }
  if (is_negated) {
    for (bool& is_taken : element.takes) {
      is_taken = !is_taken;
    }
  }
  return element;
}

std::vector<Element> read_pattern(std::string_view pattern) {
  std::vector<Element> elements;
  while (!pattern.empty()) {
    Element element;
    std::size_t size = 1;
    if (pattern[0] == '*') {
      element.is_star = true;
    } else if (pattern[0] == '?') {
      element.takes.fill(true);
    } else {
      element.takes[static_cast<std::size_t>(pattern[0])] = true;
      // What stands first in a bracket never closes it.
      const std::size_t first = pattern.starts_with("[!") ? 3 : 2;
      const std::size_t end = pattern[0] == '[' ? pattern.find(']', first) : std::string_view::npos;
      if (end != std::string_view::npos) {
        element = read_bracket(pattern.substr(1, end - 1));
        size = end + 1;
      }
    }
    elements.push_back(element);
    pattern.remove_prefix(size);
  }
  return elements;
}

/// Keeps which fronts of the name the elements so far match.
bool matches_naively(std::string_view pattern, std::string_view name) {
  std::vector<bool> is_matched(name.size() + 1);
  is_matched[0] = true;
  for (const Element& element : read_pattern(pattern)) {
    std::vector<bool> next(name.size() + 1);
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (element.is_star) {
        next[i] = is_matched[i] || (i > 0 && next[i - 1]);
      } else {
        next[i] =
            i > 0 && is_matched[i - 1] && element.takes[static_cast<std::size_t>(name[i - 1])];
      }
    }
    is_matched = next;
  }
  return is_matched[name.size()];
}

void check_match(std::string_view pattern, std::string_view name) {
  const Glob glob(pattern);
  std::uint64_t steps = 0;
  const bool is_match = glob.matches(name, steps);
  check(is_match == matches_naively(pattern, name), "a match is what fnmatch says");
  check(steps <= (pattern.size() + 2) * (name.size() + 2), "a match takes pattern x name steps");
  if (glob.literal()) {
    check(is_match == (*glob.literal() == name), "a literal pattern matches itself only");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  std::string text(tribar::fuzz::as_text(data + 1, size - 1));
  for (char& c : text) {
    c = static_cast<char>(c & 0x7f);
  }
  const std::string_view whole = text;
  const std::size_t length = std::min<std::size_t>(data[0], text.size());
  tribar::check_match(whole.substr(0, length), whole.substr(length));
  tribar::check_match(whole.substr(0, length), whole.substr(0, length));
  return 0;
}
