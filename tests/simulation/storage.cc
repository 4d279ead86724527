// SPDX-License-Identifier: MIT
//
// See storage.h.
#include "simulation/storage.h"

#include <utility>
#include <variant>
#include <vector>

namespace tribar::simulation {

std::optional<StoreError> Storage::commit(std::span<const std::span<const Record>> groups) {
  const CrashAt crash = std::exchange(crash_at, CrashAt::Never);
  if (crash == CrashAt::Before) {
    throw Crash{};
  }
  if (is_failing) {
    return StoreError{"the simulation says so"};
  }
  for (const std::span<const Record> group : groups) {
    for (const Record& record : group) {
      on_stored(record);
      std::visit([this](const auto& each) { take(each); }, record);
    }
  }
  if (crash == CrashAt::After) {
    throw Crash{};
  }
  return std::nullopt;
}

bool Storage::restore(Registry& registry) {
  for (const auto& [id, account] : accounts_) {
    if (!registry.restore_account(AccountId{id}, account.name)) {
      return false;
    }
  }
  std::vector<std::uint64_t> ownerless;
  for (const auto& [number, message] : messages_) {
    if (!registry.restore_message(
            message.recipient,
            KeptMessage::make(MessageNumber{number}, message.time, message.sender, message.text))) {
      ownerless.push_back(number);
    }
  }
  for (const std::uint64_t number : ownerless) {
    messages_.erase(number);
  }
  registry.restore_counters(last_account_, below_);
  return true;
}

void Storage::take(const AccountCreated& created) {
  accounts_[created.account.value] = {std::string(created.name), created.time};
  last_account_ = created.account;
}

void Storage::take(const MessageKept& kept) {
  messages_[kept.number.value] = {kept.account, kept.time, std::string(kept.sender),
                                  std::string(kept.text)};
}

}  // namespace tribar::simulation
