// SPDX-License-Identifier: MIT
//
// See wording.h. Five of the texts are fixed by the protocol; the others may be changed.
#include "zero/wording.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace tribar {
namespace {

struct Row {
  RefusalCode code;
  std::string_view text;  // {0}: Refusal::found, {1}: Refusal::allowed
};

constexpr std::array kRows{
    Row{RefusalCode::BadVersion,
        "protocol version {0} is not supported, this server speaks version {1}"},
    Row{RefusalCode::FrameTooLong, "the frame announces more data than the limit of {1} bytes"},
    Row{RefusalCode::FrameTimeout, "the frame was not complete within {1} ms"},
    Row{RefusalCode::LoginTimeout, "no login within {1} ms"},
    Row{RefusalCode::TooManyConnections,
        "the server is at its limit of {1} connections, try again later"},
    Row{RefusalCode::ShuttingDown, "the server is shutting down"},
    Row{RefusalCode::TooManyFromAddress,
        "the server takes {1} connections from one address, try again later"},
    Row{RefusalCode::UnknownCommand, "command {0} is not known to this server"},
    Row{RefusalCode::WrongFieldCount, "this command takes {1} fields joined by |||, not {0}"},
    Row{RefusalCode::UnexpectedData, "this command takes no data"},
    Row{RefusalCode::NotAscii, "byte {0} is not ASCII"},
    Row{RefusalCode::ControlCharacter, "control character {0} is not allowed in a message"},
    Row{RefusalCode::DelimiterInUsername, "illegal character sequence ||| in username"},
    Row{RefusalCode::EmptyUsername, "the username is empty"},
    Row{RefusalCode::UsernameTooLong, "the username has {0} bytes, {1} are allowed"},
    Row{RefusalCode::UsernameCharacter,
        "a username may hold letters, digits, '.', '_' and '-' only"},
    Row{RefusalCode::UsernameTaken, "username already exists"},
    Row{RefusalCode::NoSuchUsername, "username does not exist"},
    Row{RefusalCode::LoggedInElsewhere, "user is already logged in"},
    Row{RefusalCode::AlreadyLoggedIn, "this connection is already logged in to another account"},
    Row{RefusalCode::SendBeforeLogin, "attempting to send a message before logging in"},
    Row{RefusalCode::DeliverBeforeLogin,
        "attempting to deliver undelivered messages before logging in"},
    Row{RefusalCode::DeleteBeforeLogin, "attempting to delete an account before logging in"},
    Row{RefusalCode::SenderIsNotYou,
        "the sender is not the account that is logged in on this connection"},
    Row{RefusalCode::NoSuchRecipient, "recipient does not exist"},
    Row{RefusalCode::TooManyAccounts, "the server is at its limit of {1} accounts"},
    Row{RefusalCode::RecipientQueueFull,
        "the recipient has too many undelivered messages, try again later"},
    Row{RefusalCode::ServerQueuesFull,
        "the server holds too many undelivered messages, try again later"},
    Row{RefusalCode::ListTooLong, "more than {1} usernames match, narrow the pattern"},
    Row{RefusalCode::StorageUnavailable, "storage is not available, try again later"},
};

}  // namespace

std::string text_of(const Refusal& refusal) {
  for (const Row& row : kRows) {
    if (row.code == refusal.code) {
      return fmt::format(fmt::runtime(row.text), refusal.found, refusal.allowed);
    }
  }
  return "refused";
}

}  // namespace tribar
