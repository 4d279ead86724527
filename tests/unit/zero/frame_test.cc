// SPDX-License-Identifier: MIT
//
// FrameReader and cut_frame: every length at its limit, and every split.
#include "zero/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

std::string frame(std::uint8_t code, std::string_view data) {
  std::string out;
  append_frame(out, code, data);
  return out;
}

/// A header whose length field holds `low` in its last eight bytes and 1 at `high_at` (from the
/// front of the field), if that is below 32.
std::string header(std::uint64_t low, std::size_t high_at = 40) {
  std::string out(kHeaderBytes, '\0');
  put_header(out.data(), 0, low);
  if (high_at < 32) {
    out[2 + high_at] = 1;
  }
  return out;
}

TEST(AppendFrame, WritesTheWorkedExamples) {
  EXPECT_EQ(frame(0, "testname"),
            std::string(2, '\0') + std::string(39, '\0') + '\x08' + "testname");
  EXPECT_EQ(frame(2, "ann|||bob|||hello"),
            std::string("\0\x02", 2) + std::string(39, '\0') + '\x11' + "ann|||bob|||hello");
}

TEST(CutFrame, AsksForTheHeaderThenForTheData) {
  EXPECT_EQ(cut_frame("", 10).kind, FrameCut::Kind::Incomplete);
  const std::string whole = frame(5, "ann");
  for (std::size_t n = 1; n < whole.size(); ++n) {
    const FrameCut cut = cut_frame(std::string_view(whole).substr(0, n), 10);
    EXPECT_EQ(cut.kind, FrameCut::Kind::Incomplete) << n;
    EXPECT_EQ(cut.needed_bytes, n < kHeaderBytes ? kHeaderBytes : kHeaderBytes + 3) << n;
  }
  const std::string followed = whole + "next";
  const FrameCut cut = cut_frame(followed, 10);
  EXPECT_EQ(cut.kind, FrameCut::Kind::Whole);
  EXPECT_EQ(cut.code, 5);
  EXPECT_EQ(cut.data, "ann");
  EXPECT_EQ(cut.frame_bytes, whole.size());
}

TEST(CutFrame, JudgesTheVersionAtItsOneByte) {
  const FrameCut cut = cut_frame("\x01", 10);
  EXPECT_EQ(cut.kind, FrameCut::Kind::BadVersion);
  EXPECT_EQ(cut.version, 1);
}

TEST(CutFrame, RefusesLengthsOverTheLimitAtTheHeader) {
  EXPECT_EQ(cut_frame(header(10), 10).kind, FrameCut::Kind::Incomplete);
  for (const std::uint64_t low : {std::uint64_t{11}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    EXPECT_EQ(cut_frame(header(low), 10).kind, FrameCut::Kind::TooLong) << low;
  }
  for (std::size_t at = 0; at < 32; ++at) {
    EXPECT_EQ(cut_frame(header(0, at), 1 << 30).kind, FrameCut::Kind::TooLong) << at;
  }
}

TEST(FrameReader, TakesFramesFedAByteAtATime) {
  const std::string stream = frame(0, "") + frame(7, std::string(300, 'x')) + frame(255, "y");
  FrameReader reader(1000);
  std::vector<std::string> frames;
  for (const char c : stream) {
    reader.feed(std::string_view(&c, 1));
    for (FrameCut cut = reader.take(); cut.kind == FrameCut::Kind::Whole; cut = reader.take()) {
      frames.push_back(frame(cut.code, cut.data));
    }
  }
  EXPECT_EQ(frames, (std::vector<std::string>{frame(0, ""), frame(7, std::string(300, 'x')),
                                              frame(255, "y")}));
  EXPECT_EQ(reader.pending_bytes(), 0U);
}

TEST(FrameReader, TakesManyFramesOfOneFeedAndKeepsTheRest) {
  FrameReader reader(1000);
  const std::string last = frame(4, "abc");
  reader.feed(frame(1, "a") + frame(2, "b") + last.substr(0, 43));
  EXPECT_EQ(reader.take().data, "a");
  EXPECT_EQ(reader.take().data, "b");
  EXPECT_EQ(reader.take().kind, FrameCut::Kind::Incomplete);
  EXPECT_EQ(reader.pending_bytes(), 43U);
  reader.feed(last.substr(43));
  EXPECT_EQ(reader.take().data, "abc");
}

TEST(FrameReader, StaysBrokenAfterABrokenFrame) {
  FrameReader reader(1000);
  reader.feed("\x07" + frame(1, "a"));
  EXPECT_EQ(reader.take().kind, FrameCut::Kind::BadVersion);
  EXPECT_EQ(reader.take().kind, FrameCut::Kind::BadVersion);
}

}  // namespace
}  // namespace tribar
