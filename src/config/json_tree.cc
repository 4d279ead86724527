// SPDX-License-Identifier: MIT
//
// See json_tree.h. The only file of the server that includes the JSON library: its event
// interface.
#include "config/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

using Json = nlohmann::json;

/// No setting stands deeper than listen's protocols: what does is under a mistake already, and is
/// passed over.
constexpr std::size_t kMostDepth = 5;

/// Iterates over the text for the JSON library, and records how far it has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* read) : at_(at), read_(read) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*read_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  pointer at_;
  std::size_t* read_;
};

/// The first offset at or after `at` that is neither white space nor in a comment.
std::size_t skip_blank(std::string_view text, std::size_t at) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (at == 0 && text.starts_with(kByteOrderMark)) {
    at = kByteOrderMark.size();
  }
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    std::size_t end = std::string_view::npos;
    if (rest.starts_with("//")) {
      end = text.find_first_of("\r\n", at);
    } else if (rest.starts_with("/*")) {
      end = text.find("*/", at + 2);
      if (end == std::string_view::npos) {
        return at;
      }
      end += 2;
    } else {
      end = text.find_first_not_of(" \t\r\n", at);
      if (end == at) {
        return at;
      }
    }
    at = std::min(end, text.size());
  }
  return at;
}

/// Receives the events of the JSON library, which prescribes the names of these functions, and
/// builds the tree.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  /// Reads until the end or the first syntax error; then the tree contains what was read so far.
  void build() {
    if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      // The library would take it for the end of the text.
      syntax_error_ =
          JsonMistake{nul, "syntax error: a NUL byte is not allowed; the text must be UTF-8"};
      return;
    }
    const CountingIterator begin(text_.data(), &read_);
    const CountingIterator end(text_.data() + text_.size(), &read_);
    (void)Json::sax_parse(begin, end, this, Json::input_format_t::json, /*strict=*/true,
                          /*ignore_comments=*/true);
  }

  /// Returns what was read.
  [[nodiscard]] JsonTree tree() { return {std::move(root_), std::move(syntax_error_)}; }

  bool null() { return add_value({}); }
  bool boolean(bool value) {
    return add_value({.kind = JsonNode::Kind::Boolean, .boolean = value});
  }
  bool number_integer(std::int64_t) { return add_value({.kind = JsonNode::Kind::Number}); }
  bool number_unsigned(std::uint64_t number) {
    return add_value({.kind = JsonNode::Kind::Number, .number = number});
  }
  bool number_float(double, const std::string&) {
    return add_value({.kind = JsonNode::Kind::Number});
  }
  bool string(std::string& string) {
    return add_value({.kind = JsonNode::Kind::String, .string = string});
  }
  bool binary(Json::binary_t&) { return add_value({}); }  // not in JSON
  bool start_object(std::size_t) { return open({.kind = JsonNode::Kind::Object}); }
  bool start_array(std::size_t) { return open({.kind = JsonNode::Kind::List}); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    key_offset_ = token_offset();
    key_ = name;
    token_end_ = read_;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) {
      // A number like 1e999, after which the library does not go on.
      add_value({.kind = JsonNode::Kind::Number});
      return false;
    }
    syntax_error_ = JsonMistake{token_offset(), "syntax error: " + told(error.what())};
    return false;
  }

 private:
  /// Rewords the library's error, `... while parsing CONTEXT - DETAIL; ...`.
  [[nodiscard]] std::string told(std::string_view what) const {
    const std::string_view context = between(what, "while parsing ", " - ");
    std::string_view detail = between(what, " - ", "; last read");
    if (!detail.starts_with("unexpected") && !detail.starts_with("invalid literal")) {
      constexpr std::size_t kMostDetailBytes = 120;
      return log::escaped(detail, kMostDetailBytes);
    }
    const std::size_t at = token_offset();
    const std::string found = token_at(at);
    const bool is_after_comma =
        text_.substr(skip_blank(text_, token_end_)).starts_with(',') && at > token_end_;
    if (is_after_comma && (found == "'}'" || found == "']'")) {
      return fmt::format("remove the comma before {}", found);
    }
    const std::string_view expected = context == "object"             ? "',' or '}'"
                                      : context == "array"            ? "',' or ']'"
                                      : context == "object separator" ? "':' after the key"
                                      : context == "object key"       ? "a key in double quotes"
                                      : root_ && open_.empty() && open_passed_over_ == 0
                                          ? "nothing more"
                                          : "a value";
    return fmt::format("expected {}, but found {}", expected, found);
  }

  /// The part of `text` between `start` and `end`, or as much of it as exists.
  static std::string_view between(std::string_view text, std::string_view start,
                                  std::string_view end) {
    const std::size_t at = text.find(start);
    if (at == std::string_view::npos) {
      return text;
    }
    text.remove_prefix(at + start.size());
    return text.substr(0, text.find(end));
  }

  /// The token at `at`, for an error message.
  [[nodiscard]] std::string token_at(std::size_t at) const {
    constexpr std::size_t kMostTokenBytes = 40;
    constexpr std::string_view kMarks = "{}[],:";
    if (at >= text_.size()) {
      return "the end of the text";
    }
    if (kMarks.find(text_[at]) != std::string_view::npos) {
      return fmt::format("'{}'", text_[at]);
    }
    const std::size_t end = text_[at] == '"' ? read_ : text_.find_first_of(" \t\r\n{}[],:", at);
    return log::escaped(text_.substr(at, end - at), kMostTokenBytes);
  }

  /// Where the token of this event starts: after the end of the last one, blanks and separators. If
  /// it is itself a misplaced separator, it is the last character that was read.
  [[nodiscard]] std::size_t token_offset() const {
    std::size_t at = skip_blank(text_, token_end_);
    while (at + 1 < read_ && (text_[at] == ',' || text_[at] == ':')) {
      at = skip_blank(text_, at + 1);
    }
    return at;
  }

  bool add_value(JsonNode node) {
    node.offset = token_offset();
    // After a number the library has read one more character, to find its end.
    node.end = node.kind == JsonNode::Kind::Number
                   ? std::min(text_.find_first_not_of("+-.0123456789eE", node.offset), text_.size())
                   : read_;
    token_end_ = node.end;
    add(std::move(node));
    return true;
  }

  bool open(JsonNode node) {
    node.offset = token_offset();
    token_end_ = read_;
    if (JsonNode* added = add(std::move(node)); added != nullptr) {
      open_.push_back(added);
    } else {
      ++open_passed_over_;
    }
    return true;
  }

  bool close() {
    token_end_ = read_;
    if (open_passed_over_ > 0) {
      --open_passed_over_;
    } else {
      open_.back()->end = read_;
      open_.pop_back();
    }
    return true;
  }

  /// Adds to the innermost open node; nullptr if that is nested too deep. Open nodes stay where
  /// they are in memory: only the children of the innermost one move.
  JsonNode* add(JsonNode node) {
    if (open_passed_over_ > 0 || open_.size() >= kMostDepth) {
      return nullptr;
    }
    if (open_.empty()) {
      return &root_.emplace(std::move(node));
    }
    if (open_.back()->kind == JsonNode::Kind::Object) {
      node.key = key_;
      node.key_offset = key_offset_;
    }
    return &open_.back()->children.emplace_back(std::move(node));
  }

  std::string_view text_;
  std::size_t read_ = 0;       // characters that the library has read
  std::size_t token_end_ = 0;  // end of the last event's token
  std::string key_;
  std::size_t key_offset_ = 0;
  std::optional<JsonNode> root_;
  std::vector<JsonNode*> open_;
  std::size_t open_passed_over_ = 0;
  std::optional<JsonMistake> syntax_error_;
};

}  // namespace

JsonTree read_json(std::string_view text) {
  TreeBuilder builder(text);
  builder.build();
  return builder.tree();
}

std::string json_quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tribar
