// SPDX-License-Identifier: MIT
//
// The commands of clients, as values. Views point into the bytes that contained the command, which
// must outlive it.
#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

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
  friend bool operator==(const Delete&, const Delete&) = default;
};
struct Login {
  std::string_view
      // any ASCII; for a name that no account can have the answer is that it does not exist
      username;
  friend bool operator==(const Login&, const Login&) = default;
};

using Command = std::variant<Create, List, Send, Deliver, Delete, Login>;

}  // namespace tribar
