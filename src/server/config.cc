// SPDX-License-Identifier: MIT
//
// Reads a config in two steps: JSON into a small tree that knows where everything stands, then the
// tree against the table of settings. The only file that includes the JSON library: its event
// interface, because its own tree has no positions and keeps one of two equal keys.
#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "server/config_table.h"

namespace tribar {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMostShownBytes = 64;  // of a key or a value in a mistake
constexpr std::size_t kMostHostBytes = 255;
constexpr ConfigRange kPortRange{0, 65535};

/// What is wrong at an offset of the text.
struct Mistake {
  std::size_t offset;
  std::string text;
};

/// A JSON value, with the key it stands under, as pieces of the text.
struct Node {
  enum class Kind { Number, String, Other, Object, List };
  Kind kind = Kind::Other;
  std::size_t offset = 0;
  std::size_t end = 0;  // of an object or list: 0 while it is open
  std::string key = {};
  std::size_t key_offset = 0;
  std::optional<std::uint64_t> number = {};  // of a Number that is whole, not negative, below 2^64
  std::string string = {};
  std::vector<Node> children = {};
};

/// No setting stands deeper: what does is under a mistake already, and is passed over.
constexpr std::size_t kMostDepth = 4;

/// Walks over the text for the JSON library and notes how far it has read.
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

/// The first place at or after `at` that is neither white space nor in a comment.
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

/// Takes the events of the JSON library, which names these functions, and builds the tree.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  /// Reads until the end or the first error of syntax, which leaves the tree as far as it came.
  void build() {
    if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      // To the library it would be the end of the text.
      syntax_error_ = Mistake{nul, "a text without NUL bytes, is one with"};
      return;
    }
    const CountingIterator begin(text_.data(), &read_);
    const CountingIterator end(text_.data() + text_.size(), &read_);
    (void)Json::sax_parse(begin, end, this, Json::input_format_t::json, /*strict=*/true,
                          /*ignore_comments=*/true);
  }

  [[nodiscard]] const std::optional<Node>& root() const { return root_; }
  [[nodiscard]] const std::optional<Mistake>& syntax_error() const { return syntax_error_; }

  bool null() { return add_value({}); }
  bool boolean(bool) { return add_value({}); }
  bool number_integer(std::int64_t) { return add_value({.kind = Node::Kind::Number}); }
  bool number_unsigned(std::uint64_t number) {
    return add_value({.kind = Node::Kind::Number, .number = number});
  }
  bool number_float(double, const std::string&) { return add_value({.kind = Node::Kind::Number}); }
  bool string(std::string& string) {
    return add_value({.kind = Node::Kind::String, .string = string});
  }
  bool binary(Json::binary_t&) { return add_value({}); }  // not in JSON
  bool start_object(std::size_t) { return open({.kind = Node::Kind::Object}); }
  bool start_array(std::size_t) { return open({.kind = Node::Kind::List}); }
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
      add_value({.kind = Node::Kind::Number});
      return false;
    }
    std::string_view what = error.what();
    constexpr std::string_view kPrefixEnd = "syntax error ";
    const std::size_t prefix = what.find(kPrefixEnd);
    what.remove_prefix(prefix == std::string_view::npos ? 0 : prefix);
    constexpr std::size_t kMostWhatBytes = 200;
    syntax_error_ = Mistake{token_offset(), log::escaped(what, kMostWhatBytes)};
    return false;
  }

 private:
  /// Where the token of this event starts: after the last one's end, blanks and separators. When
  /// it is itself a separator in a wrong place, it is the last character that was read.
  [[nodiscard]] std::size_t token_offset() const {
    std::size_t at = skip_blank(text_, token_end_);
    while (at + 1 < read_ && (text_[at] == ',' || text_[at] == ':')) {
      at = skip_blank(text_, at + 1);
    }
    return at;
  }

  bool add_value(Node node) {
    node.offset = token_offset();
    // Past a number the library has read one character more, to find its end.
    node.end = node.kind == Node::Kind::Number
                   ? std::min(text_.find_first_not_of("+-.0123456789eE", node.offset), text_.size())
                   : read_;
    token_end_ = node.end;
    add(std::move(node));
    return true;
  }

  bool open(Node node) {
    node.offset = token_offset();
    token_end_ = read_;
    if (Node* added = add(std::move(node)); added != nullptr) {
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

  /// Adds to the innermost open node; nullptr if that is too deep. The nodes that are open stay
  /// where they are: only the innermost one's children move.
  Node* add(Node node) {
    if (open_passed_over_ > 0 || open_.size() >= kMostDepth) {
      return nullptr;
    }
    if (open_.empty()) {
      return &root_.emplace(std::move(node));
    }
    if (open_.back()->kind == Node::Kind::Object) {
      node.key = key_;
      node.key_offset = key_offset_;
    }
    return &open_.back()->children.emplace_back(std::move(node));
  }

  std::string_view text_;
  std::size_t read_ = 0;       // characters that the library has taken
  std::size_t token_end_ = 0;  // of the last event
  std::string key_;
  std::size_t key_offset_ = 0;
  std::optional<Node> root_;
  std::vector<Node*> open_;
  std::size_t open_passed_over_ = 0;
  std::optional<Mistake> syntax_error_;
};

/// Names may have every letter that resolvers and interfaces use; an address of IPv6 its colons
/// and its zone.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostHostBytes &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  (c != '\0' && std::strchr(".-_:%", c) != nullptr);
         });
}

