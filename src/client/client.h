// SPDX-License-Identifier: MIT
//
// One session: moves bytes between the terminal, the server and a Conversation, which makes all
// decisions. One thread, one poll(2) loop. Every buffer is bounded: a line is read only when it can
// be processed, the server is not read while much output waits for a prompt, and a frame over the
// limit ends the session before it is read.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/descriptor.h"
#include "client/conversation.h"
#include "client/interrupt.h"

namespace tribar {

class Client {
 public:
  /// `server`: a connected, non-blocking socket. Lines are read from standard input; output goes to
  /// standard output.
  explicit Client(Descriptor server) : server_(std::move(server)) {}

  /// Runs until the conversation is over. Call once.
  [[nodiscard]] Ending run();

 private:
  void take_lines();
  void wait();
  void read_input();
  void read_server();
  void write_server();
  void carry_out(const Step& step);

  Descriptor server_;
  Interrupt interrupt_;
  Conversation conversation_;
  std::string unsent_;
  bool has_hung_up_ = false;  // the server has closed its side: nothing more will arrive
  std::optional<Ending> ending_;
};

}  // namespace tribar
