// SPDX-License-Identifier: MIT
//
// See text.h.
#include "chat/text.h"

#include <array>
#include <cstring>

namespace tribar {
namespace {

constexpr std::uint64_t kEveryByte = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kEveryByte * 0x80;

/// Non-zero when a byte of `word` is outside 0x20..0x7e.
constexpr std::uint64_t odd_bytes(std::uint64_t word) {
  // Adding 1 turns 0x7f into 0x80; subtracting 0x20 borrows into the high bit below 0x20.
  return (word | (word + kEveryByte) | (word - kEveryByte * 0x20)) & kHighBits;
}

/// Bytes that are tested together: every supported processor has such instructions.
using Bytes = unsigned char __attribute__((vector_size(16)));

bool is_username_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::size_t utf8_size(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  const auto is_in = [&at](std::size_t i, unsigned least, unsigned most) {
    return at(i) >= least && at(i) <= most;
  };
  const unsigned first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return is_in(1, 0x80, 0xbf) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    // No overlong forms, no surrogates.
    const unsigned least = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : 0xbf;
    return is_in(1, least, most) && is_in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    // No overlong forms, nothing above U+10FFFF.
    const unsigned least = first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xf4 ? 0x8f : 0xbf;
    return is_in(1, least, most) && is_in(2, 0x80, 0xbf) && is_in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

char32_t decoded_utf8(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  char32_t character = bytes.size() == 1 ? first : first & (0xffU >> (bytes.size() + 1));
  for (const char byte : bytes.substr(1)) {
    character = character << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return character;
}

bool is_plain(std::string_view bytes) {
  const auto word_at = [bytes](std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    return word;
  };
  if (bytes.size() >= sizeof(Bytes)) {
    // 0x20 becomes 0 and 0x7e the highest allowed value; lower bytes wrap around to above that.
    const auto distance_at = [bytes](std::size_t at) {
      Bytes some;
      std::memcpy(&some, bytes.data() + at, sizeof some);
      return some - 0x20;
    };
    // The last vector may overlap the one before it.
    Bytes most = distance_at(bytes.size() - sizeof(Bytes));
    for (std::size_t i = 0; i + sizeof(Bytes) <= bytes.size(); i += sizeof(Bytes)) {
      const Bytes some = distance_at(i);
      most = most > some ? most : some;
    }
    std::array<std::uint64_t, 2> odd{};
    const auto above = most > static_cast<unsigned char>(0x7e - 0x20);
    std::memcpy(odd.data(), &above, sizeof above);
    return (odd[0] | odd[1]) == 0;
  }
  if (bytes.size() >= 8) {
    return (odd_bytes(word_at(0)) | odd_bytes(word_at(bytes.size() - 8))) == 0;
  }
  std::uint64_t odd = 0;
  for (const char c : bytes) {
    odd |= odd_bytes(kEveryByte * static_cast<unsigned char>(c));
  }
  return odd == 0;
}

std::optional<Refusal> refuse_username(std::string_view name, std::size_t limit_bytes) {
  if (name.empty()) {
    return Refusal{RefusalCode::EmptyUsername};
  }
  if (auto refusal = refuse_not_ascii(name)) {
    return refusal;
  }
  if (name.size() > limit_bytes) {
    return Refusal{RefusalCode::UsernameTooLong, name.size(), limit_bytes};
  }
  for (const char c : name) {
    if (!is_username_byte(c)) {
      return Refusal{RefusalCode::UsernameCharacter};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_not_ascii(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return Refusal{RefusalCode::NotAscii, static_cast<unsigned char>(c)};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_message(std::string_view text) {
  if (is_plain(text)) {
    return std::nullopt;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      return Refusal{RefusalCode::NotAscii, byte};
    }
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
      return Refusal{RefusalCode::ControlCharacter, byte};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_text(std::string_view text) {
  if (is_plain(text)) {
    return std::nullopt;
  }
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t size = utf8_size(text.substr(at));
    if (size == 0) {
      return Refusal{RefusalCode::NotUtf8, byte};
    }
    const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    const bool is_c0 = byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
    if (is_c0 || byte == 0x7f || is_c1) {
      return Refusal{RefusalCode::ControlCharacter,
                     is_c1 ? static_cast<unsigned char>(text[at + 1]) : byte};
    }
    at += size;
  }
  return std::nullopt;
}

bool is_portable(std::string_view text) {
  return (is_plain(text) || !refuse_message(text)) && text.find("|||") == std::string_view::npos;
}

std::optional<Refusal> refuse_secret(std::string_view secret) {
  constexpr std::size_t kLeastBytes = 8;
  constexpr std::size_t kMostBytes = 512;
  if (secret.size() < kLeastBytes || secret.size() > kMostBytes) {
    return Refusal{RefusalCode::SecretLength, secret.size(), kMostBytes};
  }
  if (secret.find("|||") != std::string_view::npos) {
    return Refusal{RefusalCode::SecretCharacter};
  }
  return std::nullopt;
}

}  // namespace tribar
