// SPDX-License-Identifier: MIT
//
// See signals.h.
#include "server/signals.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "server";

constexpr std::array kStops{SIGTERM, SIGINT, SIGQUIT, SIGXCPU};

/// Signals that would end the process and have no meaning for it.
constexpr std::pair<int, std::string_view> kIgnoredSignals[]{
    {SIGHUP, "SIGHUP"},       {SIGUSR1, "SIGUSR1"},     {SIGUSR2, "SIGUSR2"},
    {SIGALRM, "SIGALRM"},     {SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"},
#ifdef SIGPOLL
    {SIGPOLL, "SIGPOLL"},
#endif
#ifdef SIGPWR
    {SIGPWR, "SIGPWR"},
#endif
#ifdef SIGSTKFLT
    {SIGSTKFLT, "SIGSTKFLT"},
#endif
};

/// How often each signal came since that was taken.
std::array<std::atomic<unsigned>, NSIG> arrivals;
/// Who takes them; null: nobody yet.
std::atomic<uv::Async*> taker{nullptr};
/// How many handlers may be using what `taker` was.
std::atomic<unsigned> senders{0};

void end_by(int number) {
  std::signal(number, SIG_DFL);
  std::raise(number);
}

unsigned stops_left() {
  unsigned count = 0;
  for (const int number : kStops) {
    count += arrivals[static_cast<std::size_t>(number)].load();
  }
  return count;
}

/// The handler, on any thread: nothing that must not be called there.
void note(int number) {
  const int error = errno;
  arrivals[static_cast<std::size_t>(number)].fetch_add(1);
  senders.fetch_add(1);
  if (uv::Async* async = taker.load()) {
    async->send();
  } else if (std::find(kStops.begin(), kStops.end(), number) != kStops.end() && stops_left() > 1) {
    end_by(number);
  }
  senders.fetch_sub(1);
  errno = error;
}

void watch(int number) {
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

void ignore_signals() {
  for (const auto& [number, name] : kIgnoredSignals) {
    std::signal(number, SIG_IGN);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the file size limit then fails with an error
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
    std::signal(number, SIG_IGN);
  }
}

SignalWatch::SignalWatch(uv::Loop& loop, std::function<void()> stop, std::function<void()> reload)
    : stop_(std::move(stop)), reload_(std::move(reload)), arrived_(loop, [this] { take(); }) {
  for (const int number : kStops) {
    watch(number);
  }
  for (const auto& [number, name] : kIgnoredSignals) {
    watch(number);
  }
  taker.store(&arrived_);
  arrived_.send();  // what came before
}

void SignalWatch::take() {
  for (const int number : kStops) {
    for (unsigned left = arrivals[static_cast<std::size_t>(number)].exchange(0); left > 0; --left) {
      if (std::exchange(is_stopping_, true)) {
        log::warn(kSubject, "stopped at once by a second signal");
        log::flush();
        end_by(number);
      }
      stop_();
    }
  }
  for (const auto& [number, name] : kIgnoredSignals) {
    if (arrivals[static_cast<std::size_t>(number)].exchange(0) == 0) {
      continue;
    }
    if (number == SIGHUP) {
      reload_();
    } else {
      log::warn(kSubject, "{} is ignored", name);
    }
  }
}

bool SignalWatch::is_stop_left() { return stops_left() > 0; }

SignalWatch::~SignalWatch() {
  taker.store(nullptr);
  while (senders.load() != 0) {
    std::this_thread::yield();
  }
  if (is_followed_) {
    return;
  }
  if (is_stopping_) {
    arrivals[SIGTERM].fetch_add(1);  // the next one is a second one
  }
  ignore_signals();
}

}  // namespace tribar
