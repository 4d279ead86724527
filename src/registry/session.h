// SPDX-License-Identifier: MIT
//
// What the registry knows of one connection. An idle one has no Stall and costs a few words.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "registry/accounts.h"
#include "registry/input.h"
#include "registry/message_list.h"

namespace tribar {

/// A command that has to wait, with a copy of the bytes that its views point to.
struct WaitingCommand {
  std::string bytes;
  Input input;
};

/// Copies what `input`, a command, points to.
[[nodiscard]] WaitingCommand copy_command(const Input& input);

/// Messages of one kind that are to be handed over, oldest first.
struct BacklogRun {
  bool is_live = true;  // false: asked for by DELIVER
  MessageList messages;
  std::size_t recipient_bytes = 0;  // of the account's name, which counts for each
};

/// A command that is being checked outside the registry.
struct CheckedCommand {
  WaitingCommand command;
  AccountId account;  // see Check
};

/// What is there only while a connection has to wait for its reader, or for the answer to a command
/// of its own that takes longer.
struct Stall {
  std::deque<BacklogRun> backlog;      // what it is to get once there is room
  std::deque<WaitingCommand> waiting;  // its own later commands
  bool is_listing = false;             // a LIST of its own is under way
  std::optional<CheckedCommand> checked;
};

struct Session {
  ConnectionId id;
  /// Whose pushes it gets. Stays behind a logout by half-close, since answers are still written.
  AccountRef account;
  bool is_logged_in : 1 = false;
  bool has_ended : 1 = false;  // the peer sends no more: its logout, once its commands are executed
  bool is_over : 1 = false;    // ended or to be closed: what the peer asks counts no more
  bool is_closing : 1 = false;  // Close was the last word
  bool is_gone : 1 = false;     // closed: nobody reads answers
  std::uint32_t logins = 0;     // so far
  /// This account's pushes handed over and not reported written. Their charge is bounded by the
  /// credit.
  std::uint32_t owed_pushes = 0;
  std::uint32_t owed_push_charge = 0;
  /// Pushes handed over for an account that this connection has deleted since; the oldest.
  std::uint32_t orphan_pushes = 0;
  std::uint32_t orphan_push_charge = 0;
  /// Charges of all effects handed over and not reported written.
  std::uint64_t owed = 0;
  /// The same of long answers to LIST; no less than what of them is not reported written.
  std::uint64_t owed_names = 0;
  std::unique_ptr<Stall> stall;
  /// When records are kept: the numbers of owed_pushes, in the order of handing over.
  std::unique_ptr<std::deque<MessageNumber>> owed_numbers;

  [[nodiscard]] Stall& stalled() {
    if (!stall) {
      stall = std::make_unique<Stall>();
    }
    return *stall;
  }
  /// Whether something more is on its way to the peer, whatever it asks.
  [[nodiscard]] bool is_busy() const { return awaits_answer() || has_backlog(); }
  /// Whether one of its commands was begun and is not answered yet.
  [[nodiscard]] bool awaits_answer() const { return is_listing() || is_checking(); }
  [[nodiscard]] bool is_listing() const { return stall && stall->is_listing; }
  [[nodiscard]] bool is_checking() const { return stall && stall->checked; }
  [[nodiscard]] bool has_waiting() const { return stall && !stall->waiting.empty(); }
  [[nodiscard]] bool has_backlog() const { return stall && !stall->backlog.empty(); }
};

}  // namespace tribar
