// SPDX-License-Identifier: MIT
//
// The tribard that is attacked, as a program of its own: $TRIBARD, on any port of the loopback; and
// what it uses, as the system counts it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {

enum class Engine { Memory, Sqlite };
[[nodiscard]] std::string_view name_of(Engine engine);

class Target {
 public:
  /// `settings`: keys and values of the config beside those of listening and storage.
  explicit Target(std::string_view settings = "", Engine engine = Engine::Memory);
  /// Stops it; fails the test unless it ends in order.
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  /// Writes other settings, for when it reads them again. `listeners`: entries of `listen` behind
  /// the first one.
  void write_settings(std::string_view settings, std::string_view listeners = "") const;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  /// What it has logged so far. Call it now and then when it logs much: it waits for a reader.
  [[nodiscard]] const std::string& log();

  [[nodiscard]] std::size_t resident_bytes() const;
  /// CPU time of all its threads so far.
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] std::size_t descriptors() const;
  /// Lets it have no more than `count` descriptors from now on, the open ones included.
  void limit_descriptors(std::size_t count);

 private:
  TemporaryFolder folder_{TemporaryFolder::On::Memory};
  std::string config_ = folder_.file("tribard.json");
  Engine engine_;
  std::optional<Process> process_;
  std::uint16_t port_ = 0;
};

}  // namespace tribar::test
