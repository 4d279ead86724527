// SPDX-License-Identifier: MIT
//
// See client.h.
#include "client/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/output.h"

namespace tribar {
namespace {

constexpr std::size_t kChunkBytes = 65536;

bool is_passing(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Ending Client::run() {
  carry_out(conversation_.begin());
  while (!ending_) {
    take_lines();
    if (!ending_) {
      wait();
    }
  }
  return *ending_;
}

void Client::take_lines() {
  while (!ending_) {
    const auto step = conversation_.take_line();
    if (!step) {
      return;
    }
    carry_out(*step);
  }
}

void Client::wait() {
  short server_events = POLLRDHUP;
  if (!conversation_.is_crowded() || has_hung_up_) {
    server_events |= POLLIN;
  }
  if (!unsent_.empty()) {
    server_events |= POLLOUT;
  }
  std::array<pollfd, 3> polled{
      pollfd{interrupt_.fd(), POLLIN, 0},
      pollfd{server_.get(), server_events, 0},
      pollfd{conversation_.wants_line() ? STDIN_FILENO : -1, POLLIN, 0},
  };
  if (::poll(polled.data(), polled.size(), -1) < 0) {
    return;  // a signal; it is reported through a descriptor
  }
  const auto& [interrupt, server, input] = polled;
  if (interrupt.revents != 0) {
    carry_out(conversation_.end(Ending{kInterruptedExitCode, ""}));
    return;
  }
  // The server comes first: if it closes the connection, another line does not matter.
  if ((server.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
    has_hung_up_ = true;
  }
  if ((server.revents & POLLOUT) != 0) {
    write_server();
  }
  if ((server.revents & ~POLLOUT) != 0) {
    read_server();
  }
  if (!ending_ && input.revents != 0) {
    read_input();
  }
}

void Client::read_input() {
  // Ctrl-C discards a terminal's input, so a line that poll(2) reported may be gone and read()
  // would block.
  const Interrupt::AtOnce at_once(interrupt_);
  if (Interrupt::AtOnce::is_late()) {
    return;
  }
  std::array<char, kChunkBytes> chunk;
  const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
  if (got > 0) {
    conversation_.type(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
  } else if (got == 0 || !is_passing(errno)) {
    conversation_.end_typing();
  }
}

void Client::read_server() {
  std::array<char, kChunkBytes> chunk;
  const ssize_t got = ::recv(server_.get(), chunk.data(), chunk.size(), 0);
  if (got > 0) {
    carry_out(conversation_.receive(std::string_view(chunk.data(), static_cast<std::size_t>(got))));
  } else if (got == 0) {
    carry_out(conversation_.end(Ending{EX_UNAVAILABLE, "the server closed the connection"}));
  } else if (!is_passing(errno)) {
    carry_out(conversation_.end(
        Ending{EX_UNAVAILABLE,
               fmt::format("the connection to the server broke: {}", std::strerror(errno))}));
  }
}

void Client::write_server() {
  const ssize_t sent = ::send(server_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.erase(0, static_cast<std::size_t>(sent));
  } else if (!is_passing(errno)) {
    // The server reads nothing more. The reason may be in what it has sent; reading on finds that,
    // and then the end of the connection.
    unsent_.clear();
  }
}

void Client::carry_out(const Step& step) {
  const auto trouble = write_output(step.print);
  unsent_ += step.send;
  if (!unsent_.empty()) {
    write_server();
  }
  ending_ = step.ending;
  if (trouble && !ending_) {
    ending_ = Ending{EX_IOERR, *trouble};
  }
}

}  // namespace tribar
