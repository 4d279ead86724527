// SPDX-License-Identifier: MIT
//
// The registry's inputs: plain values. Views point into the batch that contains the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "chat/command.h"
#include "chat/protocol.h"
#include "chat/refusal.h"
#include "registry/operation.h"
#include "registry/registry_limits.h"

namespace tribar {

/// A frame that is not a valid command. If it is fatal, the connection is closed after the refusal.
struct Rejected {
  Refusal refusal;
  bool is_fatal = false;
  std::optional<std::uint64_t> n = {};  // of a SendNumbered, if that much could be read
  bool has_secret = false;              // in the frame, where others may be able to read it
  friend bool operator==(const Rejected&, const Rejected&) = default;
};

/// What the loop knows about a connection of protocol 1. Comes before its first command.
struct Introduced {
  std::uint64_t network = 0;     // see PeerNetwork; wrong secrets are counted for each network
  bool may_send_secrets = true;  // nobody else can read them, or that is allowed
  friend bool operator==(const Introduced&, const Introduced&) = default;
};
/// The peer has shown a certificate that was found good and names `name`: for LOGIN to the account
/// of that name it is as good as the secret. Comes before its first command.
struct Certified {
  std::string_view name;
  friend bool operator==(const Certified&, const Certified&) = default;
};
/// The peer has sent nothing for a while and must be pinged.
struct WentSilent {
  friend bool operator==(const WentSilent&, const WentSilent&) = default;
};
/// The connection did not log in within the login timeout.
struct LoginExpired {
  Refusal refusal;
  // how many logins the loop had seen; if there was another one since, it was in time
  std::uint32_t logins = 0;
  friend bool operator==(const LoginExpired&, const LoginExpired&) = default;
};

/// Half-close: the peer will send nothing more but still reads. It is logged out.
struct Ended {
  friend bool operator==(const Ended&, const Ended&) = default;
};

/// The connection is closed. No later input names it, except Returned.
struct Closed {
  friend bool operator==(const Closed&, const Closed&) = default;
};

/// Ends the session: it gets `refusal` and Close, and is logged out. Commands that are not answered
/// yet, and all that arrive later, have no effect; messages that were not handed to the loop yet
/// return to the account's queue. Ignored for a connection that is closed or has not sent anything.
struct Dismiss {
  Refusal refusal;
  friend bool operator==(const Dismiss&, const Dismiss&) = default;
};

/// The result of a Check: the command is now executed, or refused.
struct Answered {
  std::optional<Refusal> refusal = {};
  std::string_view new_hash =
      {};  // of Check::new_secret, or of a secret whose hash has old parameters
  friend bool operator==(const Answered&, const Answered&) = default;
};

/// What the kernel accepted since the last report, as sums of the effects' charges. May be all
/// zero.
struct Written {
  std::uint64_t charge = 0;       // of all effects
  std::uint32_t push_charge = 0;  // of the pushes among them; bounded by the credit
  std::uint32_t pushes = 0;
  friend bool operator==(const Written&, const Written&) = default;
};

/// A push that could not be written: the message returns to its place in the account's queue. The
/// connection's backlog and waiting commands continue with the next Written, Ended or Closed, when
/// all such messages have been returned.
struct Returned {
  AccountId account;
  MessageNumber number;
  UnixMs time;
  Message message;
  bool is_kept = false;      // see Push: then without the message,
  std::uint32_t charge = 0;  // but with its charge
  friend bool operator==(const Returned&, const Returned&) = default;
};

/// Continues work that was too long for one step; sent while Registry::has_more_to_do().
struct Continue {
  friend bool operator==(const Continue&, const Continue&) = default;
};

/// StorageDown: from now on nothing new can be stored. StorageUp: storing works again.
struct StorageDown {
  friend bool operator==(const StorageDown&, const StorageDown&) = default;
};
struct StorageUp {
  friend bool operator==(const StorageUp&, const StorageUp&) = default;
};

/// From now on other limits count, of which can_hash_secrets is as it was. Whoever is above a lower
/// one stays, and gets nothing more. A message that was accepted stays as portable as it was.
///
/// A higher outbox_bytes is credit for those who wait for some: they go on at the next Continues,
/// without a report of what was written. So who waits for credit owes at least outbox_bytes as it
/// is now, whatever it was before. Their loops count on that: see Switchboard::set_limits().
struct Reconfigured {
  const RegistryLimits* limits;  // lives as long as the batch
  friend bool operator==(const Reconfigured&, const Reconfigured&) = default;
};

using InputBody = std::variant<Send, Create, List, Deliver, Delete, Login, Rejected, Ended, Written,
                               Returned, LoginExpired, Dismiss, Answered, Closed, Continue,
                               StorageDown, StorageUp, SendNumbered, Acknowledge, SetSecret, Ping,
                               Pong, Introduced, Certified, WentSilent, Operate, Reconfigured>;

/// Whether it is a command with a secret in it.
[[nodiscard]] inline bool contains_secret(const InputBody& body) {
  if (const auto* creation = std::get_if<Create>(&body)) {
    return !creation->secret.empty();
  }
  if (const auto* entry = std::get_if<Login>(&body)) {
    return !entry->secret.empty();
  }
  if (const auto* deletion = std::get_if<Delete>(&body)) {
    return !deletion->secret.empty();
  }
  return std::holds_alternative<SetSecret>(body);
}

struct Input {
  ConnectionId from;  // none: the input comes from no connection
  /// What the command counts in its connection's window: the bytes of its frame. Zero for inputs
  /// that are not commands; they get no completion.
  std::uint32_t command_bytes = 0;
  InputBody body;
  /// Of a command: its frame came from the same connection as the previous input in the batch, and
  /// directly follows that frame in the stream and in memory.
  bool is_next = false;
  Protocol protocol = Protocol::Zero;  // of the connection
  /// Of a SEND: Accounts::hash_of() its recipient; 0: not computed yet.
  std::uint32_t recipient_hash = 0;
  friend bool operator==(const Input&, const Input&) = default;
};

}  // namespace tribar
