// SPDX-License-Identifier: MIT
//
// TypedKeys: what a terminal sends, as keys.
#include "client/typed_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tribar {
namespace {

using Kind = Key::Kind;

std::vector<Key> keys_of(TypedKeys& keys) {
  std::vector<Key> all;
  while (auto key = keys.take()) {
    // How text was cut by reading does not matter.
    const bool goes_on = !all.empty() && all.back().kind == key->kind &&
                         (key->kind == Kind::Text || key->kind == Kind::PasteText);
    if (goes_on) {
      all.back().bytes += key->bytes;
    } else {
      all.push_back(std::move(*key));
    }
  }
  return all;
}

/// Of `bytes`, read `size` at a time.
std::vector<Key> keys_of(std::string_view bytes, std::size_t size, bool is_utf8 = true) {
  TypedKeys keys(is_utf8);
  std::vector<Key> all;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    keys.feed(bytes.substr(at, size));
    for (Key& key : keys_of(keys)) {
      const bool goes_on = !all.empty() && all.back().kind == key.kind &&
                           (key.kind == Kind::Text || key.kind == Kind::PasteText);
      if (goes_on) {
        all.back().bytes += key.bytes;
      } else {
        all.push_back(std::move(key));
      }
    }
  }
  return all;
}

Key text(std::string bytes) { return {Kind::Text, std::move(bytes)}; }
Key sequence(std::string bytes) { return {Kind::Sequence, std::move(bytes)}; }
Key control(char c) { return {Kind::Control, std::string(1, c)}; }
Key invalid(std::string bytes) { return {Kind::Invalid, std::move(bytes)}; }
Key pasted(std::string bytes) { return {Kind::PasteText, std::move(bytes)}; }
Key paste_end(std::size_t dropped = 0) { return {Kind::PasteEnd, "", dropped}; }
const Key kBegin{Kind::PasteBegin, ""};

struct Case {
  std::string_view bytes;
  std::vector<Key> keys;
};

TEST(TypedKeys, AreTheSameHoweverTheyAreRead) {
  const Case cases[] = {
      {"", {}},
      {"a b", {text("a b")}},
      {"a\x01\rb", {text("a"), control('\x01'), control('\r'), text("b")}},
      {std::string_view("\0\x7f", 2), {control('\0'), control('\x7f')}},
      {"h\u00e9\u65e5\U0001f600", {text("h\u00e9\u65e5\U0001f600")}},
      {"\x1b[A\x1bOB\x1b[1;5C", {sequence("\x1b[A"), sequence("\x1bOB"), sequence("\x1b[1;5C")}},
      {"\x1b[[Ax", {sequence("\x1b[[A"), text("x")}},
      {"\x1b"
       "fx",
       {sequence("\x1b"
                 "f"),
        text("x")}},
      {"\x1b\x08", {sequence("\x1b\x08")}},
      {"\x1b\x1b[A", {invalid("\x1b"), sequence("\x1b[A")}},
      {"\x1b\u00e9", {invalid("\x1b"), text("\u00e9")}},
      // A sequence that breaks off.
      {"\x1b[1\rx", {invalid("\x1b[1"), control('\r'), text("x")}},
      {"\x1b[\u00e9", {invalid("\x1b["), text("\u00e9")}},
      {"\x1bO\r", {invalid("\x1bO"), control('\r')}},
      // Not UTF-8, surrogates, and control characters beyond ASCII.
      {"a\xff"
       "b",
       {text("a"), invalid("\xff"), text("b")}},
      {"\xc3(", {invalid("\xc3"), text("(")}},
      {"\xe2\x82(", {invalid("\xe2"), invalid("\x82"), text("(")}},
      {"\xed\xa0\x80", {invalid("\xed"), invalid("\xa0"), invalid("\x80")}},
      {"\xc2\x9b"
       "A",
       {invalid("\xc2\x9b"), text("A")}},
      // Incomplete: it may yet become one.
      {"\x1b", {}},
      {"a\x1b[1;", {text("a")}},
      {"a\xe2\x82", {text("a")}},
      // Pasted.
      {"\x1b[200~\x1b[201~", {kBegin, paste_end()}},
      {"\x1b[200~a\x1b[201~b", {kBegin, pasted("a"), paste_end(), text("b")}},
      {"\x1b[200~a\rb\r\nc\n\nd\r\r\ne\x1b[201~",
       {kBegin, pasted("a\nb\nc\n\nd\n\ne"), paste_end()}},
      {"\x1b[200~\tx\x1b[201~", {kBegin, pasted("\tx"), paste_end()}},
      {"\x1b[200~\x03"
       "d\x1b[A\x7f\xff\u0085\x1b[201~",
       {kBegin, pasted("d[A"), paste_end(5)}},
      {"\x1b[200~a\x1b[200~b\x1b[201~c", {kBegin, pasted("a[200~b"), paste_end(1), text("c")}},
      {"\x1b[200~a\x1b[201\x1b[201~", {kBegin, pasted("a[201"), paste_end(1)}},
      {"\x1b[200~abc", {kBegin, pasted("abc")}},
      {"\x1b[201~", {sequence("\x1b[201~")}},
  };
  for (const Case& each : cases) {
    for (const std::size_t size : {1U, 2U, 3U, 1000U}) {
      if (each.bytes.find('\x03') != std::string_view::npos && size == 1) {
        continue;  // it would end the paste
      }
      EXPECT_EQ(keys_of(each.bytes, size), each.keys) << each.bytes << " by " << size;
    }
  }
}

