// SPDX-License-Identifier: MIT
//
// Checks the tree of a config's text against the table of settings, and prints a config by that
// table.
#include "config/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <variant>

#include "config/config_table.h"
#include "config/json_tree.h"

namespace tribar {
namespace {

constexpr std::size_t kMostConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMostShownBytes = 64;  // most bytes of a key or value in an error message
constexpr std::size_t kMostHostBytes = 255;
constexpr ConfigRange kPortRange{0, 65535};

/// A name may contain every character that resolvers and interfaces accept; an IPv6 address its
/// colons and zone.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostHostBytes &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  (c != '\0' && std::strchr(".-_:%", c) != nullptr);
         });
}

/// SQLite refuses a row of more than 10^9 bytes, and a message is one row.
constexpr std::uint64_t kMostStoredBytes = 999'000'000;

/// Finds line and column of an offset in a text. Both count from 1; columns count bytes.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', end + 1)) {
      starts_.push_back(end + 1);
    }
  }

  [[nodiscard]] std::size_t line_of(std::size_t offset) const {
    return static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) -
                                    starts_.begin());
  }
  [[nodiscard]] std::size_t column_of(std::size_t offset) const {
    return offset - starts_[line_of(offset) - 1] + 1;
  }

 private:
  std::vector<std::size_t> starts_{0};
};

/// Checks the tree against the table of settings: yields a Config, and what is wrong.
class Checker {
 public:
  Checker(std::string_view text, const Lines& lines) : text_(text), lines_(lines) {}

  void check(const JsonNode& root) {
    if (root.kind != JsonNode::Kind::Object) {
      refuse(root, "the configuration", "an object");
      return;
    }
    check_object(root, {});
  }

  /// Checks rules about several settings together. Only for a complete config without other
  /// mistakes.
  void check_together() {
    if (config_.storage.engine != StorageEngine::Sqlite) {
      return;
    }
    if (config_.storage.path.empty()) {
      add(place_of("storage.engine"),
          "storage.path is missing: storage.engine \"sqlite\" needs the path of its file");
    }
    if (config_.limits.frame_bytes > kMostStoredBytes) {
      add(place_of("limits.frame_bytes"),
          fmt::format("limits.frame_bytes must be at most {} with storage.engine \"sqlite\", but "
                      "is {}",
                      kMostStoredBytes, config_.limits.frame_bytes));
    }
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] std::vector<JsonMistake>& mistakes() { return mistakes_; }

 private:
  void check_object(const JsonNode& object, std::string_view section) {
    const std::string prefix = section.empty() ? std::string{} : fmt::format("{}.", section);
    Keys keys;
    for (const JsonNode& node : object.children) {
      const bool is_first = note_key(keys, node, prefix);
      const std::string path = prefix + node.key;
      if (const ConfigRow* row = find_config_row(section, node.key); row != nullptr) {
        places_[row->key] = node.offset;
        std::visit([&](auto* member) { take(node, *row, *member); }, row->member(config_));
      } else if (section.empty() && is_config_section(node.key)) {
        if (node.kind == JsonNode::Kind::Object) {
          check_object(node, node.key);
        } else {
          refuse(node, path, "an object");
        }
      } else if (is_first) {
        refuse_unknown(node, path);
      }
    }
  }

  // One overload for each type of member.
  void take(const JsonNode& node, const ConfigRow& row, std::uint64_t& member) {
    take_number(node, row.key, row.range, member);
  }

  void take(const JsonNode& node, const ConfigRow& row, unsigned& member) {
    take_number(node, row.key, row.range, member);
  }

