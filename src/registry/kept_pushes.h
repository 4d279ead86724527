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

/// In ascending order of numbers.
class KeptPushes {
 public:
  [[nodiscard]] bool is_empty() const { return first_ == messages_.size(); }
  [[nodiscard]] std::size_t size() const { return messages_.size() - first_; }
  /// Only when not is_empty().
  [[nodiscard]] const KeptMessage& front() const { return *messages_[first_]; }

  /// `message` has the highest number.
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

  [[nodiscard]] bool contains(MessageNumber number) const {
    const auto at = find(number);
    return at != messages_.end() && (*at)->number() == number;
  }

  /// Takes the message with this number out; null if there is none.
  KeptMessage::Ptr take(MessageNumber number) {
    const auto at = find(number);
    if (at == messages_.end() || (*at)->number() != number) {
      return nullptr;
    }
    KeptMessage::Ptr message =
        std::move(messages_[static_cast<std::size_t>(at - messages_.begin())]);
    messages_.erase(at);
    return message;
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
