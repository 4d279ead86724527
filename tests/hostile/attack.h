// SPDX-License-Identifier: MIT
//
// One attack on one server, with bystanders: what the server uses before, during and after, what
// the bystanders notice, and a row of the table for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "hostile/bystanders.h"
#include "hostile/crowd.h"
#include "hostile/sizes.h"
#include "hostile/target.h"

namespace tribar::test {

using std::chrono::milliseconds;

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

class Attack {
 public:
  struct Options {
    std::string_view settings = {};  // of the config
    Engine engine = Engine::Memory;
    milliseconds bystanders_pause{2};
  };

  /// Starts the server and the bystanders.
  explicit Attack(const Options& options);
  Attack() : Attack(Options{}) {}

  [[nodiscard]] Target& target() { return target_; }
  [[nodiscard]] Crowd& crowd() { return crowd_; }

  /// All is prepared: measures the server in peace, and remembers what it uses.
  void begin();

  /// What the server uses more than at begin(), the most that was seen while the crowd turned.
  [[nodiscard]] std::size_t grown_bytes();
  /// The same now.
  [[nodiscard]] std::ptrdiff_t grown_bytes_now() const;
  /// Of one core, since begin().
  [[nodiscard]] double cpu_share() const;
  /// Descriptors more than at begin().
  [[nodiscard]] std::ptrdiff_t more_descriptors() const;
  /// Turns until there are no more descriptors than at begin() and `more`; fails the test when that
  /// takes longer than `most`.
  void wait_for_descriptors(std::ptrdiff_t more, milliseconds most);

  /// What bystanders noticed since begin() or the last call; the row says what they notice after
  /// it.
  [[nodiscard]] Bystanders::Times take_times() { return bystanders_.take_times(); }

  /// What bystanders noticed in begin().
  [[nodiscard]] Bystanders::Times before() const { return before_; }

  /// The attack is over: adds its row to the table. Fails the test when a bystander was not served.
  /// Returns what bystanders noticed during it.
  Bystanders::Times end(std::string_view name, std::string_view what_happened);

 private:
  void look();

  Target target_;
  Crowd crowd_;
  Bystanders bystanders_;
  Crowd::Clock::time_point begin_;
  Crowd::Clock::time_point looked_;
  Bystanders::Times before_;
  std::size_t before_bytes_ = 0;
  std::size_t most_bytes_ = 0;
  std::size_t before_descriptors_ = 0;
  double before_cpu_ = 0;
};

/// Makes `count` accounts, each by a connection of its own, named `prefix` and a number, filled up
/// to `name_bytes`.
void populate(Crowd& crowd, std::string_view prefix, std::size_t count, std::size_t name_bytes = 0);
/// The name of account `number` of populate().
[[nodiscard]] std::string populated_name(std::string_view prefix, std::size_t number,
                                         std::size_t name_bytes = 0);

}  // namespace tribar::test
