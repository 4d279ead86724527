// SPDX-License-Identifier: MIT
//
// The table of refusals. Five of the texts are part of the protocol; the rest are ours to word.
#include "protocol/refusal.h"

#include <fmt/format.h>

#include <array>

namespace tribar {
namespace {

struct Row {
  RefusalCode code;
  std::string_view token;
  std::string_view text;  // {0}: found, {1}: allowed
};

constexpr std::array kRows{
    Row{RefusalCode::BadVersion, "bad-version",
        "protocol version {0} is not supported, this server speaks version {1}"},
    Row{RefusalCode::FrameTooLong, "frame-too-long",
        "the frame announces more data than the limit of {1} bytes"},
    Row{RefusalCode::FrameTimeout, "frame-timeout", "the frame was not complete within {1} ms"},
    Row{RefusalCode::LoginTimeout, "login-timeout", "no login within {1} ms"},
    Row{RefusalCode::TooManyConnections, "too-many-connections",
        "the server is at its limit of {1} connections, try again later"},
    Row{RefusalCode::ShuttingDown, "shutting-down", "the server is shutting down"},
    Row{RefusalCode::TooManyFromAddress, "too-many-from-address",
        "the server takes {1} connections from one address, try again later"},
    Row{RefusalCode::UnknownCommand, "unknown-command", "command {0} is not known to this server"},
    Row{RefusalCode::WrongFieldCount, "wrong-field-count",
        "this command takes {1} fields joined by |||, not {0}"},
    Row{RefusalCode::UnexpectedData, "unexpected-data", "this command takes no data"},
    Row{RefusalCode::NotAscii, "not-ascii", "byte {0} is not ASCII"},
    Row{RefusalCode::ControlCharacter, "control-character",
        "control character {0} is not allowed in a message"},
    Row{RefusalCode::DelimiterInUsername, "delimiter-in-username",
        "illegal character sequence ||| in username"},
    Row{RefusalCode::EmptyUsername, "empty-username", "the username is empty"},
    Row{RefusalCode::UsernameTooLong, "username-too-long",
        "the username has {0} bytes, {1} are allowed"},
    Row{RefusalCode::UsernameCharacter, "username-character",
        "a username may hold letters, digits, '.', '_' and '-' only"},
    Row{RefusalCode::UsernameTaken, "username-taken", "username already exists"},
    Row{RefusalCode::NoSuchUsername, "no-such-username", "username does not exist"},
    Row{RefusalCode::LoggedInElsewhere, "logged-in-elsewhere", "user is already logged in"},
    Row{RefusalCode::AlreadyLoggedIn, "already-logged-in",
        "this connection is already logged in to another account"},
    Row{RefusalCode::SendBeforeLogin, "send-before-login",
        "attempting to send a message before logging in"},
    Row{RefusalCode::DeliverBeforeLogin, "deliver-before-login",
        "attempting to deliver undelivered messages before logging in"},
    Row{RefusalCode::DeleteBeforeLogin, "delete-before-login",
        "attempting to delete an account before logging in"},
    Row{RefusalCode::SenderIsNotYou, "sender-is-not-you",
        "the sender is not the account that is logged in on this connection"},
    Row{RefusalCode::NoSuchRecipient, "no-such-recipient", "recipient does not exist"},
    Row{RefusalCode::TooManyAccounts, "too-many-accounts",
        "the server is at its limit of {1} accounts"},
    Row{RefusalCode::RecipientQueueFull, "recipient-queue-full",
        "the recipient has too many undelivered messages, try again later"},
    Row{RefusalCode::ServerQueuesFull, "server-queues-full",
        "the server holds too many undelivered messages, try again later"},
    Row{RefusalCode::ListTooLong, "list-too-long",
        "more than {1} usernames match, narrow the pattern"},
    Row{RefusalCode::StorageUnavailable, "storage-unavailable",
        "storage is not available, try again later"},
};

constexpr auto kCodes = [] {
  std::array<RefusalCode, kRows.size()> codes{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    codes[i] = kRows[i].code;
  }
  return codes;
}();

const Row& row_of(RefusalCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) {
      return row;
    }
  }
  static constexpr Row kUnlisted{RefusalCode{}, "refused", "refused"};
  return kUnlisted;
}

}  // namespace

std::span<const RefusalCode> refusal_codes() { return kCodes; }

std::string text_of(const Refusal& refusal) {
  return fmt::format(fmt::runtime(row_of(refusal.code).text), refusal.found, refusal.allowed);
}

std::string_view token_of(RefusalCode code) { return row_of(code).token; }

}  // namespace tribar
