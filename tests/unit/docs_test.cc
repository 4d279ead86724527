// SPDX-License-Identifier: MIT
//
// What README.md and docs/protocol.md list is what the code has: every setting, every refusal.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "chat/refusal.h"
#include "config/config_table.h"
#include "zero/wording.h"

namespace tribar {
namespace {

std::string text_of_file(const std::string& name) {
  std::ifstream file(TRIBAR_SOURCE_FOLDER "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Readme, ListsEverySetting) {
  const std::string readme = text_of_file("README.md");
  Config config;
  for (const ConfigRow& row : config_rows()) {
    std::string line = fmt::format("| `{}` | ", row.key);
    const ConfigMember member = row.member(config);
    if (const auto* number = std::get_if<std::uint64_t*>(&member)) {
      line += fmt::format("{} | {}..{} |", **number, row.range.least, row.range.most);
    } else if (const auto* small = std::get_if<unsigned*>(&member)) {
      line += fmt::format("{} | {}..{} |", **small, row.range.least, row.range.most);
    } else if (const auto* boolean = std::get_if<bool*>(&member)) {
      line += fmt::format("{} | true, false |", **boolean);
    }
    EXPECT_NE(readme.find(line), std::string::npos) << line;
  }
}

TEST(ProtocolDoc, ListsEveryRefusal) {
  const std::string doc = text_of_file("docs/protocol.md");
  const std::string_view unlisted = token_of(RefusalCode{});
  int refusals = 0;
  for (std::uint16_t code = 1; code < 1000; ++code) {
    const std::string_view token = token_of(RefusalCode{code});
    if (token == unlisted) {
      continue;
    }
    ++refusals;
    // The figures 111 and 222 stand in no text of their own.
    std::string text = text_of({RefusalCode{code}, 111, 222});
    text = replaced(replaced(text, "111", "<found>"), "222", "<allowed>");
    const std::string line =
        fmt::format("| {} | `{}` | `{}` |", code, token, replaced(text, "|", "\\|"));
    EXPECT_NE(doc.find(line), std::string::npos) << line;
  }
  EXPECT_GE(refusals, 29);
}

}  // namespace
}  // namespace tribar
