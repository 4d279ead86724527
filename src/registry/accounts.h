// SPDX-License-Identifier: MIT
//
// Every account, found by name or by reference, and walked in the order of creation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/siphash.h"
#include "registry/message_list.h"

namespace tribar {

/// A user: name, connection if present, undelivered messages.
struct Account {
  AccountId id;  // none: this place is free
  std::string name;
  ConnectionId session;  // none: not logged in
  /// Waits for DELIVER; most accounts have none.
  std::unique_ptr<MessageList> undelivered;
  /// Undelivered, in a backlog, or handed over and not reported written: what limits count.
  std::uint64_t held_bytes = 0;
  std::uint32_t held_messages = 0;
  std::uint32_t hash = 0;
  std::uint32_t place = 0;  // its own
  std::uint32_t older = 0;  // neighbours in the order of creation; Accounts::kNoPlace: none
  std::uint32_t newer = 0;

  [[nodiscard]] MessageList& kept() {
    if (!undelivered) {
      undelivered = std::make_unique<MessageList>();
    }
    return *undelivered;
  }
};

/// Names an account by its place. Places are used again, so the id is compared.
struct AccountRef {
  std::uint32_t place = 0;
  AccountId id;
  friend bool operator==(const AccountRef&, const AccountRef&) = default;
};

class Accounts {
 public:
  static constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};

  explicit Accounts(HashKey key);

  [[nodiscard]] std::size_t size() const { return size_; }

  /// Null when there is none. Addresses are good until the account is removed.
  [[nodiscard]] Account* find(std::string_view name) { return find(name, hash_of(name)); }
  /// The same with hash_of(name).
  [[nodiscard]] Account* find(std::string_view name, std::uint32_t hash);
  [[nodiscard]] std::uint32_t hash_of(std::string_view name) const {
    return static_cast<std::uint32_t>(siphash(name, key_));
  }
  /// The first account with that hash, likely the one that find() finds; null when there is none.
  [[nodiscard]] Account* guess(std::uint32_t hash);
  /// Has the memory fetched in which find() begins to search.
  void fetch(std::uint32_t hash) const {
    __builtin_prefetch(&buckets_[hash & (buckets_.size() - 1)]);
  }
  [[nodiscard]] Account* get(AccountRef ref) {
    Account& account = at(ref.place);
    return account.id == ref.id && ref.id != AccountId{} ? &account : nullptr;
  }

  /// Adds the newest account. `name` is not taken; `id` is above every id given before.
  Account& add(AccountId id, std::string_view name);

  void remove(Account& account);

  /// The order of creation, by place; kNoPlace behind the last one.
  [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
  [[nodiscard]] Account& at(std::uint32_t place) { return chunks_[place / kChunk][place % kChunk]; }

 private:
  static constexpr std::uint32_t kChunk = 256;
  struct Bucket {
    std::uint32_t hash = 0;
    std::uint32_t place = kNoPlace;
  };

  void insert(Bucket bucket);
  void grow();

  HashKey key_;
  std::vector<std::unique_ptr<Account[]>> chunks_;
  std::vector<std::uint32_t> free_places_;
  std::vector<Bucket> buckets_;  // open addressing, a power of two, at most two thirds full
  std::size_t size_ = 0;
  std::uint32_t oldest_ = kNoPlace;
  std::uint32_t newest_ = kNoPlace;
};

}  // namespace tribar
