// SPDX-License-Identifier: MIT
//
// Messages that were handed to a connection and are kept until it acknowledges them (protocol 1),
// or until they are written (protocol 0, for a text that it does not carry as it is).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "registry/message_list.h"

namespace tribar {

/// In the order in which they were pushed: in protocol 1 that is ascending, in protocol 0 live ones
/// may come before waiting ones with lower numbers.
class KeptPushes {
 public:
  [[nodiscard]] bool is_empty() const { return first_ == messages_.size(); }
  [[nodiscard]] std::size_t size() const { return messages_.size() - first_; }
  /// Only when not is_empty().
  [[nodiscard]] const KeptMessage& front() const { return *messages_[first_]; }

  void push_back(KeptMessage::Ptr message) { messages_.push_back(std::move(message)); }

  KeptMessage::Ptr pop_front() {
    KeptMessage::Ptr message = std::move(messages_[first_++]);
    if (is_empty()) {
      messages_.clear();
      first_ = 0;
      if (messages_.capacity() > kSmall) {
        messages_.shrink_to_fit();
      }
    } else if (first_ > kSmall && first_ > messages_.size() / 2) {
      messages_.erase(messages_.begin(), position(first_));
      first_ = 0;
    }
    return message;
  }

  /// Only of protocol 1.
  [[nodiscard]] bool contains(MessageNumber number) const {
    const auto at = find(number);
    return at != messages_.end() && (*at)->number() == number;
  }

  /// Takes the message with this number out; null if there is none. Looks from the newest on, since
  /// those return first.
  KeptMessage::Ptr take(MessageNumber number) {
    for (std::size_t at = messages_.size(); at > first_; --at) {
      if (messages_[at - 1]->number() == number) {
        KeptMessage::Ptr message = std::move(messages_[at - 1]);
        messages_.erase(position(at - 1));
        return message;
      }
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kSmall = 64;
  using Messages = std::vector<KeptMessage::Ptr>;

  [[nodiscard]] Messages::const_iterator position(std::size_t at) const {
    return messages_.begin() + static_cast<std::ptrdiff_t>(at);
  }
  /// The first one with this number or a higher one.
  [[nodiscard]] Messages::const_iterator find(MessageNumber number) const {
    return std::lower_bound(
        position(first_), messages_.end(), number,
        [](const KeptMessage::Ptr& each, MessageNumber wanted) { return each->number() < wanted; });
  }

  Messages messages_;
  std::size_t first_ = 0;  // those before it are gone
};

}  // namespace tribar
