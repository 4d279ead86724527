// SPDX-License-Identifier: MIT
//
// Messages that the server keeps, in the order in which it accepted them. A list is moved and
// joined without touching its messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/ids.h"

namespace tribar {

/// One kept message, sender and text in the same piece of memory. The recipient is whoever keeps
/// it.
class KeptMessage {
 public:
  struct Free {
    void operator()(KeptMessage* message) const;
  };
  using Ptr = std::unique_ptr<KeptMessage, Free>;

  [[nodiscard]] static Ptr make(MessageNumber number, UnixMs time, std::string_view sender,
                                std::string_view text);

  [[nodiscard]] MessageNumber number() const { return number_; }
  [[nodiscard]] UnixMs time() const { return time_; }
  [[nodiscard]] std::string_view sender() const { return {bytes(), sender_bytes_}; }
  [[nodiscard]] std::string_view text() const { return {bytes() + sender_bytes_, text_bytes_}; }

 private:
  friend class MessageList;
  KeptMessage() = default;
  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  KeptMessage* next_ = nullptr;
  MessageNumber number_;
  UnixMs time_;
  std::uint32_t sender_bytes_ = 0;
  std::uint32_t text_bytes_ = 0;
};

/// A list of kept messages. Those of one account's queue are in ascending order of their numbers.
class MessageList {
 public:
  MessageList() = default;
  MessageList(MessageList&& other) noexcept { take(other); }
  MessageList& operator=(MessageList&& other) noexcept;
  ~MessageList() { clear(); }

  [[nodiscard]] bool is_empty() const { return head_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const KeptMessage* front() const { return head_; }

  void push_back(KeptMessage::Ptr message);
  KeptMessage::Ptr pop_front();

  /// Puts one message at its place by number; the list is ascending. Constant time at both ends
  /// and on either side of the message that was inserted last, so that a sequence of them is cheap,
  /// newest or oldest first.
  void insert(KeptMessage::Ptr message);

  /// Appends all of `other`, which is empty then. Constant time.
  void append(MessageList&& other);

  /// Takes the messages of `other` in at their places by number; both lists are ascending.
  /// Constant time when one ends before the other begins.
  void merge(MessageList&& other);

  void clear();

 private:
  void take(MessageList& other);

  KeptMessage* head_ = nullptr;
  KeptMessage* tail_ = nullptr;
  KeptMessage* before_inserted_ = nullptr;  // in front of the last one inserted; null: unknown
  std::size_t size_ = 0;
};

}  // namespace tribar
