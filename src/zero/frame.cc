// SPDX-License-Identifier: MIT
//
// See frame.h.
#include "zero/frame.h"

#include <cstring>
#include <limits>

namespace tribar {
namespace {

constexpr std::size_t kLengthOffset = 2;
constexpr std::size_t kLengthBytes = 40;
// A length below 2^63, the highest possible limit, fits into the last eight bytes of the field.
constexpr std::size_t kLowWordOffset = kLengthOffset + kLengthBytes - 8;

std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

std::uint64_t announced_bytes(const char* header) {
  std::uint64_t high = 0;
  for (std::size_t i = kLengthOffset; i < kLowWordOffset; i += 8) {
    high |= load_word(header + i);
  }
  if (high != 0) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  std::uint64_t low = 0;
  for (std::size_t i = kLowWordOffset; i < kHeaderBytes; ++i) {
    low = low << 8 | static_cast<unsigned char>(header[i]);
  }
  return low;
}

FrameCut cut_frame(std::string_view bytes, std::uint64_t limit_bytes, std::uint8_t version) {
  FrameCut cut;
  cut.needed_bytes = kHeaderBytes;
  if (bytes.empty()) {
    return cut;
  }
  cut.version = static_cast<std::uint8_t>(bytes[0]);
  if (cut.version != version) {
    cut.kind = FrameCut::Kind::BadVersion;
    cut.spoken_version = version;
    return cut;
  }
  if (bytes.size() < kHeaderBytes) {
    return cut;
  }
  cut.code = static_cast<std::uint8_t>(bytes[1]);
  cut.is_login = cut.code == static_cast<std::uint8_t>(FrameCode::Login);
  cut.is_echoed = version == kVersion0 && cut.code == static_cast<std::uint8_t>(FrameCode::Send);
  const std::uint64_t data_bytes = announced_bytes(bytes.data());
  if (data_bytes > limit_bytes) {
    cut.kind = FrameCut::Kind::TooLong;
    cut.announced_bytes = data_bytes;
    return cut;
  }
  cut.needed_bytes = kHeaderBytes + data_bytes;
  if (bytes.size() < cut.needed_bytes) {
    return cut;
  }
  cut.kind = FrameCut::Kind::Whole;
  cut.frame_bytes = cut.needed_bytes;
  cut.data = bytes.substr(kHeaderBytes, data_bytes);
  return cut;
}

void put_header(char* out, std::uint8_t code, std::uint64_t data_bytes, std::uint8_t version) {
  std::memset(out, 0, kHeaderBytes);
  out[0] = static_cast<char>(version);
  out[1] = static_cast<char>(code);
  for (std::size_t i = kHeaderBytes; data_bytes != 0; data_bytes >>= 8) {
    out[--i] = static_cast<char>(data_bytes & 0xff);
  }
}

void append_frame(std::string& out, std::uint8_t code, std::string_view data,
                  std::uint8_t version) {
  const std::size_t start = out.size();
  out.resize(start + kHeaderBytes);
  put_header(out.data() + start, code, data.size(), version);
  out += data;
}

void FrameReader::feed(std::string_view bytes) {
  // Bytes that were taken are erased here and not in take(), so that views stay valid until now.
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

FrameCut FrameReader::take() {
  FrameCut cut = cut_frame(std::string_view(buffer_).substr(taken_), limit_bytes_, version_);
  taken_ += cut.frame_bytes;
  return cut;
}

}  // namespace tribar
