// SPDX-License-Identifier: MIT
//
// See life.h.
#include "simulation/life.h"

#include <algorithm>
#include <utility>

#include "journal/memory.h"
#include "journal/restore.h"
#include "simulation/hash.h"
#include "workers/decoder.h"

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
  void begin_end() override {}
  Unstored stop() override { return {}; }

 private:
  Show show_;
  Pass onward_;
};

Life::Life(const Settings& settings, Store* store, Listener listener, Diary& diary, Random& random)
    : settings_(settings),
      listener_(std::move(listener)),
      diary_(diary),
      random_(random),
      store_(store),
      registry_(settings.registry, {1, 2}, store != nullptr),
      turns_(settings.loops),
      reply_router_(make_loops()),
      journal_(std::make_unique<Tap>([this](const Batch& batch) { listener_.passed(batch); },
                                     [this](BatchPtr batch) { keep(std::move(batch)); })),
      actor_(registry_, *journal_,
             [this](std::uint32_t loop) { loops_[loop]->inbox().note_passed(); }),
      workers_(settings.workers) {
  if (store != nullptr) {
    commits_.emplace(
        *store,
        [this](std::span<BatchPtr> batches) {
          for (const BatchPtr& batch : batches) {
            listener_.released(*batch);
          }
          reply_router_.post(batches);
        },
        [this](bool is_up, const std::string&) { tell_storage_state(is_up); },
        [this](const StoreError&) { listener_.lost(); });
    if (const auto restored = restore(*store, registry_); !restored) {
      start_error_ = restored.error().text;
    }
  }
}

std::vector<LoopInbox*> Life::make_loops() {
  const Loop::Shared shared{
      settings_,
      census_,
      reply_router_,
      turns_,
      last_batch_,
      [this](BatchPtr batch) { workers_[batch->worker].mailbox.push_back(std::move(batch)); },
      [this] {
        for (const auto& loop : loops_) {
          loop->inbox().nudge();
        }
      },
      [this] {
        if (actor_.note_continuation_done()) {
          workers_.front().runs_registry = true;
        }
      },
      {[this](ConnectionId id, PeerNetwork, const Check& check) {
         if (!check.secret.empty() || !check.new_secret.empty()) {
           if (random_.chance(settings_.busy_percent)) {
             return answer(id, Answered{Refusal{RefusalCode::TooManySecrets}});
           }
         }
         checks_.push_back({id, std::string(check.secret), std::string(check.hash),
                            std::string(check.new_secret)});
       },
       [this](ConnectionId id, PeerNetwork) {
         std::erase_if(checks_, [id](const Task& task) { return task.from == id; });
       }},
      listener_.accepted,
      listener_.ticked,
      diary_,
      random_};
  const auto count = static_cast<std::uint32_t>(settings_.loops);
  std::vector<LoopInbox*> inboxes;
  for (std::uint32_t index = 0; index < count; ++index) {
    loops_.push_back(std::make_unique<Loop>(LoopPlace{index, count}, shared));
    inboxes.push_back(&loops_.back()->inbox());
  }
  return inboxes;
}

/// What the registry is done with goes to the journal.
void Life::keep(BatchPtr batch) {
  if (commits_) {
    journal_mailbox_.push_back(std::move(batch));
  } else {
    MemoryJournal([this](std::span<BatchPtr> safe) {
      reply_router_.post(safe);
    }).append(std::move(batch));
  }
}

void Life::connect(std::shared_ptr<Link> link) { random_.pick(loops_)->connect(std::move(link)); }

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

void Life::check_journal() {
  if (commits_) {
    commits_->check(diary_.now_ms);
  }
}

bool Life::can_run() const {
  bool can = can_run_journal();
  for (const auto& loop : loops_) {
    can |= loop->can_run();
  }
  for (std::size_t at = 0; at < workers_.size(); ++at) {
    can |= can_run_worker(at);
  }
  return can;
}

std::optional<std::uint64_t> Life::next_due_ms() const {
  std::optional<std::uint64_t> next_ms = commits_ ? commits_->next_step_ms() : std::nullopt;
  for (const auto& loop : loops_) {
    if (const auto due_ms = loop->due_ms()) {
      next_ms = next_ms ? std::min(*next_ms, *due_ms) : *due_ms;
    }
  }
  return next_ms;
}

void Life::begin_stop() {
  for (const auto& loop : loops_) {
    loop->begin_stop();
  }
  if (commits_) {
    commits_->begin_end();
  }
}

std::size_t Life::connections() const {
  std::size_t sum = 0;
  for (const auto& loop : loops_) {
    sum += loop->switchboard().size();
  }
  return sum;
}

bool Life::is_quiet() const {
  return std::all_of(loops_.begin(), loops_.end(),
                     [](const auto& loop) { return loop->switchboard().is_quiet(); });
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
    // What is not stored was not confirmed: the ledger knows.
    static_cast<void>(commits_->finish());
    store_->close();
  }
  for (const auto& loop : loops_) {
    loop->drop_all();
  }
}

void Life::tell_storage_state(bool is_up) {
  listener_.storage_state(is_up);
  tell_registry({}, is_up ? InputBody(StorageUp{}) : InputBody(StorageDown{}));
}

void Life::dismiss(ConnectionId id) { tell_registry(id, Dismiss{kDismissal}); }

void Life::answer_check(bool is_right) {
  const std::size_t at = random_.below(checks_.size());
  const Task task = std::move(checks_[at]);
  checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(at));
  const bool is_of_secret = !task.secret.empty() || !task.new_secret.empty();
  if (is_of_secret) {
    is_right = task.hash.empty() || secret_in(task.hash) == task.secret;
  }
  diary_.tell("{:x}: the check comes out {}", task.from.value, is_right ? "right" : "wrong");
  if (!is_of_secret) {
    return tell_registry(task.from, is_right ? Answered{} : Answered{kWrongSecret});
  }
  if (!is_right) {
    return answer(task.from, Answered{Refusal{RefusalCode::WrongSecret}});
  }
  std::string new_hash;
  if (!task.new_secret.empty()) {
    new_hash = hash_of(task.new_secret, ++salt_);
  } else if (random_.chance(20)) {
    new_hash = hash_of(task.secret, ++salt_);  // with today's cost
  }
  answer(task.from, Answered{{}, new_hash});
}

/// As Server::answer().
void Life::answer(ConnectionId from, Answered answered) {
  auto batch = std::make_unique<Batch>();
  batch->bytes.append(answered.new_hash);
  answered.new_hash = batch->bytes.view();
  batch->inputs.push_back({from, 0, answered});
  actor_.deliver(std::move(batch));
  workers_.front().runs_registry = true;
}

/// An input that no loop sends.
void Life::tell_registry(ConnectionId from, const InputBody& body) {
  auto batch = std::make_unique<Batch>();
  batch->inputs.push_back({from, 0, body});
  actor_.deliver(std::move(batch));
  workers_.front().runs_registry = true;
}

}  // namespace tribar::simulation
