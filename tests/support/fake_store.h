// SPDX-License-Identifier: MIT
//
// A store in memory that a test controls: it works, takes its time, or fails. It keeps its content
// for the next start, as a real store does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "journal/store.h"

namespace tribar::test {

class FakeStore : public Store {
 public:
  struct Account {
    std::string name;
    UnixMs created;
  };
  struct Sent {
    std::uint64_t n = 0;
    MessageNumber number;
    friend bool operator==(const Sent&, const Sent&) = default;
  };
  struct Message {
    AccountId recipient;
    UnixMs time;
    std::string sender;
    std::string text;
  };

  /// Called first in each commit(), on its thread; may wait. If it returns a text, the commit fails
  /// with it and stores nothing. It may throw, which simulates the end of the process.
  std::function<std::optional<std::string>()> before_commit;
  /// Called for each record that is now stored, in order.
  std::function<void(const Record&)> on_stored;
  /// Called last in each commit(), once all is stored; may throw too.
  std::function<void()> after_commit;
  /// If set: the store was removed or replaced, with this error text.
  std::optional<std::string> misplaced;

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] std::optional<StoreOpenError> find_obstacle() const override {
    return misplaced ? std::optional(StoreOpenError{name_ + ": " + *misplaced, true})
                     : std::nullopt;
  }

  [[nodiscard]] std::optional<StoreOpenError> open() override {
    if (is_open) {
      return StoreOpenError{name_ + ": is in use", false};
    }
    auto obstacle = find_obstacle();
    is_open = !obstacle;
    return obstacle;
  }

  [[nodiscard]] Result<StoreWarnings, StoreOpenError> load(const LoadHandlers& handlers) override {
    for (const auto& [id, account] : accounts) {
      if (!handlers.account(AccountId{id}, account.created, account.name)) {
        close();
        return StoreOpenError{name_ + ": contradicts itself", true};
      }
    }
    for (const auto& [id, hash] : secrets) {
      handlers.secret(AccountId{id}, hash);
    }
    for (const auto& [key, sent] : clients) {
      handlers.client(AccountId{key.first}, key.second, sent.n, sent.number);
    }
    for (const auto& [number, message] : messages) {
      handlers.message(message.recipient, KeptMessage::make(MessageNumber{number}, message.time,
                                                            message.sender, message.text));
    }
    handlers.counters(last_account, below);
    return StoreWarnings{};
  }

  [[nodiscard]] std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) override {
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
        if (on_stored) {
          on_stored(record);
        }
        std::visit([this](const auto& each) { take(each); }, record);
      }
    }
    if (after_commit) {
      after_commit();
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<StoreError> check() override {
    return misplaced ? std::optional(StoreError{*misplaced}) : std::nullopt;
  }

  void close() override { is_open = false; }

  [[nodiscard]] Result<StoreReport, StoreOpenError> verify() const override {
    StoreReport report;
    report.accounts = accounts.size();
    report.messages = messages.size();
    for (const auto& [number, message] : messages) {
      report.message_bytes += message.text.size();
      if (!accounts.contains(message.recipient.value)) {
        report.leftovers.push_back("message " + std::to_string(number));
      }
    }
    return report;
  }

  bool is_open = false;
  std::uint64_t tries = 0;
  std::uint64_t commits = 0;
  std::map<std::uint64_t, Account> accounts;                      // by id
  std::map<std::uint64_t, std::string> secrets;                   // hashes, by account
  std::map<std::pair<std::uint64_t, std::string>, Sent> clients;  // by account and client
  std::map<std::uint64_t, Message> messages;                      // by number
  AccountId last_account;
  MessageNumber below;

 private:
  void take(const AccountCreated& created) {
    accounts[created.account.value] = {std::string(created.name), created.time};
    last_account = created.account;
  }
  void take(const AccountDeleted& deleted) {
    const std::uint64_t id = deleted.account.value;
    accounts.erase(id);
    secrets.erase(id);
    std::erase_if(clients, [id](const auto& each) { return each.first.first == id; });
  }
  void take(const MessageKept& kept) {
    messages[kept.number.value] = {kept.account, kept.time, std::string(kept.sender),
                                   std::string(kept.text)};
  }
  void take(const HandedOver& handed) { messages.erase(handed.number.value); }
  void take(const NumbersReserved& reserved) { below = reserved.below; }
  void take(const SecretSet& set) { secrets[set.account.value] = set.hash; }
  void take(const ClientSent& sent) {
    clients[{sent.account.value, std::string(sent.client)}] = {sent.n, sent.number};
  }
  void take(const ClientForgotten& forgotten) {
    clients.erase({forgotten.account.value, std::string(forgotten.client)});
  }

  std::string name_ = "the fake store";
};

}  // namespace tribar::test
