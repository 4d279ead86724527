// SPDX-License-Identifier: MIT
//
// What the registry decided, in order, as plain values that know no wire format. Views and pointers
// are valid as long as the batch that contains them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "chat/command.h"
#include "chat/protocol.h"
#include "chat/refusal.h"

namespace tribar {

/// A message to its recipient. If the loop cannot write it, it comes back to the registry as
/// Returned: with the message, or with only its charge if it is kept. A kept one does not come back
/// if its connection was closed before. One that is not portable must be kept, because the escapes
/// in which protocol 0 gets its text cannot be undone.
struct Push {
  const Message* message = nullptr;
  AccountId account;  // the recipient's
  MessageNumber number;
  UnixMs time;
  bool is_live = true;        // false: asked for by DELIVER, so an answer
  bool wants_report = false;  // report at once when it is written, not together with later commands
  bool is_kept = false;       // the registry keeps the message until it is acknowledged
  bool is_portable = true;    // protocol 0 can carry the text: see chat/text.h
  bool tells_number = false;  // to protocol 1
  Protocol came_as = Protocol::Zero;  // the sender's protocol
  friend bool operator==(const Push& a, const Push& b) {
    return *a.message == *b.message && a.account == b.account && a.number == b.number &&
           a.time == b.time && a.is_live == b.is_live && a.wants_report == b.wants_report &&
           a.is_kept == b.is_kept && a.is_portable == b.is_portable &&
           a.tells_number == b.tells_number;
  }
};

/// An Echo takes no further message once it is charged this much. A larger one would delay the
/// report of what was written, since an effect is reported as written only as a whole.
inline constexpr std::uint32_t kRowCharge = 4096;

/// The confirmation of a message to its sender: the same message. One effect confirms, and
/// completes, several messages whose frames arrived directly one after the other.
struct Echo {
  const Message* message = nullptr;  // the first one
  std::uint32_t more = 0;            // how many more messages follow it
  // the bytes of their frames, which follow the first one's in memory
  std::uint32_t more_bytes = 0;
  friend bool operator==(const Echo& a, const Echo& b) {
    return *a.message == *b.message && a.more == b.more && a.more_bytes == b.more_bytes;
  }
};

/// A SendNumbered is accepted; number and time are 0 of one that was accepted before.
struct Accepted {
  std::uint64_t n = 0;
  MessageNumber number;
  UnixMs time;
  friend bool operator==(const Accepted&, const Accepted&) = default;
};

/// Success of CREATE or LOGIN: the connection is logged in now.
struct LoggedIn {
  AccountId account;
  bool is_new = false;         // of CREATE in protocol 1
  std::uint64_t waiting = 0;   // messages that wait for DELIVER
  std::uint64_t highest = 0;   // n that was accepted from this client
  std::string_view name = {};  // the account's, for the log
  friend bool operator==(const LoggedIn& a, const LoggedIn& b) {
    return a.account == b.account && a.is_new == b.is_new && a.waiting == b.waiting &&
           a.highest == b.highest;
  }
};

struct Refuse {
  Refusal refusal;
  std::optional<std::uint64_t> n = {};  // of the SendNumbered that is refused
  friend bool operator==(const Refuse&, const Refuse&) = default;
};

inline constexpr std::uint32_t kLongAnswerCharge = 4096;

/// The answer to LIST. Each name in `names` ends with '\n', which no name can contain. In protocol
/// 1 each is followed by "on\n" or "off\n", which `count` counts too. An answer that is charged
/// kLongAnswerCharge or more is reported as soon as it is written.
struct Names {
  std::string_view names;
  std::uint32_t count = 0;
  friend bool operator==(const Names&, const Names&) = default;
};

/// A command that has no answer of its own is done.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

/// Success of SetSecret.
struct SecretChanged {
  friend bool operator==(const SecretChanged&, const SecretChanged&) = default;
};

/// Like Done, and the connection is logged out. In protocol 1 it is also an answer.
struct LoggedOut {
  friend bool operator==(const LoggedOut&, const LoggedOut&) = default;
};

/// A command of this connection has a secret that must be checked or hashed outside the registry.
/// The result arrives as the input Answered; until then the connection's next commands wait.
struct Check {
  AccountId account = {};  // whose secret it is; none: of CREATE
  std::string_view secret = {};
  std::string_view hash = {};        // `secret` must match it; empty: there is nothing to match
  std::string_view new_secret = {};  // to be hashed; empty: none
  friend bool operator==(const Check&, const Check&) = default;
};

/// Close the connection once everything before this is written.
struct Close {
  friend bool operator==(const Close&, const Close&) = default;
};

using EffectBody = std::variant<Push, Echo, LoggedIn, Refuse, Names, Done, LoggedOut, Check, Close,
                                Accepted, SecretChanged, Ping, Pong>;

struct Effect {
  ConnectionId to;
  /// Non-zero: this effect completes a command of the connection, or several (see Echo), with this
  /// sum of Input::command_bytes.
  std::uint32_t completes_bytes = 0;
  /// What this is charged against the connection's credit until it is reported as Written.
  std::uint32_t charge = 0;
  EffectBody body;
  friend bool operator==(const Effect&, const Effect&) = default;
};

}  // namespace tribar
