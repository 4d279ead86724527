// SPDX-License-Identifier: MIT
//
// What a journal must store of the registry's decisions. Views are good for as long as the batch
// lives whose output they stand in.
#pragma once

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
/// The account and every message kept for it are gone.
struct AccountDeleted {
  AccountId account;
  friend bool operator==(const AccountDeleted&, const AccountDeleted&) = default;
};
struct MessageKept {
  AccountId account;  // the recipient
  MessageNumber number;
  UnixMs time;
  std::string_view sender;
  std::string_view text;
  friend bool operator==(const MessageKept&, const MessageKept&) = default;
};
/// The message left the queue: its bytes were taken by the recipient's socket.
struct HandedOver {
  AccountId account;
  MessageNumber number;
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};
/// Every number of this account below `below` counts as used, whatever is still kept.
struct NumbersReserved {
  AccountId account;
  MessageNumber below;
  friend bool operator==(const NumbersReserved&, const NumbersReserved&) = default;
};

using Record =
    std::variant<AccountCreated, AccountDeleted, MessageKept, HandedOver, NumbersReserved>;

}  // namespace tribar
