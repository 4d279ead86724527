// SPDX-License-Identifier: MIT
//
// The table of refusals: what is the same in every protocol.
#include "chat/refusal.h"

#include <array>

namespace tribar {
namespace {

struct Row {
  RefusalCode code;
  std::string_view token;
};

constexpr std::array kRows{
    Row{RefusalCode::BadVersion, "bad-version"},
    Row{RefusalCode::FrameTooLong, "frame-too-long"},
    Row{RefusalCode::FrameTimeout, "frame-timeout"},
    Row{RefusalCode::LoginTimeout, "login-timeout"},
    Row{RefusalCode::TooManyConnections, "too-many-connections"},
    Row{RefusalCode::ShuttingDown, "shutting-down"},
    Row{RefusalCode::TooManyFromAddress, "too-many-from-address"},
    Row{RefusalCode::Replaced, "replaced"},
    Row{RefusalCode::Silent, "silent"},
    Row{RefusalCode::Standby, "standby"},
    Row{RefusalCode::TakenOver, "taken-over"},
    Row{RefusalCode::Dismissed, "dismissed"},
    Row{RefusalCode::UnknownCommand, "unknown-command"},
    Row{RefusalCode::WrongFieldCount, "wrong-field-count"},
    Row{RefusalCode::UnexpectedData, "unexpected-data"},
    Row{RefusalCode::NotAscii, "not-ascii"},
    Row{RefusalCode::ControlCharacter, "control-character"},
    Row{RefusalCode::NotUtf8, "bad-encoding"},
    Row{RefusalCode::NotANumber, "not-a-number"},
    Row{RefusalCode::ClientName, "client-name"},
    Row{RefusalCode::PingTooLong, "ping-too-long"},
    Row{RefusalCode::DelimiterInUsername, "delimiter-in-username"},
    Row{RefusalCode::EmptyUsername, "empty-username"},
    Row{RefusalCode::UsernameTooLong, "username-too-long"},
    Row{RefusalCode::UsernameCharacter, "username-character"},
    Row{RefusalCode::SecretLength, "secret-length"},
    Row{RefusalCode::SecretCharacter, "secret-character"},
    Row{RefusalCode::UsernameTaken, "username-taken"},
    Row{RefusalCode::NoSuchUsername, "no-such-username"},
    Row{RefusalCode::LoggedInElsewhere, "logged-in-elsewhere"},
    Row{RefusalCode::AlreadyLoggedIn, "already-logged-in"},
    Row{RefusalCode::SendBeforeLogin, "send-before-login"},
    Row{RefusalCode::DeliverBeforeLogin, "deliver-before-login"},
    Row{RefusalCode::DeleteBeforeLogin, "delete-before-login"},
    Row{RefusalCode::SenderIsNotYou, "sender-is-not-you"},
    Row{RefusalCode::NoSuchRecipient, "no-such-recipient"},
    Row{RefusalCode::ListBeforeLogin, "list-before-login"},
    Row{RefusalCode::SecretBeforeLogin, "secret-before-login"},
    Row{RefusalCode::WrongSecret, "wrong-secret"},
    Row{RefusalCode::NeedsSecret, "needs-secret"},
    Row{RefusalCode::SecretNeedsTls, "secret-needs-tls"},
    Row{RefusalCode::Throttled, "throttled"},
    Row{RefusalCode::NumberAhead, "number-ahead"},
    Row{RefusalCode::TooManyAccounts, "too-many-accounts"},
    Row{RefusalCode::RecipientQueueFull, "recipient-queue-full"},
    Row{RefusalCode::ServerQueuesFull, "server-queues-full"},
    Row{RefusalCode::ListTooLong, "list-too-long"},
    Row{RefusalCode::StorageUnavailable, "storage-unavailable"},
    Row{RefusalCode::TooManySecrets, "too-many-secrets"},
    Row{RefusalCode::SecretsUnavailable, "secrets-unavailable"},
};

constexpr auto kCodes = [] {
  std::array<RefusalCode, kRows.size()> codes{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    codes[i] = kRows[i].code;
  }
  return codes;
}();

}  // namespace

std::span<const RefusalCode> refusal_codes() { return kCodes; }

std::string_view token_of(RefusalCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) {
      return row.token;
    }
  }
  return "refused";
}

}  // namespace tribar
