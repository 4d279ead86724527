// SPDX-License-Identifier: MIT
//
// Replies out of the data of frames, and back. A server is a peer too: anything may come.
#include "zero/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "support/printers.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr std::uint8_t kSend = 2;
constexpr std::uint8_t kResponse = 6;
constexpr std::uint8_t kListResponse = 7;

/// What parse_reply says: the reply, or the error's text.
using Parsed = std::variant<Reply, std::string>;

Parsed parse(std::uint8_t code, std::string_view data) {
  const auto result = parse_reply(code, data);
  return result ? Parsed(result.value()) : Parsed(result.error().text);
}

std::string encoded(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}

TEST(ParseReply, ReadsEveryReply) {
  EXPECT_EQ(parse(kResponse, ""), Parsed(Reply{Response{}}));
  EXPECT_EQ(parse(kResponse, "username already exists"),
            Parsed(Reply{Response{"username already exists"}}));
  EXPECT_EQ(parse(kListResponse, ""), Parsed(Reply{ListResponse{}}));
  EXPECT_EQ(parse(kListResponse, "ann"), Parsed(Reply{ListResponse{{"ann"}}}));
  EXPECT_EQ(parse(kListResponse, "ann|||bob|||cat"),
            Parsed(Reply{ListResponse{{"ann", "bob", "cat"}}}));
  EXPECT_EQ(parse(kSend, "ann|||bob||||x"), Parsed(Reply{Delivery{{"ann", "bob", "|x"}}}));
}

TEST(ParseReply, KeepsEmptyAndOddNames) {
  EXPECT_EQ(parse(kListResponse, "|||"), Parsed(Reply{ListResponse{{"", ""}}}));
  EXPECT_EQ(parse(kListResponse, "a||||b"), Parsed(Reply{ListResponse{{"a", "|b"}}}));
  EXPECT_EQ(parse(kListResponse, "a|||b|||"), Parsed(Reply{ListResponse{{"a", "b", ""}}}));
}

TEST(ParseReply, RefusesWhatNoServerSends) {
  for (unsigned code = 0; code < 0x100; ++code) {
    if (code != kSend && code != kResponse && code != kListResponse) {
      EXPECT_EQ(parse(static_cast<std::uint8_t>(code), ""),
                Parsed("command " + std::to_string(code) + " does not go from server to client"));
    }
  }
}

TEST(ParseReply, RefusesDataThatCannotBe) {
  EXPECT_EQ(parse(kResponse, "a\xff"), Parsed("an invalid answer: byte 255 is not ASCII"));
  EXPECT_EQ(parse(kListResponse, "a|||\x80"), Parsed("an invalid answer: byte 128 is not ASCII"));
  EXPECT_EQ(parse(kSend, "a|||b"),
            Parsed("an invalid message: this command takes 3 fields joined by |||, not 2"));
  EXPECT_EQ(parse(kSend, "a|||b|||\xfe"), Parsed("an invalid message: byte 254 is not ASCII"));
}

TEST(AppendReply, IsReadBackAsItWas) {
  const Reply replies[] = {Response{},
                           Response{"user is already logged in"},
                           ListResponse{},
                           ListResponse{{"ann"}},
                           ListResponse{{"ann", "bob"}},
                           Delivery{{"ann", "bob", "hi\n"}}};
  for (const Reply& reply : replies) {
    const std::string bytes = encoded(reply);
    const FrameCut cut = cut_frame(bytes, 1000);
    EXPECT_EQ(cut.kind, FrameCut::Kind::Whole);
    EXPECT_EQ(cut.frame_bytes, bytes.size());
    EXPECT_EQ(parse(cut.code, cut.data), Parsed(reply));
  }
}

TEST(AppendReply, AppendsTheBytesOfTheWire) {
  EXPECT_EQ(encoded(Response{}), std::string("\0\x06", 2) + std::string(40, '\0'));
  EXPECT_EQ(encoded(ListResponse{{"ann", "bob"}}),
            std::string("\0\x07", 2) + std::string(39, '\0') + "\x09" + "ann|||bob");
}

}  // namespace
}  // namespace tribar
