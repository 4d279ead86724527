// SPDX-License-Identifier: MIT
//
// One session: moves bytes between the terminal, the server and Lines, which decides everything.
// One thread, one poll(2) loop. Every buffer is bounded: no line is read before it can be taken,
// nothing is read from the server while much waits for a prompt, and a frame over the limit ends
// the session before it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/descriptor.h"
#include "client/interrupt.h"
#include "client/line_reader.h"
#include "client/lines.h"
#include "protocol/frame.h"

namespace tribar {

class Client {
 public:
  /// The most data in a frame from the server: a list of a million long usernames.
  static constexpr std::uint64_t kReplyBytes = std::uint64_t{64} << 20;

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
  void take_frames();
  void carry_out(const Step& step);

  Descriptor server_;
  Interrupt interrupt_;
  Lines lines_;
  LineReader typed_{Lines::kFrameBytes};
  FrameReader frames_{kReplyBytes};
  std::string unsent_;
  bool has_hung_up_ = false;  // all that the server will ever send has arrived
  std::optional<Ending> ending_;
};

}  // namespace tribar
