// SPDX-License-Identifier: MIT
//
// LISTs that are too long for one step: each is executed in slices, a few LISTs in turn.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "chat/glob.h"
#include "registry/accounts.h"

namespace tribar {

/// Appends what LIST says of `account`: its name; with presence, then "on" or "off", whether it is
/// logged in. Each ends with '\n'.
void append_listed(std::string& out, const Account& account, bool with_presence);

/// How many fields `accounts` accounts make: see Names::count.
[[nodiscard]] constexpr std::uint32_t count_listed(std::uint32_t accounts, bool with_presence) {
  return with_presence ? 2 * accounts : accounts;
}

/// One LIST in progress.
class Listing {
 public:
  enum class State { Unfinished, Finished, TooLong };

  /// `command_bytes`: for the completion, see Effect::completes_bytes. `with_presence`: see
  /// append_listed().
  Listing(ConnectionId asker, std::uint32_t command_bytes, std::string_view pattern,
          bool with_presence, const Accounts& accounts);

  /// Goes through further accounts until about `steps` steps are used (see Glob::matches). TooLong:
  /// more than `most` names match.
  [[nodiscard]] State step(Accounts& accounts, std::uint64_t steps, std::uint64_t most);

  /// Must be called before `account` is removed: skips it.
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
  bool with_presence_;
  std::uint32_t next_;  // place of the next account
  std::uint32_t count_ = 0;
  std::string names_;
};

/// All LISTs in progress, in the order in which they were asked. A few take turns, so that a slow
/// one does not delay the others and only a few answers are being built at once.
class Listings {
 public:
  [[nodiscard]] bool is_empty() const { return queue_.empty(); }
  void add(Listing listing);
  /// Cancels the LIST of `asker`; returns its command_bytes(), 0 if there is none.
  std::uint32_t cancel(ConnectionId asker);
  void pass(const Account& account);

  /// The LIST whose turn it is. Requires !is_empty().
  [[nodiscard]] Listing& current();
  /// Ends the turn of the current LIST, which found `bytes` of names in it.
  void rotate(std::size_t bytes);
  /// Removes the current LIST, which is finished. `bytes`: what it had contributed to
  /// names_bytes().
  void drop_current(std::size_t bytes);

  /// Bytes of names that all unfinished LISTs have found.
  [[nodiscard]] std::uint64_t names_bytes() const { return names_bytes_; }

 private:
  static constexpr std::size_t kAtOnce = 8;
  std::deque<Listing> queue_;
  std::size_t turn_ = 0;
  std::uint64_t names_bytes_ = 0;
};

}  // namespace tribar
