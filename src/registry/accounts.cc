// SPDX-License-Identifier: MIT
//
// See accounts.h.
#include "registry/accounts.h"

#include <utility>

namespace tribar {
namespace {

constexpr std::size_t kFirstBuckets = 64;

}  // namespace

Accounts::Accounts(HashKey key) : key_(key), buckets_(kFirstBuckets) {}

Account* Accounts::find(std::string_view name, std::uint32_t hash) {
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t i = hash & mask; buckets_[i].place != kNoPlace; i = (i + 1) & mask) {
    if (buckets_[i].hash == hash) {
      Account& account = at(buckets_[i].place);
      if (account.name == name) {
        return &account;
      }
    }
  }
  return nullptr;
}

Account* Accounts::guess(std::uint32_t hash) {
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t i = hash & mask; buckets_[i].place != kNoPlace; i = (i + 1) & mask) {
    if (buckets_[i].hash == hash) {
      return &at(buckets_[i].place);
    }
  }
  return nullptr;
}

Account& Accounts::add(AccountId id, std::string_view name) {
  if ((size_ + 1) * 3 > buckets_.size() * 2) {
    grow();
  }
  if (free_places_.empty()) {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<Account[]>(kChunk));
    for (std::uint32_t i = kChunk; i > 0; --i) {
      free_places_.push_back(first + i - 1);
    }
  }
  const std::uint32_t place = free_places_.back();
  free_places_.pop_back();
  Account& account = at(place);
  account.id = id;
  account.name = name;
  account.place = place;
  account.older = newest_;
  account.newer = kNoPlace;
  (newest_ == kNoPlace ? oldest_ : at(newest_).newer) = place;
  newest_ = place;
  insert({hash_of(name), place});
  ++size_;
  return account;
}

void Accounts::remove(Account& account) {
  const std::uint32_t place = account.place;
  const std::size_t mask = buckets_.size() - 1;
  std::size_t hole = hash_of(account.name) & mask;
  while (buckets_[hole].place != place) {
    hole = (hole + 1) & mask;
  }
  // Buckets that were displaced past the hole move into it, so that no search stops too early.
  for (std::size_t i = (hole + 1) & mask; buckets_[i].place != kNoPlace; i = (i + 1) & mask) {
    const std::size_t home = buckets_[i].hash & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      buckets_[hole] = buckets_[i];
      hole = i;
    }
  }
  buckets_[hole] = {};
  (account.older == kNoPlace ? oldest_ : at(account.older).newer) = account.newer;
  (account.newer == kNoPlace ? newest_ : at(account.newer).older) = account.older;
  account = Account{};
  free_places_.push_back(place);
  --size_;
}

void Accounts::insert(Bucket bucket) {
  const std::size_t mask = buckets_.size() - 1;
  std::size_t i = bucket.hash & mask;
  while (buckets_[i].place != kNoPlace) {
    i = (i + 1) & mask;
  }
  buckets_[i] = bucket;
}

void Accounts::grow() {
  std::vector<Bucket> old(buckets_.size() * 2);
  std::swap(old, buckets_);
  for (const Bucket& bucket : old) {
    if (bucket.place != kNoPlace) {
      insert(bucket);
    }
  }
}

}  // namespace tribar
