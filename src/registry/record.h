// SPDX-License-Identifier: MIT
//
// Records: what the journal must store of the registry's decisions. Views are valid as long as the
// batch that contains them.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ids.h"

namespace tribar {

struct AccountCreated {
  AccountId account;
  UnixMs time;
  std::string_view name;
  friend bool operator==(const AccountCreated&, const AccountCreated&) = default;
};
/// The account is deleted, and with it its secret and its clients. Its messages follow as
/// HandedOver, some now and some later; until then a message without an account is ignored.
struct AccountDeleted {
  AccountId account;
  friend bool operator==(const AccountDeleted&, const AccountDeleted&) = default;
};
struct MessageKept {
  MessageNumber number;
  AccountId account;  // the recipient
  UnixMs time;
  std::string_view sender;
  std::string_view text;
  friend bool operator==(const MessageKept&, const MessageKept&) = default;
};
/// The message left the queue: the recipient's socket accepted its bytes, or its account was
/// deleted.
struct HandedOver {
  MessageNumber number;
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};
/// Every number below `below` counts as used, even if no message with such a number is stored.
struct NumbersReserved {
  MessageNumber below;
  friend bool operator==(const NumbersReserved&, const NumbersReserved&) = default;
};

/// The account has this hash of its secret from now on.
struct SecretSet {
  AccountId account;
  std::string_view hash;  // without a zero byte
  friend bool operator==(const SecretSet&, const SecretSet&) = default;
};
/// The account's client has sent its message `n`, which is message `number`; stored together with
/// that. Takes the place of an earlier one with a smaller n.
struct ClientSent {
  AccountId account;
  std::string_view client;
  std::uint64_t n = 0;
  MessageNumber number;
  friend bool operator==(const ClientSent&, const ClientSent&) = default;
};
/// What is kept of an account's client is dropped: others were used since.
struct ClientForgotten {
  AccountId account;
  std::string_view client;
  friend bool operator==(const ClientForgotten&, const ClientForgotten&) = default;
};

using Record = std::variant<AccountCreated, AccountDeleted, MessageKept, HandedOver,
                            NumbersReserved, SecretSet, ClientSent, ClientForgotten>;

}  // namespace tribar
