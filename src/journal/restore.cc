// SPDX-License-Identifier: MIT
//
// See restore.h.
#include "journal/restore.h"

#include <fmt/format.h>

#include <utility>

namespace tribar {

Restorer::Restorer(Registry& registry) : registry_(registry) {
  handlers_.account = [this](AccountId id, UnixMs, std::string_view name) {
    return registry_.restore_account(id, name);
  };
  const auto remove_all_of = [this](AccountId account) {
    if (std::exchange(absent_, account) != account) {
      ownerless_.emplace_back(AccountDeleted{account});
    }
  };
  handlers_.secret = [this, remove_all_of](AccountId account, std::string_view hash) {
    if (!registry_.restore_secret(account, hash)) {
      ++restored_.removed_secrets;
      remove_all_of(account);
    }
  };
  handlers_.client = [this, remove_all_of](AccountId account, std::string_view client,
                                           std::uint64_t n, MessageNumber number) {
    if (!registry_.restore_client(account, client, n, number)) {
      ++restored_.removed_clients;
      remove_all_of(account);
    }
  };
  handlers_.message = [this](AccountId recipient, KeptMessage::Ptr message) {
    const MessageNumber number = message->number();
    if (registry_.restore_message(recipient, std::move(message))) {
      ++restored_.messages;
    } else {
      ++restored_.removed;
      ownerless_.emplace_back(HandedOver{number});
    }
  };
  handlers_.counters = [this](AccountId last, MessageNumber below) {
    registry_.restore_counters(last, below);
  };
  handlers_.account_gone = [this](AccountId account) {
    // Some of its messages may be stored still, and none of them will be told again.
    for (const MessageNumber number : registry_.forget_restored_account(account)) {
      --restored_.messages;
      ownerless_.emplace_back(HandedOver{number});
    }
  };
  handlers_.message_gone = [this](AccountId recipient, MessageNumber number) {
    if (registry_.forget_restored_message(recipient, number)) {
      --restored_.messages;
    }
  };
}

Result<Restored, StoreOpenError> Restorer::load(Store& store) {
  auto warnings = store.load(handlers_);
  if (!warnings) {
    return warnings.error();
  }
  restored_.warnings = std::move(warnings.value());
  if (!ownerless_.empty()) {
    const std::span<const Record> group(ownerless_);
    if (const auto error = store.commit({&group, 1})) {
      return StoreOpenError{fmt::format("{}: cannot be written: {}", store.name(), error->text),
                            true};
    }
  }
  return std::move(restored_);
}

Result<Restored, StoreOpenError> restore(Store& store, Registry& registry) {
  if (auto error = store.open()) {
    return *std::move(error);
  }
  return Restorer(registry).load(store);
}

}  // namespace tribar
