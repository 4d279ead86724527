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

  /// Throws std::system_error on failure.
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Watches `fd` for `wanted` (POLLIN, POLLOUT), and always for errors.
  void add(int fd, int wanted, std::uint64_t tag);
  void change(int fd, int wanted, std::uint64_t tag);
  /// Must be called before `fd` is closed.
  void remove(int fd);

  /// Waits for events, at most for `most`, and returns how many are in `events`. If there are more
  /// than fit, the others follow in the next calls. A signal ends the wait.
  std::size_t wait(std::span<Event> events, Nanos most);

 private:
  struct Polls;  // state of the implementation
  std::unique_ptr<Polls> polls_;
};

}  // namespace tribar::stress
