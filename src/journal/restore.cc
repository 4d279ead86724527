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
  Restored restored;
  std::vector<Record> ownerless;
  LoadHandlers handlers;
  handlers.account = [&](AccountId id, UnixMs, std::string_view name) {
    return registry.restore_account(id, name);
  };
  handlers.secret = [](AccountId, std::string_view) {};
  handlers.client = [](AccountId, std::string_view, std::uint64_t, MessageNumber) {};
  handlers.message = [&](AccountId recipient, KeptMessage::Ptr message) {
    const MessageNumber number = message->number();
    if (registry.restore_message(recipient, std::move(message))) {
      ++restored.messages;
    } else {
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
    restored.removed = ownerless.size();
  }
  return restored;
}

}  // namespace tribar
