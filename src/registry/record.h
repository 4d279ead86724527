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
/// The account is gone. Its messages follow as HandedOver, some now and some later: a message whose
/// account is gone counts as nothing.
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
/// The message left the queue: its bytes were taken by the recipient's socket, or its account is
/// gone.
struct HandedOver {
  MessageNumber number;
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};
/// Every number below `below` counts as used, whatever is still kept.
struct NumbersReserved {
  MessageNumber below;
  friend bool operator==(const NumbersReserved&, const NumbersReserved&) = default;
};

using Record =
    std::variant<AccountCreated, AccountDeleted, MessageKept, HandedOver, NumbersReserved>;

}  // namespace tribar
