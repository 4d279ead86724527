// SPDX-License-Identifier: MIT
//
// See restore.h.
#include "journal/restore.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tribar {

Result<Restored, StoreOpenError> restore(Store& store, Registry& registry) {
  if (auto error = store.open()) {
    return *std::move(error);
  }
  return restore_opened(store, registry);
}

Result<Restored, StoreOpenError> restore_opened(Store& store, Registry& registry) {
  Restored restored;
  std::vector<Record> ownerless;
  LoadHandlers handlers;
  handlers.account = [&](AccountId id, UnixMs, std::string_view name) {
    return registry.restore_account(id, name);
  };
  AccountId absent;  // the last one for which there was more than messages
  const auto remove_all_of = [&](AccountId account) {
    if (std::exchange(absent, account) != account) {
      ownerless.emplace_back(AccountDeleted{account});
    }
  };
  handlers.secret = [&](AccountId account, std::string_view hash) {
    if (!registry.restore_secret(account, hash)) {
      ++restored.removed_secrets;
      remove_all_of(account);
    }
  };
  handlers.client = [&](AccountId account, std::string_view client, std::uint64_t n,
                        MessageNumber number) {
    if (!registry.restore_client(account, client, n, number)) {
      ++restored.removed_clients;
      remove_all_of(account);
    }
  };
  handlers.message = [&](AccountId recipient, KeptMessage::Ptr message) {
    const MessageNumber number = message->number();
    if (registry.restore_message(recipient, std::move(message))) {
      ++restored.messages;
    } else {
      ++restored.removed;
      ownerless.emplace_back(HandedOver{number});
    }
  };
  handlers.counters = [&](AccountId last, MessageNumber below) {
    registry.restore_counters(last, below);
  };
  auto warnings = store.load(handlers);
  if (!warnings) {
    return warnings.error();
  }
  restored.warnings = std::move(warnings.value());
  if (!ownerless.empty()) {
    const std::span<const Record> group(ownerless);
    if (const auto error = store.commit({&group, 1})) {
      return StoreOpenError{fmt::format("{}: cannot be written: {}", store.name(), error->text),
                            true};
    }
  }
  return restored;
}

}  // namespace tribar
