// SPDX-License-Identifier: MIT
//
// Wraps a Dialogue: cuts typed bytes into lines and the server's bytes into frames. Passive, like
// that. Every buffer is bounded, provided that nothing is typed while wants_line() is false.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "client/dialogue.h"
#include "client/line_reader.h"
#include "client/lines.h"
#include "zero/frame.h"

namespace tribar {

class Conversation {
 public:
  /// The most data in a frame from the server: a list of a million long usernames.
  static constexpr std::uint64_t kReplyBytes = std::uint64_t{64} << 20;

  /// `dialogue`: not null.
  explicit Conversation(std::unique_ptr<Dialogue> dialogue = std::make_unique<Lines>())
      : dialogue_(std::move(dialogue)) {}

  /// Call once, when the connection is established.
  [[nodiscard]] Step begin() { return dialogue_->begin(); }

  /// Adds typed bytes, or ends the input; call take_line() next.
  void type(std::string_view bytes) { typed_.feed(bytes); }
  void end_typing() { typed_.end(); }

  /// Processes the next typed line, or the end of input; none while there is no whole line, or an
  /// answer is awaited.
  [[nodiscard]] std::optional<Step> take_line();

  /// Processes bytes from the server. Bytes after an ending are ignored.
  [[nodiscard]] Step receive(std::string_view bytes);

  /// Ends the conversation for an external reason.
  [[nodiscard]] Step end(Ending ending);

  /// See Dialogue.
  [[nodiscard]] bool wants_line() const { return dialogue_->wants_line(); }
  [[nodiscard]] bool wants_secret() const { return dialogue_->wants_secret(); }
  [[nodiscard]] bool is_crowded() const { return dialogue_->is_crowded(); }

 private:
  [[nodiscard]] Step on(const FrameCut& cut);
  [[nodiscard]] Step confirmed(Step step);

  std::unique_ptr<Dialogue> dialogue_;
  LineReader typed_{Dialogue::kFrameBytes};
  FrameReader frames_{kReplyBytes, dialogue_->version()};
};

}  // namespace tribar
