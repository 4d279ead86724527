// SPDX-License-Identifier: MIT
//
// Checks the tree of a config's text against the table of settings, and prints a config by that
// table.
#include "config/config.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
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
/// Behind the path of a Unix socket stands a zero.
constexpr std::size_t kMostSocketBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::string_view kListenerKeys = R"("host" and "port", or "socket")";

/// A name may contain every character that resolvers and interfaces accept; an IPv6 address its
/// colons and zone.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostHostBytes &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  (c != '\0' && std::strchr(".-_:%", c) != nullptr);
         });
}

/// HOST:PORT, as clients are told it; an IPv6 address stands in brackets.
bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  unsigned number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  return is_host(host) && is_bracketed == (host.find(':') != std::string_view::npos) &&
         code == std::errc() && end == port.data() + port.size() && number >= 1 &&
         number <= kPortRange.most;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// SQLite refuses a row of more than 10^9 bytes, and a message is one row.
constexpr std::uint64_t kMostStoredBytes = 999'000'000;
/// PostgreSQL refuses a value of 1 GiB, and needs twice the memory of what a statement has.
constexpr std::uint64_t kMostPostgresBytes = 256'000'000;

/// Whether a connection string of libpq, or what is meant to be one, has a password.
bool has_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t at = text.rfind('@');
  return text.find("password") != std::string_view::npos ||
         (scheme != std::string_view::npos && at != std::string_view::npos &&
          text.find(':', scheme + 1) < at);
}

