// SPDX-License-Identifier: MIT
//
// The manual pages: that each has all options of its program, all settings and exit codes, and
// names no option that does not exist; how tables become lists; what is wrong with a page.
#include "manual/page.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "config/config_table.h"
#include "manual/programs.h"
#include "server/options.h"

namespace tribar {
namespace {

std::optional<std::string> read_source(const std::string& path) {
  std::ifstream file(TRIBAR_SOURCE_FOLDER "/" + path);
  return file ? std::optional(std::string{std::istreambuf_iterator<char>(file), {}}) : std::nullopt;
}

std::string page(const std::string& name) {
  const auto source = read_source("docs/man/" + name + ".scd");
  if (!source) {
    ADD_FAILURE() << name << " cannot be read";
    return "";
  }
  const auto filled = manual_page(*source, read_source);
  EXPECT_TRUE(filled) << name << ": " << filled.error().text;
  return filled ? filled.value() : "";
}

std::string page_of(const CommandLine& program) {
  const bool is_for_operators = program.name == "tribard" || program.name == "tribarctl";
  return page(program.name + (is_for_operators ? ".8" : ".1"));
}

/// In scdoc's language, as a word in bold.
std::string bold(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '_' ? "\\_" : std::string(1, c);
  }
  return "*" + escaped + "*";
}

void expect_has(const std::string& page, const std::string& text) {
  EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(ManualPage, OfAProgramHasAllItsOptionsAndVerbs) {
  for (const CommandLine& program : all_programs()) {
    const std::string text = page_of(program);
    std::vector<CommandLine> lines = program.verbs;
    lines.push_back(program);
    for (const CommandLine& line : lines) {
      expect_has(text, bold(line.name));
      for (const CommandOption& option : line.options) {
        expect_has(text, bold("--" + option.name));
        if (option.letter != 0) {
          expect_has(text, bold(std::string{'-', option.letter}) + ", ");
        }
        if (option.has_opposite) {
          expect_has(text, bold("--no-" + option.name));
        }
      }
    }
    for (const ExitStatus& status : program.exit_statuses) {
      expect_has(text, '\n' + bold(status.code) + '\n');
    }
  }
}

/// A page may name those of another program, too.
TEST(ManualPage, NamesNoOptionThatDoesNotExist) {
  std::set<std::string> names;
  std::vector<std::string> pages{page("tribard.json.5")};
  for (const CommandLine& program : all_programs()) {
    pages.push_back(page_of(program));
    std::vector<CommandLine> lines = program.verbs;
    lines.push_back(program);
    for (const CommandLine& line : lines) {
      for (const CommandOption& option : line.options) {
        const auto forms = option.forms();
        names.insert(forms.begin(), forms.end());
      }
    }
  }
  for (const std::string& text : pages) {
    for (std::size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at)) {
      const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
      const std::string name = text.substr(at, end - at);
      EXPECT_TRUE(names.contains(name)) << name;
      at = end;
    }
  }
}

TEST(ManualPage, OfTheSettingsHasAllOfThem) {
  const std::string text = page("tribard.json.5");
  for (const ConfigRow& row : config_rows()) {
    expect_has(text, '\n' + bold(row.key) + "\n\t");
  }
  for (const char* key : {"host", "port", "socket", "protocols", "tls"}) {
    expect_has(text, '\n' + bold(key) + "\n\t");
  }
}

TEST(ManualPage, NamesTheFileOfTheSettingsAndTheVersion) {
  const std::string text = page("tribard.8");
  expect_has(text, TRIBAR_VERSION);
  std::string file = kSystemConfigFile;
  expect_has(text, '_' + file + '_');
}

/// The page with a document "a.md" at hand.
Result<std::string, PageError> with_document(const std::string& source,
                                             const std::string& document) {
  return manual_page(source, [&](const std::string& path) {
    return path == "a.md" ? std::optional(document) : std::nullopt;
  });
}

TEST(ManualPage, MakesAListOfATable) {
  const std::string document =
      "# One\n\n| key | value |\n|---|---|\n| `a_b` | none |\n"
      "\n## Two words\n\ntext\n\n| key | allowed | meaning |\n|---|---|---|\n"
      "| `x` | `1 \\| 2` | see [there](b.md#c) \\* |\n| y | | plain |\n"
      "\n| code | meaning |\n|---|---|\n| 0 | success |\n"
      "\n# Three\n\n| a | b |\n|---|---|\n| c | d |\n";
  EXPECT_EQ(with_document("@table a.md One\n", document).value(), "*a\\_b*\n\tNone.\n\n");
  EXPECT_EQ(with_document("@table a.md Two words\n", document).value(),
            "*x*\n\tSee there \\\\\\*. Allowed: *1 | 2*.\n\n*y*\n\tPlain.\n\n");
  EXPECT_EQ(with_document("before\n@table a.md Two words 2\nafter\n", document).value(),
            "before\n*0*\n\tSuccess.\n\nafter\n");
}

TEST(ManualPage, SaysWhatIsWrong) {
  const std::string document = "# One\n\n| a | b |\n|---|---|\n| c |\n\n# Empty\n";
  struct Case {
    std::string source;
    std::string error;
  };
  for (const Case& each : std::vector<Case>{
           {"a\n@nothing tribard\n", "line 2: @nothing is not known"},
           {"@options nobody\n", "line 1: there is no program nobody"},
           {"@table b.md One\n", "line 1: b.md cannot be read"},
           {"@table a.md Two\n", "line 1: there is no such table"},
           {"@table a.md One 2\n", "line 1: there is no such table"},
           {"@table a.md Empty\n", "line 1: there is no such table"},
           {"@table a.md One\n", "line 1: a row has 1 cells, not 2: | c |"},
       }) {
    const auto result = with_document(each.source, document);
    ASSERT_FALSE(result) << each.source;
    EXPECT_EQ(result.error().text, each.error);
  }
}

}  // namespace
}  // namespace tribar
