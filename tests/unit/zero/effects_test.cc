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

constexpr std::uint64_t kFrameBytes = 65536;

std::string encoded(const EffectBody& body, std::uint64_t frame_bytes = kFrameBytes) {
  ByteBuffer out;
  out.append("before");
  append_effect(out, body, frame_bytes);
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

/// A push of `message`, which came by protocol 1 and is not portable.
Push escaped(const Message& message) {
  Push push{&message, AccountId{1}, MessageNumber{1}, UnixMs{1}, true, false, true};
  push.is_portable = false;
  push.came_as = Protocol::One;
  return push;
}

TEST(AppendEffect, WritesATextThatIsNotPortableWithEscapes) {
  const Message message{"ann", "bob", "caf\xc3\xa9 ||| \\u{e9}"};
  EXPECT_EQ(encoded(escaped(message)),
            test::send_bytes("ann", "bob", "caf\\u{e9} |\\u{7c}| \\u{e9}"));
  // Other pushes do not pay for it.
  Push plain = escaped(message);
  plain.is_portable = true;
  EXPECT_EQ(encoded(plain), test::send_bytes("ann", "bob", message.text));
}

TEST(AppendEffect, CutsATextThatIsNotPortableAtTheLimitOfAFrame) {
  std::string text(1000, 'x');
  text += "\xc3\xa9";
  const Message message{"ann", "bob", text};
  // ann|||bob||| are 12 bytes, and the escape is 6.
  EXPECT_EQ(encoded(escaped(message), 1018),
            test::send_bytes("ann", "bob", text.substr(0, 1000) + "\\u{e9}"));
  EXPECT_EQ(encoded(escaped(message), 1017),
            test::send_bytes("ann", "bob", text.substr(0, 997) + "\\u{2026}"));
  EXPECT_EQ(encoded(escaped(message), 20), test::send_bytes("ann", "bob", "\\u{2026}"));
  EXPECT_EQ(encoded(escaped(message), 19), test::send_bytes("ann", "bob", ""));
  EXPECT_EQ(encoded(escaped(message), 0), test::send_bytes("ann", "bob", ""));
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
