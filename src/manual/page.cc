// SPDX-License-Identifier: MIT
//
// See page.h. The language is described in scdoc(5).
#include "manual/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <vector>

#include "base/command_line.h"
#include "manual/programs.h"
#include "server/options.h"

namespace tribar {
namespace {

/// As a text without marks.
std::string escaped(std::string_view text) {
  std::string all;
  for (const char c : text) {
    if (c == '\\' || c == '*' || c == '_') {
      all += '\\';
    }
    all += c;
  }
  return all;
}

/// With a capital letter at the beginning, unless that is part of code.
std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

std::string bold(std::string_view text) { return fmt::format("*{}*", escaped(text)); }

/// Each word underlined.
std::string underlined(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string all;
  for (std::string word; words >> word;) {
    all += fmt::format("{}_{}_", all.empty() ? "" : " ", escaped(word));
  }
  return all;
}

/// An entry of a list. `tabs`: how far it is indented.
std::string entry(std::string_view term, std::string_view text, std::size_t tabs = 0) {
  const std::string indent(tabs, '\t');
  return fmt::format("{}{}\n{}\t{}\n\n", indent, term, indent, text);
}

std::string entry_of(const CommandOption& option, std::size_t tabs = 0) {
  std::string term;
  for (const std::string& form : option.forms()) {
    term += (term.empty() ? "" : ", ") + bold(form);
  }
  if (!option.argument.empty()) {
    term += ' ' + underlined(option.argument);
  }
  return entry(term, escaped(option.help), tabs);
}

std::string options_of(const CommandLine& program) {
  std::string all;
  for (const CommandOption& option : program.options) {
    all += entry_of(option);
  }
  return all;
}

bool has_option(const CommandLine& line, std::string_view name) {
  return std::any_of(line.options.begin(), line.options.end(),
                     [name](const CommandOption& option) { return option.name == name; });
}

std::string verbs_of(const CommandLine& program) {
  std::string all;
  for (const CommandLine& verb : program.verbs) {
    const std::string operands = verb.operands.empty() ? "" : ' ' + underlined(verb.operands);
    all += entry(bold(verb.name) + operands, escaped(verb.help));
    std::string shared;
    for (const CommandOption& option : verb.options) {
      if (has_option(program, option.name)) {
        shared += (shared.empty() ? "" : ", ") + bold("--" + option.name);
      } else {
        all += entry_of(option, 1);
      }
    }
    if (!shared.empty()) {
      all += fmt::format("\tOptions as above: {}.\n\n", shared);
    }
  }
  return all;
}

std::string exits_of(const CommandLine& program) {
  std::string all;
  for (const ExitStatus& status : program.exit_statuses) {
    all += entry(bold(status.code), capitalized(escaped(status.meaning)) + '.');
  }
  return all;
}

// ---- Tables of Markdown.

/// A cell in scdoc's language: code is bold, and of a link its text is left.
std::string cell_text(std::string_view cell) {
  std::string all;
  while (!cell.empty()) {
    const char c = cell.front();
    const std::size_t end = c == '`'   ? cell.find('`', 1)
                            : c == '[' ? cell.find("](")
                                       : std::string_view::npos;
    const std::size_t link_end =
        c == '[' && end != std::string_view::npos ? cell.find(')', end) : 0;
    if (end == std::string_view::npos || link_end == std::string_view::npos) {
      all += escaped(cell.substr(0, 1));
      cell.remove_prefix(1);
    } else if (c == '`') {
      all += bold(cell.substr(1, end - 1));
      cell.remove_prefix(end + 1);
    } else {
      all += escaped(cell.substr(1, end - 1));
      cell.remove_prefix(link_end + 1);
    }
  }
  return all;
}

/// The cells of a row `| a | b |`, in which \| is no border.
std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells(1);
  row.remove_prefix(1);
  for (std::size_t at = 0; at < row.size(); ++at) {
    if (row[at] == '\\' && at + 1 < row.size() && row[at + 1] == '|') {
      cells.back() += row[++at];
    } else if (row[at] == '|') {
      cells.emplace_back();
    } else {
      cells.back() += row[at];
    }
  }
  cells.pop_back();  // behind the last border
  for (std::string& cell : cells) {
    const std::size_t begin = std::min(cell.find_first_not_of(' '), cell.size());
    cell = cell.substr(begin, cell.find_last_not_of(' ') + 1 - begin);
  }
  return cells;
}

/// The lines of the `number`th table (from 1) below `heading`, before the next heading.
std::vector<std::string> table_lines(const std::string& document, std::string_view heading,
                                     std::size_t number) {
  std::istringstream lines(document);
  std::vector<std::string> table;
  std::size_t tables = 0;
  bool is_below = false;
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      is_below = line.substr(std::min(line.find_first_not_of("# "), line.size())) == heading;
    }
    const bool is_row = is_below && line.starts_with('|');
    tables += is_row && !is_inside ? 1 : 0;
    is_inside = is_row;
    if (is_row && tables == number) {
      table.push_back(line);
    }
  }
  return table;
}

