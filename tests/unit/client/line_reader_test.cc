// SPDX-License-Identifier: MIT
//
// LineReader: every split, both line ends, and lines over the limit.
#include "client/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

using Taken = std::vector<std::string>;

Taken take_all(LineReader& reader) {
  Taken lines;
  while (auto line = reader.take()) {
    lines.push_back(*line);
  }
  return lines;
}

TEST(LineReader, ForgetsWhatWasNotTaken) {
  LineReader reader(10);
  reader.feed("one\ntwo\nthr");
  EXPECT_EQ(reader.take(), "one");
  reader.clear();
  EXPECT_EQ(reader.take(), std::nullopt);
  reader.feed("ee\n");
  EXPECT_EQ(reader.take(), "ee");
  reader.feed("fou");
  EXPECT_EQ(reader.take(), std::nullopt);
  reader.clear();
  reader.end();
  EXPECT_EQ(reader.take(), std::nullopt);
}

TEST(LineReader, TakesTheSameLinesHoweverTheyAreFed) {
  const std::string text = "one\n\ntwo\r\n\r\nthr\ree\nfour";
  const Taken lines{"one", "", "two", "", "thr\ree", "four"};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineReader reader(10);
    Taken taken;
    for (std::size_t at = 0; at < text.size(); at += size) {
      reader.feed(std::string_view(text).substr(at, size));
      for (const std::string& line : take_all(reader)) {
        taken.push_back(line);
      }
    }
    EXPECT_EQ(taken.size(), 5U) << size;
    reader.end();
    for (const std::string& line : take_all(reader)) {
      taken.push_back(line);
    }
    EXPECT_EQ(taken, lines) << size;
  }
}

TEST(LineReader, HasNoLineBehindTheLastLineBreak) {
  LineReader reader(10);
  reader.feed("one\n");
  reader.end();
  EXPECT_EQ(take_all(reader), Taken{"one"});
  LineReader empty(10);
  empty.end();
  EXPECT_EQ(take_all(empty), Taken{});
}

TEST(LineReader, CutsALineAtTheLimitAndOneByte) {
  LineReader reader(3);
  reader.feed("123\n1234\n12345\n");
  for (int i = 0; i < 1000; ++i) {
    reader.feed("endless");
    EXPECT_EQ(take_all(reader), i == 0 ? (Taken{"123", "1234", "1234"}) : Taken{});
  }
  reader.feed("\nnext\n");
  EXPECT_EQ(take_all(reader), (Taken{"endl", "next"}));
}

}  // namespace
}  // namespace tribar
