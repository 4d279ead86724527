// SPDX-License-Identifier: MIT
//
// The station beside the registry that hashes and checks secrets: some 25 ms of a processor and
// 19 MiB of memory each, so never in the registry, a worker or a loop. Its threads run at a lower
// priority: what they do keeps only those waiting who log in, and fills a processor for as long as
// logins come. Messages take microseconds and must not wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/wipe.h"
#include "secrets/hashing.h"

namespace tribar {

/// Whether this build has the library that hashes. When it does not there can be no Vault.
[[nodiscard]] bool can_hash_secrets();

/// What is to be found out for one connection.
struct SecretTask {
  ConnectionId connection;
  SecretBytes secret;
  std::string hash;           // that `secret` must have; empty: nothing to check
  SecretBytes new_secret;     // whose hash is wanted, if what is checked is right; may be empty
  std::uint64_t network = 0;  // where the connection comes from: see PeerNetwork
};

enum class Verdict : std::uint8_t {
  Right,    // also when there was nothing to check
  Wrong,    // `secret` is not the one of `hash`
  Dropped,  // not looked at, since the vault ends: see drop_waiting()
  Failed,   // not known: memory was short, or `hash` is none. The first of a row is logged
};

struct SecretResult {
  ConnectionId connection;
  Verdict verdict = Verdict::Failed;
  /// Only with Right. Of the task's `new_secret`; when it has none: of `secret`, if its hash was
  /// made at another cost than today's, and empty otherwise.
  std::string new_hash;

  friend bool operator==(const SecretResult&, const SecretResult&) = default;
};

struct VaultOptions {
  std::size_t threads = 1;          // at least 1; each takes `cost.memory_bytes` while it hashes
  std::size_t most_waiting = 4096;  // tasks that wait for a thread
  HashCost cost = kHashCost;
  std::size_t most_of_network = 1024;  // of those that wait, from one address network
};

/// The networks take turns, and the tasks of one are begun in the order in which they came: who has
/// a thousand waiting makes those from elsewhere wait for one at a time. No connection gets ahead
/// by asking often: the registry lets each have one at a time.
class Vault {
 public:
  /// Starts the threads, which sleep while there is nothing to do. `on_result` is called on one of
  /// them, on several at once, once for each task that was accepted and not dropped by stop(); it
  /// must not throw, wait, or call stop(). Throws std::runtime_error when nothing can be hashed,
  /// and std::system_error when the system has no threads left.
  Vault(const VaultOptions& options, std::function<void(SecretResult)> on_result);
  /// As stop().
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  /// Any thread; never waits. False when as many tasks wait as may, in all or from this network,
  /// and after stop(): then this one is gone, its secrets wiped.
  [[nodiscard]] bool submit(SecretTask task);

  /// Any thread; never waits. The connection, from `network`, is closed: its task, if it still
  /// waits, is dropped without a result.
  void forget(ConnectionId connection, std::uint64_t network);

  /// Any thread: how many tasks wait.
  [[nodiscard]] std::size_t waiting();

  /// From now on `threads` of them work, at least 1. Further ones are started at once. Those that
  /// are too many end when they have done what they are at; what waits is left to the others. Never
  /// waits. Returns the system's error if it has no threads left; then as many work as before.
  /// After stop() nothing happens. Not from two threads at once, nor while stop() is called.
  [[nodiscard]] std::error_code set_threads(std::size_t threads);

  /// From now on submit() returns false, and what waits gets the result Dropped, on the calling
  /// thread. Tasks that have begun go on. Not while another thread calls stop().
  void drop_waiting();

  /// Drops what waits, without results; those that have begun are awaited, which takes
  /// no longer than a check and a hash. Then no thread is left and `on_result` is not called any
  /// more. Again is harmless; not from two threads at once.
  void stop();

 private:
  void start_thread(std::size_t number);
  void run(std::size_t number);
  [[nodiscard]] std::optional<SecretTask> next(std::size_t number);
  [[nodiscard]] std::vector<SecretTask> take_all();

  const HashCost cost_;
  const std::size_t most_waiting_;
  const std::size_t most_of_network_;
  const std::function<void(SecretResult)> on_result_;
  std::atomic<bool> is_failing_{false};  // the last task failed, which was logged

  std::mutex mutex_;
  std::condition_variable changed_;
  // Of mutex_, these three: what waits, by networks, none of which is empty; those in the order of
  // their turns; and how many tasks that is in all.
  std::unordered_map<std::uint64_t, std::deque<SecretTask>> waiting_;
  std::deque<std::uint64_t> turns_;
  std::size_t waiting_count_ = 0;
  bool is_ending_ = false;    // of mutex_: nothing is taken any more
  bool is_stopping_ = false;  // of mutex_
  // Of mutex_: how many threads shall work, and which of threads_ have not taken their leave.
  std::size_t wanted_threads_ = 0;
  std::vector<bool> is_working_;
  std::vector<std::thread>
      threads_;  // by number; also those that have ended, until they are joined
};

}  // namespace tribar
