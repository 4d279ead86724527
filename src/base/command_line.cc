// SPDX-License-Identifier: MIT
//
// See command_line.h.
#include "base/command_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace tribar {
namespace {

constexpr std::size_t kTextColumn = 22;
constexpr std::size_t kColumns = 80;

}  // namespace

std::size_t CommandOption::arguments() const {
  return argument.empty()
             ? 0
             : 1 + static_cast<std::size_t>(std::count(argument.begin(), argument.end(), ' '));
}

std::vector<std::string> CommandOption::forms() const {
  std::vector<std::string> forms;
  if (letter != 0) {
    forms.push_back({'-', letter});
  }
  forms.push_back("--" + name);
  if (has_opposite) {
    forms.push_back("--no-" + name);
  }
  return forms;
}

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string lines;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column > indent && column + 1 + word.size() > kColumns) {
      lines += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

std::string help_of_options(const std::vector<CommandOption>& options) {
  std::string text;
  for (const CommandOption& option : options) {
    const std::string letter = option.letter == 0 ? "    " : fmt::format("-{}, ", option.letter);
    const std::string left =
        fmt::format("  {}--{}{}{}{}", letter, option.has_opposite ? "[no-]" : "", option.name,
                    option.argument.empty() ? "" : " ", option.argument);
    // Two blanks before the text, or a line of its own.
    text += left.size() + 2 <= kTextColumn
                ? fmt::format("{:<{}}", left, kTextColumn)
                : fmt::format("{}\n{}", left, std::string(kTextColumn, ' '));
    text += wrapped(option.help, kTextColumn) + '\n';
  }
  return text;
}

}  // namespace tribar
