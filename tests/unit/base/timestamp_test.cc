// SPDX-License-Identifier: MIT
//
// Moments as text: near and far from 1970, and where four digits for the year do not do.
#include "base/timestamp.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tribar {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

// Before 1970 it had a milliseconds field of -01, and seconds that were one too late.
TEST(Timestamp, IsRightOnBothSidesOf1970) {
  struct Case {
    std::int64_t unix_ms;
    std::string text;
  };
  const std::vector<Case> cases{
      {0, "1970-01-01T00:00:00.000Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {-999, "1969-12-31T23:59:59.001Z"},
      {-1000, "1969-12-31T23:59:59.000Z"},
      {-1001, "1969-12-31T23:59:58.999Z"},
      {-kDayMs, "1969-12-31T00:00:00.000Z"},
      {-kDayMs - 1, "1969-12-30T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {1'234'567'890'123, "2009-02-13T23:31:30.123Z"},
      {-2'208'988'800'000, "1900-01-01T00:00:00.000Z"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(timestamp(c.unix_ms), c.text) << c.unix_ms;
  }
}

TEST(Timestamp, StopsAtTheFirstAndTheLastYearThatHasFourDigits) {
  constexpr std::int64_t kYear0 = -62'167'219'200'000;
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  const std::string first = "0000-01-01T00:00:00.000Z";
  const std::string last = "9999-12-31T23:59:59.999Z";
  EXPECT_EQ(timestamp(kYear0), first);
  EXPECT_EQ(timestamp(kYear0 - 1), first);
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::min()), first);
  EXPECT_EQ(timestamp(kYear10000 - 1), last);
  EXPECT_EQ(timestamp(kYear10000), last);
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::max()), last);
}

TEST(Timestamp, HasTheFormOfRfc3339AtAnyMoment) {
  const std::string form = "dddd-dd-ddTdd:dd:dd.dddZ";
  // Steps of a size that has nothing in common with days or years.
  constexpr std::int64_t kStep = 7'919'191'919'191'919;
  for (std::int64_t at = std::numeric_limits<std::int64_t>::min() + kStep;
       at < std::numeric_limits<std::int64_t>::max() - kStep; at += kStep) {
    for (const std::int64_t moment : {at, at % 300'000'000'000'000}) {
      std::string text = timestamp(moment);
      for (char& c : text) {
        c = std::isdigit(static_cast<unsigned char>(c)) != 0 ? 'd' : c;
      }
      ASSERT_EQ(text, form) << moment;
    }
  }
}

}  // namespace
}  // namespace tribar
