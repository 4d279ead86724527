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

}  // namespace tribar
