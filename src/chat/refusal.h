// SPDX-License-Identifier: MIT
//
// Every "no" that a peer can get: codes and tokens, in one table. Refusals travel between stations
// as values; each protocol words them where a reply is appended.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tribar {

/// The numbers are stable: docs/protocol.md lists them.
enum class RefusalCode : std::uint16_t {
  // The stream cannot be trusted any further; the connection is closed.
  BadVersion = 100,
  FrameTooLong = 101,
  FrameTimeout = 102,
  LoginTimeout = 103,
  TooManyConnections = 104,
  ShuttingDown = 105,
  TooManyFromAddress = 106,
  // One frame is wrong; the connection goes on.
  UnknownCommand = 200,
  WrongFieldCount = 201,
  UnexpectedData = 202,
  NotAscii = 203,
  ControlCharacter = 204,
  // A name that no account can have.
  DelimiterInUsername = 300,
  EmptyUsername = 301,
  UsernameTooLong = 302,
  UsernameCharacter = 303,
  // The command is well-formed, but not now.
  UsernameTaken = 400,
  NoSuchUsername = 401,
  LoggedInElsewhere = 402,
  AlreadyLoggedIn = 403,
  SendBeforeLogin = 404,
  DeliverBeforeLogin = 405,
  DeleteBeforeLogin = 406,
  SenderIsNotYou = 407,
  NoSuchRecipient = 408,
  // A limit of the server, or of what it stands on.
  TooManyAccounts = 500,
  RecipientQueueFull = 501,
  ServerQueuesFull = 502,
  ListTooLong = 503,
  StorageUnavailable = 504,
};

/// A refusal with the figures that a text names: `found` is what the peer sent, `allowed` the
/// limit. Zero where the text names none.
struct Refusal {
  RefusalCode code{};
  std::uint64_t found = 0;
  std::uint64_t allowed = 0;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Every code, in ascending order.
[[nodiscard]] std::span<const RefusalCode> refusal_codes();

/// A short word for logs and counters, such as "no-such-recipient".
[[nodiscard]] std::string_view token_of(RefusalCode code);

}  // namespace tribar
