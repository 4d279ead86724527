// SPDX-License-Identifier: MIT
//
// Which protocol a connection speaks, and what every protocol says about the start of a stream.
// Three places depend on the protocol, each by a switch: cut (loop/framer.cc: where a frame ends),
// parse (workers/decoder.cc: frame → command) and append (loop/append.cc: effect → bytes). All
// other code works with values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tribar {

enum class Protocol : std::uint8_t {
  Zero,       // src/zero
  One,        // src/zero, with the same frame
  Undecided,  // Zero or One: the first byte says which; until then it is told things as Zero
#ifdef TRIBAR_TEST_PROTOCOL
  Line,  // for tests, see tests/support/line_protocol.h: shows that these three places are enough
#endif
};

/// Whether its commands can contain secrets: then bytes that were read are wiped after use.
[[nodiscard]] constexpr bool has_secrets(Protocol protocol) { return protocol == Protocol::One; }

/// Whether a silent peer can be asked if it is still there.
[[nodiscard]] constexpr bool has_pings(Protocol protocol) { return protocol == Protocol::One; }

/// What a protocol finds at the start of the unread bytes of a stream.
struct FrameCut {
  enum class Kind {
    Incomplete,  // more bytes are needed; `needed_bytes` is how many in all, as far as known
    Whole,       // a frame: `code`, `data`, `frame_bytes`
    // its version is `version`, but `spoken_version` is supported: the stream is unusable
    BadVersion,
    TooLong,  // its data has `announced_bytes`, more than the limit: the stream is unusable
  };
  Kind kind = Kind::Incomplete;
  std::uint8_t version = 0;
  std::uint8_t spoken_version = 0;
  /// Of a Whole frame: the protocol's command code, for its own parser.
  std::uint8_t code = 0;
  /// A login: it waits until all loops have checked for closed connections, which free their names.
  bool is_login = false;
  /// A message that is confirmed by its own frame: adjacent ones may be confirmed by one effect.
  bool is_echoed = false;
  std::size_t needed_bytes = 1;
  /// Of a Whole frame: its whole length, and a view of its data, the last part of the frame.
  std::size_t frame_bytes = 0;
  std::string_view data;
  std::uint64_t announced_bytes = 0;
};

}  // namespace tribar
