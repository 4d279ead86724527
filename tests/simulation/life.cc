// SPDX-License-Identifier: MIT
//
// See life.h.
#include "simulation/life.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/memory.h"
#include "server/decoder.h"

namespace tribar::simulation {

/// Between the registry and the journal: shows what passes.
class Life::Tap final : public Journal {
 public:
  using Show = std::function<void(const Batch&)>;
  using Pass = std::function<void(BatchPtr)>;
  Tap(Show show, Pass onward) : show_(std::move(show)), onward_(std::move(onward)) {}
  void append(BatchPtr batch) override {
    show_(*batch);
    onward_(std::move(batch));
  }
  void stop() override {}

 private:
  Show show_;
  Pass onward_;
};

Life::Life(const Settings& settings, Storage* storage, Listener listener, Diary& diary,
           Random& random)
    : settings_(settings),
      listener_(std::move(listener)),
      diary_(diary),
      random_(random),
      registry_(settings.registry, {1, 2}, storage != nullptr),
      inbox_([this] { is_woken_ = true; }),
      homecoming_({&inbox_}),
      dispatcher_(
          settings.workers, inbox_, last_batch_,
          [this](BatchPtr batch) { workers_[batch->worker].mailbox.push_back(std::move(batch)); }),
      switchboard_(settings.loop, dispatcher_, census_),
      journal_(std::make_unique<Tap>([this](const Batch& batch) { listener_.passed(batch); },
                                     [this](BatchPtr batch) { store(std::move(batch)); })),
      actor_(registry_, *journal_, [this](std::uint32_t) { inbox_.note_passed(); }),
      workers_(settings.workers) {
  if (storage != nullptr) {
    commits_.emplace(
        *storage, [this](std::span<BatchPtr> batches) { homecoming_.post(batches); },
        [this](bool is_up, const std::string&) { tell_storage_state(is_up); });
    if (!storage->restore(registry_)) {
      diary_.fail("the store contradicts itself");
    }
  }
}

/// What the registry is done with goes to the journal.
void Life::store(BatchPtr batch) {
  if (commits_) {
    journal_mailbox_.push_back(std::move(batch));
  } else {
    MemoryJournal([this](std::span<BatchPtr> safe) {
      homecoming_.post(safe);
    }).append(std::move(batch));
  }
}

Life::~Life() {
  for (const auto& link : backlog_) {
    link->server_is_gone = true;
  }
}

bool Life::can_run_loop() const {
  return !is_polling_ || is_woken_ || must_not_block_ || !backlog_.empty() ||
         (tick_due_ms_ && *tick_due_ms_ <= diary_.now_ms) ||
         std::any_of(links_.begin(), links_.end(),
                     [](const auto& link) { return link->is_ready(); });
}

void Life::run_loop() {
  if (is_polling_) {
    poll();
    after_poll();
  } else {
    before_poll();
  }
  is_polling_ = !is_polling_;
}

void Life::before_poll() {
  if (tick_due_ms_ && *tick_due_ms_ <= diary_.now_ms) {
    tick_due_ms_ = diary_.now_ms + switchboard_.tick_ms();
    const std::uint64_t elapsed_ms = diary_.now_ms - std::exchange(last_tick_ms_, diary_.now_ms);
    listener_.ticked(elapsed_ms);
    switchboard_.set_time(diary_.now_ms);
    switchboard_.tick(elapsed_ms);
  }
  do {
    finish_turn();
  } while (!inbox_.sleep_if_empty());
  must_not_block_ = switchboard_.line_up_logins();
  keep_time();
}

/// Everything that is ready when the poll returns, in any order.
void Life::poll() {
  is_woken_ = false;
  std::erase_if(links_, [](const auto& link) { return link->connection == nullptr; });
  std::vector<std::shared_ptr<Link>> ready;
  for (const auto& link : links_) {
    if (link->is_ready()) {
      ready.push_back(link);
    }
  }
  random_.shuffle(ready);
  for (const auto& link : ready) {
    tell(*link);
  }
  while (!backlog_.empty()) {
    const std::shared_ptr<Link> link = std::exchange(backlog_.front(), {});
    backlog_.pop_front();
    links_.push_back(link);
    Connection& connection = switchboard_.adopt(std::make_unique<LinkTransport>(link, random_));
    link->connection = &connection;
    listener_.accepted(*link, connection.id);
    switchboard_.begin(connection);
  }
}

void Life::tell(Link& link) {
  if (link.connection != nullptr && !link.writing.empty() && link.is_broken()) {
    switchboard_.written(*link.connection, false);
  } else if (link.connection != nullptr && std::exchange(link.write_is_done, false)) {
    switchboard_.written(*link.connection, true);
  }
  if (link.connection == nullptr || !link.is_reading) {
    return;
  }
  if (link.is_broken()) {
    // Reading ends by itself.
    link.is_reading = false;
    switchboard_.end(*link.connection, true);
    return;
  }
  if (!link.arrived.empty()) {
    const Framer::Space space = switchboard_.space(*link.connection);
    std::size_t size = std::min(space.size, link.arrived.size());
    if (size == 0) {
      return;
    }
    if (random_.chance(30)) {
      size = random_.between(1, size);
    }
    std::memcpy(space.at, link.arrived.data(), size);
    link.witness->read(std::string_view(link.arrived).substr(0, size));
    link.arrived.erase(0, size);
    switchboard_.read(*link.connection, size);
    after_read();
  } else if (link.end_arrived) {
    link.is_reading = false;
    switchboard_.end(*link.connection, false);
  }
}

void Life::after_poll() {
  switchboard_.set_time(diary_.now_ms);
  inbox_.wake_up();
  switchboard_.admit_logins();
  dispatcher_.submit(UnixMs{diary_.now_ms});
  finish_turn();
}

/// The loop does this when a batch is full, which in so short a life none is.
void Life::after_read() {
  if (dispatcher_.is_full() || random_.chance(10)) {
    dispatcher_.submit_full(UnixMs{diary_.now_ms});
    take_home();
  }
}

void Life::take_home() {
  inbox_.drain(arrived_);
  for (BatchShare& share : arrived_) {
    switchboard_.take_home(*share);
    if (BatchPtr batch = share.finish()) {
      if (std::exchange(batch->is_continuation, false) && actor_.note_continuation_home()) {
        workers_.front().runs_registry = true;
      }
      dispatcher_.recycle(std::move(batch));
    }
  }
  arrived_.clear();
}

void Life::finish_turn() {
  take_home();
  switchboard_.finish_turn();
  dispatcher_.submit(UnixMs{diary_.now_ms});
}

void Life::keep_time() {
  const std::uint64_t tick_ms = switchboard_.tick_ms();
  if (tick_ms == 0) {
    tick_due_ms_.reset();
  } else if (!tick_due_ms_) {
    last_tick_ms_ = diary_.now_ms;
    tick_due_ms_ = diary_.now_ms + tick_ms;
  }
}

bool Life::can_run_worker(std::size_t at) const {
  const Worker& worker = workers_[at];
  return !worker.mailbox.empty() || !worker.drained.empty() || worker.runs_registry;
}

/// Decodes a batch, or runs the registry when all that was drained is delivered.
void Life::run_worker(std::size_t at) {
  Worker& worker = workers_[at];
  if (worker.drained.empty() && !worker.runs_registry) {
    std::move(worker.mailbox.begin(), worker.mailbox.end(), std::back_inserter(worker.drained));
    worker.mailbox.clear();
  }
  if (worker.drained.empty()) {
    worker.runs_registry = actor_.run_once();
    return;
  }
  BatchPtr batch = std::move(worker.drained.front());
  worker.drained.pop_front();
  decode(*batch, settings_.commands);
  actor_.deliver(std::move(batch));
  worker.runs_registry = worker.drained.empty();
}

bool Life::can_run_journal() const {
  if (!commits_) {
    return false;
  }
  const auto due_ms = commits_->next_step_ms();
  return !journal_mailbox_.empty() || (due_ms && *due_ms <= diary_.now_ms);
}

void Life::run_journal() {
  for (BatchPtr& batch : std::exchange(journal_mailbox_, {})) {
    commits_->admit(std::move(batch));
  }
  commits_->step(diary_.now_ms);
}

bool Life::can_run() const {
  bool can = can_run_loop() || can_run_journal();
  for (std::size_t at = 0; at < workers_.size(); ++at) {
    can |= can_run_worker(at);
  }
  return can;
}

std::optional<std::uint64_t> Life::next_due_ms() const {
  std::optional<std::uint64_t> due_ms = tick_due_ms_;
  if (const auto step_ms = commits_ ? commits_->next_step_ms() : std::nullopt) {
    due_ms = due_ms ? std::min(*due_ms, *step_ms) : *step_ms;
  }
  return due_ms;
}

void Life::begin_stop() {
  backlog_.clear();
  switchboard_.stop_reading();
}

void Life::end() {
  for (std::size_t at = 0; at < workers_.size(); ++at) {
    while (can_run_worker(at)) {
      run_worker(at);
    }
  }
  if (commits_) {
    for (BatchPtr& batch : std::exchange(journal_mailbox_, {})) {
      commits_->admit(std::move(batch));
    }
    commits_->finish();
  }
  switchboard_.drop_all();
}

void Life::tell_storage_state(bool is_up) {
  listener_.storage_state(is_up);
  auto batch = std::make_unique<Batch>();
  batch->inputs.push_back({{}, 0, is_up ? InputBody(StorageUp{}) : InputBody(StorageDown{})});
  actor_.deliver(std::move(batch));
  workers_.front().runs_registry = true;
}

}  // namespace tribar::simulation
