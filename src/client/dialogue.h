// SPDX-License-Identifier: MIT
//
// What the two protocols' conversations have in common: prompts, and text that waits until a prompt
// is answered. Passive: it takes typed lines and frames, and returns what to print and to send.
// Owns no socket, reads no clock, starts no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tribar {

/// Why the program ends.
struct Ending {
  int exit_code = 0;
  std::string reason{};  // for standard error; may be empty
  friend bool operator==(const Ending&, const Ending&) = default;
};

/// What the caller must do, in this order. What cannot be printed is followed by nothing.
struct Step {
  std::string print{};  // to standard output, unchanged
  std::string send{};   // frames for the server
  std::optional<Ending> ending{};
  friend bool operator==(const Step&, const Step&) = default;
};

/// Adds `next` to what `all` asks for. Nothing may follow an ending.
void add(Step& all, Step next);

class Dialogue {
 public:
  /// The most data in a frame, and the longest useful line. It is the default limit of servers; a
  /// server with a lower one closes the connection after a longer frame.
  static constexpr std::size_t kFrameBytes = 65536;
  /// What every server allows before login.
  static constexpr std::size_t kFirstFrameBytes = 1024;
  /// From this much waiting text on is_crowded().
  static constexpr std::size_t kWaitingBytes = std::size_t{1} << 20;

  virtual ~Dialogue() = default;

  /// The version in the header of every frame, both ways.
  [[nodiscard]] virtual std::uint8_t version() const = 0;

  /// Call once, when the connection is established.
  [[nodiscard]] virtual Step begin() = 0;

  /// Whether a line can be taken: no answer is awaited.
  [[nodiscard]] virtual bool wants_line() const = 0;

  /// Whether the next line is a secret: what is typed should not be seen.
  [[nodiscard]] virtual bool wants_secret() const { return false; }

  /// Whether the next line answers a question that could do harm, with yes or no: what was typed
  /// before the question was shown should not answer it.
  [[nodiscard]] virtual bool wants_confirmation() const = 0;

  /// Processes a typed line, without its end. Requires wants_line().
  [[nodiscard]] virtual Step take_line(std::string_view line) = 0;

  /// The same for a line that is not whole, which has no effect: says `reason`.
  [[nodiscard]] virtual Step refuse_line(std::string_view reason) = 0;

  /// What would be left undone if the input ended now, as a sentence; empty: nothing.
  [[nodiscard]] virtual std::string unfinished() const = 0;

  /// Why lines since the last call had no effect, as sentences: for a script, which does not read
  /// what is printed.
  [[nodiscard]] std::vector<std::string> take_refusals() { return std::exchange(refusals_, {}); }

  /// Processes the end of input. Requires wants_line(), so that every answer has been shown.
  [[nodiscard]] Step end_input() { return end(Ending{}); }

  /// Processes a frame from the server; allowed at any time.
  [[nodiscard]] virtual Step take_frame(std::uint8_t code, std::string_view data) = 0;

  /// What is to be sent once everything was printed that earlier steps asked for; empty: nothing.
  [[nodiscard]] virtual std::string confirm_shown() { return {}; }

  /// Ends the conversation because the server sent a frame of another version.
  [[nodiscard]] virtual Step refuse_version(std::uint8_t found);

  /// Ends the conversation because the server broke the protocol.
  [[nodiscard]] Step break_off(std::string_view what);

  /// Ends the conversation. Finishes the line of an open prompt and shows what has waited.
  [[nodiscard]] Step end(Ending ending);

  /// Whether the server should not be read until the waiting text has been shown.
  [[nodiscard]] bool is_crowded() const { return waiting_.size() >= kWaitingBytes; }

 protected:
  Dialogue() = default;
  Dialogue(const Dialogue&) = default;
  Dialogue& operator=(const Dialogue&) = default;
  Dialogue(Dialogue&&) = default;
  Dialogue& operator=(Dialogue&&) = default;

  /// Asks a question, whose answer is the next line.
  [[nodiscard]] Step ask(std::string_view question);
  /// Ends the prompt: prints `outcome`, then what has waited for that.
  [[nodiscard]] Step close(std::string_view outcome = {});
  /// From now on text waits, as at a prompt, until close().
  void hold() { is_held_ = true; }
  /// Prints `text`, now or when the prompt is done.
  [[nodiscard]] Step show(std::string text);
  /// For take_refusals(). `why`: safe to print.
  void note_refusal(std::string_view why) { refusals_.emplace_back(why); }
  /// The same for a line that is no command, or no answer; unless it is blank.
  void note_unclear(std::string_view line);
  /// Whether all text was printed that was to be shown.
  [[nodiscard]] bool has_shown_all() const { return waiting_.empty(); }

 private:
  bool is_asking_ = false;
  bool is_held_ = false;
  std::string waiting_;  // formatted text that waits for the end of the prompt
  std::vector<std::string> refusals_;
};

/// `line` without blanks at either end.
[[nodiscard]] std::string_view trimmed(std::string_view line);

/// The answer to a (y/n) question; none if it is neither.
[[nodiscard]] std::optional<bool> yes_or_no(std::string_view line);

/// Texts for unfinished(): at a `question` that is not answered, and without the y for a message.
[[nodiscard]] std::string left_unanswered(std::string_view question);
[[nodiscard]] std::string left_unconfirmed(std::string_view recipient);

/// A pattern that matches only `name`. Other servers may allow glob characters in names.
[[nodiscard]] std::string literal_pattern(std::string_view name);

}  // namespace tribar
