// SPDX-License-Identifier: MIT
//
// Records: what the journal must store of the registry's decisions. Views are valid as long as the
// batch that contains them.
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
/// The account is deleted. Its messages follow as HandedOver, some now and some later; until then a
/// message without an account is ignored.
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

using Record =
    std::variant<AccountCreated, AccountDeleted, MessageKept, HandedOver, NumbersReserved>;

}  // namespace tribar
