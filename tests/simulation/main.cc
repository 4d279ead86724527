// SPDX-License-Identifier: MIT
//
// Runs simulations, one seed after the other, until one breaks a promise.
//
//   simulation_test                     $TRIBAR_SIMULATION_SEEDS seeds, 10,000 if it is not set
//   simulation_test SEED                that one, and tells all that happens
//   simulation_test seconds N [SEED]    for so long, from that seed on
//
// `two` before all that: of several servers that share a database.
//
// The seed that fails is printed; it fails the same way again, on every machine.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "base/log.h"
#include "simulation/world.h"

namespace {

using tribar::simulation::World;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    std::fprintf(stderr, "not a number: %.*s\n", static_cast<int>(text.size()), text.data());
    std::exit(64);
  }
  return number;
}

/// Whether every promise is kept. Now and then runs it twice: the seed alone must decide.
bool survives(std::uint64_t seed, bool is_shared, bool is_telling) {
  World world(seed, is_shared, is_telling);
  const std::string failure = world.run();
  if (!failure.empty()) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), failure.c_str());
    return false;
  }
  if (seed % 100 == 0) {
    World again(seed, is_shared, false);
    if (!again.run().empty() || again.fingerprint() != world.fingerprint()) {
      std::printf("seed %llu: does not replay\n", static_cast<unsigned long long>(seed));
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  tribar::log::configure(tribar::log::Level::Error, tribar::log::Format::Text);
  using Clock = std::chrono::steady_clock;
  std::uint64_t seed = 1;
  std::uint64_t last = 10'000;
  Clock::time_point until = Clock::time_point::max();
  bool is_telling = false;
  const bool is_shared = count > 1 && std::string_view(arguments[1]) == "two";
  if (is_shared) {
    --count;
    ++arguments;
  }
  if (const char* seeds = std::getenv("TRIBAR_SIMULATION_SEEDS"); seeds != nullptr) {
    last = number_in(seeds);
  }
  if (count == 2) {
    seed = last = number_in(arguments[1]);
    is_telling = true;
  } else if (count > 2 && std::string_view(arguments[1]) == "seconds") {
    until = Clock::now() + std::chrono::seconds(number_in(arguments[2]));
    seed = count > 3 ? number_in(arguments[3]) : 1;
    last = std::numeric_limits<std::uint64_t>::max() - 1;
  }
  const std::uint64_t first = seed;
  for (; seed <= last && Clock::now() < until; ++seed) {
    if (!survives(seed, is_shared, is_telling)) {
      return 1;
    }
  }
  std::printf("%llu seeds from %llu on: every promise was kept\n",
              static_cast<unsigned long long>(seed - first),
              static_cast<unsigned long long>(first));
  return 0;
}
