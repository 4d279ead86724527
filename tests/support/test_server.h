// SPDX-License-Identifier: MIT
//
// A server of the process's own: listens on a free port of the loopback and runs on a thread until
// the end of the scope. The test's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "config/config.h"
#include "server/server.h"

namespace tribar::test {

class TestServer {
 public:
  /// `config` but for where it listens: on 127.0.0.1, any free port. Its log shows errors only.
  /// $TRIBAR_TEST_IO_LOOPS, if set, is the number of its loops.
  explicit TestServer(Config config = {});
  /// As stop().
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Begins to stop the server and does not wait for it. Once only.
  void begin_stop();

  /// Stops the server and waits for its end. The test fails if something was left open.
  void stop();
  /// After stop().
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  bool is_stopping_ = false;
  Ending ending_ = Ending::LeftOpen;
  std::thread thread_;
};

}  // namespace tribar::test
