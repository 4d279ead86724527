// SPDX-License-Identifier: MIT
//
// A server that waits for a shared store which another one has: looks whether that one is gone,
// then takes the store and loads it. Passive: it owns no thread and no clock. One thread at a time,
// the one that owns the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"
#include "journal/restore.h"
#include "journal/store.h"
#include "registry/registry.h"

namespace tribar {

class Standby {
 public:
  /// How often look() is to be called.
  static constexpr std::uint64_t kLookMs = 150;
  /// After so many looks the registry gets what was stored meanwhile, so that a takeover has little
  /// to load.
  static constexpr int kLooksPerFollow = 7;

  struct Events {
    /// Another server has the store: called when it is first seen, and when it changes.
    std::function<void(const StoreHolder&)> on_holder;
    /// The store cannot be asked, or not be opened, and why: once, until it can be.
    std::function<void(const StoreOpenError&)> on_trouble;
    /// The store was opened and loaded; or the registry is of no use any more, and why.
    std::function<void(const Result<Restored, StoreOpenError>&)> on_end;
  };

  enum class State {
    Waits,
    Leads,   // the store is open, and loaded into the registry
    Failed,  // the store is closed
  };

  /// `registry` is empty; nobody else may use it before state() is Leads. `store` must have been
  /// made with StoreOptions::waits_for_holder false.
  Standby(Registry& registry, Events events) : restorer_(registry), events_(std::move(events)) {}

  /// Looks once. Not to be called after it returned anything else than Waits.
  [[nodiscard]] State look(Store& store);

 private:
  [[nodiscard]] State follow(Store& store);

  Restorer restorer_;
  Events events_;
  std::optional<StoreHolder> holder_;  // that was told
  bool is_in_trouble_ = false;         // and that was told
  int looks_ = 0;                      // since the last follow()
};

}  // namespace tribar