constexpr std::string_view kNotShown = "(not shown: it has a password)";

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
    check_storage();
    if (!config_.advertise.empty() && !is_host_and_port(config_.advertise)) {
      add(place_of("advertise"),
          fmt::format("advertise must be HOST:PORT, with an IPv6 address as [HOST]:PORT, but is {}",
                      json_quoted(config_.advertise)));
    }
    check_tls();
    if (!config_.control.socket.empty() && config_.control.socket.front() != '/') {
      add(place_of("control.socket"),
          fmt::format("control.socket must be an absolute path, but is {}",
                      log::escaped(config_.control.socket)));
    }
    check_operation();
    if (config_.secrets.policy == SecretsPolicy::Required) {
      for (std::size_t i = 0; i < config_.listen.size(); ++i) {
        const bool takes_certificates = config_.tls.certificate_names && config_.listen[i].tls;
        if (!config_.listen[i].allows_one && !takes_certificates) {
          add(listener_places_[i].protocols,
              fmt::format("listen[{}].protocols has protocol 0 only, where nobody can log in: it "
                          "has no secrets, and secrets.policy is \"required\"",
                          i));
        }
      }
    }
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] std::vector<JsonMistake>& mistakes() { return mistakes_; }

 private:
  /// The keys of an object so far, with the offset of each.
  using Keys = std::map<std::string_view, std::size_t>;

  /// Metrics and control are in the way of no listener, nor of each other.
  void check_operation() {
    std::vector<ListenerSettings> earlier = config_.listen;
    if (config_.metrics) {
      if (is_repeated(*config_.metrics, earlier)) {
        add(place_of("metrics"), text_of_repeated("metrics", *config_.metrics));
      }
      earlier.push_back(*config_.metrics);
    }
    const ListenerSettings control{.socket = config_.control.socket};
    if (!control.socket.empty() && is_repeated(control, earlier)) {
      add(place_of("control.socket"), text_of_repeated("control.socket", control));
    }
  }

  void check_storage() {
    Config::Storage& storage = config_.storage;
    if (place_of("storage.engine") == 0) {
      storage.engine = !storage.path.empty()         ? StorageEngine::Sqlite
                       : !storage.connection.empty() ? StorageEngine::Postgresql
                                                     : StorageEngine::Memory;
    }
    const bool is_postgres = storage.engine == StorageEngine::Postgresql;
    if (!storage.connection.empty() && !is_postgres) {
      add(place_of("storage.connection"),
          storage.engine == StorageEngine::Sqlite
              ? "storage.connection is of storage.engine \"postgresql\", but that is \"sqlite\", "
                "or storage.path is there: leave one of them out"
              : "storage.connection is of storage.engine \"postgresql\", but that is \"memory\"");
    }
    if (!storage.path.empty() && is_postgres) {
      add(place_of("storage.path"),
          "storage.path is of storage.engine \"sqlite\", but that is \"postgresql\"");
    }
    if (storage.engine == StorageEngine::Sqlite) {
      if (storage.path.empty()) {
        add(place_of("storage.engine"),
            "storage.path is missing: storage.engine \"sqlite\" needs the path of its file");
      }
    } else if (is_postgres) {
      if (storage.connection.empty()) {
        add(place_of("storage.engine"),
            "storage.connection is missing: storage.engine \"postgresql\" needs a connection "
            "string, such as \"service=tribar\"");
      }
      if (storage.sync == StorageSync::Normal) {
        add(place_of("storage.sync"),
            "storage.sync \"normal\" is of storage.engine \"sqlite\": what a commit survives is "
            "the database's setting synchronous_commit");
      }
    }
    if (const auto problem = frame_problem(config_)) {
      add(place_of("limits.frame_bytes"), *problem);
    }
  }

  void check_tls() {
    const Config::Tls& tls = config_.tls;
    if (tls.certificate.empty() != tls.key.empty()) {
      add(place_of(tls.key.empty() ? "tls.certificate" : "tls.key"),
          tls.key.empty()
              ? "tls.key is missing: tls.certificate needs the path of its private key"
              : "tls.certificate is missing: tls.key needs the path of its certificate");
    }
    for (std::size_t i = 0; i < config_.listen.size(); ++i) {
      if (config_.listen[i].tls && tls.certificate.empty() && tls.key.empty()) {
        add(listener_places_[i].tls,
            fmt::format("listen[{}].tls needs tls.certificate and tls.key", i));
      }
    }
    if (tls.certificate_names && tls.client_certificates == ClientCertificates::Off) {
      add(place_of("tls.certificate_names"),
          "tls.client_certificates is \"off\": tls.certificate_names needs \"optional\" or "
          "\"required\" there");
    }
    if (!tls.client_ca.empty()) {
      return;
    }
    if (tls.certificate_names) {
      add(place_of("tls.certificate_names"),
          "tls.client_ca is missing: tls.certificate_names needs the certificates that signed the "
          "clients'");
    }
    if (tls.client_certificates == ClientCertificates::Required) {
      add(place_of("tls.client_certificates"),
          "tls.client_ca is missing: tls.client_certificates \"required\" needs the certificates "
          "that signed the clients'");
    }
  }

  void check_object(const JsonNode& object, std::string_view section) {
    const std::string prefix = section.empty() ? std::string{} : fmt::format("{}.", section);
    Keys keys;
    for (const JsonNode& node : object.children) {
      const bool is_first = note_key(keys, node, prefix);
      const std::string path = prefix + node.key;
      if (const ConfigRow* row = find_config_row(section, node.key); row != nullptr) {
        take_row(node, *row);
      } else if (section.empty() && is_config_section(node.key)) {
        take_section(node);
      } else if (is_first) {
        refuse_unknown(node, path);
      }
    }
  }

  void take_row(const JsonNode& node, const ConfigRow& row) {
    places_[row.key] = node.offset;
    std::visit([&](auto* member) { take(node, row, *member); }, row.member(config_));
  }

  void take_section(const JsonNode& node) {
    const ConfigRow* policy = policy_row_of(node.key);
    if (node.kind == JsonNode::Kind::Object) {
      check_object(node, node.key);
    } else if (policy != nullptr && node.kind == JsonNode::Kind::String) {
      take_row(node, *policy);
    } else {
      refuse(node, node.key, policy != nullptr ? "a string or an object" : "an object");
    }
  }

  // One for each type of member.
  void take(const JsonNode& node, const ConfigRow& row, std::uint64_t& member) {
    take_number(node, row.key, row.range, member);
  }

  void take(const JsonNode& node, const ConfigRow& row, unsigned& member) {
    take_number(node, row.key, row.range, member);
  }

  void take(const JsonNode& node, const ConfigRow& row, bool& member) {
    take_boolean(node, row.key, member);
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
    if (node.kind == JsonNode::Kind::String && node.string.size() >= row.range.least &&
        node.string.size() <= row.range.most && !has_control_characters(node.string)) {
      member = node.string;
      return;
    }
    const std::string allowed = fmt::format(
        "a string of {} {} bytes without control characters",
        row.range.least == 0 ? "at most" : fmt::format("{} to", row.range.least), row.range.most);
    if (row.may_have_password) {
      add(node.offset, fmt::format("{} must be {}", row.key, allowed));
    } else {
      refuse(node, row.key, allowed);
    }
  }

  void take(const JsonNode& node, const ConfigRow& row, std::vector<ListenerSettings>& member) {
    if (node.kind != JsonNode::Kind::List) {
      refuse(node, row.key, fmt::format("a list of objects with {}", kListenerKeys));
      return;
    }
    member.clear();
    listener_places_.clear();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      take_listener(node.children[i], fmt::format("{}[{}]", row.key, i), member);
    }
    const std::size_t entries = node.children.size();
    if (node.end != 0 && (entries < row.range.least || entries > row.range.most)) {
      add(node.offset, fmt::format("{} must have {} to {} entries, but has {}", row.key,
                                   row.range.least, row.range.most, entries));
    }
  }

  void take(const JsonNode& node, const ConfigRow& row, std::optional<ListenerSettings>& member) {
    member.reset();
    if (node.kind == JsonNode::Kind::Other && raw(node) == "null") {
      return;
    }
    if (node.kind != JsonNode::Kind::Object) {
      refuse(node, row.key, fmt::format("null, or an object with {}", kListenerKeys));
      return;
    }
    ListenerSettings place;
    Keys keys;
    const std::string prefix = fmt::format("{}.", row.key);
    for (const JsonNode& child : node.children) {
      const bool is_first = note_key(keys, child, prefix);
      if (!take_place(child, prefix + child.key, place) && is_first) {
        add(child.key_offset,
            fmt::format(R"("{}" is not a setting; {} has {})",
                        log::escaped(prefix + child.key, kMostShownBytes), row.key, kListenerKeys));
      }
    }
    check_place(row.key, keys);
    if (node.end != 0 && !keys.contains("socket") && !keys.contains("port")) {
      add(node.offset, fmt::format("{} must have a port or a socket", row.key));
    }
    member = std::move(place);
  }

  /// One of kListenerKeys; false: it is none.
  bool take_place(const JsonNode& node, const std::string& path, ListenerSettings& place) {
    if (node.key == "host") {
      take_host(node, path, place.host);
    } else if (node.key == "port") {
      take_number(node, path, kPortRange, place.port);
    } else if (node.key == "socket") {
      take_socket(node, path, place.socket);
    } else {
      return false;
    }
    return true;
  }

  void check_place(std::string_view path, const Keys& keys) {
    const auto socket = keys.find("socket");
    if (socket != keys.end() && (keys.contains("host") || keys.contains("port"))) {
      add(socket->second, fmt::format("{} must have {}, but has both", path, kListenerKeys));
    }
  }

  void take_listener(const JsonNode& entry, const std::string& path,
                     std::vector<ListenerSettings>& listeners) {
    if (entry.kind != JsonNode::Kind::Object) {
      refuse(entry, path, fmt::format("an object with {}", kListenerKeys));
      return;
    }
    ListenerSettings listener;
    ListenerPlaces places{entry.offset, entry.offset};
    Keys keys;
    for (const JsonNode& node : entry.children) {
      const bool is_first = note_key(keys, node, path + '.');
      const std::string node_path = fmt::format("{}.{}", path, node.key);
      if (take_place(node, node_path, listener)) {
        continue;
      }
      if (node.key == "protocols") {
        places.protocols = node.offset;
        take_protocols(node, node_path, listener);
      } else if (node.key == "tls") {
        places.tls = node.offset;
        take_boolean(node, node_path, listener.tls);
      } else if (is_first) {
        add(node.key_offset,
            fmt::format(R"("{}" is not a setting; a listener has {}, and "protocols" and "tls")",
                        log::escaped(node_path, kMostShownBytes), kListenerKeys));
      }
    }
    check_place(path, keys);
    // What is not whole may be another.
    if (entry.end != 0 && is_repeated(listener, listeners)) {
      add(entry.offset, text_of_repeated(path, listener));
    }
    listeners.push_back(std::move(listener));
    listener_places_.push_back(places);
  }

  /// Whether one of `earlier` is at the same place. Of port 0 there can be many: each gets a port
  /// of its own.
  [[nodiscard]] static bool is_repeated(const ListenerSettings& place,
                                        const std::vector<ListenerSettings>& earlier) {
    return std::any_of(earlier.begin(), earlier.end(), [&](const ListenerSettings& other) {
      return place.socket == other.socket &&
             (!place.socket.empty() ||
              (place.port != 0 && place.port == other.port && place.host == other.host));
    });
  }

  [[nodiscard]] static std::string text_of_repeated(std::string_view path,
                                                    const ListenerSettings& place) {
    return place.socket.empty() ? fmt::format("{} repeats an address: host \"{}\", port {}", path,
                                              place.host, place.port)
                                : fmt::format("{} repeats a socket: {}", path,
                                              log::escaped(place.socket, kMostShownBytes));
  }

  void take_host(const JsonNode& node, const std::string& path, std::string& member) {
    if (node.kind == JsonNode::Kind::String && is_host(node.string)) {
      member = node.string;
      return;
    }
    refuse(node, path,
           fmt::format("an IP address or a name, with 1 to {} letters, digits or .-_:%",
                       kMostHostBytes));
  }

  void take_socket(const JsonNode& node, const std::string& path, std::string& member) {
    if (node.kind == JsonNode::Kind::String && node.string.starts_with('/') &&
        node.string.size() <= kMostSocketBytes && !has_control_characters(node.string)) {
      member = node.string;
      return;
    }
    refuse(node, path,
           fmt::format("an absolute path of at most {} bytes without control characters",
                       kMostSocketBytes));
  }

  void take_protocols(const JsonNode& node, const std::string& path, ListenerSettings& listener) {
    if (node.kind != JsonNode::Kind::List) {
      refuse(node, path, "[0], [1] or [0, 1]");
      return;
    }
    listener.allows_zero = false;
    listener.allows_one = false;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const JsonNode& entry = node.children[i];
      const std::string entry_path = fmt::format("{}[{}]", path, i);
      if (!entry.number || *entry.number > 1) {
        refuse(entry, entry_path, "0 or 1");
      } else if (std::exchange(*entry.number == 0 ? listener.allows_zero : listener.allows_one,
                               true)) {
        add(entry.offset, fmt::format("{} repeats protocol {}", entry_path, *entry.number));
      }
    }
    if (node.end != 0 && node.children.empty()) {
      add(node.offset, fmt::format("{} must be [0], [1] or [0, 1], but is empty", path));
    }
  }

  void take_boolean(const JsonNode& node, std::string_view path, bool& member) {
    if (node.kind == JsonNode::Kind::Boolean) {
      member = node.boolean;
      return;
    }
    refuse(node, path, "true or false");
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
      case JsonNode::Kind::Boolean:
      case JsonNode::Kind::Other:
        break;
    }
    return log::escaped(raw(node), kMostShownBytes);
  }

  /// Where values of a listener stand; the listener itself for those that are not there.
  struct ListenerPlaces {
    std::size_t protocols;
    std::size_t tls;
  };

  std::string_view text_;
  const Lines& lines_;
  Config config_;
  std::map<std::string_view, std::size_t> places_;       // of the settings that are there, by key
  std::vector<ListenerPlaces> listener_places_{{0, 0}};  // one each of config_.listen
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
std::string printed(bool is_on) { return is_on ? "true" : "false"; }

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

