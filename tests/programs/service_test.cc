// SPDX-License-Identifier: MIT
//
// tribard under a service manager, played by the test: what it is told, the sockets that it passes,
// its watchdog. See sd_notify(3) and sd_listen_fds(3).
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/patience.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/tribarctl.h"

namespace tribar::test {
namespace {

class ServiceManager : public testing::Test {
 protected:
  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void TearDown() override { close(fd_); }

  /// A server with these settings; `passed`: descriptors that it inherits from 3 on.
  [[nodiscard]] std::vector<std::string> command(const std::string& settings,
                                                 const std::vector<int>& passed = {}) const {
    const std::string config = folder_.file("tribard.json");
    std::ofstream(config) << settings;
    std::string shell;
    for (std::size_t i = 0; i < passed.size(); ++i) {
      shell += fmt::format("exec {}<&{}; ", 3 + i, passed[i]);
    }
    if (!passed.empty()) {
      shell += fmt::format("export LISTEN_PID=$$ LISTEN_FDS={}; ", passed.size());
    }
    return {"/bin/bash", "-c",
            fmt::format("{}exec {} -c {}", shell, std::getenv("TRIBARD"), config)};
  }
  [[nodiscard]] std::vector<std::string> environment(const std::string& more = "X=") const {
    return {"NOTIFY_SOCKET=" + path_, more};
  }

