// SPDX-License-Identifier: MIT
//
// LISTs that are too long for one step: each is worked off in slices, a few at a time in turn.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "chat/glob.h"
#include "registry/accounts.h"

namespace tribar {

/// One LIST under way.
class Listing {
 public:
  enum class State { Unfinished, Finished, TooLong };

  /// `command_bytes` is kept for the completion.
  Listing(ConnectionId asker, std::uint32_t command_bytes, std::string_view pattern,
          const Accounts& accounts);

  /// Walks on until about `steps` are spent. TooLong: more than `most` names match.
  [[nodiscard]] State step(Accounts& accounts, std::uint64_t steps, std::uint64_t most);

  /// `account` is about to be removed.
  void pass(const Account& account);

  [[nodiscard]] ConnectionId asker() const { return asker_; }
  [[nodiscard]] std::uint32_t command_bytes() const { return command_bytes_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::size_t names_bytes() const { return names_.size(); }
  [[nodiscard]] std::string take_names() { return std::move(names_); }

 private:
  ConnectionId asker_;
  std::uint32_t command_bytes_;
  Glob glob_;
  std::uint32_t next_;  // the place of the account to look at
  std::uint32_t count_ = 0;
  std::string names_;
};

/// All of them, in the order of asking. A few take turns, so that a slow one does not hold up the
/// others and few answers are in the making at once.
class Listings {
 public:
  [[nodiscard]] bool is_empty() const { return queue_.empty(); }
  void add(Listing listing);
  /// Drops the one that `asker` has under way; returns its command_bytes(), 0 if there is none.
  std::uint32_t cancel(ConnectionId asker);
  void pass(const Account& account);

  /// Whose turn it is; call only when not is_empty().
  [[nodiscard]] Listing& current();
  /// The current one has had its turn, and found `bytes` of names in it.
  void rotate(std::size_t bytes);
  /// The current one is finished; `bytes` of names were counted of it.
  void drop_current(std::size_t bytes);

  /// What all that are not finished have found.
  [[nodiscard]] std::uint64_t names_bytes() const { return names_bytes_; }

 private:
  static constexpr std::size_t kAtOnce = 8;
  std::deque<Listing> queue_;
  std::size_t turn_ = 0;
  std::uint64_t names_bytes_ = 0;
};

}  // namespace tribar
