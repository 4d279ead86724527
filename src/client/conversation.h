// SPDX-License-Identifier: MIT
//
// Lines with bytes on both sides: cuts what is typed into lines and what the server sends into
// replies. Passive, like Lines; every buffer is bounded, as long as nothing is typed while no line
// is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "client/line_reader.h"
#include "client/lines.h"
#include "zero/frame.h"

namespace tribar {

class Conversation {
 public:
  /// The most data in a frame from the server: a list of a million long usernames.
  static constexpr std::uint64_t kReplyBytes = std::uint64_t{64} << 20;

  /// Once, when the connection stands.
  [[nodiscard]] Step begin() { return lines_.begin(); }

  /// Bytes that were typed, and their end; take_line() follows.
  void type(std::string_view bytes) { typed_.feed(bytes); }
  void end_typing() { typed_.end(); }

  /// What the next line that was typed leads to, or the end of what was typed; none while there is
  /// no whole line, or an answer is due.
  [[nodiscard]] std::optional<Step> take_line();

  /// What bytes from the server lead to. Nothing is looked at behind an ending.
  [[nodiscard]] Step receive(std::string_view bytes);

  /// The conversation is over, for a reason from outside.
  [[nodiscard]] Step end(Ending ending) { return lines_.end(std::move(ending)); }

  /// As in Lines.
  [[nodiscard]] bool wants_line() const { return lines_.wants_line(); }
  [[nodiscard]] bool is_crowded() const { return lines_.is_crowded(); }

 private:
  [[nodiscard]] Step on(const FrameCut& cut);

  Lines lines_;
  LineReader typed_{Lines::kFrameBytes};
  FrameReader frames_{kReplyBytes};
};

}  // namespace tribar
