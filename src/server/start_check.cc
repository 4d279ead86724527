// SPDX-License-Identifier: MIT
//
// See start_check.h.
#include "server/start_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string_view>

#include "base/log.h"
#include "operate/http.h"
#include "server/listeners.h"
#include "server/station_limits.h"
#include "tls/tls_context.h"
#include "uv/error.h"
#include "uv/listener.h"
#include "uv/socket_file.h"
#include "zero/command.h"

namespace tribar {
namespace {

/// Whether one of `a` and `b` cannot be listened at while the other is.
bool overlap(const uv::Address& a, const uv::Address& b) {
  if (a.raw()->sa_family != b.raw()->sa_family) {
    return false;
  }
  if (a.raw()->sa_family == AF_INET6) {
    const auto& one = *reinterpret_cast<const sockaddr_in6*>(a.raw());
    const auto& other = *reinterpret_cast<const sockaddr_in6*>(b.raw());
    return one.sin6_port == other.sin6_port && one.sin6_port != 0 &&
           (IN6_IS_ADDR_UNSPECIFIED(&one.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&other.sin6_addr) ||
            (IN6_ARE_ADDR_EQUAL(&one.sin6_addr, &other.sin6_addr) &&
             one.sin6_scope_id == other.sin6_scope_id));
  }
  const auto& one = *reinterpret_cast<const sockaddr_in*>(a.raw());
  const auto& other = *reinterpret_cast<const sockaddr_in*>(b.raw());
  return one.sin_port == other.sin_port && one.sin_port != 0 &&
         (one.sin_addr.s_addr == INADDR_ANY || other.sin_addr.s_addr == INADDR_ANY ||
          one.sin_addr.s_addr == other.sin_addr.s_addr);
}

/// The first `bytes` bytes that whoever listens at `address` answers to `question`; fewer, if no
/// more come.
std::string asked(const uv::Address& address, std::string_view question, std::size_t bytes) {
  uv::Socket socket;
  socket.fd = ::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};  // with each call
  if (socket.fd < 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
      connect(socket.fd, address.raw(), uv::size_of(address)) != 0 ||
      send(socket.fd, question.data(), question.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(question.size())) {
    return {};
  }
  std::string answer(bytes, '\0');
  const ssize_t got = recv(socket.fd, answer.data(), answer.size(), MSG_WAITALL);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return answer;
}

/// Something that the settings want to be listened at.
struct Wanted {
  const ListenerSettings& place;
  std::string name;  // in front of what is wrong with it; of what `listen` has: empty
  /// Whether a tribard that serves this answers at `address`; empty: that is not asked.
  std::function<bool(const uv::Address& address)> is_answered;
  bool is_at_one_address = false;  // the first one that its host has
};

/// A listener of clients: asked for messages before a login, which costs it next to nothing, a
/// tribard refuses with a RESPONSE; so does one that has no room.
Wanted clients(const ListenerSettings& listener) {
  if (listener.tls) {
    return {listener, {}, {}};
  }
  return {listener, {}, [is_zero = listener.allows_zero](const uv::Address& address) {
            std::string question;
            append_command(question, Deliver{});
            question.front() = is_zero ? '\0' : '\1';
            constexpr char kResponse = 6;
            const std::string start = asked(address, question, 2);  // version, code
            return start.size() == 2 && (start[0] == 0 || start[0] == 1) && start[1] == kResponse;
          }};
}

Wanted metrics(const ListenerSettings& place) {
  const auto is_answered = [](const uv::Address& address) {
    constexpr std::string_view kStart = "HTTP/1.";
    return asked(address, "GET /readyz HTTP/1.0\r\n\r\n", kStart.size()) == kStart;
  };
  return {place, "metrics: ", is_answered, true};
}

/// A tribard shows its state to whoever may ask, and refuses others.
Wanted control(const ListenerSettings& place) {
  return {place, "control: ", [](const uv::Address& address) {
            const std::string start = asked(address, "status\n", 6);
            return start == "state=" || start == "error\t";
          }};
}

/// Somebody listens at `address`: says whether that is as it should be.
void note_in_use(ListenCheck& found, const uv::Address& address, const Wanted& wanted) {
  const std::string text = uv::address_text(address.raw());
  if (!wanted.is_answered) {
    found.remarks.push_back(
        fmt::format("{} is in use; whether by a tribard is not asked over TLS", text));
  } else if (wanted.is_answered(address)) {
    found.remarks.push_back(fmt::format("{}{} is in use by a running tribard", wanted.name, text));
  } else {
    found.problems.push_back(
        fmt::format("{}cannot listen on {}: it is in use, and no tribard answered there within 2 s",
                    wanted.name, text));
  }
}

/// The folder of the socket at `path` if it is one below /run that is not there: whoever starts the
/// server may have to make it, as systemd does, which removes it with the server.
std::optional<std::string> find_folder_to_come(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const bool is_missing = access(folder.c_str(), F_OK) != 0 && errno == ENOENT;
  return folder.starts_with("/run/") && is_missing ? std::optional(folder) : std::nullopt;
}

void check_socket(ListenCheck& found, const Wanted& wanted) {
  const auto obstacle = uv::find_obstacle(wanted.place.socket);
  if (const auto folder = find_folder_to_come(wanted.place.socket)) {
    found.remarks.push_back(
        fmt::format("{}{}: the folder {} is not there: whoever starts the server must make it, as "
                    "systemd does by RuntimeDirectory=",
                    wanted.name, place_of(wanted.place), *folder));
  } else if (obstacle && obstacle->is_in_use) {
    note_in_use(found, uv::socket_address(wanted.place.socket), wanted);
  } else if (obstacle) {
    found.problems.push_back(fmt::format("{}cannot listen on {}: {}", wanted.name,
                                         place_of(wanted.place), obstacle->text));
  }
}

/// `earlier`: the addresses before, to which those of `wanted` are added.
void check_addresses(ListenCheck& found, const Wanted& wanted, std::vector<uv::Address>& earlier) {
  std::vector<uv::Address> resolved;
  try {
    resolved = uv::resolve(wanted.place.host, wanted.place.port);
  } catch (const std::runtime_error& error) {
    found.problems.push_back(wanted.name + error.what());
    return;
  }
  if (wanted.is_at_one_address) {
    resolved.resize(1);
  }
  for (const uv::Address& address : resolved) {
    const std::string text = uv::address_text(address.raw());
    const auto same = std::find_if(earlier.begin(), earlier.end(), [&](const uv::Address& other) {
      return overlap(address, other);
    });
    if (same != earlier.end()) {
      found.problems.push_back(
          fmt::format("{}cannot listen on {}: it overlaps another address of listen, {}",
                      wanted.name, text, uv::address_text(same->raw())));
      continue;
    }
    earlier.push_back(address);
    const int code = uv::try_bind(address);
    if (code == UV_EADDRINUSE) {
      note_in_use(found, address, wanted);
    } else if (code != 0) {
      found.problems.push_back(
          fmt::format("{}cannot listen on {}: {}", wanted.name, text, uv::text_of(code)));
    }
  }
}

}  // namespace

ListenCheck check_listen(const Config& config) {
  ListenCheck found;
  std::vector<uv::Address> earlier;
  const auto check = [&](const Wanted& wanted) {
    wanted.place.socket.empty() ? check_addresses(found, wanted, earlier)
                                : check_socket(found, wanted);
  };
  for (const ListenerSettings& listener : config.listen) {
    check(clients(listener));
  }
  if (config.metrics && !has_http()) {
    found.problems.emplace_back(
        "metrics: this tribard was built without libmicrohttpd: remove \"metrics\"");
  } else if (config.metrics) {
    check(metrics(*config.metrics));
  }
  if (!config.control.socket.empty()) {
    check(control(ListenerSettings{.socket = config.control.socket}));
  }
  return found;
}

ListenCheck check_tls(const Config& config) {
  if (!needs_tls(config)) {
    return {};
  }
  const auto context = TlsContext::load(tls_settings(config));
  if (!context) {
    return {{}, context.error()};
  }
  ListenCheck found;
  found.remarks = context.value()->warnings();
  found.remarks.push_back("tls: " + context.value()->description());
  return found;
}

std::vector<std::string> check_means(const Config& config) {
  std::vector<std::string> problems;
  if (const auto problem = secrets_problem(config)) {
    problems.push_back(*problem);
  }
  // What it says of limits that it lowers is of the server's own memory and descriptors, at its
  // start.
  const log::Level level = log::level();
  log::set_level(log::Level::Error);
  try {
    static_cast<void>(connection_limit(fitted(config, memory_for(config, memory_limits()))));
  } catch (const std::runtime_error& error) {
    problems.emplace_back(error.what());
  }
  log::set_level(level);
  return problems;
}

std::optional<std::string> check_log(const Config& config) {
  const std::string& path = config.log.file;
  if (path == log::kStandardError) {
    return std::nullopt;
  }
  struct stat found {};
  int code = 0;
  if (stat(path.c_str(), &found) == 0) {
    // As the server opens it, but that nothing is made.
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    code = fd < 0 ? errno : 0;
    if (fd >= 0) {
      close(fd);
    }
  } else if (errno == ENOENT) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    code = access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  } else {
    code = errno;
  }
  return code == 0 ? std::nullopt
                   : std::optional(
                         fmt::format("log.file: cannot open {}: {}", path, std::strerror(code)));
}

}  // namespace tribar
