// SPDX-License-Identifier: MIT
//
// See signals.h.
#include "server/signals.h"

#include <array>
#include <csignal>
#include <string_view>
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

SignalWatch::SignalWatch(uv::Loop& loop, std::function<void()> stop,
                         const std::function<void()>& reload)
    : stop_(std::move(stop)) {
  for (const int number : kStops) {
    signals_.push_back(std::make_unique<uv::Signal>(loop, number, [this, number] {
      if (std::exchange(is_stopping_, true)) {
        log::warn(kSubject, "stopped at once by a second signal");
        log::flush();
        std::signal(number, SIG_DFL);
        std::raise(number);
      }
      stop_();
    }));
  }
  for (const auto& [number, name] : kIgnoredSignals) {
    if (number == SIGHUP && reload) {
      signals_.push_back(std::make_unique<uv::Signal>(loop, number, reload));
      continue;
    }
    signals_.push_back(std::make_unique<uv::Signal>(
        loop, number, [name = name] { log::warn(kSubject, "{} is ignored", name); }));
  }
}

SignalWatch::~SignalWatch() {
  signals_.clear();
  for (const int number : kStops) {
    std::signal(number, SIG_DFL);
  }
  ignore_signals();
}

}  // namespace tribar
