// SPDX-License-Identifier: MIT
//
// What README.md and docs/protocol.md list is what the code has: every setting, every refusal,
// every token; and what is shown byte by byte can be read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "chat/refusal.h"
#include "config/config_table.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply1.h"
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

TEST(LicensesDoc, ListsEveryDependency) {
  const std::string doc = text_of_file("docs/licenses.md");
  const std::string_view call = "dependency('";
  int dependencies = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(TRIBAR_SOURCE_FOLDER "/src")) {
    if (entry.path().filename() != "meson.build") {
      continue;
    }
    const std::string text =
        text_of_file(std::filesystem::relative(entry.path(), TRIBAR_SOURCE_FOLDER).string()) +
        text_of_file("meson.build");
    for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at)) {
      at += call.size();
      const std::string name = text.substr(at, text.find('\'', at) - at);
      ++dependencies;
      EXPECT_NE(doc.find("`" + name + "`"), std::string::npos) << name;
    }
  }
  EXPECT_GE(dependencies, 10);
}

std::string_view word_of(Reload reload) {
  for (const auto& [name, value] : names_of(reload)) {
    if (value == reload) {
      return name;
    }
  }
  return {};
}

/// The line of `text` that starts with `start`, behind spaces, at `from` or later; without both.
std::string line_with(const std::string& text, const std::string& start, std::size_t from = 0) {
  std::istringstream lines(text.substr(std::min(from, text.size())));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find_first_not_of(' ');
    if (at != std::string::npos && line.compare(at, start.size(), start) == 0) {
      return line.substr(at + start.size());
    }
  }
  return "is not there";
}

TEST(Readme, SaysWhatAChangeOfEachSettingNeeds) {
  const std::string readme = text_of_file("README.md");
  for (const ConfigRow& row : config_rows()) {
    const std::string line = line_with(readme, fmt::format("| `{}` | ", row.key));
    EXPECT_TRUE(line.ends_with(fmt::format(" | {} |", word_of(row.reload)))) << row.key << line;
  }
}

TEST(ShippedConfig, SaysWhatAChangeOfEachSettingNeeds) {
  const std::string shipped = text_of_file("config/tribard.json");
  for (const ConfigRow& row : config_rows()) {
    const std::size_t section =
        row.section().empty() ? 0 : shipped.find(fmt::format("\n  \"{}\": {{", row.section()));
    const std::string line = line_with(shipped, fmt::format("\"{}\": ", row.name()), section);
    EXPECT_TRUE(line.ends_with(fmt::format("  // {}", word_of(row.reload)))) << row.key << line;
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
    std::string text = text_of({RefusalCode{code}, 111, 222}, "<address>");
    text = replaced(replaced(text, "111", "<found>"), "222", "<allowed>");
    const std::string line =
        fmt::format("| {} | `{}` | `{}` |", code, token, replaced(text, "|", "\\|"));
    EXPECT_NE(doc.find(line), std::string::npos) << line;
  }
  EXPECT_GE(refusals, 29);
}

TEST(ProtocolDoc, ListsEveryTokenOfProtocol1WithItsCodes) {
  const std::string doc = text_of_file("docs/protocol.md");
  std::map<std::string_view, std::string> codes;  // of each token, as they are listed
  for (const RefusalCode code : refusal_codes()) {
    std::string& list = codes[token1_of(code)];
    list += (list.empty() ? "" : ", ") + std::to_string(static_cast<int>(code));
  }
  const std::size_t begin = doc.find("\n| token | codes | when |\n|---|---|---|\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string table = doc.substr(begin, doc.find("\n\n", begin + 1) + 1 - begin);
  EXPECT_NE(table.find(fmt::format("\n| `{}` | | ", kOk)), std::string::npos);
  for (const auto& [token, list] : codes) {
    const std::string row = fmt::format("\n| `{}` | {} | ", token, list);
    EXPECT_NE(table.find(row), std::string::npos) << row;
  }
  // The two lines of its head, one for each token, and one for success.
  const auto lines = static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')) - 1;
  EXPECT_EQ(lines, 2 + codes.size() + 1);
}

/// The bytes that `line` of a dialogue shows; what stands in brackets is zeros.
std::string bytes_of_line(std::string line) {
  const std::string_view zeros = "(39 × 00)";
  if (const std::size_t at = line.find(zeros); at != std::string::npos) {
    std::string spelled;
    for (int i = 0; i < 39; ++i) {
      spelled += "00 ";
    }
    line.replace(at, zeros.size(), spelled);
  }
  std::string bytes;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    bytes += static_cast<char>(std::stoi(word, nullptr, 16));
  }
  return bytes;
}

TEST(ProtocolDoc, ShowsFramesOfProtocol1ThatCanBeRead) {
  const std::string doc = text_of_file("docs/protocol.md");
  std::istringstream lines(doc.substr(doc.find("### A dialogue of protocol 1")));
  std::string who;
  std::string frame;
  int frames = 0;
  const auto check = [&] {
    if (who.empty()) {
      return;
    }
    ++frames;
    const FrameCut cut = cut_frame(frame, 1000, kVersion1);
    ASSERT_EQ(cut.kind, FrameCut::Kind::Whole) << who;
    EXPECT_EQ(cut.frame_bytes, frame.size()) << who;
    if (who.starts_with("server")) {
      EXPECT_TRUE(parse_reply1(cut.code, cut.data)) << who;
    } else {
      EXPECT_TRUE(parse_command1(cut.code, cut.data, {})) << who;
    }
    frame.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("        ")) {
      frame += bytes_of_line(line);
    } else if (line.starts_with("    ")) {
      check();
      who = line.substr(4);
    }
  }
  check();
  EXPECT_GE(frames, 15);
}

}  // namespace
}  // namespace tribar
