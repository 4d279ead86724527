// SPDX-License-Identifier: MIT
//
// The table of refusals: numbers and tokens that operators see.
#include "chat/refusal.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "support/printers.h"

namespace tribar {
namespace {

// The numbers are promised, so they stand here as numbers.
constexpr std::uint16_t kCodes[] = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 200,
                                    201, 202, 203, 204, 205, 206, 207, 208, 300, 301, 302, 303, 310,
                                    311, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411,
                                    412, 413, 414, 415, 500, 501, 502, 503, 504, 505, 506};

TEST(Refusals, KeepTheirNumbers) {
  std::vector<std::uint16_t> codes;
  for (const RefusalCode code : refusal_codes()) {
    codes.push_back(static_cast<std::uint16_t>(code));
  }
  EXPECT_EQ(codes, std::vector<std::uint16_t>(std::begin(kCodes), std::end(kCodes)));
}

TEST(Refusals, HaveATokenOfTheirOwn) {
  std::set<std::string_view> tokens;
  for (const std::uint16_t code : kCodes) {
    const std::string_view token = token_of(RefusalCode{code});
    EXPECT_TRUE(tokens.insert(token).second) << code << ' ' << token;
    EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos)
        << token;
  }
  EXPECT_EQ(tokens.count("refused"), 0U) << "a code without a row";
}

TEST(Refusals, SurviveACodeWithoutARow) { EXPECT_EQ(token_of(RefusalCode{9999}), "refused"); }

}  // namespace
}  // namespace tribar