  template <typename Enum>
  void take(const JsonNode& node, const ConfigRow& row, Enum& member) {
    const auto names = names_of(member);
    std::string allowed;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (node.kind == JsonNode::Kind::String && node.string == names[i].name) {
        member = names[i].value;
        return;
      }
      const std::string_view join = i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
      allowed += fmt::format("{}\"{}\"", join, names[i].name);
    }
    refuse(node, row.key, allowed);
  }

  void take(const JsonNode& node, const ConfigRow& row, std::string& member) {
    const bool is_text =
        node.kind == JsonNode::Kind::String && node.string.size() <= row.range.most &&
        std::none_of(node.string.begin(), node.string.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (is_text) {
      member = node.string;
      return;
    }
    refuse(node, row.key,
           fmt::format("a string of at most {} bytes without control characters", row.range.most));
  }

  void take(const JsonNode& node, const ConfigRow& row, std::vector<ListenAddress>& member) {
    if (node.kind != JsonNode::Kind::List) {
      refuse(node, row.key, R"(a list of objects with "host" and "port")");
      return;
    }
    member.clear();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      take_address(node.children[i], fmt::format("{}[{}]", row.key, i), member);
    }
    const std::size_t entries = node.children.size();
    if (node.end != 0 && (entries < row.range.least || entries > row.range.most)) {
      add(node.offset, fmt::format("{} must have {} to {} entries, but has {}", row.key,
                                   row.range.least, row.range.most, entries));
    }
  }

  void take_address(const JsonNode& entry, const std::string& path,
                    std::vector<ListenAddress>& addresses) {
    if (entry.kind != JsonNode::Kind::Object) {
      refuse(entry, path, R"(an object with "host" and "port")");
      return;
    }
    ListenAddress address;
    Keys keys;
    for (const JsonNode& node : entry.children) {
      const bool is_first = note_key(keys, node, path + '.');
      const std::string node_path = fmt::format("{}.{}", path, node.key);
      if (node.key == "port") {
        take_number(node, node_path, kPortRange, address.port);
      } else if (node.key != "host") {
        if (is_first) {
          add(node.key_offset,
              fmt::format(R"("{}" is not a setting; an address has "host" and "port")",
                          log::escaped(node_path, kMostShownBytes)));
        }
      } else if (node.kind == JsonNode::Kind::String && is_host(node.string)) {
        address.host = node.string;
      } else {
        refuse(node, node_path,
               fmt::format("an IP address or a name, with 1 to {} letters, digits or .-_:%",
                           kMostHostBytes));
      }
    }
    // Port 0 may be repeated, since each gets a port of its own. An incomplete entry is not
    // compared.
    if (entry.end != 0 && address.port != 0 &&
        std::find(addresses.begin(), addresses.end(), address) != addresses.end()) {
      add(entry.offset, fmt::format("{} repeats an address: host \"{}\", port {}", path,
                                    address.host, address.port));
    }
    addresses.push_back(std::move(address));
  }

  template <typename Number>
  void take_number(const JsonNode& node, std::string_view path, const ConfigRange& range,
                   Number& member) {
    if (node.number && *node.number >= range.least && *node.number <= range.most) {
      member = static_cast<Number>(*node.number);
      return;
    }
    const bool is_whole = node.kind == JsonNode::Kind::Number &&
                          raw(node).find_first_of(".eE") == std::string_view::npos;
    refuse(node, path,
           fmt::format("{}{} to {}", is_whole ? "" : "a whole number, ", range.least, range.most));
  }

  /// The keys of an object so far, with the offset of each.
  using Keys = std::map<std::string_view, std::size_t>;

  /// Records the key of `node`. If it was there before, adds a mistake and returns false.
  bool note_key(Keys& keys, const JsonNode& node, const std::string& prefix) {
    const auto [first, is_first] = keys.emplace(node.key, node.key_offset);
    if (!is_first) {
      add(node.key_offset, fmt::format("\"{}\" appears twice; the first is on line {}",
                                       log::escaped(prefix + node.key, kMostShownBytes),
                                       lines_.line_of(first->second)));
    }
    return is_first;
  }

  void refuse_unknown(const JsonNode& node, std::string_view path) {
    const std::string_view nearest = nearest_config_key(path);
    if (!nearest.empty() && nearest == path) {
      const std::size_t dot = path.find('.');
      add(node.key_offset, fmt::format("\"{}\" must be written \"{}\": {{\"{}\": ...}}", path,
                                       path.substr(0, dot), path.substr(dot + 1)));
      return;
    }
    add(node.key_offset,
        fmt::format("\"{}\" is not a setting; {}", log::escaped(path, kMostShownBytes),
                    nearest.empty() ? "tribard --print-config lists all settings"
                                    : fmt::format("did you mean \"{}\"?", nearest)));
  }

  void refuse(const JsonNode& node, std::string_view path, std::string_view allowed) {
    add(node.offset, fmt::format("{} must be {}, but is {}", log::escaped(path, kMostShownBytes),
                                 allowed, found(node)));
  }

  void add(std::size_t offset, std::string text) { mistakes_.push_back({offset, std::move(text)}); }

  /// Offset of a setting's value; 0 if it is not set.
  [[nodiscard]] std::size_t place_of(std::string_view key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? 0 : place->second;
  }

  [[nodiscard]] std::string_view raw(const JsonNode& node) const {
    return text_.substr(node.offset, node.end - node.offset);
  }

  [[nodiscard]] std::string found(const JsonNode& node) const {
    switch (node.kind) {
      case JsonNode::Kind::Object:
        return "an object";
      case JsonNode::Kind::List:
        return "a list";
      case JsonNode::Kind::Number:
      case JsonNode::Kind::String:
      case JsonNode::Kind::Other:
        break;
    }
    return log::escaped(raw(node), kMostShownBytes);
  }

  std::string_view text_;
  const Lines& lines_;
  Config config_;
  std::map<std::string_view, std::size_t> places_;  // offset of each setting in the text, by key
  std::vector<JsonMistake> mistakes_;
};