TEST(TypedKeys, AreAsciiWhereTheTerminalIsNotUtf8) {
  EXPECT_EQ(keys_of("a\u00e9\x1b[200~\u00e9\x1b[201~", 1000, false),
            (std::vector<Key>{text("a"), invalid("\xc3"), invalid("\xa9"), kBegin, paste_end(2)}));
}

TEST(TypedKeys, GiveUpASequenceThatDoesNotEnd) {
  // However it is read, what is behind the limit is typed.
  const std::string begin = "\x1b[" + std::string(TypedKeys::kMostSequenceBytes - 2, '1');
  for (const std::size_t size : {1U, 7U, 2000U}) {
    EXPECT_EQ(keys_of(begin + "23x", size), (std::vector<Key>{invalid(begin), text("23x")}));
    EXPECT_EQ(keys_of("\x1b[" + begin.substr(3) + "A", size),
              std::vector<Key>{sequence("\x1b[" + begin.substr(3) + "A")});
  }
}

TEST(TypedKeys, EndAPasteByAnInterruptThatComesAlone) {
  TypedKeys keys(true);
  keys.feed("\x1b[200~a");
  EXPECT_EQ(keys_of(keys), (std::vector<Key>{kBegin, pasted("a")}));
  keys.feed("\x1b[20");  // it never comes
  EXPECT_EQ(keys_of(keys), std::vector<Key>{});
  keys.feed("\x03");
  EXPECT_EQ(keys_of(keys), std::vector<Key>{paste_end()});
  keys.feed("b\x03");
  EXPECT_EQ(keys_of(keys), (std::vector<Key>{text("b"), control('\x03')}));
}

TEST(TypedKeys, KeepAnInterruptInAPasteForWhatItIs) {
  TypedKeys keys(true);
  keys.feed("\x1b[200~a\x03");
  keys.feed("\x03\rd\ry\r");
  EXPECT_EQ(keys_of(keys), (std::vector<Key>{kBegin, pasted("a\nd\ny\n")}));
}

TEST(TypedKeys, DropsWhatWasTyped) {
  TypedKeys keys(true);
  keys.feed("y\ry");
  keys.drop();
  EXPECT_EQ(keys.take(), std::nullopt);
  keys.feed("n");
  EXPECT_EQ(keys_of(keys), std::vector<Key>{text("n")});
}

TEST(TypedKeys, DropTheRestOfAPasteToo) {
  TypedKeys keys(true);
  keys.feed("\x1b[200~y\r\x1b[2");
  keys.drop();
  EXPECT_EQ(keys.take(), std::nullopt);
  keys.feed("y\ry");
  EXPECT_EQ(keys.take(), std::nullopt);
  keys.feed("\r\x1b[201~n");
  EXPECT_EQ(keys_of(keys), std::vector<Key>{text("n")});
  keys.feed("\x1b[200~n\x1b[201~");
  EXPECT_EQ(keys_of(keys), (std::vector<Key>{kBegin, pasted("n"), paste_end()}));
}

TEST(TypedKeys, SeeAPasteOfWhichOnlyTheBeginWasDropped) {
  TypedKeys keys(true);
  keys.feed("y\x1b[20");
  keys.drop();
  keys.feed("0~d\r");
  EXPECT_EQ(keys_of(keys), (std::vector<Key>{kBegin, pasted("d\n")}));
}

}  // namespace
}  // namespace tribar
