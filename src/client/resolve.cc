// SPDX-License-Identifier: MIT
//
// See resolve.h.
#include "client/resolve.h"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace tribar {
namespace {

/// Returns getaddrinfo's code; 0 if `into` has the addresses.
int look_up(const std::string& host, const std::string& port, int flags, Resolved& into) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* first = nullptr;
  const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &first);
  if (code != 0) {
    return code;
  }
  for (const addrinfo* at = first; at != nullptr; at = at->ai_next) {
    SocketAddress& address = into.addresses.emplace_back();
    address.size = std::min<socklen_t>(at->ai_addrlen, sizeof address.bytes);
    std::memcpy(&address.bytes, at->ai_addr, address.size);
  }
  ::freeaddrinfo(first);
  return 0;
}

/// While an object of this class exists, threads that are started handle no signals.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Resolved resolve(const std::string& host, const std::string& port) {
  Resolved resolved;
  const int code = look_up(host, port, AI_NUMERICSERV, resolved);
  if (code != 0) {
    resolved.error = code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code);
  }
  return resolved;
}

std::optional<Resolved> resolve_number(const std::string& host, const std::string& port) {
  Resolved resolved;
  return look_up(host, port, AI_NUMERICHOST | AI_NUMERICSERV, resolved) == 0
             ? std::optional(std::move(resolved))
             : std::nullopt;
}

/// What the two threads share; whoever is last frees it.
struct Lookup::Shared {
  std::mutex mutex;
  std::optional<Resolved> result;  // under the mutex
};

Lookup::Lookup(const Function& function, const std::string& host, const std::string& port)
    : shared_(std::make_shared<Shared>()) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    shared_->result = Resolved{{}, std::strerror(errno)};
    return;
  }
  done_ = Descriptor(ends[0]);
  // Closed when the look-up is over, which the other end notices.
  auto running = std::make_shared<Descriptor>(ends[1]);
  try {
    const NoSignals none;
    std::thread([shared = shared_, function, host, port, running = std::move(running)] {
      Resolved result = function(host, port);
      const std::lock_guard lock(shared->mutex);
      shared->result = std::move(result);
      *running = Descriptor();
    }).detach();
  } catch (const std::system_error& error) {
    shared_->result = Resolved{{}, error.what()};
  }
}

std::optional<Resolved> Lookup::take() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->result, std::nullopt);
}

}  // namespace tribar
