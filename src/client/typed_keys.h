// SPDX-License-Identifier: MIT
//
// Cuts what a terminal sends into keys: characters, control characters, escape sequences, and what
// is pasted between ESC [ 200 ~ and ESC [ 201 ~ (bracketed paste). Pure: it reads nothing itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tribar {

struct Key {
  enum class Kind {
    Text,        // `bytes` is one or more printable characters
    Control,     // one byte: 0x00..0x1f but for ESC, or 0x7f
    Sequence,    // ESC and what belongs to it, whole; known to somebody or not
    Invalid,     // what is no character here: dropped
    PasteBegin,  // what follows up to PasteEnd is pasted
    PasteText,   // one or more characters, HT and LF among them: every line end is LF
    PasteEnd,    // `dropped` control characters and bytes that are no character were in it
  };
  Kind kind = Kind::Text;
  std::string bytes = {};
  std::size_t dropped = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

/// Holds bytes that it was fed, and wipes them when they are taken: they may be a secret. It holds
/// no more than what was fed since the last take() that returned nothing, and one incomplete
/// sequence of at most kMostSequenceBytes.
class TypedKeys {
 public:
  static constexpr std::size_t kMostSequenceBytes = 32;

  /// `is_utf8`: whether bytes of 0x80 and more are characters.
  explicit TypedKeys(bool is_utf8) : is_utf8_(is_utf8) {}
  ~TypedKeys();
  TypedKeys(const TypedKeys&) = delete;
  TypedKeys& operator=(const TypedKeys&) = delete;

  /// Takes what one read(2) returned. A paste whose end never comes is ended by Ctrl-C, if that
  /// comes alone: nobody can paste it so that what stands behind it counts as typed.
  void feed(std::string_view bytes);
  /// The next key, if all of it was fed.
  [[nodiscard]] std::optional<Key> take();
  /// Forgets all whole keys that were fed, and what is yet to come of a paste of which a part was
  /// fed: nothing of that is returned.
  void drop();

 private:
  [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  std::optional<Key> take_outside();
  std::optional<Key> take_text();
  std::optional<Key> take_pasted();
  void consume(std::size_t bytes);

  bool is_utf8_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool is_pasting_ = false;
  bool is_hidden_ = false;     // what is pasted was dropped
  bool is_cut_short_ = false;  // Ctrl-C ended the paste
  bool was_cr_ = false;        // an LF that follows in the paste is part of that line end
  std::size_t dropped_ = 0;
};

}  // namespace tribar
