// SPDX-License-Identifier: MIT
//
// See loop.h.
#include "simulation/loop.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "support/xor_filter.h"

namespace tribar::simulation {

Loop::Loop(LoopPlace place, const Shared& shared)
    : place_(place),
      shared_(shared),
      inbox_([this] { is_woken_ = true; }),
      dispatcher_(shared.settings.workers, inbox_, shared.last_batch, shared.submit, place),
      switchboard_(shared.settings.loop, dispatcher_, shared.census, shared.checker) {}

Loop::~Loop() {
  for (const auto& link : backlog_) {
    link->server_is_gone = true;
  }
}

bool Loop::can_run() const {
  return !is_polling_ || is_woken_ || !backlog_.empty() ||
         (tick_due_ms_ && *tick_due_ms_ <= shared_.diary.now_ms) ||
         std::any_of(links_.begin(), links_.end(),
                     [](const auto& link) { return link->is_ready(); });
}

void Loop::run() {
  if (is_polling_) {
    poll();
    after_poll();
  } else {
    before_poll();
  }
  is_polling_ = !is_polling_;
}

void Loop::before_poll() {
  const std::uint64_t now_ms = shared_.diary.now_ms;
  if (tick_due_ms_ && *tick_due_ms_ <= now_ms) {
    const std::uint64_t elapsed_ms = ticks_.tick(now_ms);
    shared_.ticked(elapsed_ms);
    switchboard_.set_time(now_ms);
    switchboard_.tick(elapsed_ms);
  }
  do {
    finish_turn();
  } while (!inbox_.sleep_if_empty());
  if (awaited_.empty() && switchboard_.defer_logins()) {
    awaited_ = shared_.turns.ask(place_.index);
    if (place_.count > 1) {
      shared_.wake_all();
    }
    is_woken_ = true;
  }
  if (switchboard_.has_held_back() || shared_.turns.is_wanted(place_.index) ||
      (!awaited_.empty() && shared_.turns.are_reached(awaited_))) {
    is_woken_ = true;
  }
  tick_due_ms_ = ticks_.next_ms(now_ms, switchboard_.tick_ms());
}

/// Everything that is ready when the poll returns, in any order.
void Loop::poll() {
  is_woken_ = false;
  std::erase_if(links_, [](const auto& link) { return link->connection == nullptr; });
  std::vector<std::shared_ptr<Link>> ready;
  for (const auto& link : links_) {
    if (link->is_ready()) {
      ready.push_back(link);
    }
  }
  shared_.random.shuffle(ready);
  for (const auto& link : ready) {
    tell(*link);
  }
  while (!backlog_.empty()) {
    const std::shared_ptr<Link> link = std::exchange(backlog_.front(), {});
    backlog_.pop_front();
    links_.push_back(link);
    std::unique_ptr<Transport> transport = std::make_unique<LinkTransport>(link, shared_.random);
    if (shared_.settings.is_filtered) {
      link->is_scrambled = true;
      transport = std::make_unique<test::XorFilter>(std::move(transport));
    }
    Connection& connection = switchboard_.adopt(std::move(transport), link->protocol);
    shared_.accepted(*link, connection.id);
    switchboard_.begin(connection);
  }
}

void Loop::tell(Link& link) {
  if (link.connection != nullptr && !link.writing.empty() && link.is_broken()) {
    link.events->written(*link.connection, false);
  } else if (link.connection != nullptr && std::exchange(link.write_is_done, false)) {
    link.events->written(*link.connection, true);
  }
  if (link.connection == nullptr || !link.is_reading) {
    return;
  }
  if (link.is_broken()) {
    // Reading ends by itself.
    link.is_reading = false;
    link.events->end(*link.connection, true);
    return;
  }
  if (!link.arrived.empty()) {
    const Framer::Space space = link.events->space(*link.connection);
    std::size_t size = std::min(space.size, link.arrived.size());
    if (size == 0) {
      return;
    }
    if (shared_.random.chance(30)) {
      size = shared_.random.between(1, size);
    }
    const std::string bytes = link.arrived.substr(0, size);
    std::memcpy(space.at, (link.is_scrambled ? test::scrambled(bytes) : bytes).data(), size);
    link.witness->read(bytes);
    link.arrived.erase(0, size);
    link.events->read(*link.connection, size);
    after_read();
  } else if (link.end_arrived) {
    link.is_reading = false;
    link.witness->read_end();
    link.events->end(*link.connection, false);
  }
}

void Loop::after_poll() {
  switchboard_.set_time(shared_.diary.now_ms);
  inbox_.wake_up();
  switchboard_.resume_input();
  if (shared_.turns.are_reached(awaited_)) {
    switchboard_.admit_logins();
    awaited_.clear();
  }
  dispatcher_.submit(UnixMs{shared_.diary.now_ms});
  finish_turn();
  if (dispatcher_.has_sent_all() && shared_.turns.complete(place_.index)) {
    shared_.wake_all();
  }
}

/// The loop does this when a batch is full, which in so short a life none is.
void Loop::after_read() {
  if (dispatcher_.is_full() || shared_.random.chance(10)) {
    dispatcher_.submit_full(UnixMs{shared_.diary.now_ms});
    deliver_replies();
  }
}

void Loop::deliver_replies() {
  inbox_.drain(arrived_);
  for (BatchShare& share : arrived_) {
    switchboard_.deliver_replies(*share);
    if (BatchPtr batch = share.finish()) {
      if (std::exchange(batch->is_continuation, false)) {
        shared_.continuation_is_done();
      }
      if (batch->loop == place_.index) {
        dispatcher_.recycle(std::move(batch));
      } else {
        shared_.reply_router.give_back(std::move(batch));
      }
    }
  }
  arrived_.clear();
}

void Loop::finish_turn() {
  deliver_replies();
  switchboard_.finish_turn();
  dispatcher_.submit(UnixMs{shared_.diary.now_ms});
}

void Loop::begin_stop() {
  backlog_.clear();
  switchboard_.stop_reading();
}

}  // namespace tribar::simulation
