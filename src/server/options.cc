// SPDX-License-Identifier: MIT
//
// See options.h.
#include "server/options.h"

#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/log.h"
#include "config/config.h"

namespace tribar {
namespace {

// Larger than every character: these options have no short form.
constexpr int kPrintConfig = 256;
constexpr int kVerifyStorage = 257;
constexpr int kMoveStorage = 258;

struct Row {
  const char* name;      // of the long form
  int code;              // the letter of its short form, or one of the above
  const char* argument;  // as the help names it; nullptr: none
  const char* help;
};

// clang-format off
constexpr std::array kRows{
    Row{"config", 'c', "FILE", "take the settings from FILE; - is standard input"},
    Row{"check-config", 't', nullptr,
        "report every mistake in the settings, check the folder of the store, the files of tls, "
        "and that every address and socket is free or has a tribard that listens there already, "
        "and end"},
    Row{"print-config", kPrintConfig, nullptr, "print the settings in effect as JSON, and end"},
    Row{"verify-storage", kVerifyStorage, "STORE", "check the store, print what it contains, and exit"},
    Row{"move-storage", kMoveStorage, "FROM TO",
        "copy the store FROM into TO, which is empty or not there yet, compare the two, and exit; "
        "no server may use them"},
    Row{"version", 'V', nullptr, "print the version, and exit"},
    Row{"help", 'h', nullptr, "print this text, and exit"},
};
// clang-format on

constexpr bool has_letter(const Row& row) { return row.code < kPrintConfig; }

/// As getopt_long wants them.
constexpr auto kLongOptions = [] {
  std::array<option, kRows.size() + 1> all{};
  std::transform(kRows.begin(), kRows.end(), all.begin(), [](const Row& row) {
    return option{row.name, row.argument == nullptr ? no_argument : required_argument, nullptr,
                  row.code};
  });
  return all;
}();

std::string letters() {
  std::string all = ":";  // a missing argument is reported as such
  for (const Row& row : kRows) {
    if (has_letter(row)) {
      all += static_cast<char>(row.code);
      all += row.argument == nullptr ? "" : ":";
    }
  }
  return all;
}

constexpr std::array<std::pair<ExitCode, const char*>, 6> kExitMeanings{{
    {ExitCode::Fine, "success"},
    {ExitCode::WrongUsage, "wrong usage"},
    {ExitCode::CannotListen, "cannot listen, or too little memory or too few descriptors"},
    {ExitCode::Bug, "a bug"},
    {ExitCode::StorageFailed,
     "the store or its folder cannot be used or is damaged, also while the server stops, or the "
     "output cannot be printed, or the log cannot be opened"},
    {ExitCode::BadConfig,
     "mistakes in the settings, or the store does not exist, is in use, is not a regular file of "
     "its "
     "own, cannot be reached with this user or password, or belongs to another program or version"},
}};

constexpr std::size_t kMostShownBytes = 128;

/// A usage error that points to --help.
UsageError wrong(const std::string& text) { return {text + "\nTry 'tribard --help'."}; }

std::string shown(std::string_view text) { return log::escaped(text, kMostShownBytes); }

/// Explains which option getopt_long has refused and why. For an unknown short option `optopt` is
/// its character; for a long one it is 0, or the code of an option that takes no value.
UsageError refused_option(char** argv) {
  const bool is_short =
      optopt != 0 && std::none_of(kLongOptions.begin(), kLongOptions.end(),
                                  [](const option& o) { return o.val == optopt; });
  if (is_short) {
    return wrong("unknown option " + shown(fmt::format("-{}", static_cast<char>(optopt))));
  }
  const std::string_view argument = argv[optind - 1];
  const std::string_view name = argument.substr(2, argument.find('=') - 2);
  std::string meant;
  std::size_t count = 0;
  for (const option& o : kLongOptions) {
    if (o.name != nullptr && std::string_view(o.name).starts_with(name)) {
      meant += fmt::format("{}--{}", count++ == 0 ? "" : " or ", o.name);
    }
  }
  if (count == 0) {
    return wrong("unknown option " + shown(fmt::format("--{}", name)));
  }
  return wrong(count == 1 ? fmt::format("option {} takes no value", meant)
                          : fmt::format("option {} can be {}", shown(argument), meant));
}

}  // namespace

const char* const kSystemConfigFile = TRIBAR_SYSTEM_CONFIG;

Result<Options, UsageError> parse_options(int argc, char** argv) {
  Options options;
  const auto ask_for = [&](Options::Action action) {
    options.action = std::max(options.action, action);
  };
  optind = 0;  // reset getopt_long
  opterr = 0;  // the caller prints the error
  const std::string short_options = letters();
  for (int code = 0; (code = getopt_long(argc, argv, short_options.c_str(), kLongOptions.data(),
                                         nullptr)) != -1;) {
    switch (code) {
      case 'c':
        options.config_file = optarg;
        break;
      case 't':
        ask_for(Options::Action::CheckConfig);
        break;
      case kPrintConfig:
        ask_for(Options::Action::PrintConfig);
        break;
      case kVerifyStorage:
        options.storage = optarg;
        ask_for(Options::Action::VerifyStorage);
        break;
      case kMoveStorage:
        options.storage = optarg;
        ask_for(Options::Action::MoveStorage);
        break;
      case 'V':
        ask_for(Options::Action::PrintVersion);
        break;
      case 'h':
        ask_for(Options::Action::PrintHelp);
        break;
      case ':':
        return wrong(optopt == kMoveStorage
                         ? std::string("option --move-storage needs two stores: FROM TO")
                         : fmt::format("option {} needs a file name",
                                       optopt == 'c' ? "-c (--config)" : "--verify-storage"));
      default:
        return refused_option(argv);
    }
  }
  if (options.action == Options::Action::MoveStorage) {
    if (optind == argc) {
      return wrong("option --move-storage needs two stores: FROM TO");
    }
    options.move_to = argv[optind++];
  }
  if (optind < argc) {
    return wrong(fmt::format("unexpected argument '{}'; a settings file is named with -c",
                             shown(argv[optind])));
  }
  return options;
}

ConfigChoice choose_config(const Options& options, const char* environment,
                           const std::string& system_file) {
  if (options.config_file) {
    return {options.config_file, name_of_config(*options.config_file)};
  }
  if (environment != nullptr && *environment != '\0') {
    return {environment,
            fmt::format("{} (from ${})", name_of_config(environment), kConfigVariable)};
  }
  if (access(system_file.c_str(), F_OK) == 0) {
    return {system_file, system_file};
  }
  return {std::nullopt, "the built-in defaults"};
}

CommandLine server_command_line() {
  CommandLine line{.name = "tribard", .help = "A chat server for wire protocols 0 and 1."};
  for (const Row& row : kRows) {
    CommandOption option{.name = row.name, .help = row.help};
    if (has_letter(row)) {
      option.letter = static_cast<char>(row.code);
    }
    if (row.argument != nullptr) {  // all of them are files, or stores, which can be files
      option.argument = row.argument;
      option.values.kind = ArgumentValues::Kind::File;
    }
    line.options.push_back(std::move(option));
  }
  for (const auto& [code, meaning] : kExitMeanings) {
    line.exit_statuses.push_back({std::to_string(static_cast<int>(code)), meaning});
  }
  line.exit_statuses.push_back({"128+N", "ended by a second signal, whose number is N"});
  return line;
}

std::string help_text() {
  const CommandLine line = server_command_line();
  constexpr std::size_t kMeaningColumn = 9;
  std::string exits;
  for (const ExitStatus& status : line.exit_statuses) {
    exits += fmt::format("  {:<{}}{}\n", status.code, kMeaningColumn - 2,
                         wrapped(status.meaning, kMeaningColumn));
  }
  return fmt::format(
      R"(Usage: tribard [-c FILE] [-t] [--print-config] [--verify-storage STORE]
               [--move-storage FROM TO] [-V] [-h]
A chat server for wire protocols 0 and 1.

{}
A store is the path of a file, or 'postgresql:' and a connection string of
libpq, such as postgresql:service=tribar, or a URI postgresql://HOST/DATABASE.

Without --config the settings are read from the file that ${} names, or else
from the file
{},
or else the built-in defaults are used.
The log goes to standard error, or where log.file says. SIGTERM, SIGINT, SIGQUIT
and SIGXCPU stop the server once everything it has read is answered and written,
or after timeouts.shutdown_ms; a second such signal ends it at once. SIGHUP makes
it read its settings and the files of tls again, and open the log's file again.

Exit codes:
{})",
      help_of_options(line.options), kConfigVariable, kSystemConfigFile, exits);
}

}  // namespace tribar
