// SPDX-License-Identifier: MIT
//
// Any stream, split anywhere, through FrameReader, compared with a reader so naive that it cannot
// be wrong. The first byte is the number of splits, the next are their lengths; then comes the
// stream.
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr std::uint64_t kLimitBytes = 300;

/// What a reader made of a stream.
struct Reading {
  struct Frame {
    std::uint8_t code;
    std::string data;
    friend bool operator==(const Frame&, const Frame&) = default;
  };
  std::vector<Frame> frames;
  FrameCut::Kind end = FrameCut::Kind::Incomplete;
  friend bool operator==(const Reading&, const Reading&) = default;
};

/// Reads the whole stream at once, digit by digit as the header says.
Reading read_naively(std::string_view stream) {
  Reading reading;
  while (!stream.empty()) {
    if (stream[0] != '\0') {
      reading.end = FrameCut::Kind::BadVersion;
      return reading;
    }
    if (stream.size() < 42) {
      return reading;
    }
    std::uint64_t length = 0;
    for (std::size_t i = 2; i < 42; ++i) {
      length = length * 256 + static_cast<unsigned char>(stream[i]);
      if (length > kLimitBytes) {
        reading.end = FrameCut::Kind::TooLong;
        return reading;
      }
    }
    if (stream.size() < 42 + length) {
      return reading;
    }
    reading.frames.push_back(
        {static_cast<std::uint8_t>(stream[1]), std::string(stream.substr(42, length))});
    stream.remove_prefix(42 + length);
  }
  return reading;
}

void take_all(FrameReader& reader, Reading& reading) {
  FrameCut cut = reader.take();
  for (; cut.kind == FrameCut::Kind::Whole; cut = reader.take()) {
    reading.frames.push_back({cut.code, std::string(cut.data)});
  }
  fuzz::check(cut.kind != FrameCut::Kind::Incomplete || cut.needed_bytes > reader.pending_bytes(),
              "an incomplete frame needs more than there is");
  reading.end = cut.kind;
}

Reading read_in_pieces(std::string_view stream, std::string_view lengths) {
  FrameReader reader(kLimitBytes);
  Reading reading;
  for (const char length : lengths) {
    const std::string_view piece = stream.substr(0, static_cast<unsigned char>(length));
    reader.feed(piece);
    stream.remove_prefix(piece.size());
    take_all(reader, reading);
  }
  reader.feed(stream);
  take_all(reader, reading);
  return reading;
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::string_view text = tribar::fuzz::as_text(data, size);
  const std::size_t splits = data[0];
  if (size < 1 + splits) {
    return 0;
  }
  const std::string_view lengths = text.substr(1, splits);
  const std::string_view stream = text.substr(1 + splits);
  const tribar::Reading expected = tribar::read_naively(stream);
  tribar::fuzz::check(tribar::read_in_pieces(stream, lengths) == expected,
                      "frames do not depend on how the stream is split");
  tribar::fuzz::check(tribar::read_in_pieces(stream, std::string(stream.size(), '\1')) == expected,
                      "nor does a byte at a time change them");
  return 0;
}
