// SPDX-License-Identifier: MIT
//
// What the registry wants done, in order: plain values that know no bytes of the wire. Views and
// pointers are good for as long as the batch lives whose output they stand in.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "chat/command.h"
#include "chat/protocol.h"
#include "chat/refusal.h"

namespace tribar {

/// A message to its recipient. If it cannot be written it comes back as Returned.
struct Push {
  const Message* message = nullptr;
  AccountId account;  // the recipient's
  MessageNumber number;
  UnixMs time;
  bool is_live = true;                // false: asked for by DELIVER, so an answer
  bool wants_report = false;          // tell as soon as it is written, not at leisure
  Protocol came_as = Protocol::Zero;  // what carried the message here
  friend bool operator==(const Push& a, const Push& b) {
    return *a.message == *b.message && a.account == b.account && a.number == b.number &&
           a.time == b.time && a.is_live == b.is_live && a.wants_report == b.wants_report;
  }
};

/// The most that a row of answers is charged which is one effect, but for its last part: it is
/// reported as written when all of it is.
inline constexpr std::uint32_t kRowCharge = 4096;

/// The same message back to its sender: the confirmation. Of messages whose frames came one right
/// behind the other it is one effect, which completes them all.
struct Echo {
  const Message* message = nullptr;  // the first one
  std::uint32_t more = 0;            // how many are behind it
  std::uint32_t more_bytes = 0;      // their frames', which are behind its own in memory
  friend bool operator==(const Echo& a, const Echo& b) {
    return *a.message == *b.message && a.more == b.more && a.more_bytes == b.more_bytes;
  }
};

/// Success of CREATE or LOGIN: the connection is logged in now.
struct LoggedIn {
  AccountId account;
  friend bool operator==(const LoggedIn&, const LoggedIn&) = default;
};

struct Refuse {
  Refusal refusal;
  friend bool operator==(const Refuse&, const Refuse&) = default;
};

inline constexpr std::uint32_t kLongAnswerCharge = 4096;

/// The answer to LIST. Each name in `names` ends with '\n', which no name can hold.
/// One that is charged as much as kLongAnswerCharge is reported as soon as it is written.
struct Names {
  std::string_view names;
  std::uint32_t count = 0;
  friend bool operator==(const Names&, const Names&) = default;
};

/// A command that has no answer of its own is done.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

/// As Done; and the connection is logged out.
struct LoggedOut {
  friend bool operator==(const LoggedOut&, const LoggedOut&) = default;
};

/// The connection's command has to be checked outside the registry. The result comes as Answered;
/// until then the connection's next commands wait.
struct Check {
  AccountId account;  // of LOGIN: whose name it is; none: nobody's
  friend bool operator==(const Check&, const Check&) = default;
};

/// Close the connection when everything before this is written.
struct Close {
  friend bool operator==(const Close&, const Close&) = default;
};

using EffectBody = std::variant<Push, Echo, LoggedIn, Refuse, Names, Done, LoggedOut, Check, Close>;

struct Effect {
  ConnectionId to;
  /// The completion of one of the connection's commands, or of a row (see Echo): its
  /// Input::command_bytes; zero: none.
  std::uint32_t completes_bytes = 0;
  /// What this counts in the connection's credit until it is reported as Written.
  std::uint32_t charge = 0;
  EffectBody body;
  friend bool operator==(const Effect&, const Effect&) = default;
};

}  // namespace tribar
