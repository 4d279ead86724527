// SPDX-License-Identifier: MIT
//
// See registry.h. Restores the state that a journal has stored.
#include <algorithm>
#include <utility>

#include "chat/text.h"
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

bool Registry::restore_secret(AccountId account, std::string_view hash) {
  const auto found = restored_.find(account.value);
  if (found == restored_.end()) {
    return false;
  }
  accounts_.at(found->second).detailed().hash = hash;
  return true;
}

bool Registry::restore_client(AccountId account, std::string_view client, std::uint64_t n,
                              MessageNumber number) {
  const auto found = restored_.find(account.value);
  if (found == restored_.end()) {
    return false;
  }
  // More than are remembered are there only if somebody changed the store; they do no harm.
  static_cast<void>(accounts_.at(found->second).detailed().note_sent(client, n, number));
  return true;
}

bool Registry::restore_message(AccountId recipient, KeptMessage::Ptr message) {
  const auto found = restored_.find(recipient.value);
  if (found == restored_.end()) {
    return false;
  }
  Account& account = accounts_.at(found->second);
  const Message content{message->sender(), account.name, message->text()};
  const std::uint32_t charge = charge_of(content);
  account.held_bytes += charge;
  account.held_messages += 1;
  count_queued(charge);
  message->set_portable(is_portable(content.text) && fits_old_frame(content));
  account.kept().push_back(std::move(message));
  return true;
}

std::vector<MessageNumber> Registry::forget_restored_account(AccountId id) {
  std::vector<MessageNumber> numbers;
  const auto found = restored_.find(id.value);
  if (found == restored_.end()) {
    return numbers;
  }
  Account& account = accounts_.at(found->second);
  while (account.has_undelivered()) {
    numbers.push_back(account.undelivered->pop_front()->number());
  }
  count_unqueued(account.held_bytes, account.held_messages);
  accounts_.remove(account);
  restored_.erase(found);
  return numbers;
}

bool Registry::forget_restored_message(AccountId recipient, MessageNumber number) {
  const auto found = restored_.find(recipient.value);
  if (found == restored_.end()) {
    return false;
  }
  Account& account = accounts_.at(found->second);
  const auto message = account.undelivered ? account.undelivered->remove(number) : nullptr;
  if (message == nullptr) {
    return false;
  }
  const std::uint32_t charge = charge_of({message->sender(), account.name, message->text()});
  account.held_bytes -= charge;
  account.held_messages -= 1;
  count_unqueued(charge);
  return true;
}

void Registry::restore_counters(AccountId last, MessageNumber below) {
  last_account_ = last;
  reserved_ = below;
  last_number_ = MessageNumber{below.value == 0 ? 0 : below.value - 1};
  restored_ = {};
  counters_.accounts.set(accounts_.size());
}

void Registry::skip_numbers_below(MessageNumber number) {
  last_number_ = std::max(last_number_, MessageNumber{number.value == 0 ? 0 : number.value - 1});
}

}  // namespace tribar