/// SQLite refuses a row of more than 10^9 bytes, and a message is one row.
constexpr std::uint64_t kMostStoredBytes = 999'000'000;

/// Holds the tree against the table of settings: a Config, and what is wrong.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  void check(const Node& root) {
    if (root.kind != Node::Kind::Object) {
      refuse(root.offset, "the config", "an object", found(root));
      return;
    }
    check_object(root, {});
    if (config_.storage.engine == StorageEngine::Sqlite && config_.storage.path.empty() &&
        mistakes_.empty()) {
      refuse(root.offset, "storage.path", "the path of a file for storage.engine \"sqlite\"",
             "missing");
    }
    if (config_.storage.engine == StorageEngine::Sqlite &&
        config_.limits.frame_bytes > kMostStoredBytes && mistakes_.empty()) {
      refuse(root.offset, "limits.frame_bytes",
             fmt::format("at most {} for storage.engine \"sqlite\"", kMostStoredBytes),
             std::to_string(config_.limits.frame_bytes));
    }
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] std::vector<Mistake>& mistakes() { return mistakes_; }

 private:
  void check_object(const Node& object, std::string_view section) {
    refuse_repeated_keys(object, section.empty() ? std::string{} : fmt::format("{}.", section));
    for (const Node& node : object.children) {
      const std::string path = section.empty() ? node.key : fmt::format("{}.{}", section, node.key);
      if (const ConfigRow* row = find_config_row(section, node.key); row != nullptr) {
        std::visit([&](auto* member) { take(node, *row, *member); }, row->member(config_));
      } else if (section.empty() && is_config_section(node.key)) {
        if (node.kind == Node::Kind::Object) {
          check_object(node, node.key);
        } else {
          refuse(node.offset, path, "an object", found(node));
        }
      } else {
        refuse_unknown(node, path, nearest_config_key(path));
      }
    }
  }

  // One for each type of member.
  void take(const Node& node, const ConfigRow& row, std::uint64_t& member) {
    take_number(node, row.key, row.range, member);
  }

  void take(const Node& node, const ConfigRow& row, unsigned& member) {
    take_number(node, row.key, row.range, member);
  }

  template <typename Enum>
  void take(const Node& node, const ConfigRow& row, Enum& member) {
    std::string allowed;
    for (const auto& [name, value] : names_of(member)) {
      if (node.kind == Node::Kind::String && node.string == name) {
        member = value;
        return;
      }
      allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : ", ", name);
    }
    refuse(node.offset, row.key, "one of " + allowed, found(node));
  }

  void take(const Node& node, const ConfigRow& row, std::string& member) {
    const bool is_text = node.kind == Node::Kind::String && node.string.size() <= row.range.most &&
                         std::none_of(node.string.begin(), node.string.end(), [](char c) {
                           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                         });
    if (is_text) {
      member = node.string;
      return;
    }
    refuse(node.offset, row.key,
           fmt::format("a text of at most {} bytes without control characters", row.range.most),
           found(node));
  }

  void take(const Node& node, const ConfigRow& row, std::vector<ListenAddress>& member) {
    if (node.kind != Node::Kind::List) {
      refuse(node.offset, row.key, "a list of objects with host and port", found(node));
      return;
    }
    member.clear();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      take_address(node.children[i], fmt::format("{}[{}]", row.key, i), member);
    }
    const std::size_t entries = node.children.size();
    if (node.end != 0 && (entries < row.range.least || entries > row.range.most)) {
      refuse(node.offset, row.key, fmt::format("{}..{} entries", row.range.least, row.range.most),
             fmt::format("{}", entries));
    }
  }

  void take_address(const Node& entry, const std::string& path,
                    std::vector<ListenAddress>& addresses) {
    if (entry.kind != Node::Kind::Object) {
      refuse(entry.offset, path, "an object with host and port", found(entry));
      return;
    }
    refuse_repeated_keys(entry, path + '.');
    ListenAddress address;
    for (const Node& node : entry.children) {
      const std::string node_path = fmt::format("{}.{}", path, node.key);
      if (node.key == "port") {
        take_number(node, node_path, kPortRange, address.port);
      } else if (node.key != "host") {
        refuse_unknown(node, node_path, path + (node.key.starts_with('p') ? ".port" : ".host"));
      } else if (node.kind == Node::Kind::String && is_host(node.string)) {
        address.host = node.string;
      } else {
        refuse(node.offset, node_path,
               fmt::format("an address or name of 1..{} letters, digits or .-_:%", kMostHostBytes),
               found(node));
      }
    }
    // Of port 0 there can be many: each gets a port of its own.
    if (address.port != 0 &&
        std::find(addresses.begin(), addresses.end(), address) != addresses.end()) {
      refuse(entry.offset, path, "each address once",
             fmt::format("{} port {} again", address.host, address.port));
    }
    addresses.push_back(std::move(address));
  }

  template <typename Number>
  void take_number(const Node& node, std::string_view path, const ConfigRange& range,
                   Number& member) {
    if (node.number && *node.number >= range.least && *node.number <= range.most) {
      member = static_cast<Number>(*node.number);
      return;
    }
    const bool is_whole =
        node.kind == Node::Kind::Number && raw(node).find_first_of(".eE") == std::string_view::npos;
    refuse(node.offset, path,
           fmt::format("{}{}..{}", is_whole ? "" : "a whole number ", range.least, range.most),
           found(node));
  }

  void refuse_repeated_keys(const Node& object, const std::string& path_prefix) {
    std::map<std::string_view, const Node*> first_of;
    for (const Node& node : object.children) {
      if (!first_of.emplace(node.key, &node).second) {
        refuse(node.key_offset, path_prefix + node.key, "each key once", "a duplicate");
      }
    }
  }

  void refuse_unknown(const Node& node, std::string_view path, std::string_view nearest) {
    refuse(node.key_offset, path, fmt::format("a known key such as {}", nearest), "unknown");
  }

  void refuse(std::size_t offset, std::string_view path, std::string_view allowed,
              std::string_view found) {
    mistakes_.push_back({offset, fmt::format("{}: {}, is {}", log::escaped(path, kMostShownBytes),
                                             allowed, found)});
  }

  [[nodiscard]] std::string_view raw(const Node& node) const {
    return text_.substr(node.offset, node.end - node.offset);
  }

  [[nodiscard]] std::string found(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::Object:
        return "an object";
      case Node::Kind::List:
        return "a list";
      case Node::Kind::Number:
      case Node::Kind::String:
      case Node::Kind::Other:
        break;
    }
    return log::escaped(raw(node), kMostShownBytes);
  }

  std::string_view text_;
  Config config_;
  std::vector<Mistake> mistakes_;
};

