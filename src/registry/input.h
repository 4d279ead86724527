// SPDX-License-Identifier: MIT
//
// What goes into the registry: plain values. Views point into the batch that brought them.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/ids.h"
#include "chat/command.h"
#include "chat/protocol.h"
#include "chat/refusal.h"

namespace tribar {

/// A frame that is no command. When it is fatal the connection is closed behind the refusal.
struct Rejected {
  Refusal refusal;
  bool is_fatal = false;
  friend bool operator==(const Rejected&, const Rejected&) = default;
};

/// The connection was not logged in when its time for that was over.
struct LoginExpired {
  Refusal refusal;
  std::uint32_t logins = 0;  // that the loop has seen: one that it had not yet came in time
  friend bool operator==(const LoginExpired&, const LoginExpired&) = default;
};

/// The peer sends no more, and still reads: its logout.
struct Ended {
  friend bool operator==(const Ended&, const Ended&) = default;
};

/// The connection is gone; the last input that names it, but for Returned.
struct Closed {
  friend bool operator==(const Closed&, const Closed&) = default;
};

/// The session must go: it gets `refusal` and Close, and is logged out. What it asked and was not
/// answered yet, and what it asks from now on, counts as nothing; messages that it was not handed
/// yet go back to the queue. Does nothing to a connection that is closed or has not said anything.
struct Dismiss {
  Refusal refusal;
  friend bool operator==(const Dismiss&, const Dismiss&) = default;
};

/// The result of a Check: the connection's command is executed now, or refused.
struct Answered {
  std::optional<Refusal> refusal;
  friend bool operator==(const Answered&, const Answered&) = default;
};

/// What the kernel took since the last report, as sums of the effects' charges; also of nothing.
struct Written {
  std::uint64_t charge = 0;       // of all effects
  std::uint32_t push_charge = 0;  // of the pushes among them, which credit bounds
  std::uint32_t pushes = 0;
  friend bool operator==(const Written&, const Written&) = default;
};

/// A push that was handed over and could not be written: back to its place in the queue. What waits
/// on the connection goes on with the next Written, Ended or Closed, when all that come are back.
struct Returned {
  AccountId account;
  MessageNumber number;
  UnixMs time;
  Message message;
  friend bool operator==(const Returned&, const Returned&) = default;
};

/// Goes on with what was too long for one step; comes when Registry::has_more_to_do().
struct Continue {
  friend bool operator==(const Continue&, const Continue&) = default;
};

/// Nothing new can be stored from now on, or can be again.
struct StorageDown {
  friend bool operator==(const StorageDown&, const StorageDown&) = default;
};
struct StorageUp {
  friend bool operator==(const StorageUp&, const StorageUp&) = default;
};

using InputBody =
    std::variant<Send, Create, List, Deliver, Delete, Login, Rejected, Ended, Written, Returned,
                 LoginExpired, Dismiss, Answered, Closed, Continue, StorageDown, StorageUp>;

struct Input {
  ConnectionId from;  // none for those that no connection brings
  /// What the command counts in its connection's window: the bytes of its frame. Zero for what is
  /// no command and gets no completion.
  std::uint32_t command_bytes = 0;
  InputBody body;
  /// Of a command: its frame came from the connection right behind that of the input before it in
  /// the batch, and is right behind it in memory too.
  bool is_next = false;
  /// Of a command: when its turn comes it is checked outside the registry first, and executed at
  /// the result. See Check. Means nothing of Send and Rejected.
  bool needs_check = false;
  Protocol protocol = Protocol::Zero;  // of the connection
  /// Of a SEND: Accounts::hash_of() its recipient; 0: not looked at yet.
  std::uint32_t recipient_hash = 0;
  friend bool operator==(const Input&, const Input&) = default;
};

}  // namespace tribar
