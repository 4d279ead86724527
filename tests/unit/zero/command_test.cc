// SPDX-License-Identifier: MIT
//
// Commands out of the data of frames, and back.
#include "zero/command.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "support/printers.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr std::uint8_t kCreate = 0;
constexpr std::uint8_t kList = 1;
constexpr std::uint8_t kSend = 2;
constexpr std::uint8_t kDeliver = 3;
constexpr std::uint8_t kDelete = 4;
constexpr std::uint8_t kLogin = 5;

/// What parse_command says, as one value.
using Parsed = std::variant<Command, Refusal>;

Parsed parse(std::uint8_t code, std::string_view data) {
  const auto result = parse_command(code, data, CommandLimits{.username_bytes = 8});
  return result ? Parsed(result.value()) : Parsed(result.error());
}

Parsed refused(RefusalCode code, std::uint64_t found = 0, std::uint64_t allowed = 0) {
  return Refusal{code, found, allowed};
}

Parsed sent(std::string_view sender, std::string_view recipient, std::string_view text) {
  return Command{Send{{sender, recipient, text}}};
}

std::string encoded(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}

TEST(ParseCommand, ReadsEveryCommand) {
  EXPECT_EQ(parse(kCreate, "testname"), Parsed(Command{Create{"testname"}}));
  EXPECT_EQ(parse(kList, ""), Parsed(Command{List{}}));
  EXPECT_EQ(parse(kList, "a*"), Parsed(Command{List{"a*"}}));
  EXPECT_EQ(parse(kSend, "ann|||bob|||hello"), sent("ann", "bob", "hello"));
  EXPECT_EQ(parse(kDeliver, ""), Parsed(Command{Deliver{}}));
  EXPECT_EQ(parse(kDelete, ""), Parsed(Command{Delete{}}));
  EXPECT_EQ(parse(kLogin, "ann"), Parsed(Command{Login{"ann"}}));
}

TEST(ParseCommand, RefusesEveryOtherCode) {
  for (unsigned code = 6; code < 0x100; ++code) {
    EXPECT_EQ(parse(static_cast<std::uint8_t>(code), "ann"),
              refused(RefusalCode::UnknownCommand, code));
  }
}

TEST(ParseCommand, CutsAMessageAtTheLeftmostDelimiters) {
  const struct {
    std::string_view data;
    Parsed parsed;
  } cases[] = {
      {"a|||b||||x", sent("a", "b", "|x")},   {"a||||b|||x", sent("a", "|b", "x")},
      {"a|||||b|||x", sent("a", "||b", "x")}, {"|a|||b|||x||", sent("|a", "b", "x||")},
      {"a|||b|||", sent("a", "b", "")},       {"a|||b||||", sent("a", "b", "|")},
      {"a|||b|||||", sent("a", "b", "||")},   {"||||||", sent("", "", "")},
      {"|||||||", sent("", "", "|")},         {"a|||b|||x|y||z", sent("a", "b", "x|y||z")},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(parse(kSend, c.data), c.parsed) << c.data;
  }
}

TEST(ParseCommand, RefusesTheWrongNumberOfFields) {
  const struct {
    std::string_view data;
    std::uint64_t fields;
  } cases[] = {
      {"", 1},          {"hello", 1},        {"||", 1},
      {"a|||b", 2},     {"|||", 2},          {"a|||b||", 2},
      {"|||||", 2},     {"a|||b|||x|||", 4}, {"a|||b|||x|||y", 4},
      {"|||||||||", 4}, {"a|||b||||||x", 4}, {"a|||b|||x|||y|||z", 5},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(parse(kSend, c.data), refused(RefusalCode::WrongFieldCount, c.fields, 3)) << c.data;
  }
}

TEST(ParseCommand, RefusesDataWhereNoneBelongs) {
  for (const std::string_view data : {"x", "|||", "\xff"}) {
    EXPECT_EQ(parse(kDeliver, data), refused(RefusalCode::UnexpectedData));
    EXPECT_EQ(parse(kDelete, data), refused(RefusalCode::UnexpectedData));
  }
}

TEST(ParseCommand, RefusesABadMessageText) {
  EXPECT_EQ(parse(kSend, "a|||b|||\x7f"), refused(RefusalCode::ControlCharacter, 0x7f));
  EXPECT_EQ(parse(kSend, std::string_view("a|||b|||\0", 9)),
            refused(RefusalCode::ControlCharacter, 0));
  EXPECT_EQ(parse(kSend, "a|||b|||\x1b[2J"), refused(RefusalCode::ControlCharacter, 0x1b));
  EXPECT_EQ(parse(kSend, "a|||b|||caf\xc3\xa9"), refused(RefusalCode::NotAscii, 0xc3));
  EXPECT_EQ(parse(kSend, "a|||b\x80|||x"), refused(RefusalCode::NotAscii, 0x80));
  EXPECT_EQ(parse(kSend, "\x80|||b|||x"), refused(RefusalCode::NotAscii, 0x80));
  EXPECT_EQ(parse(kSend, "a|||b|||\t\r\n"), sent("a", "b", "\t\r\n"));
}

