// SPDX-License-Identifier: MIT
//
// One session: moves bytes between the terminal, the server and a Conversation, which makes all
// decisions. One thread, one poll(2) loop. Every buffer is bounded: a line is read only when it can
// be processed, the server is not read while much output waits for a prompt, and a frame over the
// limit ends the session before it is read. With TLS, nothing is said or asked before the handshake
// is over and the server is the right one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "client/conversation.h"
#include "client/interrupt.h"
#include "client/quiet_terminal.h"
#include "tls/tls_client.h"

namespace tribar {

class Client {
 public:
  /// `server`: a connected, non-blocking socket. `tls`: what protects the connection, if anything.
  /// `waits_for_end`: whether the session is over only when the server has all that was sent, or
  /// after a second. Lines are read from standard input; output goes to standard output.
  Client(Descriptor server, Conversation conversation, std::optional<TlsClient> tls,
         bool waits_for_end)
      : server_(std::move(server)),
        tls_(std::move(tls)),
        waits_for_end_(waits_for_end),
        conversation_(std::move(conversation)) {}

  /// Runs until the conversation is over. Call once.
  [[nodiscard]] Ending run();

 private:
  void begin();
  void take_lines();
  void wait();
  void read_input();
  void read_server();
  void receive(std::string_view bytes);
  void end_of_server();
  void send(std::string_view frames);
  void write_server();
  void carry_out(const Step& step);
  void part();

  Descriptor server_;
  std::optional<TlsClient> tls_;
  bool waits_for_end_;
  Interrupt interrupt_;
  QuietTerminal terminal_;
  Conversation conversation_;
  bool has_begun_ = false;
  std::string unsent_;        // as it goes to the socket
  bool has_hung_up_ = false;  // the server has closed its side: nothing more will arrive
  std::optional<Ending> ending_;
};

}  // namespace tribar
