// SPDX-License-Identifier: MIT
//
// See client_options.h.
#include "client/client_options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "base/descriptor.h"
#include "base/edit_distance.h"
#include "base/log.h"

namespace tribar {
namespace {

constexpr std::size_t kMostConfigBytes = std::size_t{1} << 16;
constexpr std::size_t kMostShownBytes = 64;  // of a word in an error message
constexpr std::size_t kMostTextBytes = 1024;
constexpr std::uint64_t kMostCount = 1'000'000'000;
constexpr std::uint64_t kMostTimeoutMs = 3'600'000;

// ---- The tables.

struct Path {
  std::string* path;
};
struct Servers {
  ServerAddress* first;
  std::vector<ServerAddress>* others;
};
/// What a setting fills. Its type says what may stand there.
using Member =
    std::variant<Servers, std::string*, Path, std::optional<int>*, std::chrono::milliseconds*,
                 ColorWhen*, bool*, std::optional<std::string>*, std::optional<std::uint64_t>*>;

constexpr unsigned bit(Verb verb) { return 1U << static_cast<unsigned>(verb); }
constexpr unsigned kChat = bit(Verb::None);
constexpr unsigned kAll = ~0U;

struct Row {
  std::string_view option;  // --option
  char letter;              // -l; 0: none
  std::string_view
      argument;          // what follows it; empty: none, and there is --no-option if it has a key
  std::string_view key;  // in the file and, as $TRIBAR_KEY, in the environment; empty: neither
  unsigned used_by;      // bits of verbs
  Member (*member)(ClientOptions&);
  std::string_view help;
};

// clang-format off
constexpr std::array kRows{
    Row{"message", 'm', "TEXT", "", bit(Verb::Send), [](ClientOptions& o) -> Member { return &o.message; },
        "send TEXT; else what comes from standard input"},
    Row{"json", 0, "", "", bit(Verb::List) | bit(Verb::Receive), [](ClientOptions& o) -> Member { return &o.json; },
        "print one JSON object a line"},
    Row{"follow", 0, "", "", bit(Verb::Receive), [](ClientOptions& o) -> Member { return &o.follow; },
        "go on with messages that come later"},
    Row{"count", 0, "N", "", bit(Verb::Receive), [](ClientOptions& o) -> Member { return &o.count; },
        "end after N messages"},
    Row{"as", 0, "NAME", "name", kAll, [](ClientOptions& o) -> Member { return &o.name; },
        "use the account NAME"},
    Row{"server", 0, "SERVER", "server", kAll, [](ClientOptions& o) -> Member { return Servers{&o.server, &o.other_servers}; },
        "connect to SERVER, see below; with A,B to either"},
    Row{"protocol", 0, "N", "protocol", kAll, [](ClientOptions& o) -> Member { return &o.protocol; },
        "speak protocol 0 or 1; default: 1 over TLS, else 0"},
    Row{"ca", 0, "FILE", "ca", kAll, [](ClientOptions& o) -> Member { return Path{&o.ca}; },
        "over TLS, trust the CAs in FILE (PEM), not the system's"},
    Row{"secret-file", 0, "FILE", "secret_file", kAll, [](ClientOptions& o) -> Member { return Path{&o.secret_file}; },
        "protocol 1: the secret is the first line of FILE"},
    Row{"timeout", 0, "SECONDS", "timeout", kAll, [](ClientOptions& o) -> Member { return &o.timeout; },
        "the longest that connecting may take; default: 10"},
    Row{"color", 0, "WHEN", "color", kChat, [](ClientOptions& o) -> Member { return &o.color; },
        "auto, always or never; default: auto"},
    Row{"bell", 0, "", "bell", kChat, [](ClientOptions& o) -> Member { return &o.bell; },
        "ring the terminal's bell at a message; default: no"},
    Row{"history", 0, "", "history", kChat, [](ClientOptions& o) -> Member { return &o.history; },
        "keep what was typed for the next time; default: yes"},
    Row{"reconnect", 0, "", "reconnect", kChat | bit(Verb::Send) | bit(Verb::Receive), [](ClientOptions& o) -> Member { return &o.reconnect; },
        "connect again when the server is lost; default: yes"},
    Row{"classic", 0, "", "classic", kChat, [](ClientOptions& o) -> Member { return &o.classic; },
        "plain prompts without line editing, as with pipes"},
};
// clang-format on

/// A boolean of the file can be turned off, too.
constexpr bool has_opposite(const Row& row) { return row.argument.empty() && !row.key.empty(); }

struct VerbRow {
  Verb verb;
  std::string_view word;
  std::string_view operands;  // as the help shows them
  std::string_view help;
};
constexpr std::array kVerbs{
    VerbRow{Verb::Send, "send", " NAME",
            "Sends one message to NAME, and ends when the server has it."},
    VerbRow{Verb::List, "list", " [PATTERN]",
            "Lists the accounts that PATTERN matches, or all: * is any text, ? one character."},
    VerbRow{Verb::Receive, "receive", "",
            "Prints the messages that wait, and confirms each when it is printed."},
    VerbRow{Verb::Create, "create", " NAME", "Creates the account NAME."},
    VerbRow{Verb::Delete, "delete", " [NAME]",
            "Deletes the account NAME and the messages that wait for it. Does not ask."},
};

const VerbRow* find_verb(std::string_view word) {
  const auto* row = std::find_if(kVerbs.begin(), kVerbs.end(),
                                 [&](const VerbRow& each) { return each.word == word; });
  return row == kVerbs.end() ? nullptr : row;
}

const VerbRow& row_of(Verb verb) {
  return *std::find_if(kVerbs.begin(), kVerbs.end(),
                       [&](const VerbRow& each) { return each.verb == verb; });
}

const Row* find_key(std::string_view key) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) {
    return !each.key.empty() && each.key == key;
  });
  return row == kRows.end() ? nullptr : row;
}

