// SPDX-License-Identifier: MIT
//
// See message_list.h.
#include "registry/message_list.h"

#include <cstring>
#include <new>
#include <utility>

namespace tribar {

void KeptMessage::Free::operator()(KeptMessage* message) const { ::operator delete(message); }

KeptMessage::Ptr KeptMessage::make(MessageNumber number, UnixMs time, std::string_view sender,
                                   std::string_view text, bool is_portable) {
  void* memory = ::operator new(sizeof(KeptMessage) + sender.size() + text.size());
  auto* message = new (memory) KeptMessage;
  message->number_ = number;
  message->time_ = time;
  message->sender_bytes_ = static_cast<std::uint32_t>(sender.size()) & 0x7fffffffU;
  message->is_portable_ = is_portable;
  message->text_bytes_ = static_cast<std::uint32_t>(text.size());
  char* bytes = reinterpret_cast<char*>(message + 1);
  std::memcpy(bytes, sender.data(), sender.size());
  if (!text.empty()) {
    std::memcpy(bytes + sender.size(), text.data(), text.size());
  }
  return Ptr(message);
}

MessageList& MessageList::operator=(MessageList&& other) noexcept {
  if (this != &other) {
    clear();
    take(other);
  }
  return *this;
}

void MessageList::take(MessageList& other) {
  head_ = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  size_ = std::exchange(other.size_, 0);
  before_inserted_ = std::exchange(other.before_inserted_, nullptr);
}

void MessageList::push_back(KeptMessage::Ptr message) {
  KeptMessage* last = message.release();
  (head_ == nullptr ? head_ : tail_->next_) = last;
  tail_ = last;
  ++size_;
}

KeptMessage::Ptr MessageList::pop_front() {
  KeptMessage* first = head_;
  head_ = std::exchange(first->next_, nullptr);
  --size_;
  if (head_ == nullptr) {
    tail_ = nullptr;
  }
  if (before_inserted_ == first) {
    before_inserted_ = nullptr;
  }
  return KeptMessage::Ptr(first);
}

KeptMessage::Ptr MessageList::remove(MessageNumber number) {
  if (is_empty() || number < head_->number_) {
    return nullptr;
  }
  if (head_->number_ == number) {
    return pop_front();
  }
  KeptMessage* before = head_;
  while (before->next_ != nullptr && before->next_->number_ < number) {
    before = before->next_;
  }
  KeptMessage* found = before->next_;
  if (found == nullptr || found->number_ != number) {
    return nullptr;
  }
  before->next_ = std::exchange(found->next_, nullptr);
  if (tail_ == found) {
    tail_ = before;
  }
  before_inserted_ = nullptr;
  --size_;
  return KeptMessage::Ptr(found);
}

void MessageList::insert(KeptMessage::Ptr message) {
  if (is_empty() || tail_->number_ < message->number_) {
    before_inserted_ = tail_;
    push_back(std::move(message));
    return;
  }
  KeptMessage* added = message.release();
  ++size_;
  if (added->number_ < head_->number_) {
    added->next_ = std::exchange(head_, added);
    before_inserted_ = nullptr;
    return;
  }
  KeptMessage* before = before_inserted_;
  if (before == nullptr || added->number_ < before->number_) {
    before = head_;
  }
  while (before->next_->number_ < added->number_) {
    before = before->next_;
  }
  added->next_ = std::exchange(before->next_, added);
  before_inserted_ = before;
}

void MessageList::append(MessageList&& other) {
  if (other.is_empty()) {
    return;
  }
  if (is_empty()) {
    take(other);
    return;
  }
  tail_->next_ = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  size_ += std::exchange(other.size_, 0);
  other.before_inserted_ = nullptr;
}

void MessageList::merge(MessageList&& other) {
  if (other.is_empty() || is_empty() || tail_->number_ < other.head_->number_) {
    append(std::move(other));
    return;
  }
  if (other.tail_->number_ < head_->number_) {
    other.append(std::move(*this));
    take(other);
    return;
  }
  MessageList merged;
  while (!is_empty() && !other.is_empty()) {
    MessageList& first = other.head_->number_ < head_->number_ ? other : *this;
    merged.push_back(first.pop_front());
  }
  merged.append(std::move(*this));
  merged.append(std::move(other));
  take(merged);
}

void MessageList::clear() {
  while (!is_empty()) {
    pop_front();
  }
}

}  // namespace tribar
