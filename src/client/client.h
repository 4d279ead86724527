// SPDX-License-Identifier: MIT
//
// One session: moves bytes between the terminal, the server and a Conversation, which makes all
// decisions. One thread, one poll(2) loop. Every buffer is bounded: a line is read only when it can
// be processed, the server is not read while much output waits for a prompt, and a frame over the
// limit ends the session before it is read.
#pragma once

#include <unistd.h>

#include <optional>
#include <utility>

#include "client/conversation.h"
#include "client/interrupt.h"
#include "client/link.h"
#include "client/quiet_terminal.h"

namespace tribar {

class Client {
 public:
  /// `server`: Open; must live longer. `waits_for_end`: whether the session is over only when the
  /// server has all that was sent, or after a second. Lines are read from standard input; output
  /// goes to standard output. If standard input is no terminal, each line that had no effect is
  /// told on standard error, too, and the exit code is not 0.
  Client(Link& server, Conversation conversation, bool waits_for_end)
      : server_(server), waits_for_end_(waits_for_end), conversation_(std::move(conversation)) {}

  /// Runs until the conversation is over. Call once.
  [[nodiscard]] Ending run();

 private:
  void take_lines();
  void wait();
  void read_input();
  void take(const LinkEvent& event);
  void tell_refusals();
  [[nodiscard]] Ending finish();
  void carry_out(const Step& step);

  Link& server_;
  bool waits_for_end_;
  Interrupt interrupt_;
  QuietTerminal terminal_;
  Conversation conversation_;
  bool is_script_ = ::isatty(STDIN_FILENO) == 0;
  bool has_refused_ = false;  // a line of the script
  std::optional<Ending> ending_;
};

}  // namespace tribar
