// SPDX-License-Identifier: MIT
//
// See registry.h. Restores the state that a journal has stored.
#include <utility>

#include "registry/answer.h"
#include "registry/registry.h"

namespace tribar {

bool Registry::restore_account(AccountId id, std::string_view name) {
  if (accounts_.find(name) != nullptr || restored_.contains(id.value)) {
    return false;
  }
  restored_.emplace(id.value, accounts_.add(id, name).place);
  return true;
}

bool Registry::restore_secret(AccountId account, std::string_view /*hash*/) {
  return restored_.contains(account.value);
}

bool Registry::restore_client(AccountId account, std::string_view /*client*/, std::uint64_t /*n*/,
                              MessageNumber /*number*/) {
  return restored_.contains(account.value);
}

bool Registry::restore_message(AccountId recipient, KeptMessage::Ptr message) {
  const auto found = restored_.find(recipient.value);
  if (found == restored_.end()) {
    return false;
  }
  Account& account = accounts_.at(found->second);
  const std::uint32_t charge = charge_of({message->sender(), account.name, message->text()});
  account.held_bytes += charge;
  account.held_messages += 1;
  queued_bytes_ += charge;
  account.kept().push_back(std::move(message));
  return true;
}

void Registry::restore_counters(AccountId last, MessageNumber below) {
  last_account_ = last;
  reserved_ = below;
  last_number_ = MessageNumber{below.value == 0 ? 0 : below.value - 1};
  restored_ = {};
}

}  // namespace tribar
