// SPDX-License-Identifier: MIT
//
// The content of a store, as loaded at a start, as plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "journal/sqlite/sqlite.h"

namespace tribar::test {

struct StoreContents {
  struct Account {
    std::uint64_t id = 0;
    std::string name;
    friend bool operator==(const Account&, const Account&) = default;
  };
  struct Message {
    std::uint64_t number = 0;
    std::uint64_t account = 0;
    std::uint64_t time = 0;
    std::string sender;
    std::string text;
    friend bool operator==(const Message&, const Message&) = default;
  };
  struct Secret {
    std::uint64_t account = 0;
    std::string hash;
    friend bool operator==(const Secret&, const Secret&) = default;
  };
  struct Client {
    std::uint64_t account = 0;
    std::string client;
    std::uint64_t n = 0;
    std::uint64_t number = 0;
    friend bool operator==(const Client&, const Client&) = default;
  };
  std::vector<Account> accounts;
  std::vector<Message> messages;
  std::uint64_t last_account = 0;
  std::uint64_t below = 0;
  std::vector<Secret> secrets{};  // by account
  std::vector<Client> clients{};  // by account and client
  friend bool operator==(const StoreContents&, const StoreContents&) = default;
};

inline void PrintTo(const StoreContents& contents, std::ostream* out) {
  for (const auto& account : contents.accounts) {
    *out << "\n  account " << account.id << ' ' << account.name;
  }
  for (const auto& message : contents.messages) {
    *out << "\n  message " << message.number << " to " << message.account << " from "
         << message.sender << ": '" << message.text << '\'';
  }
  for (const auto& secret : contents.secrets) {
    *out << "\n  secret of " << secret.account << ": '" << secret.hash << '\'';
  }
  for (const auto& client : contents.clients) {
    *out << "\n  client '" << client.client << "' of " << client.account << " sent " << client.n
         << " as " << client.number;
  }
  *out << "\n  last account " << contents.last_account << ", numbers below " << contents.below;
}

/// A store that was opened, or the reason why it could not be.
struct Opening {
  std::unique_ptr<Store> store;  // none: refused
  StoreOpenError error;
  StoreWarnings warnings;
  StoreContents contents;
};

inline Opening open_made(Result<std::unique_ptr<Store>, StoreOpenError> made) {
  Opening opening;
  StoreContents& contents = opening.contents;
  LoadHandlers handlers;
  handlers.account = [&](AccountId id, UnixMs, std::string_view name) {
    contents.accounts.push_back({id.value, std::string(name)});
    return std::none_of(contents.accounts.begin(), contents.accounts.end() - 1,
                        [&](const auto& account) { return account.name == name; });
  };
  handlers.secret = [&](AccountId account, std::string_view hash) {
    contents.secrets.push_back({account.value, std::string(hash)});
  };
  handlers.client = [&](AccountId account, std::string_view client, std::uint64_t n,
                        MessageNumber number) {
    contents.clients.push_back({account.value, std::string(client), n, number.value});
  };
  handlers.message = [&](AccountId recipient, KeptMessage::Ptr message) {
    contents.messages.push_back({message->number().value, recipient.value, message->time().value,
                                 std::string(message->sender()), std::string(message->text())});
  };
  handlers.counters = [&](AccountId last, MessageNumber below) {
    contents.last_account = last.value;
    contents.below = below.value;
  };
  if (!made) {
    opening.error = made.error();
    return opening;
  }
  std::unique_ptr<Store>& store = made.value();
  if (auto error = store->open()) {
    opening.error = *std::move(error);
    return opening;
  }
  auto warnings = store->load(handlers);
  if (!warnings) {
    opening.error = warnings.error();
    return opening;
  }
  opening.store = std::move(store);
  opening.warnings = std::move(warnings.value());
  return opening;
}

/// One in an SQLite database.
inline Opening open_store(const std::string& path, const StoreOptions& options = {}) {
  return open_made(make_sqlite_store(path, options));
}

inline Result<StoreReport, StoreOpenError> verify_store(const std::string& path) {
  const auto made = make_sqlite_store(path, {});
  if (!made) {
    return made.error();
  }
  return made.value()->verify();
}

/// Stores `records` in one commit; returns the error, empty if it worked.
inline std::string commit(Store& store, const std::vector<Record>& records) {
  const std::span<const Record> group(records);
  const auto error = store.commit({&group, 1});
  return error ? error->text : std::string();
}

}  // namespace tribar::test
