// SPDX-License-Identifier: MIT
//
// The registry's decisions for one batch, and the memory that they point to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/wipe.h"
#include "registry/effect.h"
#include "registry/message_list.h"
#include "registry/operation.h"
#include "registry/record.h"

namespace tribar {

/// An account was created or deleted, for the log.
struct AccountChange {
  std::string_view name;  // in Output::arena
  bool is_deletion = false;
  friend bool operator==(const AccountChange&, const AccountChange&) = default;
};

struct Output {
  std::vector<Effect> effects;
  /// If an Echo can still take further messages (see Registry::confirm): its connection and its
  /// index in `effects`.
  ConnectionId row_to;
  std::size_t row_at = 0;
  std::vector<Record> records;
  Arena arena;
  MessageList messages;            // kept messages that effects point to
  std::vector<std::string> texts;  // long answers
  bool has_secrets = false;        // `texts` contain secrets, which are wiped after use
  std::vector<AccountChange> account_changes;
  std::vector<OperationAnswer> operation_answers;
  /// Bytes of kept messages that were handed over or deleted by this batch, and will soon be freed.
  std::uint64_t released_bytes = 0;

  /// Takes ownership of a long text; the view is valid until clear().
  [[nodiscard]] std::string_view keep(std::string&& text) {
    // Forces a heap allocation even for a short text, so that the view survives a move of the
    // string.
    text.reserve(64);
    return texts.emplace_back(std::move(text));
  }

  void wipe_secrets() {
    if (std::exchange(has_secrets, false)) {
      for (std::string& text : texts) {
        wipe(text.data(), text.size());
      }
    }
  }

  void clear() {
    wipe_secrets();
    effects.clear();
    row_to = {};
    records.clear();
    arena.reset();
    messages.clear();
    texts.clear();
    account_changes.clear();
    operation_answers.clear();
    released_bytes = 0;
  }
};

}  // namespace tribar
