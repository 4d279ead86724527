// SPDX-License-Identifier: MIT
//
// Wraps a Dialogue: cuts typed bytes into lines and the server's bytes into frames. Passive, like
// that. Every buffer is bounded, provided that nothing is typed while wants_line() is false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/dialogue.h"
#include "client/line_reader.h"
#include "client/lines.h"
#include "zero/frame.h"

namespace tribar {

class Conversation {
 public:
  /// The most data in a frame from the server: a list of a million long usernames.
  static constexpr std::uint64_t kReplyBytes = std::uint64_t{64} << 20;

  /// `dialogue`: not null. `cut_bytes`: a line of so many bytes may have been longer, and is
  /// refused; see cut_line_bytes().
  explicit Conversation(std::unique_ptr<Dialogue> dialogue = std::make_unique<Lines>(),
                        std::size_t cut_bytes = std::numeric_limits<std::size_t>::max())
      : dialogue_(std::move(dialogue)), cut_bytes_(cut_bytes) {}

  /// Call once, when the connection is established.
  [[nodiscard]] Step begin() { return dialogue_->begin(); }

  /// Adds typed bytes, or ends the input; call take_line() next.
  void type(std::string_view bytes) { typed_.feed(bytes); }
  void end_typing() { typed_.end(); }
  /// Forgets what was typed and not taken.
  void forget_typed() { typed_.clear(); }

  /// Processes the next typed line, or the end of input; none while there is no whole line, or an
  /// answer is awaited.
  [[nodiscard]] std::optional<Step> take_line();

  /// Processes bytes from the server. Bytes after an ending are ignored.
  [[nodiscard]] Step receive(std::string_view bytes);

  /// Ends the conversation for an external reason.
  [[nodiscard]] Step end(Ending ending);

  /// How many lines were taken.
  [[nodiscard]] std::uint64_t lines_taken() const { return lines_taken_; }
  /// What the end of input left undone, if it came, as a sentence; empty: nothing.
  [[nodiscard]] const std::string& left_undone() const { return left_undone_; }

  /// See Dialogue.
  [[nodiscard]] bool wants_line() const { return dialogue_->wants_line(); }
  [[nodiscard]] bool wants_secret() const { return dialogue_->wants_secret(); }
  [[nodiscard]] bool wants_confirmation() const { return dialogue_->wants_confirmation(); }
  [[nodiscard]] std::vector<std::string> take_refusals() { return dialogue_->take_refusals(); }
  [[nodiscard]] bool is_crowded() const { return dialogue_->is_crowded(); }

 private:
  [[nodiscard]] Step on(const FrameCut& cut);
  [[nodiscard]] Step confirmed(Step step);

  std::unique_ptr<Dialogue> dialogue_;
  std::size_t cut_bytes_;
  std::uint64_t lines_taken_ = 0;
  std::string left_undone_;
  LineReader typed_{Dialogue::kFrameBytes};
  FrameReader frames_{kReplyBytes, dialogue_->version()};
};

}  // namespace tribar
