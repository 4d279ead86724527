// SPDX-License-Identifier: MIT
//
// See typed_keys.h.
#include "client/typed_keys.h"

#include <algorithm>
#include <utility>

#include "base/wipe.h"
#include "chat/text.h"

namespace tribar {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::string_view kInterrupt = "\x03";

/// What a number of bytes at the beginning of a text are.
struct Piece {
  enum class Kind { Incomplete, Good, Bad };
  Kind kind = Kind::Incomplete;
  std::size_t bytes = 0;
};

unsigned char as_byte(char c) { return static_cast<unsigned char>(c); }

bool is_control(char c) { return as_byte(c) < 0x20 || c == 0x7f; }

bool is_within(char c, unsigned char first, unsigned char last) {
  return as_byte(c) >= first && as_byte(c) <= last;
}

/// The character that begins `text`, which is not empty and does not begin with a control
/// character.
Piece character(std::string_view text, bool is_utf8) {
  const unsigned char first = as_byte(text[0]);
  if (first < 0x80) {
    return {Piece::Kind::Good, 1};
  }
  if (!is_utf8) {
    return {Piece::Kind::Bad, 1};
  }
  if (const std::size_t size = utf8_size(text); size > 0) {
    const bool is_c1 = first == 0xc2 && as_byte(text[1]) < 0xa0;  // a control character, too
    return {is_c1 ? Piece::Kind::Bad : Piece::Kind::Good, size};
  }
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const bool may_become_one =
      is_within(text[0], 0xc2, 0xf4) && text.size() < size &&
      std::all_of(text.begin() + 1, text.end(), [](char c) { return is_within(c, 0x80, 0xbf); });
  return may_become_one ? Piece{} : Piece{Piece::Kind::Bad, 1};
}

/// The escape sequence that begins `text`; one that breaks off, or never ends, is Bad.
Piece sequence(std::string_view text) {
  if (text.size() < 2) {
    return {};
  }
  if (text[1] == 'O' || text.starts_with("\x1b[[")) {  // ESC O A; the Linux console's ESC [ [ A
    const std::size_t size = text[1] == 'O' ? 3 : 4;
    if (text.size() < size) {
      return {};
    }
    return is_within(text[size - 1], 0x20, 0x7e) ? Piece{Piece::Kind::Good, size}
                                                 : Piece{Piece::Kind::Bad, size - 1};
  }
  if (text[1] != '[') {
    // A character beyond ASCII, and another sequence, stand for themselves.
    return text[1] == kEscape || as_byte(text[1]) >= 0x80 ? Piece{Piece::Kind::Bad, 1}
                                                          : Piece{Piece::Kind::Good, 2};
  }
  std::size_t size = 2;
  const std::size_t most = std::min(text.size(), TypedKeys::kMostSequenceBytes);
  while (size < most && is_within(text[size], 0x20, 0x3f)) {
    ++size;
  }
  if (size == TypedKeys::kMostSequenceBytes) {
    return {Piece::Kind::Bad, size};
  }
  if (size == text.size()) {
    return {};
  }
  return is_within(text[size], 0x40, 0x7e) ? Piece{Piece::Kind::Good, size + 1}
                                           : Piece{Piece::Kind::Bad, size};
}

}  // namespace

TypedKeys::~TypedKeys() { wipe(buffer_.data(), buffer_.size()); }

void TypedKeys::feed(std::string_view bytes) {
  if (is_pasting_ && bytes == kInterrupt) {
    is_cut_short_ = true;
    return;
  }
  if (buffer_.size() + bytes.size() > buffer_.capacity()) {
    // What moves leaves nothing behind.
    std::string larger;
    larger.reserve(std::max(buffer_.size() - at_ + bytes.size(), 2 * buffer_.capacity()));
    larger = rest();
    wipe(buffer_.data(), buffer_.size());
    buffer_ = std::move(larger);
    at_ = 0;
  }
  buffer_ += bytes;
}

