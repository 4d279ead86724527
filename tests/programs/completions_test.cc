// SPDX-License-Identifier: MIT
//
// The completions of all programs, as bash, zsh and fish offer them, compared with the tables of
// options from which they are made. A shell that is not installed is skipped.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "manual/programs.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

using Offers = std::set<std::string>;
using Kind = ArgumentValues::Kind;

/// A line of which the end is to be completed, and what must be offered.
struct Case {
  std::string line;
  Offers offers;
  Offers options{};  // zsh offers these where it has nothing else
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The path of the shell; empty: it is not installed.
std::string find_shell(const std::string& shell) {
  std::istringstream folders(environment("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + '/' + shell).c_str(), X_OK) == 0) {
      return folder + '/' + shell;
    }
  }
  return "";
}

/// The only file in the folder in which the shells run.
constexpr const char* kFile = "report.json";

Offers forms_of(const CommandLine& line) {
  Offers forms;
  for (const CommandOption& option : line.options) {
    for (std::string& form : option.forms()) {
      forms.insert(std::move(form));
    }
  }
  return forms;
}

Offers offers_of(const ArgumentValues& values) {
  switch (values.kind) {
    case Kind::File:
      return {kFile};
    case Kind::Words:
      return {values.words.begin(), values.words.end()};
    case Kind::Any:
      break;
  }
  return {};
}

/// `start`: the words of `line`, each with a blank behind it.
void add_cases(const std::string& start, const CommandLine& line, std::vector<Case>& cases) {
  cases.push_back({start + '-', forms_of(line)});
  for (const CommandOption& option : line.options) {
    if (option.arguments() == 0) {
      continue;
    }
    const std::string prefix = option.values.kind == Kind::File ? "rep" : "";
    const Offers offers = offers_of(option.values);
    for (const std::string& form : option.forms()) {
      cases.push_back({start + form + ' ' + prefix, offers});
    }
    if (option.values.kind == Kind::Words) {
      cases.push_back({fmt::format("{}--{}={}", start, option.name, option.values.words[0]),
                       {option.values.words[0]}});
    }
    if (option.arguments() == 2) {
      cases.push_back({fmt::format("{}--{} first {}", start, option.name, prefix), offers});
    }
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const CommandLine& program : all_programs()) {
    const std::string start = program.name + ' ';
    add_cases(start, program, cases);
    Offers verbs;
    std::map<std::string, Offers> second_words;
    for (const CommandLine& verb : program.verbs) {
      const std::string first = verb.name.substr(0, verb.name.find(' '));
      verbs.insert(first);
      if (first != verb.name) {
        second_words[first].insert(verb.name.substr(first.size() + 1));
      }
      add_cases(start + verb.name + ' ', verb, cases);
      cases.push_back(
          {fmt::format("{}{} {}", start, verb.name, verb.operand.kind == Kind::File ? "rep" : ""),
           offers_of(verb.operand), verb.operands.empty() ? forms_of(verb) : Offers()});
    }
    cases.push_back({start, verbs, verbs.empty() ? forms_of(program) : Offers()});
    cases.push_back({start + "no-such", {}});
    for (const auto& [first, offers] : second_words) {
      cases.push_back({fmt::format("{}{} ", start, first), offers});
      cases.push_back({fmt::format("{}{} --", start, first), {}});
      cases.push_back({fmt::format("{}{} no-such ", start, first), {}, forms_of(program)});
    }
  }
  // A verb stands behind the values of options, and a value that is called like one is none.
  cases.push_back({"tribar --as send re", {"receive"}});
  cases.push_back({"tribar --as receive send --mes", {"--message"}});
  cases.push_back({"tribarctl --socket user log", {"log-level"}});
  cases.push_back({"tribarctl --socket=there user set", {"set-secret"}});
  cases.push_back({"tribarctl log-level d", {"debug"}});
  cases.push_back({"tribarctl -j --socket there log-level w", {"warn"}});
  cases.push_back({"tribarctl --socket there user s", {"set-secret", "show"}});
  cases.push_back({"tribarctl --socket there user add --", {"--json"}});
  // Behind a server there is no verb.
  cases.push_back({"tribar localhost --bel", {"--bell"}});
  cases.push_back({"tribar localhost re", {}});
  return cases;
}

/// Runs `command`, which completes the lines of all cases, and compares what it offers.
void expect_offers(std::vector<std::string> command, bool is_zsh = false) {
  const TemporaryFolder folder;
  write_file(folder.file(kFile), "");
  const std::vector<Case> cases = all_cases();
  command.insert(command.begin(), {"/usr/bin/env", "-C", folder.path(), "HOME=" + folder.path()});
  command.push_back(environment("TRIBAR_COMPLETIONS"));
  for (const Case& each : cases) {
    command.push_back(each.line);
  }
  Process shell(command, Process::Stdio::Pipes);
  shell.end_input();
  ASSERT_EQ(shell.wait_for_exit(), 0) << shell.error();
  EXPECT_EQ(shell.error(), "");
  std::istringstream output(shell.output());
  for (const Case& each : cases) {
    Offers offers;
    std::string line;
    while (std::getline(output, line) && line != ".") {
      // fish offers the whole word.
      offers.insert(line.starts_with("--") ? line.substr(line.find('=') + 1) : line);
    }
    EXPECT_EQ(line, ".") << each.line;
    EXPECT_EQ(offers, is_zsh && !each.options.empty() ? each.options : each.offers)
        << "'" << each.line << "'";
  }
}

TEST(Completions, HaveCasesOfEachKind) {
  const std::vector<Case> cases = all_cases();
  EXPECT_GE(cases.size(), 80U);
  EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [](const Case& each) {
    return each.line == "tribar --color " && each.offers == Offers{"auto", "always", "never"};
  }));
}

TEST(Completions, BashOffersWhatTheTablesHave) {
  const std::string bash = find_shell("bash");
  if (bash.empty()) {
    GTEST_SKIP() << "bash is not installed";
  }
  expect_offers({bash, "--norc", environment("TRIBAR_COMPLETE") + ".bash"});
}

TEST(Completions, ZshOffersWhatTheTablesHave) {
  const std::string zsh = find_shell("zsh");
  if (zsh.empty()) {
    GTEST_SKIP() << "zsh is not installed";
  }
  expect_offers({zsh, "-f", environment("TRIBAR_COMPLETE") + ".zsh"}, true);
}

TEST(Completions, FishOffersWhatTheTablesHave) {
  const std::string fish = find_shell("fish");
  if (fish.empty()) {
    GTEST_SKIP() << "fish is not installed";
  }
  expect_offers({fish, "--no-config", environment("TRIBAR_COMPLETE") + ".fish"});
}

}  // namespace
}  // namespace tribar::test
