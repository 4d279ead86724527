// SPDX-License-Identifier: MIT
//
// The table of refusals: numbers, words and texts that peers and operators see.
#include "protocol/refusal.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "protocol/text.h"
#include "support/printers.h"

namespace tribar {
namespace {

// The numbers are promised, so they stand here as numbers.
constexpr std::uint16_t kCodes[] = {100, 101, 102, 103, 104, 105, 106, 200, 201, 202,
                                    203, 204, 300, 301, 302, 303, 400, 401, 402, 403,
                                    404, 405, 406, 407, 408, 500, 501, 502, 503, 504};

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

TEST(Refusals, HaveATextOfTheirOwnInPrintableAscii) {
  std::set<std::string> texts;
  for (const std::uint16_t code : kCodes) {
    const std::string text = text_of({RefusalCode{code}, ~std::uint64_t{0}, 12});
    EXPECT_TRUE(is_plain(text)) << code;
    EXPECT_FALSE(text.empty()) << code << ": an empty text is success";
    EXPECT_TRUE(texts.insert(text).second) << code << ' ' << text;
    EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
  }
}

TEST(Refusals, QuoteTheTextsOfTheProtocol) {
  EXPECT_EQ(text_of({RefusalCode::UsernameTaken}), "username already exists");
  EXPECT_EQ(text_of({RefusalCode::DelimiterInUsername}),
            "illegal character sequence ||| in username");
  EXPECT_EQ(text_of({RefusalCode::NoSuchUsername}), "username does not exist");
  EXPECT_EQ(text_of({RefusalCode::LoggedInElsewhere}), "user is already logged in");
  EXPECT_EQ(text_of({RefusalCode::DeliverBeforeLogin}),
            "attempting to deliver undelivered messages before logging in");
}

TEST(Refusals, NameTheirFigures) {
  EXPECT_EQ(text_of({RefusalCode::BadVersion, 7, 0}),
            "protocol version 7 is not supported, this server speaks version 0");
  EXPECT_EQ(text_of({RefusalCode::FrameTooLong, 99, 65536}),
            "the frame announces more data than the limit of 65536 bytes");
  EXPECT_EQ(text_of({RefusalCode::UsernameTooLong, 65, 64}),
            "the username has 65 bytes, 64 are allowed");
  EXPECT_EQ(text_of({RefusalCode::WrongFieldCount, 4, 3}),
            "this command takes 3 fields joined by |||, not 4");
}

TEST(Refusals, SayWhichPreconditionOfSendFailed) {
  const std::set<std::string> texts{text_of({RefusalCode::SendBeforeLogin}),
                                    text_of({RefusalCode::SenderIsNotYou}),
                                    text_of({RefusalCode::NoSuchRecipient})};
  EXPECT_EQ(texts, (std::set<std::string>{
                       "attempting to send a message before logging in",
                       "the sender is not the account that is logged in on this connection",
                       "recipient does not exist"}));
}

TEST(Refusals, SurviveACodeWithoutARow) {
  EXPECT_EQ(text_of({RefusalCode{9999}}), "refused");
  EXPECT_EQ(token_of(RefusalCode{9999}), "refused");
}

}  // namespace
}  // namespace tribar
