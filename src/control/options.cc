// SPDX-License-Identifier: MIT
//
// See options.h.
#include "control/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

struct Row {
  const char* name;      // of the long form
  char letter;           // of its short form
  const char* argument;  // as the help names it; nullptr: none
  const char* help;
};

// clang-format off
constexpr std::array kRows{
    Row{"socket", 's', "PATH", "ask at this socket; its default is below"},
    Row{"json", 'j', nullptr, "print JSON: an object for each row, one a line"},
    Row{"version", 'V', nullptr, "print the version, and exit"},
    Row{"help", 'h', nullptr, "print this text, and exit"},
};
// clang-format on

/// This one may stand behind the verb, too, where people write it, as --NAME.
constexpr std::string_view kJson = "json";

/// As getopt_long wants them.
constexpr auto kLongOptions = [] {
  std::array<option, kRows.size() + 1> all{};
  std::transform(kRows.begin(), kRows.end(), all.begin(), [](const Row& row) {
    return option{row.name, row.argument == nullptr ? no_argument : required_argument, nullptr,
                  row.letter};
  });
  return all;
}();

std::string letters() {
  // What stands behind the verb is its own, such as a name that begins with '-'; a missing argument
  // is reported as such.
  std::string all = "+:";
  for (const Row& row : kRows) {
    all += row.letter;
    all += row.argument == nullptr ? "" : ":";
  }
  return all;
}

constexpr std::array<std::pair<ControlExit, const char*>, 5> kExitMeanings{{
    {ControlExit::Fine, "done"},
    {ControlExit::Refused, "the server refuses, and says why"},
    {ControlExit::WrongUsage, "wrong usage"},
    {ControlExit::Unreachable, "no server is there, or this user may not ask it"},
    {ControlExit::Failed, "the answer was cut off or cannot be written"},
}};

/// What a verb's argument of this name can be, as far as a shell can complete it.
ArgumentValues values_of(std::string_view argument) {
  ArgumentValues values;
  if (argument == "FILE") {
    values.kind = ArgumentValues::Kind::File;
  } else if (argument == "[LEVEL]") {
    values.kind = ArgumentValues::Kind::Words;
    for (const log::Level level :
         {log::Level::Error, log::Level::Warn, log::Level::Info, log::Level::Debug}) {
      values.words.emplace_back(log::name_of(level));
    }
  }
  return values;
}

std::string wrong(const std::string& text) { return text + "\nTry 'tribarctl --help'."; }

std::string usage_of(const ControlVerbRow& row) {
  return row.arguments.empty() ? std::string(row.name)
                               : fmt::format("{} {}", row.name, row.arguments);
}

/// The verb of the first one or two operands, which it takes off.
const ControlVerbRow* take_verb(std::vector<std::string>& operands) {
  for (const std::size_t words : {std::size_t{2}, std::size_t{1}}) {
    if (operands.size() >= words) {
      const std::string name =
          words == 2 ? fmt::format("{} {}", operands[0], operands[1]) : operands[0];
      if (const ControlVerbRow* row = find_control_verb(name)) {
        operands.erase(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(words));
        return row;
      }
    }
  }
  return nullptr;
}

}  // namespace

Result<ControlOptions, std::string> parse_control_options(int argc, char** argv,
                                                          const char* environment) {
  ControlOptions options;
  options.socket = environment != nullptr && *environment != '\0' ? environment : kControlSocket;
  optind = 0;  // reset getopt_long
  opterr = 0;  // the caller prints the error
  const std::string short_options = letters();
  for (int code = 0; (code = getopt_long(argc, argv, short_options.c_str(), kLongOptions.data(),
                                         nullptr)) != -1;) {
    switch (code) {
      case 's':
        options.socket = optarg;
        break;
      case 'j':
        options.json = true;
        break;
      case 'V':
        options.action = std::max(options.action, ControlOptions::Action::PrintVersion);
        break;
      case 'h':
        options.action = ControlOptions::Action::PrintHelp;
        break;
      case ':':
        return wrong(fmt::format("option {} needs a value", log::escaped(argv[optind - 1])));
      default:
        return wrong(fmt::format("unknown option {}", log::escaped(argv[optind - 1])));
    }
  }
  if (options.action == ControlOptions::Action::PrintHelp ||
      options.action == ControlOptions::Action::PrintVersion) {
    return options;
  }
  std::vector<std::string> operands(argv + optind, argv + argc);
  if (!operands.empty() && operands.back() == fmt::format("--{}", kJson)) {
    options.json = true;
    operands.pop_back();
  }
  if (operands.empty()) {
    return wrong("what is to be done is missing");
  }
  options.verb = take_verb(operands);
  if (options.verb == nullptr) {
    return wrong(fmt::format("there is no {}", log::escaped(operands.front())));
  }
  if (operands.size() < options.verb->least || operands.size() > options.verb->most) {
    return wrong(fmt::format("it is: tribarctl {}", usage_of(*options.verb)));
  }
  options.arguments = std::move(operands);
  return options;
}

CommandLine control_command_line() {
  CommandLine line{.name = "tribarctl", .help = "Asks a running tribard."};
  for (const Row& row : kRows) {
    CommandOption option{.name = row.name, .letter = row.letter, .help = row.help};
    if (row.argument != nullptr) {  // a path
      option.argument = row.argument;
      option.values.kind = ArgumentValues::Kind::File;
    }
    line.options.push_back(std::move(option));
  }
  CommandOption json = *std::find_if(line.options.begin(), line.options.end(),
                                     [](const CommandOption& each) { return each.name == kJson; });
  json.letter = 0;
  for (const ControlVerbRow& row : control_verbs()) {
    line.verbs.push_back({.name = std::string(row.name),
                          .operands = std::string(row.arguments),
                          .operand = values_of(row.arguments),
                          .help = std::string(row.help),
                          .options = {json}});
  }
  for (const auto& [code, meaning] : kExitMeanings) {
    line.exit_statuses.push_back({std::to_string(static_cast<int>(code)), meaning});
  }
  return line;
}

std::string control_help() {
  const CommandLine line = control_command_line();
  std::string text =
      "Usage: tribarctl [OPTION]... VERB [ARGUMENT]...\n"
      "\n"
      "Asks a running tribard, at the socket of its setting control.socket.\n"
      "\n";
  for (const ControlVerbRow& row : control_verbs()) {
    fmt::format_to(std::back_inserter(text), "  {:<22} {}\n", usage_of(row), row.help);
  }
  fmt::format_to(std::back_inserter(text),
                 "\n"
                 "A secret is read from standard input, without echo from a terminal.\n"
                 "\n"
                 "{}"
                 "\n"
                 "Without --socket it asks at the socket that ${} names, or else at\n"
                 "{}. --{} may also stand at the end.\n"
                 "\n"
                 "Exit codes:\n",
                 help_of_options(line.options), kControlVariable, kControlSocket, kJson);
  for (const ExitStatus& status : line.exit_statuses) {
    fmt::format_to(std::back_inserter(text), "  {:<4} {}\n", status.code, status.meaning);
  }
  return text;
}

}  // namespace tribar
