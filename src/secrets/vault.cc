// SPDX-License-Identifier: MIT
//
// See vault.h.
#include "secrets/vault.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/thread_name.h"
#include "base/thread_priority.h"

namespace tribar {

namespace {

/// Does what `task` asks for. Says in `error` what could not be done; it is empty before.
SecretResult answer(const SecretTask& task, HashCost cost, std::string& error) {
  SecretResult result{task.connection, Verdict::Failed, {}};
  bool is_outdated = false;
  if (!task.hash.empty()) {
    const auto is_right = is_secret_of(task.hash, task.secret.view());
    if (!is_right) {
      error = is_right.error().reason;
      return result;
    }
    if (!is_right.value()) {
      result.verdict = Verdict::Wrong;
      return result;
    }
    is_outdated = needs_rehash(task.hash, cost);
  }
  const bool is_new = !task.new_secret.empty();
  if (is_new || is_outdated) {
    auto hash = hash_secret((is_new ? task.new_secret : task.secret).view(), cost);
    if (hash) {
      result.new_hash = std::move(hash.value());
    } else {
      error = hash.error().reason;
      if (is_new) {
        return result;
      }
      // What is right stays so; its hash is renewed another time.
    }
  }
  result.verdict = Verdict::Right;
  return result;
}

}  // namespace

bool can_hash_secrets() { return true; }

Vault::Vault(const VaultOptions& options, std::function<void(SecretResult)> on_result)
    : cost_(options.cost),
      most_waiting_(options.most_waiting),
      most_of_network_(options.most_of_network),
      on_result_(std::move(on_result)) {
  begin_hashing();
  if (const std::error_code error = set_threads(options.threads)) {
    stop();  // those that there are
    throw std::system_error(error);
  }
}

Vault::~Vault() { stop(); }

bool Vault::submit(SecretTask task) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_ || waiting_count_ >= most_waiting_) {
      return false;
    }
    const std::uint64_t network = task.network;
    const auto [at, is_new] = waiting_.try_emplace(network);
    if (is_new) {
      turns_.push_back(network);
    } else if (at->second.size() >= most_of_network_) {
      return false;
    }
    at->second.push_back(std::move(task));
    ++waiting_count_;
  }
  changed_.notify_one();
  return true;
}

std::size_t Vault::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_count_;
}

void Vault::forget(ConnectionId connection, std::uint64_t network) {
  const std::lock_guard lock(mutex_);
  const auto of_network = waiting_.find(network);
  if (of_network == waiting_.end()) {
    return;
  }
  std::deque<SecretTask>& tasks = of_network->second;
  waiting_count_ -= std::erase_if(
      tasks, [connection](const SecretTask& task) { return task.connection == connection; });
  if (tasks.empty()) {
    waiting_.erase(of_network);
    std::erase(turns_, network);
  }
}

std::error_code Vault::set_threads(std::size_t threads) {
  std::size_t before = 0;
  std::vector<std::size_t> missing;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) {
      return {};
    }
    before = std::exchange(wanted_threads_, threads);
    is_working_.resize(std::max(is_working_.size(), threads));
    for (std::size_t number = 0; number < threads; ++number) {
      if (!is_working_[number]) {
        is_working_[number] = true;
        missing.push_back(number);
      }
    }
    // Under the lock, so that a later submit() wakes nobody who only wakes to end.
    changed_.notify_all();
  }
  threads_.resize(std::max(threads_.size(), threads));
  auto next = missing.begin();
  try {
    for (; next != missing.end(); ++next) {
      start_thread(*next);
    }
  } catch (const std::system_error& error) {
    const std::lock_guard lock(mutex_);
    wanted_threads_ = before;
    for (; next != missing.end(); ++next) {
      is_working_[*next] = false;
    }
    changed_.notify_all();
    return error.code();
  }
  return {};
}

/// Starts the thread of that number, which does not work.
void Vault::start_thread(std::size_t number) {
  std::thread& thread = threads_[number];
  if (thread.joinable()) {
    thread.join();  // it has left the lock for the last time, so it ends right now
  }
  thread = std::thread([this, number] {
    name_thread("vault " + std::to_string(number));
    run(number);
  });
}

void Vault::drop_waiting() {
  std::vector<SecretTask> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    dropped = take_all();
  }
  for (const SecretTask& task : dropped) {
    on_result_({task.connection, Verdict::Dropped, {}});
  }
}

void Vault::stop() {
  std::vector<SecretTask> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    is_stopping_ = true;
    dropped = take_all();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
  threads_.clear();
}

/// All that waits, under the lock.
std::vector<SecretTask> Vault::take_all() {
  std::vector<SecretTask> all;
  all.reserve(waiting_count_);
  for (const std::uint64_t network : turns_) {
    std::deque<SecretTask>& tasks = waiting_.at(network);
    std::move(tasks.begin(), tasks.end(), std::back_inserter(all));
  }
  waiting_.clear();
  turns_.clear();
  waiting_count_ = 0;
  return all;
}

void Vault::run(std::size_t number) {
  lower_thread_priority("secrets");
  while (std::optional<SecretTask> task = next(number)) {
    std::string error;
    SecretResult result = answer(*task, cost_, error);
    task.reset();  // The secrets are wiped before anybody hears of the result.
    const bool is_failing = !error.empty();
    // The first of a row only: peers decide how many there are.
    if (!is_failing_.exchange(is_failing) && is_failing) {
      log::error("secrets", "cannot check or hash a secret: {}", error);
    }
    on_result_(std::move(result));
  }
}

/// Waits for a task for the thread of that number; none when it is to end.
std::optional<SecretTask> Vault::next(std::size_t number) {
  std::unique_lock lock(mutex_);
  const auto is_over = [&] { return is_stopping_ || number >= wanted_threads_; };
  changed_.wait(lock, [&] { return is_over() || waiting_count_ > 0; });
  if (is_over()) {
    is_working_[number] = false;
    return std::nullopt;
  }
  const std::uint64_t network = turns_.front();
  turns_.pop_front();
  const auto of_network = waiting_.find(network);
  std::deque<SecretTask>& tasks = of_network->second;
  std::optional<SecretTask> task(std::move(tasks.front()));
  tasks.pop_front();
  --waiting_count_;
  if (tasks.empty()) {
    waiting_.erase(of_network);
  } else {
    turns_.push_back(network);
  }
  return task;
}

}  // namespace tribar
