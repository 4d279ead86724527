// SPDX-License-Identifier: MIT
//
// A server in this process: listens on a free loopback port, and runs on a thread until the end of
// the scope. For the test's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/config.h"
#include "server/server.h"
#include "support/temporary_folder.h"

namespace tribar::test {

class TestServer {
 public:
  /// `config` but for where it listens: on 127.0.0.1, any free port, with the protocols of the port
  /// in `config`, and at the Unix sockets there. Its log shows errors only. $TRIBAR_TEST_IO_LOOPS,
  /// if set, is the number of its loops. If $TRIBAR_TEST_SOCKET is set, it listens at a Unix
  /// socket, too, and TestPeers connect there. If `is_public`, whoever sees its network could read
  /// what its peers say.
  explicit TestServer(Config config = {}, bool is_public = false);
  /// Calls stop().
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Changes the settings, has the server read them again, and returns what came of it.
  ReloadResult reload(const std::function<void(Config&)>& change);
  /// Has the server read `text` as its settings.
  ReloadResult reload(std::string_view text);
  /// The port of each of its addresses, as of the last reload(); 0 for a Unix socket.
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const { return ports_; }

  /// Starts to stop the server, without waiting. Only once.
  void begin_stop();

  /// Stops the server and waits for its end. The test fails if something was left open.
  void stop();
  /// How it ended; after stop().
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  TemporaryFolder folder_;  // of its socket, and its settings
  std::unique_ptr<Server> server_;
  Config config_;
  std::uint16_t port_ = 0;
  std::vector<std::uint16_t> ports_;
  bool is_stopping_ = false;
  Ending ending_ = Ending::LeftOpen;
  std::thread thread_;
};

}  // namespace tribar::test
