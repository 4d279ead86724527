// SPDX-License-Identifier: MIT
//
// See client.h.
#include "client/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/output.h"
#include "client/terminal_input.h"

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
  terminal_.set(false);
  if (ending_->exit_code != EX_OK) {
    // What was typed was meant for the server, and would go to a shell.
    forget_typed_ahead();
  }
  if (waits_for_end_) {
    server_.part();
  }
  return finish();
}

/// A script's success is that every line had an effect.
Ending Client::finish() {
  if (!is_script_ || ending_->exit_code != EX_OK) {
    return *ending_;
  }
  const std::string& undone = conversation_.left_undone();
  return {has_refused_ ? EX_NOPERM : undone.empty() ? EX_OK : EX_DATAERR, undone};
}

void Client::take_lines() {
  while (!ending_) {
    const auto step = conversation_.take_line();
    if (!step) {
      return;
    }
    if (conversation_.wants_confirmation() && !is_script_) {
      conversation_.forget_typed();
      forget_typed_ahead();
    }
    carry_out(*step);
  }
}

void Client::wait() {
  std::array<pollfd, 3> polled{
      pollfd{interrupt_.fd(), POLLIN, 0},
      server_.polled(!conversation_.is_crowded()),
      pollfd{conversation_.wants_line() ? STDIN_FILENO : -1, POLLIN, 0},
  };
  if (::poll(polled.data(), polled.size(), server_.wait_ms()) < 0) {
    return;  // a signal; it is reported through a descriptor
  }
  const auto& [interrupt, server, input] = polled;
  if (interrupt.revents != 0) {
    carry_out(conversation_.end(Ending{kInterruptedExitCode, ""}));
    return;
  }
  // The server comes first: if it closes the connection, another line does not matter.
  for (const LinkEvent& event : server_.handle(server.revents)) {
    take(event);
  }
  if (!ending_ && input.revents != 0) {
    read_input();
  }
}

void Client::take(const LinkEvent& event) {
  if (ending_) {
    return;
  }
  if (event.kind == LinkEvent::Kind::Received) {
    carry_out(conversation_.receive(event.text));
  } else {
    carry_out(conversation_.end(Ending{EX_UNAVAILABLE, event.text}));
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
  tell_refusals();
  server_.send(step.send);
}

void Client::tell_refusals() {
  for (const std::string& why : conversation_.take_refusals()) {
    if (is_script_) {
      has_refused_ = true;
      fmt::print(stderr, "tribar: line {}: {}\n", conversation_.lines_taken(), why);
    }
  }
}

}  // namespace tribar
