// SPDX-License-Identifier: MIT
//
// The text of a message: a stamp that identifies the message, then filler that both ends compute
// from the seed, so that any damage is found. Printable ASCII without the delimiter.
//
//   24 characters of 6 bits ('0' + value): sender 20 bits, sequence 32, number 32, due 44, check 16
//   the rest: bytes of a block made from the seed, from a place that sender and number choose
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stress/types.h"

namespace tribar::stress {

/// Identifies a message: `sequence` counts those of `sender` to one recipient, `number` all of
/// `sender`, both from 0. `due`: when it was sent or, on a schedule, was due, since the start of
/// the run.
struct Stamp {
  User sender = 0;
  std::uint32_t sequence = 0;
  std::uint32_t number = 0;
  Nanos due = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr std::size_t kStampBytes = 24;
inline constexpr Nanos kMostDue = (Nanos{1} << 44) - 1;  // 4.8 hours

class Payload {
 public:
  /// Makes texts of `least`..`most` bytes, kStampBytes <= least <= most.
  Payload(std::uint64_t seed, std::size_t least, std::size_t most);

  /// The length of the text of message `number` of `sender`.
  [[nodiscard]] std::size_t bytes_of(User sender, std::uint32_t number) const;

  /// Writes the text of `bytes` bytes for `recipient` to `out`. `bytes`: from bytes_of().
  void write(char* out, std::size_t bytes, const Stamp& stamp, User recipient) const;

  /// The stamp at the start of `text`, if there is a valid one for `recipient`. Any bytes may come.
  [[nodiscard]] std::optional<Stamp> stamp_of(std::string_view text, User recipient) const;

  /// Whether `text`, which has the stamp `stamp`, is unchanged.
  [[nodiscard]] bool is_intact(std::string_view text, const Stamp& stamp) const;

 private:
  [[nodiscard]] const char* filler_of(const Stamp& stamp) const;

  std::uint64_t seed_;
  std::size_t least_;
  std::size_t most_;
  std::string filler_;
};

}  // namespace tribar::stress