/// Gives each mistake its line and column, in the order of the text.
ConfigMistakes with_positions(std::vector<Mistake> mistakes, std::string_view text,
                              std::string_view file_name) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.offset < b.offset; });
  ConfigMistakes lines;
  std::size_t line = 1;
  std::size_t line_start = 0;
  std::size_t line_end = text.find('\n');
  for (const Mistake& mistake : mistakes) {
    while (line_end < mistake.offset) {
      line_start = line_end + 1;
      line_end = text.find('\n', line_start);
      ++line;
    }
    lines.push_back(fmt::format("{}:{}:{}: {}", file_name, line, mistake.offset - line_start + 1,
                                mistake.text));
  }
  return lines;
}

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

// What print_config writes for each type of member.
std::string printed(std::uint64_t number) { return fmt::format("{}", number); }
std::string printed(unsigned number) { return fmt::format("{}", number); }

template <typename Enum>
std::string printed(Enum member) {
  for (const auto& [name, value] : names_of(member)) {
    if (value == member) {
      return fmt::format("\"{}\"", name);
    }
  }
  return "null";
}

std::string printed(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string printed(const std::vector<ListenAddress>& addresses) {
  std::string out = "[";
  for (const ListenAddress& address : addresses) {
    out += fmt::format("{}{{\"host\": {}, \"port\": {}}}", out.size() > 1 ? ", " : "",
                       printed(address.host), address.port);
  }
  return out + "]";
}

}  // namespace

