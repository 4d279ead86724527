// SPDX-License-Identifier: MIT
//
// Cuts a byte stream into frames, and builds frames. Owns no socket and starts no thread. A length
// is compared with the limit before anything is allocated for it.
//
//   offset 0, 1 byte    version: 0 or 1
//   offset 1, 1 byte    command
//   offset 2, 40 bytes  length of the data in bytes, unsigned, big endian
//   offset 42           the data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/protocol.h"

namespace tribar {

inline constexpr std::uint8_t kVersion0 = 0;
inline constexpr std::uint8_t kVersion1 = 1;
inline constexpr std::size_t kHeaderBytes = 42;
/// Separates the fields in a frame's data. An array, so that it has one address in the program. A
/// literal may have one in each file; then a view that begins in one could end in another, which
/// clang's ASan reports.
inline constexpr char kDelimiterBytes[] = "|||";
inline constexpr std::string_view kDelimiter = kDelimiterBytes;

/// The command codes on the wire. Those from Accepted on exist in protocol 1 only. Response,
/// ListResponse and Accepted go from server to client only; SEND, PING and PONG go both ways.
enum class FrameCode : std::uint8_t {
  Create = 0,
  List = 1,
  Send = 2,
  Deliver = 3,
  Delete = 4,
  Login = 5,
  Response = 6,
  ListResponse = 7,
  Accepted = 8,
  Acknowledge = 9,
  Secret = 10,
  Ping = 11,
  Pong = 12,
};

/// Examines the start of `bytes`, the unread part of a stream. `limit_bytes`: the most data that a
/// frame may have; below 2^63. `version`: the stream's protocol version. It is checked as soon as
/// there is one byte, the length as soon as there are kHeaderBytes. No side effects; takes the same
/// time for every input.
[[nodiscard]] FrameCut cut_frame(std::string_view bytes, std::uint64_t limit_bytes,
                                 std::uint8_t version = kVersion0);

/// The length in a header of kHeaderBytes; 2^64-1 if it does not fit into 64 bits.
[[nodiscard]] std::uint64_t announced_bytes(const char* header);

/// Writes a header to `out`, which has room for kHeaderBytes.
void put_header(char* out, std::uint8_t code, std::uint64_t data_bytes,
                std::uint8_t version = kVersion0);

/// Appends a whole frame to `out`.
void append_frame(std::string& out, std::uint8_t code, std::string_view data,
                  std::uint8_t version = kVersion0);

/// Buffers a stream until it contains whole frames: feed bytes, take frames. For a program with one
/// connection, such as the client; the server cuts frames in its read buffer.
class FrameReader {
 public:
  /// See cut_frame().
  explicit FrameReader(std::uint64_t limit_bytes, std::uint8_t version = kVersion0)
      : limit_bytes_(limit_bytes), version_(version) {}

  void feed(std::string_view bytes);

  /// The next frame, or why there is none. Views are valid until the next feed(). After BadVersion
  /// or TooLong every further call returns the same.
  [[nodiscard]] FrameCut take();

  /// Bytes fed and not yet taken.
  [[nodiscard]] std::size_t pending_bytes() const { return buffer_.size() - taken_; }

 private:
  std::uint64_t limit_bytes_;
  std::uint8_t version_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace tribar