// Such a sender or recipient is no account, and the registry says so.
TEST(ParseCommand, LeavesOddNamesInAMessageToTheRegistry) {
  EXPECT_EQ(parse(kSend, "a\x01|||b c|||x"), sent("a\x01", "b c", "x"));
}

TEST(ParseCommand, JudgesTheNameOfCreate) {
  EXPECT_EQ(parse(kCreate, "12345678"), Parsed(Command{Create{"12345678"}}));
  EXPECT_EQ(parse(kCreate, "123456789"), refused(RefusalCode::UsernameTooLong, 9, 8));
  EXPECT_EQ(parse(kCreate, ""), refused(RefusalCode::EmptyUsername));
  EXPECT_EQ(parse(kCreate, "a|||b"), refused(RefusalCode::DelimiterInUsername));
  EXPECT_EQ(parse(kCreate, "a*"), refused(RefusalCode::UsernameCharacter));
  EXPECT_EQ(parse(kCreate, "a\x80"), refused(RefusalCode::NotAscii, 0x80));
}

TEST(ParseCommand, TakesAnyAsciiForLogin) {
  for (const std::string_view name : {"", " ", "a|||b", "123456789", "*", "a\n\x7f"}) {
    EXPECT_EQ(parse(kLogin, name), Parsed(Command{Login{name}}));
  }
  EXPECT_EQ(parse(kLogin, "a\xff"), refused(RefusalCode::NotAscii, 0xff));
}

TEST(ParseCommand, TakesAnyAsciiForAPattern) {
  for (const std::string_view pattern : {"|||", "a|||b|||c", "[", "\n", "[!a-z]*?"}) {
    EXPECT_EQ(parse(kList, pattern), Parsed(Command{List{pattern}}));
  }
  EXPECT_EQ(parse(kList, "*\xff"), refused(RefusalCode::NotAscii, 0xff));
}

TEST(AppendCommand, IsReadBackAsItWas) {
  const Command commands[] = {Create{"ann"},
                              List{},
                              List{"a|||*"},
                              Send{{"ann", "bob", ""}},
                              Send{{"ann", "bob", "|x||\r\n"}},
                              Deliver{},
                              Delete{},
                              Login{""},
                              Login{"ann"}};
  for (const Command& command : commands) {
    const std::string bytes = encoded(command);
    const FrameCut cut = cut_frame(bytes, 1000);
    EXPECT_EQ(cut.kind, FrameCut::Kind::Whole);
    EXPECT_EQ(cut.frame_bytes, bytes.size());
    EXPECT_EQ(parse(cut.code, cut.data), Parsed(command));
  }
}

TEST(AppendCommand, AppendsTheBytesOfTheWire) {
  std::string out = "before";
  append_command(out, Send{{"ann", "bob", "hello"}});
  EXPECT_EQ(out, "before" + std::string("\0\x02", 2) + std::string(39, '\0') + "\x11" +
                     "ann|||bob|||hello");
  EXPECT_EQ(encoded(Deliver{}), std::string("\0\x03", 2) + std::string(40, '\0'));
}

TEST(FrameBytesOf, CountsHeaderAndDelimiters) {
  for (const Message& message : {Message{"ann", "bob", "hello"}, Message{"a", "b", ""}}) {
    std::string out;
    append_message(out, message);
    EXPECT_EQ(frame_bytes_of(message), out.size());
  }
}

TEST(RefuseNewUsername, JudgesTheDelimiterFirst) {
  const CommandLimits limits{8};
  for (const char* name : {"|||", "a|||b", "123456789|||", "||||"}) {
    EXPECT_EQ(refuse_new_username(name, limits), Refusal{RefusalCode::DelimiterInUsername}) << name;
  }
  EXPECT_EQ(refuse_new_username("a||b", limits), Refusal{RefusalCode::UsernameCharacter});
  EXPECT_EQ(refuse_new_username("123456789", limits),
            (Refusal{RefusalCode::UsernameTooLong, 9, 8}));
  EXPECT_EQ(refuse_new_username("", limits), Refusal{RefusalCode::EmptyUsername});
  EXPECT_EQ(refuse_new_username("ann", limits), std::nullopt);
}

TEST(FindDelimiter, FindsTheLeftmost) {
  constexpr auto kNone = std::string_view::npos;
  const struct {
    std::string_view bytes;
    std::size_t from;
    std::size_t at;
  } cases[] = {
      {"", 0, kNone},     {"|", 0, kNone},        {"||", 0, kNone},     {"|||", 0, 0},
      {"||||", 0, 0},     {"||||", 1, 1},         {"||||", 2, kNone},   {"a||b|||c", 0, 4},
      {"a||b|||c", 4, 4}, {"a||b|||c", 5, kNone}, {"a||b||", 0, kNone}, {"|a||a|||", 0, 5},
      {"abc|||", 0, 3},   {"abc", 3, kNone},      {"abc", 9, kNone},    {"|||", 3, kNone},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(find_delimiter(c.bytes, c.from), c.at) << c.bytes << " from " << c.from;
  }
}

TEST(FindDelimiter, LooksNoFurtherThanItsBytes) {
  const std::string_view whole = "ab|||";
  EXPECT_EQ(find_delimiter(whole.substr(0, 4), 0), std::string_view::npos);
}

}  // namespace
}  // namespace tribar
