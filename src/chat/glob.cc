// SPDX-License-Identifier: MIT
//
// See glob.h. The rules for brackets follow Python's fnmatch.translate: a `]` right after `[` or
// `[!` belongs to the set, a `-` at either end stands for itself, a range with its ends in the
// wrong order is empty, and an empty set matches nothing (its negation matches any character).
#include "chat/glob.h"

namespace tribar {
namespace {

/// The inside of a bracket, split at the hyphens that form ranges: each range goes from the last
/// character of one chunk to the first of the next.
std::vector<std::string> range_chunks(std::string_view inside) {
  std::vector<std::string> chunks;
  std::size_t start = 0;
  for (std::size_t hyphen = inside.find('-', 1); hyphen != std::string_view::npos;
       hyphen = hyphen + 3 <= inside.size() ? inside.find('-', hyphen + 3)
                                            : std::string_view::npos) {
    chunks.emplace_back(inside.substr(start, hyphen - start));
    start = hyphen + 1;
  }
  if (start < inside.size() || chunks.empty()) {
    chunks.emplace_back(inside.substr(start));
  } else {
    chunks.back() += '-';
  }
  for (std::size_t k = chunks.size() - 1; k > 0; --k) {
    std::string& before = chunks[k - 1];
    if (before.back() > chunks[k].front()) {
      before.pop_back();
      before += std::string_view(chunks[k]).substr(1);
      chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
  return chunks;
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  bool is_literal = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*') {
      is_literal = false;
      if (elements_.empty() || elements_.back().kind != Element::Kind::Star) {
        elements_.push_back({.kind = Element::Kind::Star});
      }
      continue;
    }
    ++least_bytes_;
    if (c == '?') {
      is_literal = false;
      elements_.push_back({.kind = Element::Kind::Any});
      continue;
    }
    if (c == '[') {
      // The search for the closing bracket skips a leading `!`, and a `]` that comes first.
      std::size_t end = i + 1;
      end += end < pattern.size() && pattern[end] == '!' ? 1 : 0;
      end += end < pattern.size() && pattern[end] == ']' ? 1 : 0;
      end = pattern.find(']', end);
      if (end != std::string_view::npos) {
        is_literal = false;
        add_bracket(pattern.substr(i + 1, end - i - 1));
        i = end;
        continue;
      }
    }
    elements_.push_back({.kind = Element::Kind::Literal, .literal = static_cast<unsigned char>(c)});
  }
  if (is_literal) {
    literal_ = std::string(pattern);
  }
}

void Glob::add_bracket(std::string_view inside) {
  const bool is_negated = inside.front() == '!';
  if (is_negated) {
    inside.remove_prefix(1);
  }
  Set set;
  const std::vector<std::string> chunks = range_chunks(inside);
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    for (const char c : chunks[k]) {
      set.set(static_cast<unsigned char>(c));
    }
    if (k > 0) {
      const auto from = static_cast<unsigned char>(chunks[k - 1].back());
      const auto to = static_cast<unsigned char>(chunks[k].front());
      for (unsigned at = from; at <= to; ++at) {
        set.set(at);
      }
    }
  }
  elements_.push_back(
      {.kind = Element::Kind::Set, .set = static_cast<std::uint32_t>(sets_.size())});
  sets_.push_back(is_negated ? ~set : set);
}

bool Glob::takes(const Element& element, char c) const {
  switch (element.kind) {
    case Element::Kind::Literal:
      return element.literal == static_cast<unsigned char>(c);
    case Element::Kind::Any:
      return true;
    case Element::Kind::Set:
      return sets_[element.set].test(static_cast<unsigned char>(c));
    case Element::Kind::Star:
      break;
  }
  return false;
}

bool Glob::matches(std::string_view name, std::uint64_t& steps) const {
  ++steps;
  if (name.size() < least_bytes_) {
    return false;
  }
  // Backtracking to the last star is enough: letting an earlier star take more cannot help.
  std::size_t at = 0;
  std::size_t element = 0;
  std::size_t star = elements_.size();
  std::size_t star_at = 0;
  while (at < name.size()) {
    ++steps;
    if (element < elements_.size() && elements_[element].kind == Element::Kind::Star) {
      star = element++;
      star_at = at;
      if (element == elements_.size()) {
        return true;
      }
    } else if (element < elements_.size() && takes(elements_[element], name[at])) {
      ++element;
      ++at;
    } else if (star < elements_.size()) {
      element = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (element < elements_.size() && elements_[element].kind == Element::Kind::Star) {
    ++element;
  }
  return element == elements_.size();
}

bool Glob::matches(std::string_view name) const {
  std::uint64_t steps = 0;
  return matches(name, steps);
}

}  // namespace tribar
