// SPDX-License-Identifier: MIT
//
// See control_server.h.
#include "operate/control_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/thread_name.h"
#include "base/wipe.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "control";
constexpr int kBacklog = 16;
constexpr mode_t kMode = 0600;
/// How long a peer may leave a request unfinished, or an answer unread.
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};
constexpr int kRetryMs = 100;

struct Peer {
  uid_t user = 0;
  pid_t process = 0;
};

std::optional<Peer> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return Peer{credentials.uid, credentials.pid};
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<ControlServer>, std::string> ControlServer::start(const std::string& path,
                                                                         CarryOut carry_out) {
  try {
    auto file = std::make_unique<uv::SocketFile>(path, kBacklog, kMode);
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(file), std::move(carry_out)));
  } catch (const std::exception& error) {
    return fmt::format("control: {}", error.what());
  }
}

ControlServer::ControlServer(std::unique_ptr<uv::SocketFile> file, CarryOut carry_out)
    : file_(std::move(file)),
      carry_out_(std::move(carry_out)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) {
    throw std::runtime_error(std::strerror(errno));
  }
  thread_ = std::thread([this] {
    name_thread("control");
    accept_all();
  });
}

ControlServer::~ControlServer() {
  {
    std::unique_lock lock(mutex_);
    is_ending_ = true;
    // Nothing more is asked; what was gets its answer.
    for (Connection& connection : connections_) {
      shutdown(connection.fd, SHUT_RD);
    }
    over_.wait_for(lock, kLastAnswers, [this] {
      return std::all_of(connections_.begin(), connections_.end(),
                         [](const Connection& connection) { return connection.is_over.load(); });
    });
    for (Connection& connection : connections_) {
      shutdown(connection.fd, SHUT_RDWR);
    }
  }
  const std::uint64_t one = 1;
  if (write(wake_, &one, sizeof one) != sizeof one) {
    log::error(kSubject, "cannot end: {}", std::strerror(errno));  // which an eventfd never refuses
  }
  thread_.join();
  for (Connection& connection : connections_) {
    connection.thread.join();
    close(connection.fd);
  }
  close(wake_);
}

void ControlServer::accept_all() {
  while (true) {
    std::array<pollfd, 2> polled{{{file_->fd(), POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (polled[1].revents != 0) {
      return;
    }
    reap();
    const int fd = accept4(file_->fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      poll(&polled[1], 1, kRetryMs);
    }
  }
}

void ControlServer::admit(int fd) {
  const auto peer = peer_of(fd);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const std::lock_guard lock(mutex_);
  const bool may_ask = peer && (peer->user == 0 || peer->user == geteuid());
  const char* refusal = nullptr;
  if (!may_ask) {
    refusal = "only root and the user that the server runs as may ask";
    log::warn(kSubject, "refused a request of user {}", peer ? static_cast<long>(peer->user) : -1L);
  } else if (connections_.size() >= kMostConnections) {
    refusal = "too many requests at once, try again later";
  }
  if (refusal != nullptr || is_ending_) {
    static_cast<void>(send_all(fd, control_text({{}, refusal != nullptr ? refusal : "stopping"})));
    close(fd);
    return;
  }
  Connection& connection = connections_.emplace_back();
  connection.fd = fd;
  connection.who = fmt::format("user {}, process {}", peer->user, peer->process);
  try {
    connection.thread = std::thread([this, &connection] {
      name_thread("control request");
      serve(connection);
    });
  } catch (const std::exception& error) {
    static_cast<void>(send_all(fd, control_text({{}, error.what()})));
    close(fd);
    connections_.pop_back();
  }
}

/// Takes what is over off the list.
void ControlServer::reap() {
  const std::lock_guard lock(mutex_);
  std::erase_if(connections_, [](Connection& connection) {
    if (!connection.is_over.load()) {
      return false;
    }
    connection.thread.join();
    close(connection.fd);
    return true;
  });
}

void ControlServer::serve(Connection& connection) {
  std::string input;
  std::array<char, 4096> piece{};
  while (true) {
    const std::size_t end = input.find('\n');
    if (end == std::string::npos) {
      if (input.size() >= kMostControlBytes) {
        static_cast<void>(send_all(
            connection.fd,
            control_text({{}, fmt::format("a request has at most {} bytes", kMostControlBytes)})));
        break;
      }
      const ssize_t got = recv(connection.fd, piece.data(), piece.size(), 0);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        break;
      }
      input.append(piece.data(), static_cast<std::size_t>(got));
      wipe(piece.data(), static_cast<std::size_t>(got));
      continue;
    }
    const std::string text =
        control_text(answer(std::string_view(input).substr(0, end), connection.who));
    wipe(input.data(), end);
    input.erase(0, end + 1);
    if (!send_all(connection.fd, text)) {
      break;
    }
  }
  wipe(input);
  shutdown(connection.fd, SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  connection.is_over.store(true);
  over_.notify_all();
}

/// Carries a request out, and logs it with who asked if it changes something.
ControlAnswer ControlServer::answer(std::string_view line, const std::string& who) const {
  auto fields = control_fields(line);
  if (!fields) {
    return {{}, "the request is none of this protocol"};
  }
  const ControlVerbRow* verb = find_control_verb(fields->front());
  if (verb == nullptr) {
    return {{}, fmt::format("there is no {}", log::escaped(fields->front()))};
  }
  ControlRequest request{verb, {}, {}};
  const std::size_t others = 1 + (verb->takes_secret ? 1U : 0U);
  if (fields->size() < verb->least + others || fields->size() > verb->most + others) {
    return {{},
            fmt::format("{} takes {}{}", verb->name,
                        verb->arguments.empty() ? "no argument" : verb->arguments,
                        verb->takes_secret ? ", and a secret" : "")};
  }
  if (verb->takes_secret) {
    request.secret = std::move(fields->back());
    fields->pop_back();
  }
  request.arguments.assign(std::make_move_iterator(fields->begin() + 1),
                           std::make_move_iterator(fields->end()));
  std::string asked(verb->name);
  for (const std::string& argument : request.arguments) {
    asked += ' ' + log::escaped(argument);
  }
  ControlAnswer result = carry_out_(request);
  wipe(request.secret);
  const bool shows_only = verb->verb == ControlVerb::LogLevel && request.arguments.empty();
  if (verb->is_logged && !shows_only) {
    log::info(kSubject, "{}: {}: {}", who, asked, result.error.empty() ? "ok" : result.error);
  }
  return result;
}

}  // namespace tribar
