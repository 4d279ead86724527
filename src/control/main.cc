// SPDX-License-Identifier: MIT
//
// tribarctl: asks a running tribard one thing, prints the answer, and ends.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

#include "base/output.h"
#include "base/standard_descriptors.h"
#include "base/wipe.h"
#include "control/lines.h"
#include "control/options.h"
#include "control/show.h"

namespace tribar {
namespace {

int complain(const std::string& text, ControlExit exit_code) {
  fmt::print(stderr, "tribarctl: {}\n", text);
  return static_cast<int>(exit_code);
}

int print(const std::string& text, ControlExit exit_code = ControlExit::Fine) {
  if (text.empty()) {
    return static_cast<int>(exit_code);
  }
  const auto failure = write_output(text);
  return failure ? complain(*failure, ControlExit::Failed) : static_cast<int>(exit_code);
}

/// A line of standard input, without echo if that is a terminal. Nothing: there is none.
std::optional<std::string> read_secret(const std::string& name) {
  if (isatty(STDIN_FILENO) != 0) {
    char* typed = getpass(fmt::format("Secret for {}: ", name).c_str());
    if (typed == nullptr) {
      return std::nullopt;
    }
    std::string secret(typed);
    wipe(typed, std::strlen(typed));
    return secret;
  }
  std::string secret;
  return std::getline(std::cin, secret) ? std::optional(secret) : std::nullopt;
}

/// A connection to the server; -1, with errno.
int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  path.copy(address.sun_path, path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int code = errno;
    close(fd);
    errno = code;
    return -1;
  }
  return fd;
}

/// The answer to `request`; nothing if the connection ended before it.
std::optional<ControlAnswer> ask(int fd, std::string_view request) {
  while (!request.empty()) {
    const ssize_t sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0 && errno != EINTR) {
      break;  // what the server says about it can still be read
    }
    request.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
  }
  ControlReader reader;
  std::string input;
  std::array<char, 16384> piece{};
  while (true) {
    const std::size_t end = input.find('\n');
    if (end != std::string::npos) {
      if (!reader.take(std::string_view(input).substr(0, end))) {
        return reader.answer();
      }
      input.erase(0, end + 1);
      continue;
    }
    const ssize_t got = recv(fd, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return std::nullopt;
    }
    input.append(piece.data(), static_cast<std::size_t>(got));
  }
}

int run(int argc, char** argv) {
  const auto options = parse_control_options(argc, argv, std::getenv(kControlVariable));
  if (!options) {
    return complain(options.error(), ControlExit::WrongUsage);
  }
  const ControlOptions& wanted = options.value();
  if (wanted.action == ControlOptions::Action::PrintHelp) {
    return print(control_help());
  }
  if (wanted.action == ControlOptions::Action::PrintVersion) {
    return print(fmt::format("tribarctl {}\n", TRIBAR_VERSION));
  }
  ControlFields fields{std::string(wanted.verb->name)};
  fields.insert(fields.end(), wanted.arguments.begin(), wanted.arguments.end());
  if (wanted.verb->takes_secret) {
    auto secret = read_secret(wanted.arguments.front());
    if (!secret) {
      return complain("no secret was given on standard input", ControlExit::WrongUsage);
    }
    fields.push_back(std::move(*secret));
  }
  std::string request = control_line(fields);
  wipe(fields.back());
  if (request.size() > kMostControlBytes) {
    return complain(fmt::format("that is more than the {} bytes of a request", kMostControlBytes),
                    ControlExit::WrongUsage);
  }
  const int fd = connect_to(wanted.socket);
  if (fd < 0) {
    return complain(fmt::format("{}: {}; is the server running, and is that its control.socket?",
                                wanted.socket, std::strerror(errno)),
                    ControlExit::Unreachable);
  }
  const auto answer = ask(fd, request);
  wipe(request);
  close(fd);
  if (!answer) {
    return complain("the server ended the connection before its answer", ControlExit::Failed);
  }
  const int printed = print(wanted.json ? json_answer(*answer) : shown_answer(*answer));
  if (!answer->error.empty()) {
    return complain(answer->error, ControlExit::Refused);
  }
  return printed;
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  return tribar::run(argc, argv);
}