  /// The next message that has `text`; the test fails if none comes.
  std::string told(const std::string& text) const {
    std::array<char, 4096> message{};
    for (ssize_t got = 0; (got = recv(fd_, message.data(), message.size(), 0)) > 0;) {
      std::string found(message.data(), static_cast<std::size_t>(got));
      if (found.find(text) != std::string::npos) {
        return found;
      }
    }
    ADD_FAILURE() << "nobody said " << text;
    return {};
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("notify");
  int fd_ = -1;
};

constexpr const char* kAnyPort = R"({"listen": [{"port": 0}]})";

/// A socket that listens at 127.0.0.1, and is inherited; not one of the first numbers, which the
/// shell moves.
int listening(std::uint16_t& port) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  const int fd = fcntl(made, F_DUPFD, 20);
  close(made);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(fd, 16), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return fd;
}

TEST_F(ServiceManager, HearsWhenTheServerIsReadyAndWhenItStops) {
  Process server(command(kAnyPort), Process::Stdio::Pipes, environment());
  EXPECT_NE(told("READY=1").find("STATUS=Listening on 127.0.0.1:"), std::string::npos);
  server.signal(SIGTERM);
  told("STOPPING=1");
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST_F(ServiceManager, HearsThatTheServerIsAliveWhileItIs) {
  Process server(command(kAnyPort), Process::Stdio::Pipes, environment("WATCHDOG_USEC=300000"));
  told("READY=1");
  for (int i = 0; i < 3; ++i) {
    told("WATCHDOG=1");
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST_F(ServiceManager, PassesSocketsThatAllLoopsServe) {
  std::uint16_t port = 0;
  const int fd = listening(port);
  Process server(
      command(fmt::format(R"({{"listen": [{{"port": {}}}], "io_loops": 3}})", port), {fd}),
      Process::Stdio::Pipes, environment());
  told("READY=1");
  std::vector<TestPeer> peers;
  for (int i = 0; i < 9; ++i) {
    peers.emplace_back(port);
    peers.back().create(fmt::format("user{}", i));
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
  // Who connects between two servers waits for the next one.
  TestPeer early(port);
  early.send(Create{"early"});
  Process next(command(fmt::format(R"({{"listen": [{{"port": {}}}]}})", port), {fd}),
               Process::Stdio::Pipes, environment());
  early.expect(response());
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait_for_exit(), 0);
  close(fd);
}

TEST_F(ServiceManager, PassesSocketsThatOutliveWhatTribarctlAsks) {
  std::uint16_t port = 0;
  const int fd = listening(port);
  const std::string control = folder_.file("control");
  const auto settings = [&](const std::string& more) {
    return fmt::format(
        R"({{"listen": [{{"port": {}}}], "io_loops": 2, "control": {{"socket": "{}"}}{}}})", port,
        control, more);
  };
  Process server(command(settings(""), {fd}), Process::Stdio::Pipes, environment());
  told("READY=1");
  TestPeer ann(port);
  ann.create("ann");
  EXPECT_NE(ask_control(control, {"status"}).output.find(fmt::format("127.0.0.1:{}", port)),
            std::string::npos);
  static_cast<void>(command(settings(R"(, "limits": {"accounts": 1})")));  // writes them
  EXPECT_NE(ask_control(control, {"reload"}).output.find("limits.accounts"), std::string::npos);
  told("RELOADING=1");
  told("READY=1");
  EXPECT_EQ(ask_control(control, {"user", "add", "bob"}, "\n").code, 1);
  EXPECT_EQ(ask_control(control, {"kick", "ann"}).code, 0);
  ann.expect(response("disconnected by whoever runs the server"));
  // A socket that is passed cannot be closed, so it is said when nobody serves it.
  write_file(folder_.file("tribard.json"),
             fmt::format(R"({{"listen": [{{"port": 0}}], "io_loops": 2,
                 "control": {{"socket": "{}"}}}})",
                         control));
  EXPECT_NE(ask_control(control, {"reload"}).output.find("listen"), std::string::npos);
  server.read_error_until(fmt::format(
      "the service manager passes a socket at 127.0.0.1:{}, where no listener of the settings is "
      "any more: who connects there waits\n",
      port));
  static_cast<void>(command(settings("")));
  EXPECT_NE(ask_control(control, {"reload"}).output.find("listen"), std::string::npos);
  TestPeer bob(port);
  bob.create("bob");
  EXPECT_EQ(ask_control(control, {"drain", "2"}).code, 0);
  EXPECT_EQ(server.wait_for_exit(), 0) << server.error();
  // It was not closed: who connects now waits for the next server.
  TestPeer early(port);
  early.send(Create{"early"});
  Process next(command(settings(""), {fd}), Process::Stdio::Pipes, environment());
  early.expect(response());
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait_for_exit(), 0);
  close(fd);
}

TEST_F(ServiceManager, PassesUnixSocketsThatStayThere) {
  const std::string path = folder_.file("chat");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  const int fd = fcntl(made, F_DUPFD, 20);
  close(made);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(fd, 16), 0);
  Process server(command(fmt::format(R"({{"listen": [{{"socket": "{}"}}]}})", path), {fd}),
                 Process::Stdio::Pipes, environment());
  told("READY=1");
  TestPeer::at_socket(path).create("ann");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  close(fd);
}

TEST_F(ServiceManager, MustPassWhatTheSettingsHave) {
  std::uint16_t port = 0;
  const int fd = listening(port);
  Process server(command(kAnyPort, {fd}), Process::Stdio::Pipes, environment());
  EXPECT_EQ(server.wait_for_exit(), 69);
  EXPECT_NE(server.error().find(fmt::format("the service manager passes a socket at 127.0.0.1:{}, "
                                            "where no listener of the settings is",
                                            port)),
            std::string::npos)
      << server.error();
  close(fd);
}

TEST_F(ServiceManager, MustPassSocketsThatListen) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  const int fd = fcntl(made, F_DUPFD, 20);
  close(made);
  Process server(command(kAnyPort, {fd}), Process::Stdio::Pipes, environment());
  EXPECT_EQ(server.wait_for_exit(), 69);
  EXPECT_NE(server.error().find("descriptor 3, which the service manager passes, is no stream "
                                "socket that listens"),
            std::string::npos)
      << server.error();
  close(fd);
}

}  // namespace
}  // namespace tribar::test
