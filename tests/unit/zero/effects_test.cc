// SPDX-License-Identifier: MIT
//
// append_effect: what a peer is told, byte for byte.
#include "zero/effects.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/printers.h"
#include "support/test_peer.h"

namespace tribar {
namespace {

std::string encoded(const EffectBody& body) {
  ByteBuffer out;
  out.append("before");
  append_effect(out, body);
  return std::string(out.view().substr(6));
}

TEST(AppendEffect, WritesMessagesWhereverTheirFieldsStand) {
  const std::string frame = test::send_bytes("ann", "bob", "hi");
  const std::string_view data = std::string_view(frame).substr(42);
  const Message as_it_came{data.substr(0, 3), data.substr(6, 3), data.substr(12)};
  const std::string sender = "ann";
  const std::string recipient = "bob";
  const std::string text = "hi";
  const Message scattered{sender, recipient, text};
  const std::string together = "annhi";
  const Message kept{std::string_view(together).substr(0, 3), recipient,
                     std::string_view(together).substr(3)};
  for (const Message* message : {&as_it_came, &scattered, &kept}) {
    EXPECT_EQ(encoded(Echo{message}), frame);
    EXPECT_EQ(encoded(Push{message, AccountId{1}, MessageNumber{1}, UnixMs{1}, true, false}),
              frame);
  }
}

TEST(AppendEffect, WritesARowOfMessagesAsItCame) {
  const std::string frames =
      test::send_bytes("ann", "bob", "hi") + test::send_bytes("ann", "cid", "there") + "and more";
  const std::string_view data = std::string_view(frames).substr(42);
  const Message first{data.substr(0, 3), data.substr(6, 3), data.substr(12, 2)};
  const std::size_t behind = test::send_bytes("ann", "cid", "there").size();
  EXPECT_EQ(encoded(Echo{&first, 1, static_cast<std::uint32_t>(behind)}),
            frames.substr(0, frames.size() - 8));
}

TEST(FrameOf, IsWhatAppendEffectWrites) {
  const std::string frames =
      test::send_bytes("ann", "bob", "hi") + test::send_bytes("ann", "b", "1");
  const std::string_view data = std::string_view(frames).substr(42);
  const Message first{data.substr(0, 3), data.substr(6, 3), data.substr(12, 2)};
  const auto behind = static_cast<std::uint32_t>(test::send_bytes("ann", "b", "1").size());
  const Push push{&first, AccountId{1}, MessageNumber{1}, UnixMs{1}, true, false};
  for (const EffectBody& body :
       {EffectBody(Echo{&first}), EffectBody(Echo{&first, 1, behind}), EffectBody(push)}) {
    EXPECT_EQ(frame_of(body), encoded(body));
    EXPECT_EQ(frame_of(body).data(), frames.data());
  }
}

TEST(FrameOf, IsEmptyForWhatMustBePutTogether) {
  const std::string sender = "ann";
  const Message scattered{sender, "bob", "hi"};
  EXPECT_EQ(frame_of(Echo{&scattered}), "");
  EXPECT_EQ(frame_of(LoggedIn{}), "");
  EXPECT_EQ(frame_of(Names{"ann\n", 1}), "");
}

TEST(AppendEffect, WritesAnswers) {
  EXPECT_EQ(encoded(LoggedIn{}), test::bytes_of(test::response()));
  EXPECT_EQ(encoded(Refuse{{RefusalCode::UsernameTaken, 0, 0}}),
            test::bytes_of(test::response("username already exists")));
}

TEST(AppendEffect, JoinsNames) {
  EXPECT_EQ(encoded(Names{"", 0}), test::bytes_of(test::names({})));
  EXPECT_EQ(encoded(Names{"ann\n", 1}), test::bytes_of(test::names({"ann"})));
  EXPECT_EQ(encoded(Names{"ann\nb\ncid\n", 3}), test::bytes_of(test::names({"ann", "b", "cid"})));
}

TEST(AppendEffect, WritesNothingForWhatNobodyIsTold) {
  EXPECT_EQ(encoded(Done{}), "");
  EXPECT_EQ(encoded(LoggedOut{}), "");
  EXPECT_EQ(encoded(Close{}), "");
}

}  // namespace
}  // namespace tribar