std::optional<Key> TypedKeys::take() {
  while (true) {
    auto key = is_pasting_ ? take_pasted() : take_outside();
    if (!key || !is_hidden_) {
      return key;
    }
    is_hidden_ = key->kind != Key::Kind::PasteEnd;
    wipe(key->bytes.data(), key->bytes.size());
  }
}

std::optional<Key> TypedKeys::take_outside() {
  const std::string_view text = rest();
  if (text.empty()) {
    return std::nullopt;
  }
  if (is_control(text[0]) && text[0] != kEscape) {
    Key key{Key::Kind::Control, std::string(1, text[0])};
    consume(1);
    return key;
  }
  if (text[0] != kEscape) {
    return take_text();
  }
  const Piece piece = sequence(text);
  if (piece.kind == Piece::Kind::Incomplete) {
    return std::nullopt;
  }
  Key key{Key::Kind::Invalid, std::string(text.substr(0, piece.bytes))};
  if (key.bytes == kPasteBegin) {
    is_pasting_ = true;
    was_cr_ = false;
    dropped_ = 0;
    key = {Key::Kind::PasteBegin, ""};
  } else if (piece.kind == Piece::Kind::Good) {
    key.kind = Key::Kind::Sequence;
  }
  consume(piece.bytes);
  return key;
}

std::optional<Key> TypedKeys::take_text() {
  const std::string_view text = rest();
  std::size_t size = 0;
  while (size < text.size() && !is_control(text[size])) {
    const Piece piece = character(text.substr(size), is_utf8_);
    if (size == 0 && piece.kind == Piece::Kind::Bad) {
      Key key{Key::Kind::Invalid, std::string(text.substr(0, piece.bytes))};
      consume(piece.bytes);
      return key;
    }
    if (piece.kind != Piece::Kind::Good) {
      break;
    }
    size += piece.bytes;
  }
  if (size == 0) {
    return std::nullopt;
  }
  Key key{Key::Kind::Text, std::string(text.substr(0, size))};
  consume(size);
  return key;
}

std::optional<Key> TypedKeys::take_pasted() {
  const std::string_view text = rest();
  Key key{Key::Kind::PasteText, ""};
  std::size_t at = 0;
  bool is_end = false;
  while (at < text.size() && !is_end) {
    const std::string_view left = text.substr(at);
    const char first = left[0];
    if (first == kEscape) {
      is_end = left.starts_with(kPasteEnd);
      if (!is_end && kPasteEnd.starts_with(left)) {
        break;  // it may become the end
      }
      if (!is_end) {
        ++dropped_;
        ++at;
      }
    } else if (first == '\r' || first == '\n') {
      if (first == '\r' || !was_cr_) {
        key.bytes += '\n';
      }
      ++at;
    } else if (is_control(first) && first != '\t') {
      ++dropped_;
      ++at;
    } else {
      const Piece piece = first == '\t' ? Piece{Piece::Kind::Good, 1} : character(left, is_utf8_);
      if (piece.kind == Piece::Kind::Incomplete) {
        break;
      }
      if (piece.kind == Piece::Kind::Good) {
        key.bytes += left.substr(0, piece.bytes);
      } else {
        ++dropped_;
      }
      at += piece.bytes;
    }
    was_cr_ = first == '\r';
  }
  if (!key.bytes.empty()) {
    consume(at);  // the end comes next
    return key;
  }
  if (is_end || is_cut_short_) {
    consume(is_end ? at + kPasteEnd.size() : text.size());
    is_pasting_ = false;
    is_cut_short_ = false;
    return Key{Key::Kind::PasteEnd, "", std::exchange(dropped_, 0)};
  }
  consume(at);
  return std::nullopt;
}

void TypedKeys::drop() {
  while (auto key = take()) {
    wipe(key->bytes.data(), key->bytes.size());
  }
  is_hidden_ = is_pasting_;
}

void TypedKeys::consume(std::size_t bytes) {
  wipe(buffer_.data() + at_, bytes);
  at_ += bytes;
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  }
}

}  // namespace tribar
