// SPDX-License-Identifier: MIT
//
// Two users who have nothing to do with the attack and write to each other all the time, one
// message after the other, on a thread of their own: what they notice is what an attack does to
// others.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test_peer.h"

namespace tribar::test {

class Bystanders {
 public:
  using Microseconds = std::chrono::microseconds;

  /// Logs both in, and begins. They rest for `pause` between two messages.
  Bystanders(std::uint16_t port, std::chrono::milliseconds pause);
  ~Bystanders();
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

  struct Times {
    Microseconds p99{0};
    Microseconds worst{0};
  };
  /// From sending until both have heard of it, of all messages since the beginning or the last
  /// call. Fails the test if one was not answered as it must be.
  [[nodiscard]] Times take_times();

 private:
  void exchange_until_told();
  void exchange();

  std::chrono::milliseconds pause_;
  TestPeer ann_;
  TestPeer bob_;
  int stop_ = -1;  // readable: the end
  std::mutex mutex_;
  std::vector<Microseconds> times_;  // of both threads
  std::string failure_;              // of both threads
  std::thread thread_;
};

}  // namespace tribar::test
