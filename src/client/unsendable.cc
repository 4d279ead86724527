// SPDX-License-Identifier: MIT
//
// See unsendable.h.
#include "client/unsendable.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "chat/text.h"
#include "client/dialogue.h"
#include "client/shown_text.h"
#include "zero/frame.h"

namespace tribar::client {
namespace {

static_assert(kMostFrameBytes == Dialogue::kFrameBytes);

constexpr std::string_view kNameRule = "a username has letters, digits, '.', '_' and '-' only";
constexpr std::string_view kTextRule = "a text may hold tabs and line breaks, and no others";
constexpr std::size_t kMostSecretBytes = 512;
/// The longest n, and delimiters, in a SEND.
constexpr std::size_t kMostNumberDigits = 20;

/// The place of the first character that cannot be sent.
struct Place {
  std::size_t character = 1;  // counted from 1
  std::size_t at = 0;         // in bytes
  std::size_t size = 0;       // of the character; 0: its first byte begins none
};

/// The first character of `text` that `is_wrong`, a function of the bytes of a character. One that
/// is not UTF-8 is wrong; it counts a byte.
template <typename IsWrong>
std::optional<Place> find_wrong(std::string_view text, IsWrong is_wrong) {
  Place place;
  for (; place.at < text.size(); ++place.character) {
    place.size = utf8_size(text.substr(place.at));
    if (place.size == 0 || is_wrong(text.substr(place.at, place.size))) {
      return place;
    }
    place.at += place.size;
  }
  return std::nullopt;
}

/// "character 5 is ’ (U+2019)"
std::string told(std::string_view text, const Place& place, bool is_utf8) {
  if (place.size == 0) {
    return fmt::format("character {} is byte 0x{:02x}, which is not UTF-8 there", place.character,
                       static_cast<unsigned char>(text[place.at]));
  }
  const std::string_view bytes = text.substr(place.at, place.size);
  const char32_t code = decoded_utf8(bytes);
  const auto is = [&place, code](std::string_view what) {
    return fmt::format("character {} is {} (U+{:04X})", place.character, what,
                       static_cast<unsigned>(code));
  };
  switch (code) {
    case ' ':
      return fmt::format("character {} is a blank", place.character);
    case '\t':
      return fmt::format("character {} is a tab", place.character);
    case '\n':
    case '\r':
      return fmt::format("character {} is a line break", place.character);
    default:
      break;
  }
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
    return is("a control character");
  }
  const std::string shown = shown_text(bytes, is_utf8);
  if (shown == bytes) {
    return code < 0x80 ? fmt::format("character {} is '{}'", place.character, shown) : is(shown);
  }
  return fmt::format("character {} is U+{:04X}", place.character, static_cast<unsigned>(code));
}

bool is_ascii(std::string_view character) { return character.size() == 1; }

/// Whether a text may not hold this character.
bool is_control(std::string_view character) { return refuse_text(character).has_value(); }

/// "characters 3 to 5 are |||"
std::optional<std::string> why_not_delimiter(std::string_view text, std::string_view rule) {
  const std::size_t at = text.find(kDelimiter);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  std::size_t character = 1;
  for (std::size_t before = 0; before < at; ++character) {
    before += std::max<std::size_t>(utf8_size(text.substr(before)), 1);
  }
  return fmt::format("characters {} to {} are {}: {}", character, character + 2, kDelimiter, rule);
}

std::optional<std::string> why_too_long(std::string_view what, std::size_t bytes,
                                        std::size_t allowed) {
  if (bytes <= allowed) {
    return std::nullopt;
  }
  return fmt::format("{} has {} bytes: {} are allowed", what, bytes, allowed);
}

}  // namespace

std::optional<std::string> why_not_username(std::string_view name, bool is_utf8) {
  if (name.empty()) {
    return fmt::format("the username is empty: {}", kNameRule);
  }
  const auto is_wrong = [](std::string_view character) {
    return refuse_username(character, 1).has_value();
  };
  if (const auto place = find_wrong(name, is_wrong)) {
    return fmt::format("{}: {}", told(name, *place, is_utf8), kNameRule);
  }
  // What a server allows in names is less, and its own affair.
  return why_too_long("the username", name.size(), Dialogue::kFirstFrameBytes / 2);
}

std::optional<std::string> why_not_pattern(std::string_view pattern, int protocol, bool is_utf8) {
  const auto is_wrong = [protocol](std::string_view character) {
    return protocol == 0 ? !is_ascii(character) : is_control(character);
  };
  if (const auto place = find_wrong(pattern, is_wrong)) {
    return fmt::format("{}: {}", told(pattern, *place, is_utf8), kNameRule);
  }
  // What every server allows before login, so that the answer does not depend on that.
  return why_too_long("the pattern", pattern.size(), Dialogue::kFirstFrameBytes);
}

std::optional<std::string> why_not_text(std::string_view text, std::string_view sender,
                                        std::string_view recipient, int protocol, bool is_utf8) {
  const auto is_wrong = [protocol](std::string_view character) {
    return (protocol == 0 && !is_ascii(character)) || is_control(character);
  };
  if (const auto place = find_wrong(text, is_wrong)) {
    const std::string_view character = text.substr(place->at, place->size);
    const bool is_beyond_ascii = protocol == 0 && (character.empty() || !is_ascii(character));
    return fmt::format("{}: {}", told(text, *place, is_utf8),
                       is_beyond_ascii     ? "protocol 0 carries ASCII only"
                       : character.empty() ? "a text is UTF-8"
                                           : kTextRule);
  }
  if (protocol == 0) {
    if (auto why = why_not_delimiter(text, "protocol 0 cannot carry that in a text")) {
      return why;
    }
  }
  const std::size_t other_bytes = 2 * kDelimiter.size() + recipient.size() +
                                  (protocol == 0 ? sender.size() : kMostNumberDigits);
  return why_too_long("the text", text.size(),
                      kMostFrameBytes - std::min(other_bytes, kMostFrameBytes));
}

std::optional<std::string> why_not_new_secret(std::string_view secret) {
  constexpr std::size_t kLeastSecretBytes = 8;
  if (secret.size() < kLeastSecretBytes || secret.size() > kMostSecretBytes) {
    return fmt::format("the secret has {} bytes: {} to {} are allowed", secret.size(),
                       kLeastSecretBytes, kMostSecretBytes);
  }
  return why_not_secret(secret);
}

std::optional<std::string> why_not_secret(std::string_view secret) {
  if (const auto place = find_wrong(secret, is_control)) {
    return fmt::format("character {} of the secret is {}, which a secret cannot hold",
                       place->character, place->size == 0 ? "not UTF-8" : "a control character");
  }
  if (auto why = why_not_delimiter(secret, "a secret cannot hold that")) {
    return why;
  }
  return why_too_long("the secret", secret.size(), kMostSecretBytes);
}

}  // namespace tribar::client