std::string printed_place(const ListenerSettings& listener) {
  return listener.socket.empty()
             ? fmt::format(R"("host": {}, "port": {})", printed(listener.host), listener.port)
             : fmt::format(R"("socket": {})", printed(listener.socket));
}

std::string printed(const std::optional<ListenerSettings>& place) {
  return place ? fmt::format("{{{}}}", printed_place(*place)) : "null";
}

std::string printed(const ListenerSettings& listener) {
  const std::string_view protocols = !listener.allows_one    ? "0"
                                     : !listener.allows_zero ? "1"
                                                             : "0, 1";
  return fmt::format(R"({{{}, "protocols": [{}], "tls": {}}})", printed_place(listener), protocols,
                     printed(listener.tls));
}

std::string printed(const std::vector<ListenerSettings>& listeners) {
  std::string out = "[";
  for (const ListenerSettings& listener : listeners) {
    out += (out.size() > 1 ? ", " : "") + printed(listener);
  }
  return out + "]";
}

std::string printed(const ConfigRow& row, Config& config) {
  const ConfigMember member = row.member(config);
  if (row.may_have_password && has_password(**std::get_if<std::string*>(&member))) {
    return json_quoted(std::string(kNotShown));
  }
  return std::visit([](const auto* each) { return printed(*each); }, member);
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

std::optional<std::string> frame_problem(const Config& config) {
  const bool is_sqlite = config.storage.engine == StorageEngine::Sqlite;
  const std::uint64_t most = is_sqlite ? kMostStoredBytes : kMostPostgresBytes;
  if (config.storage.engine == StorageEngine::Memory || config.limits.frame_bytes <= most) {
    return std::nullopt;
  }
  return fmt::format("limits.frame_bytes must be at most {} with storage.engine \"{}\", but is {}",
                     most, is_sqlite ? "sqlite" : "postgresql", config.limits.frame_bytes);
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
    std::array<char, 4096> bytes;
    std::size_t size = 0;
    while (text.size() <= kMostConfigBytes &&
           (size = std::fread(bytes.data(), 1, bytes.size(), file.get())) > 0) {
      text.append(bytes.data(), size);
    }
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
    out += fmt::format("{}\n{}\"{}\": {}", is_first ? "" : ",", section.empty() ? "  " : "    ",
                       row.name(), printed(row, copy));
    is_first = false;
  }
  return out + (section.empty() ? "\n}\n" : "\n  }\n}\n");
}

}  // namespace tribar