/// Adds line and column to each mistake, in the order of the text.
ConfigMistakes with_positions(std::vector<JsonMistake> mistakes, const Lines& lines,
                              std::string_view file_name) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const JsonMistake& a, const JsonMistake& b) { return a.offset < b.offset; });
  ConfigMistakes told;
  for (const JsonMistake& mistake : mistakes) {
    told.push_back(fmt::format("{}:{}:{}: {}", file_name, lines.line_of(mistake.offset),
                               lines.column_of(mistake.offset), mistake.text));
  }
  return told;
}

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

// How print_config writes each type of member.
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

std::string printed(const std::string& text) { return json_quoted(text); }

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
  const JsonTree tree = read_json(text);
  const Lines lines(text);
  Checker checker(text, lines);
  if (tree.root) {
    checker.check(*tree.root);
  }
  if (tree.syntax_error) {
    checker.mistakes().push_back(*tree.syntax_error);
  }
  if (checker.mistakes().empty()) {
    checker.check_together();
  }
  if (!checker.mistakes().empty()) {
    return with_positions(std::move(checker.mistakes()), lines, file_name);
  }
  return checker.config();
}

std::string name_of_config(const std::string& path) {
  return path == kStandardInput ? "standard input" : path;
}

Result<Config, ConfigMistakes> load_config(const std::string& path) {
  const std::string name = name_of_config(path);
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(
      path == kStandardInput ? fdopen(dup(STDIN_FILENO), "r") : std::fopen(path.c_str(), "re"));
  std::string text;
  if (file) {
    text.resize(kMostConfigBytes + 1);
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  }
  if (!file || std::ferror(file.get()) != 0) {
    return ConfigMistakes{fmt::format("cannot read {}: {}", name, std::strerror(errno))};
  }
  if (text.size() > kMostConfigBytes) {
    return ConfigMistakes{fmt::format("{} has more than {} bytes, too many for a configuration",
                                      name, kMostConfigBytes)};
  }
  return parse_config(text, name);
}

std::string print_config(const Config& config) {
  Config copy = config;  // the table needs a mutable Config
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
