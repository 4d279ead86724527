// SPDX-License-Identifier: MIT
//
// The commands of clients, as values. Views point into the bytes that contained the command, which
// must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ids.h"

namespace tribar {

/// A message, independent of the protocol that carries it.
struct Message {
  std::string_view sender;
  std::string_view recipient;
  std::string_view text;
  friend bool operator==(const Message&, const Message&) = default;
};

/// What a message is charged in addition to its own bytes: about what a protocol adds to them.
inline constexpr std::size_t kMessageOverhead = 48;

/// What `message` counts in every limit on bytes, independent of the protocol.
[[nodiscard]] inline std::size_t charged_bytes(const Message& message) {
  return kMessageOverhead + message.sender.size() + message.recipient.size() + message.text.size();
}

struct Create {
  std::string_view username;
  std::string_view client = {};  // see SendNumbered; protocol 1 only, as for the next
  std::string_view secret = {};  // empty: an account by name only
  friend bool operator==(const Create&, const Create&) = default;
};
struct List {
  std::string_view pattern;  // empty: all
  friend bool operator==(const List&, const List&) = default;
};
struct Send {
  Message message;
  friend bool operator==(const Send&, const Send&) = default;
};
struct Deliver {
  friend bool operator==(const Deliver&, const Deliver&) = default;
};
struct Delete {
  std::string_view secret = {};  // protocol 1 only
  friend bool operator==(const Delete&, const Delete&) = default;
};
struct Login {
  std::string_view
      // any ASCII; for a name that no account can have the answer is that it does not exist
      username;
  std::string_view client = {};  // as of Create, and the next
  std::string_view secret = {};
  friend bool operator==(const Login&, const Login&) = default;
};

// Protocol 1 only, from here on.

/// A message with the sender's own number. `client` of LOGIN and CREATE names the installation that
/// counts, and the server keeps the highest number that it accepted from each.
struct SendNumbered {
  std::uint64_t n = 0;
  std::string_view recipient;
  std::string_view text;     // UTF-8
  bool is_portable = false;  // see text.h
  friend bool operator==(const SendNumbered&, const SendNumbered&) = default;
};

/// Everything that was pushed on this connection up to `number` has arrived.
struct Acknowledge {
  MessageNumber number;
  friend bool operator==(const Acknowledge&, const Acknowledge&) = default;
};

struct SetSecret {
  std::string_view old_secret;  // empty: the account has none
  std::string_view new_secret;
  friend bool operator==(const SetSecret&, const SetSecret&) = default;
};

/// Asks the other side whether it is there. Goes both ways, as its answer does.
struct Ping {
  std::string_view data = {};
  friend bool operator==(const Ping&, const Ping&) = default;
};
struct Pong {
  std::string_view data = {};
  friend bool operator==(const Pong&, const Pong&) = default;
};

/// A command of protocol 0.
using Command = std::variant<Create, List, Send, Deliver, Delete, Login>;

/// A command of protocol 1.
using Command1 = std::variant<Create, List, SendNumbered, Deliver, Delete, Login, Acknowledge,
                              SetSecret, Ping, Pong>;

}  // namespace tribar
