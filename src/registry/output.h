// SPDX-License-Identifier: MIT
//
// Where the registry appends what it decided, and what keeps the memory alive that this points to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "registry/effect.h"
#include "registry/message_list.h"
#include "registry/record.h"

namespace tribar {

/// An account came or went, for the log.
struct AccountChange {
  std::string_view name;  // in Output::arena
  bool is_deletion = false;
  friend bool operator==(const AccountChange&, const AccountChange&) = default;
};

struct Output {
  std::vector<Effect> effects;
  /// To whom the last effect is an Echo that the next one may join, and where it stands.
  ConnectionId row_to;
  std::size_t row_at = 0;
  std::vector<Record> records;
  Arena arena;
  MessageList messages;            // kept messages on their way out
  std::vector<std::string> texts;  // long answers
  std::vector<AccountChange> account_changes;
  /// Bytes of kept messages that are handed over or deleted here, and so come free soon.
  std::uint64_t released_bytes = 0;

  /// Takes a long text over; the view is good until clear().
  [[nodiscard]] std::string_view keep(std::string&& text) {
    // On the heap whatever its length, so that the view outlives a move of the string.
    text.reserve(64);
    return texts.emplace_back(std::move(text));
  }

  void clear() {
    effects.clear();
    row_to = {};
    records.clear();
    arena.reset();
    messages.clear();
    texts.clear();
    account_changes.clear();
    released_bytes = 0;
  }
};

}  // namespace tribar
