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
#include <chrono>
#include <cstring>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/output.h"

namespace tribar {
namespace {

constexpr std::size_t kChunkBytes = 65536;

bool is_passing(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Ending Client::run() {
  if (tls_) {
    send({});
  } else {
    begin();
  }
  while (!ending_) {
    take_lines();
    if (!ending_) {
      wait();
    }
  }
  terminal_.set(false);
  if (waits_for_end_) {
    part();
  }
  return *ending_;
}

void Client::begin() {
  has_begun_ = true;
  carry_out(conversation_.begin());
}

void Client::take_lines() {
  while (has_begun_ && !ending_) {
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
      pollfd{has_begun_ && conversation_.wants_line() ? STDIN_FILENO : -1, POLLIN, 0},
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
    receive(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
  } else if (got == 0) {
    if (tls_) {
      static_cast<void>(tls_->receive_end());
    }
    end_of_server();
  } else if (!is_passing(errno)) {
    carry_out(conversation_.end(
        Ending{EX_UNAVAILABLE,
               fmt::format("the connection to the server broke: {}", std::strerror(errno))}));
  }
}

void Client::receive(std::string_view bytes) {
  if (!tls_) {
    carry_out(conversation_.receive(bytes));
    return;
  }
  ByteBuffer plain;
  const TlsClient::State state = tls_->receive(bytes, plain);
  send({});  // what TLS itself has to say
  if (state == TlsClient::State::Open && !has_begun_) {
    begin();
  }
  if (!plain.is_empty() && !ending_) {
    carry_out(conversation_.receive(plain.view()));
  }
  if (state != TlsClient::State::Connecting && state != TlsClient::State::Open && !ending_) {
    end_of_server();
  }
}

/// Nothing more comes from the server.
void Client::end_of_server() {
  const bool has_failed = tls_ && tls_->state() == TlsClient::State::Failed;
  carry_out(conversation_.end(
      Ending{EX_UNAVAILABLE, has_failed ? tls_->error() : "the server closed the connection"}));
}

void Client::send(std::string_view frames) {
  if (tls_) {
    tls_->send(frames);
    unsent_ += tls_->output().view();
    tls_->output().clear(0);
  } else {
    unsent_ += frames;
  }
  if (!unsent_.empty()) {
    write_server();
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
  if (!terminal_.set(conversation_.wants_secret()) && !step.ending) {
    ending_ = Ending{EX_OSERR, "the terminal cannot hide a secret: use --secret-file"};
    return;
  }
  const auto trouble = write_output(step.print);
  ending_ = step.ending;
  if (trouble) {
    // The server is not told that a message was shown which was not.
    ending_ = ending_ ? ending_ : Ending{EX_IOERR, *trouble};
    return;
  }
  send(step.send);
}

/// Ends the connection so that the server gets what was sent last, such as that a message was
/// shown: closed while something is unread, the kernel would throw that away.
void Client::part() {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  const auto await = [this, deadline](short event) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd server{server_.get(), event, 0};
    return left > 0 && ::poll(&server, 1, static_cast<int>(left)) > 0;
  };
  if (tls_) {
    tls_->close();
    send({});
  }
  while (!unsent_.empty() && await(POLLOUT)) {
    write_server();
  }
  ::shutdown(server_.get(), SHUT_WR);
  std::array<char, kChunkBytes> chunk;
  ssize_t got = 1;
  while ((got > 0 || (got < 0 && is_passing(errno))) && await(POLLIN)) {
    got = ::recv(server_.get(), chunk.data(), chunk.size(), 0);
  }
}

}  // namespace tribar
