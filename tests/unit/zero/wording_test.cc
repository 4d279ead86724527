// SPDX-License-Identifier: MIT
//
// How protocol 0 words refusals: texts that peers see.
#include "zero/wording.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "chat/text.h"
#include "support/printers.h"

namespace tribar {
namespace {

TEST(Wording, HaveATextOfTheirOwnInPrintableAscii) {
  std::set<std::string> texts;
  for (const RefusalCode code : refusal_codes()) {
    const std::string text = text_of({code, ~std::uint64_t{0}, 12});
    EXPECT_TRUE(is_plain(text)) << token_of(code);
    EXPECT_FALSE(text.empty()) << token_of(code) << ": an empty text is success";
    EXPECT_TRUE(texts.insert(text).second) << token_of(code) << ' ' << text;
    EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
  }
}

TEST(Wording, QuoteTheTextsOfTheProtocol) {
  EXPECT_EQ(text_of({RefusalCode::UsernameTaken}), "username already exists");
  EXPECT_EQ(text_of({RefusalCode::DelimiterInUsername}),
            "illegal character sequence ||| in username");
  EXPECT_EQ(text_of({RefusalCode::NoSuchUsername}), "username does not exist");
  EXPECT_EQ(text_of({RefusalCode::LoggedInElsewhere}), "user is already logged in");
  EXPECT_EQ(text_of({RefusalCode::DeliverBeforeLogin}),
            "attempting to deliver undelivered messages before logging in");
}

TEST(Wording, NameTheirFigures) {
  EXPECT_EQ(text_of({RefusalCode::BadVersion, 7, 0}),
            "protocol version 7 is not supported, this server speaks version 0");
  EXPECT_EQ(text_of({RefusalCode::FrameTooLong, 99, 65536}),
            "the frame announces more data than the limit of 65536 bytes");
  EXPECT_EQ(text_of({RefusalCode::UsernameTooLong, 65, 64}),
            "the username has 65 bytes, 64 are allowed");
  EXPECT_EQ(text_of({RefusalCode::WrongFieldCount, 4, 3}),
            "this command takes 3 fields joined by |||, not 4");
}

TEST(Wording, NameTheServerThatServes) {
  EXPECT_EQ(text_of({RefusalCode::Standby}, "db2:9000"),
            "this server is a standby; the one that serves: db2:9000");
  EXPECT_EQ(text_of({RefusalCode::TakenOver}, "[::1]:9000"),
            "another server has taken over: [::1]:9000");
  EXPECT_EQ(text1_of({RefusalCode::TakenOver}), "another server has taken over: unknown");
  EXPECT_EQ(token1_of(RefusalCode::Standby), "stopping");
  EXPECT_EQ(token1_of(RefusalCode::TakenOver), "stopping");
  EXPECT_EQ(text_of({RefusalCode::ShuttingDown}, "db2:9000"), "the server is shutting down");
}

TEST(Wording, SayWhichPreconditionOfSendFailed) {
  const std::set<std::string> texts{text_of({RefusalCode::SendBeforeLogin}),
                                    text_of({RefusalCode::SenderIsNotYou}),
                                    text_of({RefusalCode::NoSuchRecipient})};
  EXPECT_EQ(texts, (std::set<std::string>{
                       "attempting to send a message before logging in",
                       "the sender is not the account that is logged in on this connection",
                       "recipient does not exist"}));
}

TEST(Wording, SurvivesACodeWithoutARow) { EXPECT_EQ(text_of({RefusalCode{9999}}), "refused"); }

}  // namespace
}  // namespace tribar
