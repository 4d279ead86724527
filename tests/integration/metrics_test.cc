// SPDX-License-Identifier: MIT
//
// Metrics and health of a running server over HTTP: what peers do is counted, and whoever asks
// wrongly or slowly is in nobody's way.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "support/patience.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "support/unix_connection.h"

namespace tribar::test {
namespace {

class Metrics : public testing::Test {
 protected:
  [[nodiscard]] Config config() const {
    Config config;
    config.metrics = ListenerSettings{.socket = path_};
    return config;
  }

  /// What is answered to `request` until the end of the connection.
  [[nodiscard]] std::string asked(const std::string& request, bool ends = false) const {
    return http_answer(path_, request, ends);
  }
  [[nodiscard]] std::string get(const std::string& path, const std::string& method = "GET") const {
    return http_get(path_, path, method);
  }

  /// Waits until the page has `line`: counters are changed by threads that answered already.
  [[nodiscard]] bool comes(const std::string& line) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    std::string page;
    do {
      page = get("/metrics");
      if (page.find('\n' + line + '\n') != std::string::npos) {
        return true;
      }
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << line << " is not in\n" << page;
    return false;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("metrics");
};

TEST_F(Metrics, CountWhatPeersDo) {
  TestServer server(config());
  TestPeer ann(server.port());
  ann.create("ann");
  TestPeer bob(server.port());
  bob.create("bob");
  ann.send(Send{{"ann", "bob", "hello"}});
  static_cast<void>(ann.receive());
  static_cast<void>(bob.receive());
  ann.send(Send{{"ann", "nobody", "hello"}});
  static_cast<void>(ann.receive());
  TestPeer cid(server.port());
  cid.create("cid");
  cid.close();
  ann.send(Send{{"ann", "cid", "waits"}});
  static_cast<void>(ann.receive());
  EXPECT_TRUE(comes("tribar_accounts 3"));
  EXPECT_TRUE(comes("tribar_sessions 2"));
  EXPECT_TRUE(comes("tribar_logins_total 3"));
  EXPECT_TRUE(comes("tribar_connections_accepted_total 3"));
  EXPECT_TRUE(comes(R"(tribar_connections{protocol="0"} 2)"));
  EXPECT_TRUE(comes(R"(tribar_commands_total{command="send"} 3)"));
  EXPECT_TRUE(comes(R"(tribar_commands_total{command="create"} 3)"));
  EXPECT_TRUE(comes(R"(tribar_refusals_total{reason="no-such-recipient"} 1)"));
  EXPECT_TRUE(comes("tribar_messages_accepted_total 2"));
  EXPECT_TRUE(comes("tribar_messages_delivered_total 1"));
  EXPECT_TRUE(comes("tribar_messages_waiting 1"));
  EXPECT_TRUE(comes("tribar_ready 1"));
  // No name, and no text.
  const std::string page = get("/metrics");
  for (const char* word : {"ann", "bob", "cid", "hello", "waits", "127.0.0.1"}) {
    EXPECT_EQ(page.find(fmt::format("\"{}", word)), std::string::npos) << word;
  }
}

TEST_F(Metrics, SayThatTheServerIsWell) {
  TestServer server(config());
  EXPECT_EQ(get("/healthz").find("HTTP/1.1 200 OK\r\n"), 0U);
  EXPECT_EQ(get("/readyz").find("HTTP/1.1 200 OK\r\n"), 0U);
  EXPECT_NE(get("/healthz").find("\r\n\r\nok\n"), std::string::npos);
  EXPECT_NE(get("/metrics").find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
}

TEST_F(Metrics, RefuseWhatIsNoQuestion) {
  TestServer server(config());
  EXPECT_EQ(get("/").find("HTTP/1.1 404 "), 0U);
  EXPECT_EQ(get("/metrics/").find("HTTP/1.1 404 "), 0U);
  EXPECT_EQ(get("/metrics", "DELETE").find("HTTP/1.1 405 "), 0U);
  EXPECT_EQ(asked("POST /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
                  "Content-Length: 4\r\n\r\nbody")
                .find("HTTP/1.1 405 "),
            0U);
  const std::string head = get("/metrics", "HEAD");
  EXPECT_EQ(head.find("HTTP/1.1 200 "), 0U);
  EXPECT_EQ(head.find("tribar_"), std::string::npos);
  static_cast<void>(asked(std::string(1 << 16, 'x'), true));
  EXPECT_EQ(get("/metrics?x=1").find("HTTP/1.1 200 "), 0U);
}

TEST_F(Metrics, AreAnsweredBesideSilentConnections) {
  TestServer server(config());
  std::array<int, 8> silent{};
  for (int& fd : silent) {
    fd = connected_to(path_);
    EXPECT_EQ(send(fd, "GET /met", 8, MSG_NOSIGNAL), 8);
  }
  EXPECT_EQ(get("/metrics").find("HTTP/1.1 200 "), 0U);
  TestPeer ann(server.port());
  ann.create("ann");
  for (const int fd : silent) {
    close(fd);
  }
}

TEST_F(Metrics, EndWithTheServer) {
  TestServer server(config());
  const int idle = connected_to(path_);
  server.stop();
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  close(idle);
}

}  // namespace
}  // namespace tribar::test
