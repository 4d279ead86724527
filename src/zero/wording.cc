// SPDX-License-Identifier: MIT
//
// See wording.h. Five of the texts are fixed by the protocol; the others may be changed.
#include "zero/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "zero/frame.h"

namespace tribar {
namespace {

struct Row {
  RefusalCode code;
  std::string_view token1;  // protocol 1's
  // {0}: Refusal::found, {1}: Refusal::allowed, {2}: FinalWord::address, behind the text's only
  // colon
  std::string_view text;
};

constexpr std::array kRows{
    Row{RefusalCode::BadVersion, "bad-version",
        "protocol version {0} is not supported, this server speaks version {1}"},
    Row{RefusalCode::FrameTooLong, "too-long",
        "the frame announces more data than the limit of {1} bytes"},
    Row{RefusalCode::FrameTimeout, "idle", "the frame was not complete within {1} ms"},
    Row{RefusalCode::LoginTimeout, "idle", "no login within {1} ms"},
    Row{RefusalCode::TooManyConnections, "busy",
        "the server is at its limit of {1} connections, try again later"},
    Row{RefusalCode::ShuttingDown, "stopping", "the server is shutting down"},
    Row{RefusalCode::TooManyFromAddress, "busy",
        "the server takes {1} connections from one address, try again later"},
    Row{RefusalCode::Replaced, "replaced", "the account was logged in to on another connection"},
    Row{RefusalCode::Silent, "idle", "nothing came for {1} ms, and a ping was not answered"},
    Row{RefusalCode::Standby, "stopping", "this server is a standby; the one that serves: {2}"},
    Row{RefusalCode::TakenOver, "stopping", "another server has taken over: {2}"},
    Row{RefusalCode::Dismissed, "replaced", "disconnected by whoever runs the server"},
    Row{RefusalCode::UnknownCommand, "unknown-command", "command {0} is not known to this server"},
    Row{RefusalCode::WrongFieldCount, "bad-fields",
        "this command takes {1} fields joined by |||, not {0}"},
    Row{RefusalCode::UnexpectedData, "bad-fields", "this command takes no data"},
    Row{RefusalCode::NotAscii, "bad-text", "byte {0} is not ASCII"},
    Row{RefusalCode::ControlCharacter, "bad-text",
        "control character {0} is not allowed in a message"},
    Row{RefusalCode::NotUtf8, "bad-text", "byte {0} is not valid UTF-8 where it stands"},
    Row{RefusalCode::NotANumber, "bad-fields", "a number must be 1 to 20 digits, at most 2^64 - 1"},
    Row{RefusalCode::ClientName, "bad-fields",
        "a client's name may hold up to {1} letters, digits, '.', '_' and '-'"},
    Row{RefusalCode::PingTooLong, "bad-fields", "a ping has {0} bytes of data, {1} are allowed"},
    Row{RefusalCode::DelimiterInUsername, "bad-name", "illegal character sequence ||| in username"},
    Row{RefusalCode::EmptyUsername, "bad-name", "the username is empty"},
    Row{RefusalCode::UsernameTooLong, "bad-name", "the username has {0} bytes, {1} are allowed"},
    Row{RefusalCode::UsernameCharacter, "bad-name",
        "a username may hold letters, digits, '.', '_' and '-' only"},
    Row{RefusalCode::SecretLength, "weak-secret", "a secret must have 8 to 512 bytes, not {0}"},
    Row{RefusalCode::SecretCharacter, "bad-text",
        "a secret must be UTF-8 without control characters and without the delimiter"},
    Row{RefusalCode::UsernameTaken, "name-taken", "username already exists"},
    Row{RefusalCode::NoSuchUsername, "no-such-user", "username does not exist"},
    Row{RefusalCode::LoggedInElsewhere, "in-use", "user is already logged in"},
    Row{RefusalCode::AlreadyLoggedIn, "logged-in",
        "this connection is already logged in to another account"},
    Row{RefusalCode::SendBeforeLogin, "not-logged-in",
        "attempting to send a message before logging in"},
    Row{RefusalCode::DeliverBeforeLogin, "not-logged-in",
        "attempting to deliver undelivered messages before logging in"},
    Row{RefusalCode::DeleteBeforeLogin, "not-logged-in",
        "attempting to delete an account before logging in"},
    Row{RefusalCode::SenderIsNotYou, "bad-fields",
        "the sender is not the account that is logged in on this connection"},
    Row{RefusalCode::NoSuchRecipient, "no-such-user", "recipient does not exist"},
    Row{RefusalCode::ListBeforeLogin, "not-logged-in",
        "attempting to list usernames before logging in"},
    Row{RefusalCode::SecretBeforeLogin, "not-logged-in",
        "attempting to change a secret before logging in"},
    Row{RefusalCode::WrongSecret, "bad-secret",
        "the secret is wrong, or is needed and was not given"},
    Row{RefusalCode::NeedsSecret, "bad-secret", "username needs a secret: use protocol 1"},
    Row{RefusalCode::SecretNeedsTls, "secret-needs-tls",
        "a secret may not be sent unencrypted: use TLS"},
    Row{RefusalCode::Throttled, "throttled", "too many wrong secrets, wait {0} ms"},
    Row{RefusalCode::NumberAhead, "bad-number",
        "the highest number accepted from this client is {0}"},
    Row{RefusalCode::TooManyAccounts, "server-full", "the server is at its limit of {1} accounts"},
    Row{RefusalCode::RecipientQueueFull, "mailbox-full",
        "the recipient has too many undelivered messages, try again later"},
    Row{RefusalCode::ServerQueuesFull, "server-full",
        "the server holds too many undelivered messages, try again later"},
    Row{RefusalCode::ListTooLong, "too-many", "more than {1} usernames match, narrow the pattern"},
    Row{RefusalCode::StorageUnavailable, "storage-unavailable",
        "storage is not available, try again later"},
    Row{RefusalCode::TooManySecrets, "busy", "too many secrets are being checked, try again later"},
    Row{RefusalCode::SecretsUnavailable, "bad-secret", "this server has no support for secrets"},
};

const Row* find_row(RefusalCode code) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [code](const Row& each) { return each.code == code; });
  return row == kRows.end() ? nullptr : row;
}

}  // namespace

std::string text_of(const Refusal& refusal, std::string_view address) {
  const Row* row = find_row(refusal.code);
  return row == nullptr ? "refused"
                        : fmt::format(fmt::runtime(row->text), refusal.found, refusal.allowed,
                                      address.empty() ? "unknown" : address);
}

std::string_view token1_of(RefusalCode code) {
  const Row* row = find_row(code);
  return row == nullptr ? "busy" : row->token1;
}

std::string text1_of(const Refusal& refusal, std::string_view address) {
  std::string text = text_of(refusal, address);
  if (const std::size_t at = text.find(kDelimiter); at != std::string::npos) {
    text.replace(at, kDelimiter.size(), "the delimiter");
  }
  return text;
}

std::optional<std::uint64_t> third_field_of(const Refusal& refusal) {
  const bool has_one =
      refusal.code == RefusalCode::Throttled || refusal.code == RefusalCode::NumberAhead;
  return has_one ? std::optional(refusal.found) : std::nullopt;
}

}  // namespace tribar
