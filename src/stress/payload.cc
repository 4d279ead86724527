// SPDX-License-Identifier: MIT
//
// See payload.h.
#include "stress/payload.h"

#include <cstring>

namespace tribar::stress {
namespace {

constexpr std::size_t kWordBytes = 8;      // one word of text carries 48 bits
constexpr std::size_t kFillerPlaces = 64;  // offsets in the block at which a filler may start
constexpr std::uint64_t kEveryByte = 0x0101010101010101;

/// 48 bits as eight characters from '0' on, six bits each.
void put_word(char* out, std::uint64_t bits) {
  bits = (bits & 0xffffff) | (bits >> 24) << 32;
  bits = (bits & 0x00000fff00000fff) | (bits & 0x00fff00000fff000) << 4;
  bits = (bits & 0x003f003f003f003f) | (bits & 0x0fc00fc00fc00fc0) << 2;
  bits += kEveryByte * '0';
  std::memcpy(out, &bits, kWordBytes);
}

/// Decodes what put_word wrote; other characters set one of the upper 16 bits.
std::uint64_t take_word(const char* in) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, in, kWordBytes);
  bits -= kEveryByte * '0';
  const std::uint64_t strange = bits & (kEveryByte * 0xc0);
  bits = (bits & 0x003f003f003f003f) | (bits >> 2 & 0x0fc00fc00fc00fc0);
  bits = (bits & 0x00000fff00000fff) | (bits >> 4 & 0x00fff00000fff000);
  bits = (bits & 0xffffff) | (bits >> 8 & 0xffffff000000);
  return bits | std::uint64_t{strange != 0} << 63;
}

std::uint64_t check_of(const Stamp& stamp, User recipient, std::uint64_t seed) {
  const std::uint64_t who = std::uint64_t{stamp.sender} << 32 | recipient;
  const std::uint64_t which = std::uint64_t{stamp.sequence} << 32 | stamp.number;
  return mixed(mixed(who ^ seed) ^ which ^ stamp.due * 0xd1342543de82ef95) >> 48;
}

}  // namespace

Payload::Payload(std::uint64_t seed, std::size_t least, std::size_t most)
    : seed_(seed), least_(least), most_(most) {
  filler_.resize(most - kStampBytes + kFillerPlaces);
  for (std::size_t i = 0; i < filler_.size(); ++i) {
    filler_[i] = static_cast<char>('!' + mixed(seed + i) % ('{' - '!'));  // no '|'
  }
}

std::size_t Payload::bytes_of(User sender, std::uint32_t number) const {
  if (least_ == most_) {
    return least_;
  }
  const std::uint64_t random = mixed(seed_ ^ (std::uint64_t{sender} << 32 | number));
  return least_ + below(static_cast<std::uint32_t>(most_ - least_ + 1), random);
}

void Payload::write(char* out, std::size_t bytes, const Stamp& stamp, User recipient) const {
  const std::uint64_t check = check_of(stamp, recipient, seed_);
  put_word(out, check << 32 | stamp.sequence);
  put_word(out + kWordBytes, std::uint64_t{stamp.number} << 16 | stamp.sender >> 4);
  put_word(out + 2 * kWordBytes, std::uint64_t{stamp.sender & 15} << 44 | stamp.due);
  std::memcpy(out + kStampBytes, filler_of(stamp), bytes - kStampBytes);
}

std::optional<Stamp> Payload::stamp_of(std::string_view text, User recipient) const {
  if (text.size() < kStampBytes) {
    return std::nullopt;
  }
  const std::uint64_t first = take_word(text.data());
  const std::uint64_t second = take_word(text.data() + kWordBytes);
  const std::uint64_t third = take_word(text.data() + 2 * kWordBytes);
  const Stamp stamp{
      .sender = static_cast<User>((second & 0xffff) << 4 | (third >> 44 & 15)),
      .sequence = static_cast<std::uint32_t>(first),
      .number = static_cast<std::uint32_t>(second >> 16),
      .due = third & kMostDue,
  };
  const bool is_strange = ((first | second | third) >> 48) != 0;
  if (is_strange || first >> 32 != check_of(stamp, recipient, seed_)) {
    return std::nullopt;
  }
  return stamp;
}

bool Payload::is_intact(std::string_view text, const Stamp& stamp) const {
  return text.size() == bytes_of(stamp.sender, stamp.number) &&
         std::memcmp(text.data() + kStampBytes, filler_of(stamp), text.size() - kStampBytes) == 0;
}

const char* Payload::filler_of(const Stamp& stamp) const {
  return filler_.data() + (stamp.sender + stamp.number) % kFillerPlaces;
}

}  // namespace tribar::stress