std::string shown(std::string_view text) { return log::escaped(text, kMostShownBytes); }

/// The one of `words` that `unknown` is most likely meant to be; empty if none looks like it.
std::string_view nearest(std::string_view unknown, std::span<const std::string_view> words) {
  unknown = unknown.substr(0, kMostShownBytes);
  std::string_view found;
  std::size_t least = unknown.size() / 3 + 2;  // up to one character in three may be wrong
  for (const std::string_view word : words) {
    if (const std::size_t distance = edit_distance(unknown, word); distance < least) {
      least = distance;
      found = word;
    }
  }
  return found;
}

// ---- Values.

/// What is wrong with a value.
struct Refusal {
  std::string allowed{};   // what it must be
  std::string sentence{};  // or all there is to say
};
using Read = std::optional<Refusal>;

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= kMostTextBytes && !has_control_characters(text);
}

Refusal must_be_text() {
  return {fmt::format("1 to {} bytes without control characters", kMostTextBytes)};
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

/// Seconds with up to three decimals, in milliseconds.
std::optional<std::uint64_t> milliseconds_of(std::string_view text) {
  constexpr std::size_t kDecimals = 3;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string_view decimals = text.substr(std::min(point + 1, text.size()));
  if (digits.empty() || decimals.size() > kDecimals || (point < text.size() && decimals.empty())) {
    return std::nullopt;
  }
  digits += decimals;
  digits.append(kDecimals - decimals.size(), '0');
  return whole_number(digits);
}

// One for each type of member.
Read read(std::string_view text, Servers member) {
  auto addresses = parse_server_addresses(text);
  if (!addresses) {
    return Refusal{"", addresses.error().text};
  }
  std::vector<ServerAddress>& all = addresses.value();
  *member.first = std::move(all.front());
  member.others->assign(std::next(all.begin()), all.end());
  return std::nullopt;
}

Read read(std::string_view text, std::string* member) {
  if (!is_text(text)) {
    return must_be_text();
  }
  *member = text;
  return std::nullopt;
}

Read read(std::string_view text, Path member) { return read(text, member.path); }

/// A message: any text, also none; whether it can be sent is looked at later.
Read read(std::string_view text, std::optional<std::string>* member) {
  *member = text;
  return std::nullopt;
}

constexpr std::array<std::string_view, 2> kProtocols{"0", "1"};

Read read(std::string_view text, std::optional<int>* member) {
  const auto* found = std::find(kProtocols.begin(), kProtocols.end(), text);
  if (found == kProtocols.end()) {
    return Refusal{"0 or 1"};
  }
  *member = static_cast<int>(found - kProtocols.begin());
  return std::nullopt;
}

Read read(std::string_view text, std::optional<std::uint64_t>* member) {
  const auto number = whole_number(text);
  if (!number || *number < 1 || *number > kMostCount) {
    return Refusal{fmt::format("1 to {}", kMostCount)};
  }
  *member = number;
  return std::nullopt;
}

Read read(std::string_view text, std::chrono::milliseconds* member) {
  const auto ms = milliseconds_of(text);
  if (!ms || *ms < 1 || *ms > kMostTimeoutMs) {
    return Refusal{fmt::format("0.001 to {} seconds", kMostTimeoutMs / 1000)};
  }
  *member = std::chrono::milliseconds(*ms);
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, ColorWhen>, 3> kColorNames{
    {{"auto", ColorWhen::Auto}, {"always", ColorWhen::Always}, {"never", ColorWhen::Never}}};

Read read(std::string_view text, ColorWhen* member) {
  for (const auto& [name, value] : kColorNames) {
    if (text == name) {
      *member = value;
      return std::nullopt;
    }
  }
  return Refusal{"auto, always or never"};
}

Read read(std::string_view text, bool* member) {
  if (text != "true" && text != "false") {
    return Refusal{"true or false"};
  }
  *member = text == "true";
  return std::nullopt;
}

Read read(const Row& row, std::string_view text, ClientOptions& options) {
  return std::visit([text](auto member) { return read(text, member); }, row.member(options));
}

std::string as_sentence(const Refusal& refusal, std::string_view name, std::string_view found) {
  return refusal.sentence.empty() ? fmt::format("{} must be {}, but is {}", name, refusal.allowed,
                                                found.empty() ? "empty" : shown(found))
                                  : fmt::format("{}: {}", name, refusal.sentence);
}

// ---- The config file.

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// Reads a file's lines one by one.
class ConfigReader {
 public:
  ConfigReader(std::string_view file_name, std::string_view home, ClientOptions& options)
      : file_name_(file_name), home_(home), options_(options) {}

  void take(std::string_view line) {
    ++line_number_;
    line_ = line.substr(0, line.size() - (line.ends_with('\r') ? 1 : 0));
    const std::size_t begin = line_.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line_[begin] == '#') {
      return;
    }
    const auto control = std::find_if(line_.begin(), line_.end(), [](char c) {
      return c != '\t' && has_control_characters(std::string_view(&c, 1));
    });
    if (control != line_.end()) {
      add(static_cast<std::size_t>(control - line_.begin()),
          fmt::format("the control character {} is not allowed",
                      shown(std::string_view(&*control, 1))));
      return;
    }
    take_setting(begin);
  }

  [[nodiscard]] std::vector<std::string> mistakes() { return std::move(mistakes_); }

 private:
  void take_setting(std::size_t begin) {
    const std::size_t equals = std::min(line_.find('='), line_.size());
    const std::string_view key = trimmed_end(line_.substr(begin, equals - begin));
    if (equals == line_.size()) {
      add(begin,
          fmt::format("a line must be KEY = VALUE or a comment that begins with #, but is {}",
                      shown(line_.substr(begin))));
      return;
    }
    const Row* row = find_key(key);
    if (row == nullptr) {
      refuse_unknown(begin, key);
      return;
    }
    const auto first =
        std::find_if(seen_.begin(), seen_.end(), [&](const Seen& seen) { return seen.row == row; });
    if (first != seen_.end()) {
      add(begin, fmt::format("\"{}\" appears twice; the first is on line {}", key, first->line));
      return;
    }
    seen_.push_back({row, line_number_});
    take_value(*row, equals + 1);
  }

  void take_value(const Row& row, std::size_t from) {
    const std::size_t begin = std::min(line_.find_first_not_of(kBlanks, from), line_.size());
    std::string_view value = line_.substr(begin);
    if (value.starts_with('"')) {
      const std::size_t end = value.find('"', 1);
      const std::string_view rest = end == std::string_view::npos ? "" : value.substr(end + 1);
      const std::size_t more = rest.find_first_not_of(kBlanks);
      if (end == std::string_view::npos) {
        add(begin, "the quote \" is not closed");
        return;
      }
      if (more != std::string_view::npos && rest[more] != '#') {
        add(begin + end + 1 + more, "nothing but a comment may follow the quoted value");
        return;
      }
      value = value.substr(1, end - 1);
    } else {
      value = trimmed_end(value.substr(0, comment_in(value)));
    }
    if (auto refusal = read(row, value, options_)) {
      add(begin, as_sentence(*refusal, row.key, value));
      return;
    }
    const Member member = row.member(options_);
    if (const Path* path = std::get_if<Path>(&member)) {
      *path->path = from_here(*path->path);
    }
  }

  /// A comment begins with # at the beginning or behind a blank.
  static std::size_t comment_in(std::string_view value) {
    for (std::size_t at = value.find('#'); at != std::string_view::npos;
         at = value.find('#', at + 1)) {
      if (at == 0 || kBlanks.find(value[at - 1]) != std::string_view::npos) {
        return at;
      }
    }
    return value.size();
  }

  [[nodiscard]] std::string from_here(const std::string& path) const {
    if (path.starts_with("~/") && !home_.empty()) {
      return fmt::format("{}{}", home_, path.substr(1));
    }
    const std::size_t slash = file_name_.rfind('/');
    return path.starts_with('/') || slash == std::string_view::npos
               ? path
               : fmt::format("{}{}", file_name_.substr(0, slash + 1), path);
  }

  void refuse_unknown(std::size_t at, std::string_view key) {
    std::vector<std::string_view> keys;
    std::string all;
    for (const Row& row : kRows) {
      if (!row.key.empty()) {
        keys.push_back(row.key);
        all += fmt::format("{}{}", all.empty() ? "" : ", ", row.key);
      }
    }
    const std::string_view meant = nearest(key, keys);
    add(at, fmt::format("\"{}\" is not a setting; {}", shown(key),
                        meant.empty() ? "the settings are " + all
                                      : fmt::format("did you mean \"{}\"?", meant)));
  }

  void add(std::size_t offset, std::string_view text) {
    mistakes_.push_back(fmt::format("{}:{}:{}: {}", log::escaped(file_name_, file_name_.size()),
                                    line_number_, offset + 1, text));
  }

  struct Seen {
    const Row* row;
    std::size_t line;
  };

  std::string_view file_name_;
  std::string_view home_;
  ClientOptions& options_;
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::vector<Seen> seen_;
  std::vector<std::string> mistakes_;
};

/// The text of the file at `path`, none if there is no such file, or what is wrong with it.
Result<std::optional<std::string>, std::string> read_config_file(const std::string& path) {
  const auto failed = [&path](std::string_view why) {
    return fmt::format("{}: {}", log::escaped(path, path.size()), why);
  };
  // Without waiting for the other end of a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return errno == ENOENT || errno == ENOTDIR
               ? Result<std::optional<std::string>, std::string>(std::optional<std::string>())
               : failed(std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return failed(std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return failed("is not a regular file");
  }
  std::string text(kMostConfigBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) {
      return failed(std::strerror(errno));
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  if (size > kMostConfigBytes) {
    return failed(
        fmt::format("has more than {} bytes, too many for a configuration", kMostConfigBytes));
  }
  text.resize(size);
  return std::optional(std::move(text));
}

// ---- The environment.

std::string variable_of(const Row& row) {
  std::string name = "TRIBAR_";
  std::transform(row.key.begin(), row.key.end(), std::back_inserter(name), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::string_view value_in(const Environment& environment, const std::string& name) {
  const char* value = environment(name.c_str());
  return value == nullptr ? "" : value;
}

/// The rows that a command line gives.
using Given = std::set<const Row*>;

std::vector<std::string> take_environment(const Environment& environment, const Given& given,
                                          ClientOptions& options) {
  std::vector<std::string> mistakes;
  for (const Row& row : kRows) {
    if (row.key.empty() || given.contains(&row)) {
      continue;
    }
    const std::string name = variable_of(row);
    const std::string_view value = value_in(environment, name);
    if (value.empty()) {
      // https://no-color.org
      if (row.key == "color" && !value_in(environment, "NO_COLOR").empty()) {
        options.color = ColorWhen::Never;
      }
      continue;
    }
    if (auto refusal = read(row, value, options)) {
      mistakes.push_back(as_sentence(*refusal, '$' + name, value));
    }
  }
  return mistakes;
}

// ---- The command line.

std::string option_of(const Row& row) { return fmt::format("--{}", row.option); }

/// Finds the options with getopt_long.
class ArgumentReader {
 public:
  ArgumentReader(int argc, char** argv, ClientOptions& options)
      : argc_(argc), argv_(argv), options_(options) {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const Row& row = kRows[i];
      names_.push_back(std::string(row.option));
      names_.push_back("no-" + names_.back());
      if (row.letter != 0) {
        letters_ += {row.letter, ':'};
      }
    }
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const Row& row = kRows[i];
      const int code = kFirstCode + 2 * static_cast<int>(i);
      found_.push_back({names_[2 * i].c_str(),
                        row.argument.empty() ? no_argument : required_argument, nullptr, code});
      if (has_opposite(row)) {
        found_.push_back({names_[2 * i + 1].c_str(), no_argument, nullptr, code + 1});
      }
    }
    found_.push_back({"help", no_argument, nullptr, 'h'});
    found_.push_back({"version", no_argument, nullptr, 'V'});
    found_.push_back({nullptr, 0, nullptr, 0});
  }

  /// Returns what is wrong.
  [[nodiscard]] std::optional<std::string> read() {
    optind = 0;  // reset getopt_long
    opterr = 0;  // the caller prints the error
    for (int code = 0;
         (code = ::getopt_long(argc_, argv_, letters_.c_str(), found_.data(), nullptr)) != -1;) {
      if (auto mistake = take(code)) {
        return mistake;
      }
    }
    return take_operands({argv_ + optind, argv_ + argc_});
  }

  [[nodiscard]] const Given& given() const { return given_; }

 private:
  static constexpr int kFirstCode = 256;

  std::optional<std::string> take(int code) {
    switch (code) {
      case 'h':
        options_.action = ClientOptions::Action::PrintHelp;
        return std::nullopt;
      case 'V':
        if (options_.action != ClientOptions::Action::PrintHelp) {
          options_.action = ClientOptions::Action::PrintVersion;
        }
        return std::nullopt;
      case ':':
        return missing_argument();
      case '?':
        return refused();
      default:
        break;
    }
    const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                   [code](const Row& each) { return each.letter == code; });
    const int index = code - kFirstCode;
    if (code >= kFirstCode) {
      row = kRows.begin() + index / 2;
    }
    const std::string_view value =
        row->argument.empty() ? (index % 2 == 0 ? "true" : "false") : optarg;
    if (row->key == "server" && !given_.insert(row).second) {
      return "more than one server was given";
    }
    given_.insert(row);
    if (auto refusal = tribar::read(*row, value, options_)) {
      return refusal->sentence.empty()
                 ? fmt::format("{} must be {}", option_of(*row), refusal->allowed)
                 : fmt::format("{}: {}", option_of(*row), refusal->sentence);
    }
    return std::nullopt;
  }

  std::optional<std::string> missing_argument() const {
    const auto* row = std::find_if(kRows.begin(), kRows.end(), [](const Row& each) {
      return each.letter == optopt ||
             kFirstCode + 2 * static_cast<int>(&each - kRows.data()) == optopt;
    });
    return fmt::format("option {} needs {}", option_of(*row), row->argument);
  }

  /// Explains which option getopt_long has refused and why. For an unknown short option `optopt` is
  /// its character; for a long one it is 0, or the code of an option that takes no value.
  std::optional<std::string> refused() const {
    const bool is_short =
        optopt != 0 && std::none_of(found_.begin(), found_.end(),
                                    [](const option& each) { return each.val == optopt; });
    if (is_short) {
      return "unknown option " + shown(fmt::format("-{}", static_cast<char>(optopt)));
    }
    const std::string_view argument = argv_[optind - 1];
    if (!argument.starts_with("--")) {  // such as -h in a word of letters
      return "unknown option " + shown(argument);
    }
    const std::string_view name = argument.substr(2, argument.find('=') - 2);
    std::vector<std::string_view> all;
    std::vector<std::string_view> meant;
    for (const option& each : found_) {
      if (each.name != nullptr) {
        all.emplace_back(each.name);
        if (all.back().starts_with(name)) {
          meant.push_back(all.back());
        }
      }
    }
    if (meant.empty()) {
      const std::string_view near = nearest(name, all);
      return fmt::format("unknown option {}{}", shown(fmt::format("--{}", name)),
                         near.empty() ? "" : fmt::format("; did you mean --{}?", near));
    }
    if (meant.size() == 1) {
      return fmt::format("option --{} takes no value", meant[0]);
    }
    return fmt::format("option {} can be --{}", shown(argument), fmt::join(meant, " or --"));
  }

  std::optional<std::string> take_operands(std::span<char* const> operands) {
    const std::string_view first = operands.empty() ? "" : operands[0];
    if (first == "help") {
      options_.action = ClientOptions::Action::PrintHelp;
      return operands.size() == 1 ? std::nullopt : take_verb(operands.subspan(1));
    }
    if (find_verb(first) != nullptr) {
      return take_verb(operands);
    }
    if (options_.action != ClientOptions::Action::Run) {
      return std::nullopt;
    }
    if (auto mistake = refuse_foreign()) {
      return mistake;
    }
    if (operands.size() > 1) {
      std::vector<std::string_view> words{"help"};
      std::transform(kVerbs.begin(), kVerbs.end(), std::back_inserter(words),
                     [](const VerbRow& each) { return each.word; });
      const std::string_view meant = nearest(first, words);
      return fmt::format("more than one server was given{}",
                         meant.empty() ? "" : fmt::format("; did you mean 'tribar {}'?", meant));
    }
    return operands.empty() ? std::nullopt : take_server(first);
  }

  std::optional<std::string> take_server(std::string_view text) {
    if (!given_.insert(find_key("server")).second) {
      return "more than one server was given";
    }
    auto refusal = tribar::read(text, Servers{&options_.server, &options_.other_servers});
    return refusal ? std::optional(std::move(refusal->sentence)) : std::nullopt;
  }

  std::optional<std::string> take_verb(std::span<char* const> words) {
    const VerbRow* verb = find_verb(words[0]);
    if (verb == nullptr) {
      return fmt::format("there is no help for '{}'", shown(words[0]));
    }
    options_.verb = verb->verb;
    if (options_.action != ClientOptions::Action::Run) {
      return std::nullopt;
    }
    if (auto mistake = refuse_foreign()) {
      return mistake;
    }
    const std::span<char* const> operands = words.subspan(1);
    options_.operands.assign(operands.begin(), operands.end());
    return std::nullopt;
  }

  /// Refuses options that the verb does not have.
  [[nodiscard]] std::optional<std::string> refuse_foreign() const {
    for (const Row* row : given_) {
      if ((row->used_by & bit(options_.verb)) != 0) {
        continue;
      }
      if (options_.verb != Verb::None) {
        return fmt::format("{} is not for tribar {}", option_of(*row), word_of(options_.verb));
      }
      std::string verbs;
      for (const VerbRow& verb : kVerbs) {
        if ((row->used_by & bit(verb.verb)) != 0) {
          verbs += fmt::format("{}tribar {}", verbs.empty() ? "" : " and ", verb.word);
        }
      }
      return fmt::format("{} is for {}", option_of(*row), verbs);
    }
    return std::nullopt;
  }

  int argc_;
  char** argv_;
  ClientOptions& options_;
  std::vector<std::string> names_;
  std::vector<option> found_;
  std::string letters_ = ":hV";
  Given given_;
};

/// Rules about several settings together. Only what the command line says is a mistake: settings of
/// the file may be for other servers.
std::optional<std::string> why_not_together(const Given& given, const ClientOptions& options) {
  if (given.contains(find_key("ca")) && options.server.kind != ServerAddress::Kind::Tls) {
    return "--ca is for TLS: connect to tribars://HOST[:PORT]";
  }
  if (given.contains(find_key("secret_file")) && options.protocol_in_use() == 0) {
    return "--secret-file is for protocol 1: connect to tribars://HOST[:PORT], or use --protocol 1";
  }
  return std::nullopt;
}

ClientMistakes usage(std::vector<std::string> mistakes, Verb verb) {
  mistakes.push_back(verb == Verb::None ? "Try 'tribar --help'."
                                        : fmt::format("Try 'tribar help {}'.", word_of(verb)));
  return {EX_USAGE, std::move(mistakes)};
}

// ---- Help, and what the manual page and completions are made from.

/// What a shell can offer behind the option of `row`.
ArgumentValues values_of(const Row& row) {
  ClientOptions options;
  const Member member = row.member(options);
  ArgumentValues values;
  if (std::holds_alternative<Path>(member)) {
    values.kind = ArgumentValues::Kind::File;
  } else if (std::holds_alternative<ColorWhen*>(member)) {
    values.kind = ArgumentValues::Kind::Words;
    for (const auto& [name, value] : kColorNames) {
      values.words.emplace_back(name);
    }
  } else if (std::holds_alternative<std::optional<int>*>(member)) {
    values.kind = ArgumentValues::Kind::Words;
    values.words.assign(kProtocols.begin(), kProtocols.end());
  }
  return values;
}

constexpr std::string_view kHelpHelp = "print this and exit";
constexpr std::string_view kVersionHelp = "print the version and exit";

/// Those of `verb`; for Verb::None, of the program.
std::vector<CommandOption> options_of(Verb verb) {
  std::vector<CommandOption> options;
  for (const Row& row : kRows) {
    if ((row.used_by & bit(verb)) != 0) {
      options.push_back({.name = std::string(row.option),
                         .letter = row.letter,
                         .has_opposite = has_opposite(row),
                         .argument = std::string(row.argument),
                         .values = values_of(row),
                         .help = std::string(row.help)});
    }
  }
  options.push_back({.name = "help", .letter = 'h', .help = std::string(kHelpHelp)});
  if (verb == Verb::None) {
    options.push_back({.name = "version", .letter = 'V', .help = std::string(kVersionHelp)});
  }
  return options;
}

/// As the help shows it: -m, --message TEXT.
std::string shown_forms(const CommandOption& option) {
  return fmt::format("{}--{}{}{}{}", option.letter == 0 ? "" : fmt::format("-{}, ", option.letter),
                     option.has_opposite ? "[no-]" : "", option.name,
                     option.argument.empty() ? "" : " ", option.argument);
}

std::string help_of(std::string_view options, std::string_view text) {
  constexpr std::size_t kColumn = 22;
  return fmt::format("  {:<{}}{}\n", options, kColumn - 2, text);
}

}  // namespace

std::string_view word_of(Verb verb) {
  return verb == Verb::None ? std::string_view() : row_of(verb).word;
}

Result<ClientOptions, ClientMistakes> read_client_options(int argc, char** argv,
                                                          const Environment& environment) {
  ClientOptions asked;
  ArgumentReader first(argc, argv, asked);
  if (auto mistake = first.read()) {
    return usage({std::move(*mistake)}, asked.verb);
  }
  if (asked.action != ClientOptions::Action::Run) {
    return asked;
  }
  ClientOptions options;
  const std::string path = client_config_path(environment);
  if (!path.empty()) {
    auto text = read_config_file(path);
    if (!text) {
      return ClientMistakes{EX_CONFIG, {text.error()}};
    }
    if (text.value()) {
      auto mistakes =
          take_client_config(*text.value(), path, value_in(environment, "HOME"), options);
      if (!mistakes.empty()) {
        return ClientMistakes{EX_CONFIG, std::move(mistakes)};
      }
    }
  }
  auto mistakes = take_environment(environment, first.given(), options);
  if (!mistakes.empty()) {
    return usage(std::move(mistakes), asked.verb);
  }
  ArgumentReader again(argc, argv, options);
  auto mistake = again.read();
  if (!mistake) {
    mistake = why_not_together(again.given(), options);
  }
  if (mistake) {
    return usage({std::move(*mistake)}, asked.verb);
  }
  options.is_name_asked = again.given().contains(find_key("name"));
  return options;
}

std::string client_config_path(const Environment& environment) {
  constexpr std::string_view kFile = "/tribar/config";
  const std::string_view config = value_in(environment, "XDG_CONFIG_HOME");
  if (config.starts_with('/')) {  // others are invalid, says its specification
    return fmt::format("{}{}", config, kFile);
  }
  const std::string_view home = value_in(environment, "HOME");
  return home.starts_with('/') ? fmt::format("{}/.config{}", home, kFile) : "";
}

std::vector<std::string> take_client_config(std::string_view text, std::string_view file_name,
                                            std::string_view home, ClientOptions& options) {
  ConfigReader reader(file_name, home, options);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    reader.take(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return reader.mistakes();
}

std::string client_help(Verb verb) {
  std::string text;
  if (verb == Verb::None) {
    text =
        "Usage: tribar [OPTION]... [SERVER]\n"
        "       tribar send|list|receive|create|delete ...  for scripts: tribar help VERB\n"
        "Chat with other people on a tribar server.\n\n";
  } else {
    const VerbRow& row = row_of(verb);
    text = fmt::format("Usage: tribar {}{} [OPTION]...\n{}\n\n", row.word, row.operands, row.help);
  }
  for (const CommandOption& option : options_of(verb)) {
    text += help_of(shown_forms(option), option.help);
  }
  text +=
      "\n"
      "SERVER is tribars://HOST[:PORT] with TLS, HOST[:PORT] without, or unix:/PATH;\n"
      "default: 127.0.0.1:9000. Defaults for options: in ~/.config/tribar/config as\n"
      "secret_file = FILE, or as $TRIBAR_SECRET_FILE; docs/client.md has them all.\n"
      "Exit status: 0 success, 64 usage, 65 input cut off, 66 no secret file, 69 no\n"
      "server, 75 try again later, 76 broken protocol, 77 refused, 78 config file.\n";
  return text;
}

CommandLine client_command_line() {
  CommandLine line{.name = "tribar",
                   .operands = "[SERVER]",
                   .help = "Chat with other people on a tribar server.",
                   .options = options_of(Verb::None)};
  CommandLine help{.name = "help",
                   .operands = "[VERB]",
                   .operand = {.kind = ArgumentValues::Kind::Words},
                   .help = "Prints the help of VERB, or of the program."};
  for (const VerbRow& row : kVerbs) {
    help.operand.words.emplace_back(row.word);
    line.verbs.push_back(
        {.name = std::string(row.word),
         .operands = std::string(row.operands.substr(row.operands.empty() ? 0 : 1)),
         .help = std::string(row.help),
         .options = options_of(row.verb)});
  }
  line.verbs.push_back(std::move(help));
  return line;
}

}  // namespace tribar
