// SPDX-License-Identifier: MIT
//
// Messages that the server keeps, in the order in which it accepted them. Moving or joining lists
// does not touch the messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/ids.h"

namespace tribar {

/// A kept message; sender and text are in the same allocation. The recipient is not stored: it is
/// the account that owns the list.
class KeptMessage {
 public:
  struct Free {
    void operator()(KeptMessage* message) const;
  };
  using Ptr = std::unique_ptr<KeptMessage, Free>;

  /// `is_portable`: see chat/text.h.
  [[nodiscard]] static Ptr make(MessageNumber number, UnixMs time, std::string_view sender,
                                std::string_view text, bool is_portable = true);

  [[nodiscard]] MessageNumber number() const { return number_; }
  [[nodiscard]] UnixMs time() const { return time_; }
  [[nodiscard]] std::string_view sender() const { return {bytes(), sender_bytes_}; }
  [[nodiscard]] std::string_view text() const { return {bytes() + sender_bytes_, text_bytes_}; }
  [[nodiscard]] bool is_portable() const { return is_portable_; }
  void set_portable(bool is_portable) { is_portable_ = is_portable; }

 private:
  friend class MessageList;
  KeptMessage() = default;
  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  KeptMessage* next_ = nullptr;
  MessageNumber number_;
  UnixMs time_;
  std::uint32_t sender_bytes_ : 31 = 0;
  bool is_portable_ : 1 = true;
  std::uint32_t text_bytes_ = 0;
};

/// A list of kept messages. The queue of an account is in ascending order of message numbers.
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

  /// Inserts a message in order of its number; the list must be ascending. Constant time at both
  /// ends and next to the message that was inserted last, so that inserting a sequence is cheap in
  /// either direction.
  void insert(KeptMessage::Ptr message);

  /// Removes the message with that number, if it is there; walks to it from the oldest.
  KeptMessage::Ptr remove(MessageNumber number);

  /// Moves all of `other` to the end; `other` is empty afterwards. Constant time.
  void append(MessageList&& other);

  /// Moves the messages of `other` to their places by number; both lists must be ascending.
  /// Constant time when one list ends before the other begins.
  void merge(MessageList&& other);

  void clear();

 private:
  void take(MessageList& other);

  KeptMessage* head_ = nullptr;
  KeptMessage* tail_ = nullptr;
  // predecessor of the last inserted message; null: unknown
  KeptMessage* before_inserted_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tribar
