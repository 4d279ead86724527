// SPDX-License-Identifier: MIT
//
// A store that is made up: it takes its time as the schedule likes, fails for a while, and is all
// that is left after a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "journal/store.h"
#include "registry/registry.h"

namespace tribar::simulation {

/// The end of the process, thrown out of a commit: before or behind the point where it is safe.
struct Crash {};

class Storage final : public Store {
 public:
  struct Account {
    std::string name;
    UnixMs created;
  };
  struct Message {
    AccountId recipient;
    UnixMs time;
    std::string sender;
    std::string text;
  };

  /// What happens to the next commits.
  bool is_failing = false;
  enum class CrashAt { Never, Before, After } crash_at = CrashAt::Never;
  /// Told of each record that is safe now, in order.
  std::function<void(const Record&)> on_stored;

  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override;
  std::optional<StoreError> check() override { return std::nullopt; }

  /// Gives everything to a new registry; false when it contradicts itself.
  [[nodiscard]] bool restore(Registry& registry);

  [[nodiscard]] const std::map<std::uint64_t, Account>& accounts() const { return accounts_; }
  [[nodiscard]] const std::map<std::uint64_t, Message>& messages() const { return messages_; }

 private:
  void take(const AccountCreated& created);
  void take(const AccountDeleted& deleted) { accounts_.erase(deleted.account.value); }
  void take(const MessageKept& kept);
  void take(const HandedOver& handed) { messages_.erase(handed.number.value); }
  void take(const NumbersReserved& reserved) { below_ = reserved.below; }

  std::map<std::uint64_t, Account> accounts_;
  std::map<std::uint64_t, Message> messages_;
  AccountId last_account_;
  MessageNumber below_;
};

}  // namespace tribar::simulation
