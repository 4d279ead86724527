// SPDX-License-Identifier: MIT
//
// See bystanders.h.
#include "hostile/bystanders.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

const std::string kText(64, 'x');

}  // namespace

Bystanders::Bystanders(std::uint16_t port, std::chrono::milliseconds pause)
    : pause_(pause),
      ann_(created(port, "bystander-ann")),
      bob_(created(port, "bystander-bob")),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { exchange_until_told(); }) {}

Bystanders::~Bystanders() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(stop_);
  EXPECT_EQ(failure_, "");
}

Bystanders::Times Bystanders::take_times() {
  std::vector<Microseconds> times;
  {
    const std::lock_guard lock(mutex_);
    times = std::exchange(times_, {});
    EXPECT_EQ(failure_, "");
  }
  if (times.empty()) {
    return {};
  }
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * 99 / 100);
  std::nth_element(times.begin(), at, times.end());
  return {*at, *std::max_element(at, times.end())};
}

void Bystanders::exchange_until_told() {
  try {
    pollfd stop{stop_, POLLIN, 0};
    while (poll(&stop, 1, static_cast<int>(pause_.count())) == 0) {
      exchange();
    }
  } catch (const PeerError& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error.what();
  }
}

void Bystanders::exchange() {
  const auto begin = Clock::now();
  ann_.send(Send{{"bystander-ann", "bystander-bob", kText}});
  const WireFrame sent = message("bystander-ann", "bystander-bob", kText);
  const bool is_right = bob_.receive() == sent && ann_.receive() == sent;
  const auto time = std::chrono::duration_cast<Microseconds>(Clock::now() - begin);
  const std::lock_guard lock(mutex_);
  times_.push_back(time);
  if (!is_right) {
    failure_ = "a message came that was not sent";
  }
}

}  // namespace tribar::test
