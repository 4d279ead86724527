// SPDX-License-Identifier: MIT
//
// Slows down guessing of secrets. Deterministic; the time is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "base/ids.h"

namespace tribar {

/// Counts attempts for an account and an address network together. The first ones are free; then
/// each must wait twice as long after the one before it, up to a minute.
class Throttle {
 public:
  static constexpr std::uint32_t kFree = 5;
  static constexpr std::uint64_t kFirstWaitMs = 1000;
  static constexpr std::uint64_t kLongestWaitMs = 60000;
  /// An entry without attempts for so long is forgotten, ...
  static constexpr std::uint64_t kForgottenMs = 600000;
  /// ... and the oldest one when there are so many.
  static constexpr std::size_t kMostEntries = 65536;

  /// An attempt begins at `now`. Returns 0 and counts it, or how many ms it must still wait.
  [[nodiscard]] std::uint64_t begin(AccountId account, std::uint64_t network, UnixMs now);

  /// An attempt that had begun was not looked at: it counts as none.
  void take_back(AccountId account, std::uint64_t network);

  /// An attempt was right: the account's next attempts from `network` are free again.
  void succeed(AccountId account, std::uint64_t network) { entries_.erase({account, network}); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Key = std::pair<AccountId, std::uint64_t>;
  struct Entry {
    std::uint32_t attempts = 0;
    UnixMs last;
    std::uint64_t serial = 0;  // that of its item in order_
  };
  struct Item {
    Key key;
    std::uint64_t serial = 0;
    UnixMs seen;
  };

  void forget(UnixMs now);

  std::map<Key, Entry> entries_;
  std::deque<Item> order_;  // by the time of an attempt, the first or a later one
  std::uint64_t serial_ = 0;
};

}  // namespace tribar
