// SPDX-License-Identifier: MIT
//
// See dispatcher.h.
#include "loop/dispatcher.h"

#include <algorithm>
#include <utility>

namespace tribar {
namespace {

/// The most spare batches that are kept.
constexpr std::size_t kSpares = 16;

}  // namespace

Dispatcher::Dispatcher(std::size_t workers, LoopInbox& inbox,
                       std::atomic<std::uint64_t>& last_number, Submit submit, LoopPlace place,
                       std::uint64_t spare_bytes)
    : place_(place),
      inbox_(inbox),
      submit_(std::move(submit)),
      most_spare_bytes_(spare_bytes),
      last_number_(last_number) {
  for (std::size_t i = 0; i < workers; ++i) {
    open_.push_back(std::make_unique<Batch>());
  }
}

void Dispatcher::add_event(ConnectionId id, const InputBody& body, std::uint32_t command_bytes) {
  Batch& batch = batch_of(id);
  Arrival arrival{.from = id};
  arrival.event = static_cast<std::uint32_t>(batch.events.size());
  batch.events.push_back({id, command_bytes, body});
  batch.arrivals.push_back(arrival);
}

void Dispatcher::add_certified(ConnectionId id, std::string_view name) {
  add_event(id, Certified{batch_of(id).names.copy(name)});
}

void Dispatcher::add_returned(ConnectionId id, const Returned& returned, Protocol protocol,
                              std::string_view frame) {
  Batch& batch = batch_of(id);
  add_event(id, returned);
  Arrival& arrival = batch.arrivals.back();
  arrival.data_offset = batch.bytes.size();
  arrival.data_bytes = static_cast<std::uint32_t>(frame.size());
  arrival.protocol = protocol;
  batch.bytes.append(frame, batch.may_have_secrets);
}

void Dispatcher::submit(UnixMs now) {
  const std::size_t filled = count_filled();
  if (filled > 0 && inbox_.try_depart(filled, kMostUnderWay * open_.size())) {
    submit_all(now);
  }
}

bool Dispatcher::is_full() const {
  return std::any_of(open_.begin(), open_.end(), [](const BatchPtr& batch) {
    return batch->arrivals.size() >= kFullArrivals || batch->bytes.size() >= kFullBytes;
  });
}

void Dispatcher::submit_full(UnixMs now) {
  inbox_.depart(count_filled());
  submit_all(now);
}

std::size_t Dispatcher::count_filled() const {
  return static_cast<std::size_t>(std::count_if(
      open_.begin(), open_.end(), [](const BatchPtr& batch) { return !batch->arrivals.empty(); }));
}

void Dispatcher::submit_all(UnixMs now) {
  const auto sent = std::chrono::steady_clock::now();
  for (std::uint32_t worker = 0; worker < open_.size(); ++worker) {
    if (open_[worker]->arrivals.empty()) {
      continue;
    }
    BatchPtr batch = std::exchange(open_[worker], take_spare());
    batch->now = now;
    batch->sent = sent;
    batch->loop = place_.index;
    batch->worker = worker;
    batch->number = last_number_.fetch_add(1) + 1;
    ++away_;
    submit_(std::move(batch));
  }
}

void Dispatcher::recycle(BatchPtr batch) {
  // A continuation of the registry contained no input and was never counted.
  if (batch->number != 0) {
    --away_;
  }
  if (spare_.size() < kSpares) {
    batch->clear();
    const std::size_t bytes = batch->held_bytes();
    if (spare_bytes_ + bytes <= most_spare_bytes_) {
      spare_bytes_ += bytes;
      spare_.push_back(std::move(batch));
    }
  }
}

void Dispatcher::drop_spares() {
  spare_.clear();
  spare_bytes_ = 0;
  for (BatchPtr& batch : open_) {
    if (batch->arrivals.empty()) {
      batch = std::make_unique<Batch>();
    }
  }
}

bool Dispatcher::is_idle() const { return has_sent_all() && away_ == 0; }

BatchPtr Dispatcher::take_spare() {
  if (spare_.empty()) {
    return std::make_unique<Batch>();
  }
  BatchPtr batch = std::move(spare_.back());
  spare_.pop_back();
  spare_bytes_ -= batch->held_bytes();
  return batch;
}

}  // namespace tribar
