// SPDX-License-Identifier: MIT
//
// Takes requests of the control protocol (control/lines.h) at a Unix socket of mode 0600, from root
// and the user that the server runs as. A thread accepts, and each connection has one of its own,
// since a request may take long; none of this is on the path of a message.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "control/lines.h"
#include "control/verbs.h"
#include "uv/socket_file.h"

namespace tribar {

struct ControlRequest {
  const ControlVerbRow* verb = nullptr;
  std::vector<std::string> arguments;
  std::string secret;  // of a verb that takes one; wiped by whoever called
};

class ControlServer {
 public:
  /// At once; further connections are closed.
  static constexpr std::size_t kMostConnections = 8;
  /// How long the peers have at the end to take their last answer.
  static constexpr std::chrono::milliseconds kLastAnswers{1000};

  /// Called on the thread of a connection, on several at once; may take long, must not throw.
  using CarryOut = std::function<ControlAnswer(const ControlRequest&)>;

  /// Listens at `path` from now on. Or why that cannot be.
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>, std::string> start(
      const std::string& path, CarryOut carry_out);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  /// Waits for requests that are being carried out, and for their answers to be taken, the latter
  /// for kLastAnswers at most; closes all connections.
  ~ControlServer();

 private:
  struct Connection {
    int fd = -1;
    std::string who;  // for the log
    std::atomic<bool> is_over{false};
    std::thread thread;
  };

  ControlServer(std::unique_ptr<uv::SocketFile> file, CarryOut carry_out);
  void accept_all();
  void admit(int fd);
  void serve(Connection& connection);
  [[nodiscard]] ControlAnswer answer(std::string_view line, const std::string& who) const;
  void reap();

  std::unique_ptr<uv::SocketFile> file_;
  CarryOut carry_out_;
  int wake_ = -1;  // an eventfd that ends the accepting thread
  std::mutex mutex_;
  std::list<Connection> connections_;  // of mutex_
  std::condition_variable over_;       // another one is over
  bool is_ending_ = false;             // of mutex_
  std::thread thread_;
};

}  // namespace tribar