Result<Config, ConfigMistakes> parse_config(std::string_view text, std::string_view file_name) {
  TreeBuilder builder(text);
  builder.build();
  Checker checker(text);
  if (builder.root()) {
    checker.check(*builder.root());
  }
  if (builder.syntax_error()) {
    checker.mistakes().push_back(*builder.syntax_error());
  }
  if (!checker.mistakes().empty()) {
    return with_positions(std::move(checker.mistakes()), text, file_name);
  }
  return checker.config();
}

Result<Config, ConfigMistakes> load_config(const std::string& path) {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  std::string text;
  if (file) {
    text.resize(kMostConfigBytes + 1);
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  }
  if (!file || std::ferror(file.get()) != 0) {
    return ConfigMistakes{
        fmt::format("{}: a file that can be read, is not: {}", path, std::strerror(errno))};
  }
  if (text.size() > kMostConfigBytes) {
    return ConfigMistakes{fmt::format("{}: at most {} bytes, is more", path, kMostConfigBytes)};
  }
  return parse_config(text, path);
}

std::string print_config(const Config& config) {
  Config copy = config;  // the table points into values that can change
  std::string out = "{";
  std::string_view section;
  bool is_first = true;
  for (const ConfigRow& row : config_rows()) {
    if (row.section() != section) {
      if (!section.empty()) {
        out += "\n  }";
      }
      section = row.section();
      if (!section.empty()) {
        out += fmt::format("{}\n  \"{}\": {{", is_first ? "" : ",", section);
        is_first = true;
      }
    }
    out += fmt::format(
        "{}\n{}\"{}\": {}", is_first ? "" : ",", section.empty() ? "  " : "    ", row.name(),
        std::visit([](const auto* member) { return printed(*member); }, row.member(copy)));
    is_first = false;
  }
  return out + (section.empty() ? "\n}\n" : "\n  }\n}\n");
}

}  // namespace tribar
