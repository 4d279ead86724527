// SPDX-License-Identifier: MIT
//
// What the registry knows about one connection. An idle one has no Stall and takes little memory.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "registry/accounts.h"
#include "registry/input.h"
#include "registry/kept_pushes.h"
#include "registry/message_list.h"

namespace tribar {

/// A waiting command, with a copy of the bytes that its views point to.
struct WaitingCommand {
  std::string bytes;
  Input input;
};

/// Copies `input`, a command, and the bytes that it points to.
[[nodiscard]] WaitingCommand copy_command(const Input& input);

/// Messages of one kind (live, or asked for by DELIVER) that wait to be handed over, oldest first.
struct BacklogRun {
  bool is_live = true;  // false: asked for by DELIVER
  MessageList messages;
  std::size_t recipient_bytes = 0;  // of the account's name, which is charged for each message
};

/// A command that is being checked outside the registry. Its secrets are left out.
struct CheckedCommand {
  WaitingCommand command;
  AccountId account;             // see Check
  std::uint64_t generation = 0;  // of the account's secret
};

/// State that exists only while a connection waits: for its peer to read, or for a command of its
/// own that takes longer.
struct Stall {
  std::deque<BacklogRun> backlog;      // messages that wait for credit
  std::deque<WaitingCommand> waiting;  // its own later commands
  bool is_listing = false;             // a LIST of its own is in progress
  std::optional<CheckedCommand> checked;
};

/// What only few sessions have: those of protocol 1, and of protocol 0 those whose peer has shown a
/// certificate, or that were handed a text which it does not carry as it is.
struct SessionDetails {
  std::uint64_t network = 0;  // see Introduced, and the next
  bool may_send_secrets = true;
  std::string certificate_name;  // see Certified; empty: none
  /// Nothing waited at LOGIN, or DELIVER came: messages are pushed as credit allows.
  bool wants_messages = false;
  std::string client;  // numbers its messages; empty: none
  KeptPushes kept;
  std::uint64_t kept_bytes = 0;     // charged for them; protocol 1
  std::size_t recipient_bytes = 0;  // of their account's name; protocol 0
  /// Of orphan_pushes, in their order: what those are charged that were kept, 0 for others. Only if
  /// some were kept.
  std::deque<std::uint32_t> orphan_charges;
};

struct Session {
  ConnectionId id;
  /// The account whose messages it gets. Kept after a logout by half-close, since the peer still
  /// reads.
  AccountRef account;
  bool is_logged_in : 1 = false;
  bool has_ended : 1 = false;     // half-closed; it is logged out once its commands are executed
  bool is_over : 1 = false;       // ended, or about to be closed: further commands have no effect
  bool is_closing : 1 = false;    // Close was sent
  bool is_gone : 1 = false;       // the connection is closed: nobody reads answers
  bool acknowledges : 1 = false;  // it speaks protocol 1
  std::uint32_t logins = 0;       // number of logins so far
  /// Pushes of this account that were handed to the loop and are not reported as written. The
  /// credit bounds their charge.
  std::uint32_t owed_pushes = 0;
  std::uint32_t owed_push_charge = 0;
  /// The same for an account that this connection has deleted since; they are older than
  /// owed_pushes.
  std::uint32_t orphan_pushes = 0;
  std::uint32_t orphan_push_charge = 0;
  /// The charge of all effects that were handed to the loop and are not reported as written.
  std::uint64_t owed = 0;
  /// The part of `owed` that may be long answers to LIST: an upper bound.
  std::uint64_t owed_names = 0;
  std::unique_ptr<Stall> stall;
  std::unique_ptr<SessionDetails> details;
  /// The numbers of owed_pushes, in the order in which they were handed over; only if records are
  /// kept or some of the messages are. 0 for those from before.
  std::unique_ptr<std::deque<MessageNumber>> owed_numbers;

  [[nodiscard]] Stall& stalled() {
    if (!stall) {
      stall = std::make_unique<Stall>();
    }
    return *stall;
  }
  [[nodiscard]] SessionDetails& detailed() {
    if (!details) {
      details = std::make_unique<SessionDetails>();
    }
    return *details;
  }
  /// Whether the registry still has something to send to the peer, even without further commands.
  [[nodiscard]] bool is_busy() const { return awaits_answer() || has_backlog(); }
  /// Whether one of its commands is in progress and not answered yet.
  [[nodiscard]] bool awaits_answer() const { return is_listing() || is_checking(); }
  [[nodiscard]] bool is_listing() const { return stall && stall->is_listing; }
  [[nodiscard]] bool is_checking() const { return stall && stall->checked; }
  [[nodiscard]] bool has_waiting() const { return stall && !stall->waiting.empty(); }
  [[nodiscard]] bool has_backlog() const { return stall && !stall->backlog.empty(); }
};

}  // namespace tribar
