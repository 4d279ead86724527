// SPDX-License-Identifier: MIT
//
// Carries out what is asked at the control socket, on the thread of whoever asks: by questions to
// the registry and the loops, whose answers it awaits.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "loop/io_loop.h"
#include "operate/control_server.h"
#include "operate/metrics.h"
#include "registry/batch.h"

namespace tribar {

class Operator {
 public:
  /// What it needs of the server; must outlive it. Functions may be called on any thread, and must
  /// not wait, but for those of which it is said.
  struct Server {
    const Config& config;              // of which only what needs a restart may be read
    std::function<Config()> settings;  // all; on the main loop
    MetricSources metrics;
    std::function<std::vector<std::string>()> addresses;  // on the main loop
    std::function<std::string()> state;                   // in a few words
    /// No: it is a standby, whose registry and other loops cannot be asked.
    std::function<bool()> has_store;
    std::function<void(BatchPtr)> ask_registry;  // sends a batch that no loop sent
    std::vector<IoLoop*> loops;
    /// Reads the settings again, and answers later, on the main loop.
    std::function<void(std::function<void(ControlAnswer)> answer)> reload;
    /// On the main loop: stops within so many seconds; false: it drains or stops already.
    std::function<bool(std::uint64_t seconds)> drain;
    /// What is known of the certificate of TLS; no rows: there is no TLS.
    std::function<std::vector<ControlRow>()> certificate;
  };

  explicit Operator(Server server);

  /// Any thread; waits for whoever must answer. Also after end().
  [[nodiscard]] ControlAnswer carry_out(const ControlRequest& request);

  /// Any thread: the registry's answer to one of its questions.
  void take(OperationAnswer answer);

  /// Any thread: nobody answers any more; whoever waits gets an error.
  void end();

 private:
  /// An answer that somebody waits for.
  template <typename T>
  struct Slot {
    std::optional<T> value;  // of mutex_
  };

  template <typename T>
  void answer(Slot<T>& slot, T value);
  template <typename T>
  [[nodiscard]] std::optional<T> await(Slot<T>& slot);
  template <typename T>
  [[nodiscard]] std::optional<T> ask_loop(IoLoop& loop, std::function<T(IoLoop&)> question);
  [[nodiscard]] std::optional<OperationAnswer> ask_registry(OperationBody body);
  [[nodiscard]] ControlAnswer answer_of(OperationBody body);

  [[nodiscard]] ControlAnswer show_status();
  [[nodiscard]] ControlAnswer show_sessions(const std::string& pattern);
  [[nodiscard]] ControlAnswer show_user(const std::string& name);
  [[nodiscard]] ControlAnswer add_user(const std::string& name, const std::string& secret);
  [[nodiscard]] ControlAnswer set_secret(const std::string& name, const std::string& secret);
  [[nodiscard]] static ControlAnswer with_hash_of(
      const std::string& secret, const std::function<ControlAnswer(const std::string&)>& then);
  [[nodiscard]] ControlAnswer reload();
  [[nodiscard]] ControlAnswer drain(const std::string& seconds);
  [[nodiscard]] static ControlAnswer log_level(const std::string& name);
  [[nodiscard]] ControlAnswer backup(const std::string& path);
  [[nodiscard]] ControlAnswer show_certificate();

  Server server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t last_ticket_ = 0;                                          // of mutex_
  std::map<std::uint64_t, std::shared_ptr<Slot<OperationAnswer>>> asked_;  // of mutex_
  std::stop_source ending_;                                                // asked under mutex_
};

}  // namespace tribar
