// SPDX-License-Identifier: MIT
//
// Waits for many sockets at once: with epoll, or with poll(2) where the Meson option `poll` is
// `libuv`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "stress/types.h"

namespace tribar::stress {

class Poller {
 public:
  struct Event {
    std::uint64_t tag = 0;
    int happened = 0;  // POLLIN, POLLOUT, POLLERR, POLLHUP
  };

  /// Throws std::system_error when the system has none for us.
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Looks for `wanted` (POLLIN, POLLOUT) at `fd`, and always for errors.
  void add(int fd, int wanted, std::uint64_t tag);
  void change(int fd, int wanted, std::uint64_t tag);
  /// `fd` is about to be closed.
  void remove(int fd);

  /// Waits for events, no longer than `most`, and returns how many are in `events` now. Of more
  /// than there is room for, each has its turn. A signal ends the wait.
  std::size_t wait(std::span<Event> events, Nanos most);

 private:
  struct Polls;  // what is polled, and with what
  std::unique_ptr<Polls> polls_;
};

}  // namespace tribar::stress
