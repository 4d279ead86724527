// SPDX-License-Identifier: MIT
//
// What whoever operates the server asks the registry, and its answers. They come and go like other
// inputs and outputs, so what an operator changes is stored before it is answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"

namespace tribar {

/// Creates an account; `hash` is of its secret, empty: an account by name only. The name is one
/// that an account can have.
struct AddAccount {
  std::string_view name;
  std::string_view hash;
  friend bool operator==(const AddAccount&, const AddAccount&) = default;
};
/// Deletes an account and its messages. Whoever is logged in to it is disconnected.
struct DeleteAccount {
  std::string_view name;
  friend bool operator==(const DeleteAccount&, const DeleteAccount&) = default;
};
/// The account has this hash of a secret from now on. Whoever is logged in stays.
struct ReplaceHash {
  std::string_view name;
  std::string_view hash;
  friend bool operator==(const ReplaceHash&, const ReplaceHash&) = default;
};
/// Disconnects whoever is logged in to the account.
struct EndSession {
  std::string_view name;
  friend bool operator==(const EndSession&, const EndSession&) = default;
};
struct ShowAccount {
  std::string_view name;
  friend bool operator==(const ShowAccount&, const ShowAccount&) = default;
};
/// Who is logged in to the accounts whose name matches `pattern`; at most `most`.
struct ShowSessions {
  std::string_view pattern;
  std::uint32_t most = 0;
  friend bool operator==(const ShowSessions&, const ShowSessions&) = default;
};

using OperationBody =
    std::variant<AddAccount, DeleteAccount, ReplaceHash, EndSession, ShowAccount, ShowSessions>;

/// The input.
struct Operate {
  std::uint64_t ticket = 0;  // comes back with the answer
  OperationBody body;
  friend bool operator==(const Operate&, const Operate&) = default;
};

enum class OperationResult {
  Done,
  NoSuchAccount,
  NameTaken,
  NotLoggedIn,
  TooManyAccounts,
  StorageUnavailable,
};

struct AccountState {
  AccountId id;
  ConnectionId session;  // none: not logged in
  bool has_secret = false;
  std::uint32_t messages = 0;  // that wait, or are not known to be delivered
  std::uint64_t bytes = 0;     // what they count against limits
  std::uint32_t clients = 0;   // that number their messages
  friend bool operator==(const AccountState&, const AccountState&) = default;
};

struct SessionState {
  ConnectionId id;
  std::string name;
  bool acknowledges = false;   // it speaks protocol 1
  std::uint32_t messages = 0;  // see AccountState
  friend bool operator==(const SessionState&, const SessionState&) = default;
};

/// The output.
struct OperationAnswer {
  std::uint64_t ticket = 0;
  OperationResult result = OperationResult::Done;
  AccountState account = {};                // of ShowAccount
  std::vector<SessionState> sessions = {};  // of ShowSessions, in the order of their slots
  std::uint64_t unlisted = 0;               // sessions beyond `most`
  friend bool operator==(const OperationAnswer&, const OperationAnswer&) = default;
};

}  // namespace tribar
