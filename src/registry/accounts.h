// SPDX-License-Identifier: MIT
//
// All accounts: found by name or by reference, and iterated in the order of creation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/siphash.h"
#include "registry/account_details.h"
#include "registry/message_list.h"

namespace tribar {

/// A user: name, connection if logged in, undelivered messages.
struct Account {
  AccountId id;  // none: this slot is free
  std::string name;
  ConnectionId session;  // none: not logged in
  /// Messages that wait for DELIVER; null for most accounts.
  std::unique_ptr<MessageList> undelivered;
  std::unique_ptr<AccountDetails> details;  // null for most accounts without a secret
  /// What limits count: messages that are undelivered, in a backlog, or handed to the loop and not
  /// yet reported as written.
  std::uint64_t held_bytes = 0;
  std::uint32_t held_messages = 0;
  std::uint32_t place = 0;  // its own place, see AccountRef
  std::uint32_t older = 0;  // neighbours in the order of creation; Accounts::kNoPlace: none
  std::uint32_t newer = 0;

  [[nodiscard]] MessageList& kept() {
    if (!undelivered) {
      undelivered = std::make_unique<MessageList>();
    }
    return *undelivered;
  }
  [[nodiscard]] bool has_undelivered() const { return undelivered && !undelivered->is_empty(); }

  [[nodiscard]] AccountDetails& detailed() {
    if (!details) {
      details = std::make_unique<AccountDetails>();
    }
    return *details;
  }
  [[nodiscard]] bool has_secret() const { return details && !details->hash.empty(); }
};

/// Refers to an account by its place in Accounts. Places are reused, so the id is compared too.
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

  /// Null when there is none. The pointer is valid until the account is removed.
  [[nodiscard]] Account* find(std::string_view name) { return find(name, hash_of(name)); }
  /// As above, for a caller that has hash_of(name) already.
  [[nodiscard]] Account* find(std::string_view name, std::uint32_t hash);
  [[nodiscard]] std::uint32_t hash_of(std::string_view name) const {
    return static_cast<std::uint32_t>(siphash(name, key_));
  }
  /// The first account with that hash, likely the one that find() finds; null when there is none.
  [[nodiscard]] Account* guess(std::uint32_t hash);
  /// Prefetches the memory in which find() starts to search.
  void fetch(std::uint32_t hash) const {
    __builtin_prefetch(&buckets_[hash & (buckets_.size() - 1)]);
  }
  [[nodiscard]] Account* get(AccountRef ref) {
    Account& account = at(ref.place);
    return account.id == ref.id && ref.id != AccountId{} ? &account : nullptr;
  }

  /// Adds an account, as the newest one. `name` is not in use; `id` is higher than every id before.
  Account& add(AccountId id, std::string_view name);

  void remove(Account& account);

  /// Iteration in the order of creation: from oldest() along Account::newer, until kNoPlace.
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