/// The column whose cells need no label: "meaning", or the second of two. 0: none.
std::size_t main_column(const std::vector<std::string>& titles) {
  const auto found = std::find(titles.begin(), titles.end(), "meaning");
  if (found == titles.end()) {
    return titles.size() == 2 ? 1 : 0;
  }
  return static_cast<std::size_t>(found - titles.begin());
}

Result<std::string, PageError> list_of(const std::vector<std::string>& table) {
  if (table.size() < 3) {
    return PageError{"there is no such table"};
  }
  const std::vector<std::string> titles = cells_of(table[0]);
  const std::size_t main = main_column(titles);
  std::string all;
  for (std::size_t row = 2; row < table.size(); ++row) {
    const std::vector<std::string> cells = cells_of(table[row]);
    if (cells.size() != titles.size()) {
      return PageError{
          fmt::format("a row has {} cells, not {}: {}", cells.size(), titles.size(), table[row])};
    }
    std::string text = main == 0 ? "" : capitalized(cell_text(cells[main])) + '.';
    for (std::size_t column = 1; column < cells.size(); ++column) {
      if (column != main && !cells[column].empty()) {
        text += fmt::format("{}{}: {}.", text.empty() ? "" : " ",
                            capitalized(cell_text(titles[column])), cell_text(cells[column]));
      }
    }
    const std::string term = cell_text(cells[0]);
    all += entry(term.find('*') == std::string::npos ? '*' + term + '*' : term, text);
  }
  return all;
}

// ---- The page.

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

Result<std::string, PageError> replace_line(const std::string& line, const ReadSource& read) {
  std::istringstream words(line);
  std::string what;
  std::string name;
  words >> what >> name;
  if (what == "@table") {
    std::string heading;
    std::getline(words >> std::ws, heading);
    std::size_t number = 1;
    const std::size_t blank = heading.rfind(' ');
    if (blank != std::string::npos && blank + 2 == heading.size() && heading.back() >= '1' &&
        heading.back() <= '9') {
      number = static_cast<std::size_t>(heading.back() - '0');
      heading.resize(blank);
    }
    const auto document = read(name);
    if (!document) {
      return PageError{fmt::format("{} cannot be read", name)};
    }
    return list_of(table_lines(*document, heading, number));
  }
  const auto programs = all_programs();
  const auto program = std::find_if(programs.begin(), programs.end(),
                                    [&](const CommandLine& each) { return each.name == name; });
  if (program == programs.end()) {
    return PageError{fmt::format("there is no program {}", name)};
  }
  if (what == "@options") {
    return options_of(*program);
  }
  if (what == "@verbs") {
    return verbs_of(*program);
  }
  if (what == "@exits") {
    return exits_of(*program);
  }
  return PageError{fmt::format("{} is not known", what)};
}

}  // namespace

Result<std::string, PageError> manual_page(std::string_view source, const ReadSource& read) {
  std::istringstream lines{std::string(source)};
  std::string page;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line = replaced(std::move(line), "@version@", TRIBAR_VERSION);
    line = replaced(std::move(line), "@config_file@", escaped(kSystemConfigFile));
    if (!line.starts_with('@')) {
      page += line + '\n';
      continue;
    }
    auto text = replace_line(line, read);
    if (!text) {
      return PageError{fmt::format("line {}: {}", number, text.error().text)};
    }
    page += text.value();
  }
  return page;
}

}  // namespace tribar
