// SPDX-License-Identifier: MIT
//
// What secrets cost: a hash and a check on one thread, how many checks a second the vault does, and
// what a bystander notices of it: two threads that send each other a byte through a pair of
// sockets, one after the other, at rest and while the vault works. A message through the server
// wakes as many threads at least, so what the vault adds to it is of that order.
//
//   secrets_bench [THREADS [TASKS]]    (1, 100)
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "secrets/vault.h"

namespace tribar {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kSecret = "correct horse battery staple";

double at(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// Milliseconds of processor that the calling thread has used.
double used_ms() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

/// The median cost of `act`.
template <typename Act>
std::string cost_of(Act act) {
  std::vector<double> passed;
  std::vector<double> used;
  for (int i = 0; i < 21; ++i) {
    const Clock::time_point start = Clock::now();
    const double used_before = used_ms();
    act();
    used.push_back(used_ms() - used_before);
    passed.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return fmt::format("{:.1f} ms, of them {:.1f} ms on a processor", at(passed, .5), at(used, .5));
}

std::string new_hash() {
  auto hash = hash_secret(kSecret, kHashCost);
  if (!hash) {
    throw std::runtime_error(hash.error().reason);
  }
  return std::move(hash.value());
}

/// Round trips of a byte, in microseconds, until `is_over`.
template <typename IsOver>
std::string round_trips(IsOver is_over) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("socketpair");
  }
  const Descriptor mine(ends[0]);
  const Descriptor theirs(ends[1]);
  std::thread echo([&theirs] {
    char byte = 0;
    while (recv(theirs.get(), &byte, 1, 0) == 1 && send(theirs.get(), &byte, 1, 0) == 1) {
    }
  });
  std::vector<double> times;
  while (!is_over()) {
    const Clock::time_point start = Clock::now();
    char byte = 'x';
    if (send(mine.get(), &byte, 1, 0) != 1 || recv(mine.get(), &byte, 1, 0) != 1) {
      break;
    }
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  shutdown(mine.get(), SHUT_RDWR);
  echo.join();
  return fmt::format("p50 {:.0f} us, p99 {:.0f} us, worst {:.0f} us of {}", at(times, .5),
                     at(times, .99), at(times, 1), times.size());
}

void run(std::size_t threads, std::size_t tasks) {
  begin_hashing();
  const std::string hash = new_hash();
  fmt::print("a hash:  {}\n", cost_of([] { static_cast<void>(new_hash()); }));
  fmt::print("a check: {}\n", cost_of([&hash] { static_cast<void>(is_secret_of(hash, kSecret)); }));
  const Clock::time_point rest_ends = Clock::now() + std::chrono::seconds(3);
  fmt::print("bystander at rest: {}\n", round_trips([&] { return Clock::now() >= rest_ends; }));

  std::atomic<std::size_t> answered{0};
  Vault vault({threads, tasks, kHashCost, tasks},
              [&](const SecretResult& /*result*/) { ++answered; });
  const Clock::time_point start = Clock::now();
  for (std::size_t n = 0; n < tasks; ++n) {
    if (!vault.submit({ConnectionId::make(n, 1), SecretBytes(kSecret), hash, {}})) {
      throw std::runtime_error("the vault is full");
    }
  }
  const std::string beside = round_trips([&] { return answered == tasks; });
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  fmt::print("bystander beside {} checks on {} threads: {}\n", tasks, threads, beside);
  fmt::print("checks a second meanwhile: {:.1f}\n", static_cast<double>(tasks) / seconds);
}

std::size_t number(const char* text, std::size_t least) {
  const std::string_view digits = text;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < least) {
    throw std::runtime_error("usage: secrets_bench [THREADS [TASKS]]");
  }
  return value;
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  try {
    tribar::run(argc > 1 ? tribar::number(argv[1], 1) : 1,
                argc > 2 ? tribar::number(argv[2], 1) : 100);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
