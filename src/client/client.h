// SPDX-License-Identifier: MIT
//
// One session: moves bytes between the terminal, the server and a Conversation, which decides
// everything. One thread, one poll(2) loop. Every buffer is bounded: no line is read before it can
// be taken, nothing is read from the server while much waits for a prompt, and a frame over the
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
  /// `server`: a connected socket that does not block. Reads lines from standard input and writes
  /// to standard output.
  explicit Client(Descriptor server) : server_(std::move(server)) {}

  /// Until the conversation is over. Call once.
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
  bool has_hung_up_ = false;  // all that the server will ever send has arrived
  std::optional<Ending> ending_;
};

}  // namespace tribar
