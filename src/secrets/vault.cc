// SPDX-License-Identifier: MIT
//
// See vault.h.
#include "secrets/vault.h"

#if defined(__linux__)
#include <unistd.h>
#endif

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace tribar {

namespace {

/// Has the calling thread give way to those of the usual priority. Where priority is the whole
/// process's it stays as it is.
void lower_priority() {
#if defined(__linux__)
  // A fourth of a processor when another thread wants it too.
  constexpr int kNicer = 5;
  errno = 0;
  if (nice(kNicer) == -1 && errno != 0) {
    log::warn("secrets", "cannot lower the priority of a thread: {}",
              std::generic_category().message(errno));
  }
#endif
}

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
    : cost_(options.cost), most_waiting_(options.most_waiting), on_result_(std::move(on_result)) {
  begin_hashing();
  try {
    for (std::size_t i = 0; i < options.threads; ++i) {
      threads_.emplace_back([this] { run(); });
    }
  } catch (...) {
    stop();  // those that there are
    throw;
  }
}

Vault::~Vault() { stop(); }

bool Vault::submit(SecretTask task) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_ || waiting_.size() >= most_waiting_) {
      return false;
    }
    waiting_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void Vault::drop_waiting() {
  std::deque<SecretTask> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    dropped.swap(waiting_);
  }
  for (const SecretTask& task : dropped) {
    on_result_({task.connection, Verdict::Dropped, {}});
  }
}

void Vault::stop() {
  std::deque<SecretTask> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    is_stopping_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void Vault::run() {
  lower_priority();
  while (std::optional<SecretTask> task = next()) {
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

/// Waits for a task; none when the vault stops.
std::optional<SecretTask> Vault::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
  if (is_stopping_) {
    return std::nullopt;
  }
  std::optional<SecretTask> task(std::move(waiting_.front()));
  waiting_.pop_front();
  return task;
}

}  // namespace tribar
