// SPDX-License-Identifier: MIT
//
// A store in memory that does what a test says: it works, takes its time, or fails. What it holds
// is what a real one would give back at the next start.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/store.h"

namespace tribar::test {

class FakeStore final : public Store {
 public:
  struct Kept {
    AccountId account;
    std::string text;
    friend bool operator==(const Kept&, const Kept&) = default;
  };

  /// Called first in each commit(), on its thread; may wait. Text: it fails so, nothing is stored.
  std::function<std::optional<std::string>()> before_commit;
  /// Called last in each commit(), when all is stored; may throw, which is the end of the process.
  std::function<void()> after_commit;

  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override {
    ++tries;
    if (misplaced) {
      return StoreError{*misplaced};
    }
    if (before_commit) {
      if (const auto why = before_commit()) {
        return StoreError{*why};
      }
    }
    ++commits;
    for (const std::span<const Record> group : groups) {
      for (const Record& record : group) {
        std::visit([this](const auto& each) { take(each); }, record);
      }
    }
    if (after_commit) {
      after_commit();
    }
    return std::nullopt;
  }

  /// Text: the store is not at its place.
  std::optional<std::string> misplaced;
  std::optional<StoreError> check() override {
    return misplaced ? std::optional(StoreError{*misplaced}) : std::nullopt;
  }

  std::uint64_t tries = 0;
  std::uint64_t commits = 0;
  std::map<std::uint64_t, std::string> accounts;  // by id
  std::map<std::uint64_t, Kept> messages;         // by number
  MessageNumber below;

 private:
  void take(const AccountCreated& created) { accounts[created.account.value] = created.name; }
  void take(const AccountDeleted& deleted) { accounts.erase(deleted.account.value); }
  void take(const MessageKept& kept) {
    messages[kept.number.value] = {kept.account, std::string(kept.text)};
  }
  void take(const HandedOver& handed) { messages.erase(handed.number.value); }
  void take(const NumbersReserved& reserved) { below = reserved.below; }
};

}  // namespace tribar::test
