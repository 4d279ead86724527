// SPDX-License-Identifier: MIT
//
// Every refusal that a peer can get: codes and tokens, in one table. Between stations refusals
// travel as values; each protocol turns them into text when a reply is appended.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tribar {

/// The numbers are stable: docs/protocol.md lists them.
enum class RefusalCode : std::uint16_t {
  // The rest of the stream is unusable; the connection is closed.
  BadVersion = 100,
  FrameTooLong = 101,
  FrameTimeout = 102,
  LoginTimeout = 103,
  TooManyConnections = 104,
  ShuttingDown = 105,
  TooManyFromAddress = 106,
  Replaced = 107,
  Silent = 108,
  Standby = 109,
  TakenOver = 110,
  Dismissed = 111,
  // One frame is wrong; the connection stays open.
  UnknownCommand = 200,
  WrongFieldCount = 201,
  UnexpectedData = 202,
  NotAscii = 203,
  ControlCharacter = 204,
  NotUtf8 = 205,
  NotANumber = 206,
  ClientName = 207,
  PingTooLong = 208,
  // A name that no account can have.
  DelimiterInUsername = 300,
  EmptyUsername = 301,
  UsernameTooLong = 302,
  UsernameCharacter = 303,
  // A secret that no account can have.
  SecretLength = 310,
  SecretCharacter = 311,
  // The command is well-formed, but not allowed in the current state.
  UsernameTaken = 400,
  NoSuchUsername = 401,
  LoggedInElsewhere = 402,
  AlreadyLoggedIn = 403,
  SendBeforeLogin = 404,
  DeliverBeforeLogin = 405,
  DeleteBeforeLogin = 406,
  SenderIsNotYou = 407,
  NoSuchRecipient = 408,
  ListBeforeLogin = 409,
  SecretBeforeLogin = 410,
  WrongSecret = 411,
  NeedsSecret = 412,
  SecretNeedsTls = 413,
  Throttled = 414,
  NumberAhead = 415,
  // A limit of the server or its storage.
  TooManyAccounts = 500,
  RecipientQueueFull = 501,
  ServerQueuesFull = 502,
  ListTooLong = 503,
  StorageUnavailable = 504,
  TooManySecrets = 505,
  SecretsUnavailable = 506,
};

/// A refusal, with the figures for its text: `found` is what the peer sent, `allowed` the limit.
/// Zero if the text has no such figure.
struct Refusal {
  RefusalCode code{};
  std::uint64_t found = 0;
  std::uint64_t allowed = 0;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// What a server tells connections that it serves no more, or not at all.
struct FinalWord {
  Refusal refusal{RefusalCode::ShuttingDown};
  std::string address = {};  // of the server that serves instead: HOST:PORT; empty: not known
};

/// Every code, in ascending order.
[[nodiscard]] std::span<const RefusalCode> refusal_codes();

/// A short name for logs and counters, such as "no-such-recipient".
[[nodiscard]] std::string_view token_of(RefusalCode code);

}  // namespace tribar
