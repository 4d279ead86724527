// SPDX-License-Identifier: MIT
//
// Which protocol a connection speaks, and what every protocol has to say about the front of a
// stream. Three places ask for the protocol, each by a switch: cut (loop/framer.cc: where a frame
// ends), parse (workers/decoder.cc: frame → command) and append (loop/append.cc: effect → bytes).
// All other code speaks in values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tribar {

enum class Protocol : std::uint8_t {
  Zero,  // src/zero
#ifdef TRIBAR_TEST_PROTOCOL
  Line,  // tests/support/line_protocol.h: shows that these three places are enough
#endif
};

/// What stands at the front of some bytes of a stream.
struct FrameCut {
  enum class Kind {
    Incomplete,  // more bytes are needed; `needed_bytes` says how many in all, as far as is known
    Whole,       // a frame: `code`, `data`, `frame_bytes`
    BadVersion,  // it begins with `version`, and `spoken_version` is spoken: the stream is lost
    TooLong,     // the frame has `announced_bytes` of data, over the limit: the stream is lost
  };
  Kind kind = Kind::Incomplete;
  std::uint8_t version = 0;
  std::uint8_t spoken_version = 0;
  /// Of a Whole frame: what its protocol calls a command, for its own parser.
  std::uint8_t code = 0;
  /// A login: it waits until the ends of other connections were looked for.
  bool is_login = false;
  /// A message that is confirmed by its own frame: what came in a row may be confirmed in one
  /// piece.
  bool is_echoed = false;
  std::size_t needed_bytes = 1;
  /// Of a Whole frame: all of it, and the view of the data, which ends it, in the given bytes.
  std::size_t frame_bytes = 0;
  std::string_view data;
  std::uint64_t announced_bytes = 0;
};

}  // namespace tribar
