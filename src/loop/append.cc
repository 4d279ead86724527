// SPDX-License-Identifier: MIT
//
// See append.h.
#include "loop/append.h"

#include "zero/effects.h"
#include "zero/effects1.h"
#ifdef TRIBAR_TEST_PROTOCOL
#include "support/line_protocol.h"
#endif

namespace tribar {

void append_effect(ByteBuffer& out, Protocol protocol, const EffectBody& body,
                   std::uint64_t frame_bytes) {
  switch (protocol) {
    case Protocol::Zero:
    case Protocol::Undecided:
      return append_effect(out, body, frame_bytes);
    case Protocol::One:
      return append_effect1(out, body);
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
      return test::append_line(out, body);
#endif
  }
}

void append_final_word(ByteBuffer& out, Protocol protocol, const FinalWord& word) {
  switch (protocol) {
    case Protocol::Zero:
    case Protocol::Undecided:
      return append_refusal(out, word.refusal, word.address);
    case Protocol::One:
      return append_refusal1(out, word.refusal, word.address);
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
      return test::append_line(out, Refuse{word.refusal});
#endif
  }
}

std::string_view frame_of(Protocol protocol, const EffectBody& body) {
  switch (protocol) {
    case Protocol::Zero:
      return frame_of(body);
    case Protocol::One:
    case Protocol::Undecided:
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
#endif
      break;  // frames are always built
  }
  return {};
}

}  // namespace tribar
