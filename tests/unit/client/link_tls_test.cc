// SPDX-License-Identifier: MIT
//
// Link over TLS, with a server in this file that does what tribard never does.
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "client/link.h"
#include "support/link_rig.h"
#include "support/tls_files.h"

namespace tribar {
namespace {

using test::Listener;
using test::next;
using test::read_to_end;
using test::TlsFiles;
using Kind = LinkEvent::Kind;
using std::chrono::milliseconds;

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

/// Accepts one connection, and after the handshake lets `talk` have it, on a thread of its own.
class TlsServer {
 public:
  TlsServer(const TlsFiles& files, std::function<void(SSL*, int)> talk)
      : thread_([this, &files, talk = std::move(talk)] {
          const std::unique_ptr<SSL_CTX, FreeSsl> context(SSL_CTX_new(TLS_server_method()));
          SSL_CTX_use_certificate_chain_file(context.get(), files.path("server.pem").c_str());
          SSL_CTX_use_PrivateKey_file(context.get(), files.path("server.key").c_str(),
                                      SSL_FILETYPE_PEM);
          const Descriptor peer = listener_.accept();
          const std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context.get()));
          SSL_set_fd(ssl.get(), peer.get());
          if (SSL_accept(ssl.get()) == 1) {
            talk(ssl.get(), peer.get());
          }
        }) {}
  ~TlsServer() { join(); }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  [[nodiscard]] ServerAddress address() const {
    ServerAddress address = listener_.address();
    address.kind = ServerAddress::Kind::Tls;
    return address;
  }

 private:
  Listener listener_;
  std::thread thread_;
};

std::string read(SSL* ssl) {
  std::array<char, 100> chunk{};
  const int got = SSL_read(ssl, chunk.data(), static_cast<int>(chunk.size()));
  return got > 0 ? std::string(chunk.data(), static_cast<std::size_t>(got)) : "";
}

class LinkOverTls : public testing::Test {
 protected:
  [[nodiscard]] Link::Settings to(const ServerAddress& address) const {
    auto context =
        TlsClientContext::load({.ca = files_.path("ca.pem"), .certificate = "", .key = ""});
    return {.address = address, .tls = context.value()};
  }
  TlsFiles files_;
};

TEST_F(LinkOverTls, GivesUpAServerThatAcceptsAndSaysNothing) {
  const Listener server;
  ServerAddress address = server.address();
  address.kind = ServerAddress::Kind::Tls;
  Link::Settings settings = to(address);
  settings.timeout = milliseconds(200);
  EXPECT_EQ(Link(settings).connect_and_wait(),
            "cannot connect to " + to_string(address) +
                ": it accepts connections, but did not finish the TLS handshake within 0.2 s: "
                "check that it is a tribard with TLS, or wait longer with --timeout");
}

TEST_F(LinkOverTls, SaysWhatTlsFinds) {
  const Listener server;
  ServerAddress address = server.address();
  address.kind = ServerAddress::Kind::Tls;
  Link link(to(address));
  link.connect();
  Descriptor peer = server.accept();
  ::send(peer.get(), "HTTP/1.1 400 Bad Request\r\n", 26, MSG_NOSIGNAL);
  EXPECT_EQ(next(link), (LinkEvent{Kind::Failed, "127.0.0.1 does not speak TLS at this port"}));

  link.connect();
  peer = server.accept();
  ::shutdown(peer.get(), SHUT_WR);
  EXPECT_EQ(next(link),
            (LinkEvent{Kind::Failed, "127.0.0.1 closed the connection during the handshake"}));
}

// An acknowledgement of the server's last words was not sent when its end came with them.
TEST_F(LinkOverTls, CanAnswerWhatCameWithTheEnd) {
  std::string answer;
  TlsServer server(files_, [&answer](SSL* ssl, int socket) {
    const int on = 1;
    const int off = 0;
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    SSL_write(ssl, "last", 4);
    SSL_shutdown(ssl);
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    answer = read(ssl);
  });
  Link link(to(server.address()));
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  EXPECT_TRUE(link.is_private());
  EXPECT_EQ(next(link), (LinkEvent{Kind::Received, "last"}));
  EXPECT_EQ(link.state(), Link::State::Open);
  link.send("shown");
  EXPECT_EQ(next(link), (LinkEvent{Kind::Lost, "the server closed the connection"}));
  server.join();
  EXPECT_EQ(answer, "shown");
}

TEST_F(LinkOverTls, TellsAConnectionThatWasCutFromOneThatEnded) {
  TlsServer server(files_, [](SSL* ssl, int) { SSL_write(ssl, "x", 1); });
  Link link(to(server.address()));
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  EXPECT_EQ(next(link), (LinkEvent{Kind::Received, "x"}));
  EXPECT_EQ(next(link), (LinkEvent{Kind::Lost,
                                   "the connection was cut: its end did not come from the "
                                   "server"}));
}

TEST_F(LinkOverTls, PartsSoThatTheServerGetsWhatWasSentLast) {
  std::string got;
  int end = 0;
  TlsServer server(files_, [&](SSL* ssl, int) {
    SSL_write(ssl, "not read", 8);
    got = read(ssl);
    read(ssl);
    end = SSL_get_shutdown(ssl);
  });
  Link link(to(server.address()));
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  link.send("the last");
  link.part();
  server.join();
  EXPECT_EQ(got, "the last");
  EXPECT_EQ(end, SSL_RECEIVED_SHUTDOWN);
}

}  // namespace
}  // namespace tribar
