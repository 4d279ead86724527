// SPDX-License-Identifier: MIT
//
// Holds the tree of a config's text against the table of settings, and prints a config by it.
#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <variant>

#include "server/config_table.h"
#include "server/json_tree.h"

namespace tribar {
namespace {

constexpr std::size_t kMostConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMostShownBytes = 64;  // of a key or a value in a mistake
constexpr std::size_t kMostHostBytes = 255;
constexpr ConfigRange kPortRange{0, 65535};

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

  void check(const JsonNode& root) {
    if (root.kind != JsonNode::Kind::Object) {
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
  [[nodiscard]] std::vector<JsonMistake>& mistakes() { return mistakes_; }

 private:
  void check_object(const JsonNode& object, std::string_view section) {
    refuse_repeated_keys(object, section.empty() ? std::string{} : fmt::format("{}.", section));
    for (const JsonNode& node : object.children) {
      const std::string path = section.empty() ? node.key : fmt::format("{}.{}", section, node.key);
      if (const ConfigRow* row = find_config_row(section, node.key); row != nullptr) {
        std::visit([&](auto* member) { take(node, *row, *member); }, row->member(config_));
      } else if (section.empty() && is_config_section(node.key)) {
        if (node.kind == JsonNode::Kind::Object) {
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
  void take(const JsonNode& node, const ConfigRow& row, std::uint64_t& member) {
    take_number(node, row.key, row.range, member);
  }

  void take(const JsonNode& node, const ConfigRow& row, unsigned& member) {
    take_number(node, row.key, row.range, member);
  }

  template <typename Enum>
  void take(const JsonNode& node, const ConfigRow& row, Enum& member) {
    std::string allowed;
    for (const auto& [name, value] : names_of(member)) {
      if (node.kind == JsonNode::Kind::String && node.string == name) {
        member = value;
        return;
      }
      allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : ", ", name);
    }
    refuse(node.offset, row.key, "one of " + allowed, found(node));
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
    refuse(node.offset, row.key,
           fmt::format("a text of at most {} bytes without control characters", row.range.most),
           found(node));
  }

  void take(const JsonNode& node, const ConfigRow& row, std::vector<ListenAddress>& member) {
    if (node.kind != JsonNode::Kind::List) {
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

  void take_address(const JsonNode& entry, const std::string& path,
                    std::vector<ListenAddress>& addresses) {
    if (entry.kind != JsonNode::Kind::Object) {
      refuse(entry.offset, path, "an object with host and port", found(entry));
      return;
    }
    refuse_repeated_keys(entry, path + '.');
    ListenAddress address;
    for (const JsonNode& node : entry.children) {
      const std::string node_path = fmt::format("{}.{}", path, node.key);
      if (node.key == "port") {
        take_number(node, node_path, kPortRange, address.port);
      } else if (node.key != "host") {
        refuse_unknown(node, node_path, path + (node.key.starts_with('p') ? ".port" : ".host"));
      } else if (node.kind == JsonNode::Kind::String && is_host(node.string)) {
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
  void take_number(const JsonNode& node, std::string_view path, const ConfigRange& range,
                   Number& member) {
    if (node.number && *node.number >= range.least && *node.number <= range.most) {
      member = static_cast<Number>(*node.number);
      return;
    }
    const bool is_whole = node.kind == JsonNode::Kind::Number &&
                          raw(node).find_first_of(".eE") == std::string_view::npos;
    refuse(node.offset, path,
           fmt::format("{}{}..{}", is_whole ? "" : "a whole number ", range.least, range.most),
           found(node));
  }

  void refuse_repeated_keys(const JsonNode& object, const std::string& path_prefix) {
    std::map<std::string_view, const JsonNode*> first_of;
    for (const JsonNode& node : object.children) {
      if (!first_of.emplace(node.key, &node).second) {
        refuse(node.key_offset, path_prefix + node.key, "each key once", "a duplicate");
      }
    }
  }

  void refuse_unknown(const JsonNode& node, std::string_view path, std::string_view nearest) {
    refuse(node.key_offset, path, fmt::format("a known key such as {}", nearest), "unknown");
  }

  void refuse(std::size_t offset, std::string_view path, std::string_view allowed,
              std::string_view found) {
    mistakes_.push_back({offset, fmt::format("{}: {}, is {}", log::escaped(path, kMostShownBytes),
                                             allowed, found)});
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
  Config config_;
  std::vector<JsonMistake> mistakes_;
};

/// Gives each mistake its line and column, in the order of the text.
ConfigMistakes with_positions(std::vector<JsonMistake> mistakes, std::string_view text,
                              std::string_view file_name) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const JsonMistake& a, const JsonMistake& b) { return a.offset < b.offset; });
  ConfigMistakes lines;
  std::size_t line = 1;
  std::size_t line_start = 0;
  std::size_t line_end = text.find('\n');
  for (const JsonMistake& mistake : mistakes) {
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
  Checker checker(text);
  if (tree.root) {
    checker.check(*tree.root);
  }
  if (tree.syntax_error) {
    checker.mistakes().push_back(*tree.syntax_error);
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
