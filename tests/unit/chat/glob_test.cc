// SPDX-License-Identifier: MIT
//
// Glob against a table of what Python's fnmatch answers, and its bound on work.
#include "chat/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace tribar {
namespace {

struct Fact {
  std::string_view pattern;
  std::string_view name;
  bool is_match;
};

constexpr Fact kFacts[] = {
#include "glob_facts.inc"
};

TEST(Glob, AnswersAsFnmatchDoes) {
  for (const Fact& fact : kFacts) {
    EXPECT_EQ(Glob(fact.pattern).matches(fact.name), fact.is_match)
        << "pattern '" << fact.pattern << "' name '" << fact.name << "'";
  }
}

TEST(Glob, KnowsAPatternThatIsJustAName) {
  EXPECT_EQ(Glob("ann").literal(), "ann");
  EXPECT_EQ(Glob("[ann").literal(), "[ann");
  EXPECT_EQ(Glob("an?").literal(), std::nullopt);
  EXPECT_EQ(Glob("*").literal(), std::nullopt);
  EXPECT_EQ(Glob("[a]nn").literal(), std::nullopt);
}

TEST(Glob, TakesAtMostPatternTimesNameSteps) {
  std::string pattern;
  for (int i = 0; i < 20; ++i) {
    pattern += "*a";
  }
  pattern += "*b";
  const std::string name(64, 'a');
  std::uint64_t steps = 0;
  EXPECT_FALSE(Glob(pattern).matches(name, steps));
  EXPECT_LE(steps, pattern.size() * name.size());
}

TEST(Glob, DismissesAPatternLongerThanTheNameAtOnce) {
  std::uint64_t steps = 0;
  EXPECT_FALSE(Glob(std::string(60000, '?')).matches(std::string(64, 'a'), steps));
  EXPECT_EQ(steps, 1U);
}

}  // namespace
}  // namespace tribar
