// SPDX-License-Identifier: MIT
//
// See options.h.
#include "control/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::array kLongOptions{
    option{"socket", required_argument, nullptr, 's'},
    option{"json", no_argument, nullptr, 'j'},
    option{"version", no_argument, nullptr, 'V'},
    option{"help", no_argument, nullptr, 'h'},
    option{nullptr, 0, nullptr, 0},
};

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
  // '+': what stands behind the verb is its own, such as a name that begins with '-'.
  for (int code = 0;
       (code = getopt_long(argc, argv, "+:s:jVh", kLongOptions.data(), nullptr)) != -1;) {
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
  // Also behind the verb, where people write it.
  if (!operands.empty() && operands.back() == "--json") {
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

std::string control_help() {
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
                 "  -s, --socket=PATH      the socket; else ${}, else {}\n"
                 "  -j, --json             print a line of JSON for each row\n"
                 "  -V, --version          print the version, and exit\n"
                 "  -h, --help             print this, and exit\n"
                 "\n"
                 "Exit codes: 0 done, 1 the server refuses, 64 wrong usage, 69 no server there, 74 "
                 "the answer\n"
                 "was cut off or cannot be written.\n",
                 kControlVariable, kControlSocket);
  return text;
}

}  // namespace tribar
