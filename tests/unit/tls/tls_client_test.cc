// SPDX-License-Identifier: MIT
//
// The client against the server's filter, in memory.
#include "tls/tls_client.h"

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>

#include "support/tls_rig.h"

namespace tribar {
namespace {

using test::loaded;
using test::TestCa;
using test::TlsFiles;
using test::TlsRig;
using State = TlsClient::State;
using ClientCertificates = TlsSettings::ClientCertificates;

std::shared_ptr<const TlsClientContext> client_context(const TlsClientSettings& settings) {
  auto context = TlsClientContext::load(settings);
  EXPECT_TRUE(context) << context.error();
  return context ? context.value() : nullptr;
}

/// A client of a server with `settings`.
struct Pair {
  Pair(const TlsSettings& settings, const TlsClientSettings& client_settings,
       const std::string& host = "localhost")
      : server(loaded(settings)), client(client_context(client_settings), host) {
    server.client.output().clear(0);  // that of the rig says nothing
    settle();
  }

  void settle() {
    for (int i = 0; i < 20; ++i) {
      server.coming += client.output().view();
      client.output().clear(0);
      server.coming.erase(0, server.wire->bring(server.coming));
      server.turn();
      client.receive(std::string_view(server.wire->taken).substr(seen), got);
      seen = server.wire->taken.size();
    }
  }

  TlsRig server;
  TlsClient client;
  ByteBuffer got;
  std::size_t seen = 0;
};

/// Of the server's CA.
TlsClientSettings trusting(const TlsFiles& files) { return {files.path("ca.pem"), "", ""}; }

TEST(TlsClient, TalksToWhomItTrusts) {
  const TlsFiles files;
  for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
    Pair pair(files.settings(), trusting(files), host);
    EXPECT_EQ(pair.client.state(), State::Open) << pair.client.error();
    pair.client.send("hello");
    pair.settle();
    EXPECT_EQ(pair.server.owner.got, "hello");
    EXPECT_EQ(pair.server.filter->try_write("welcome", {}), 7);
    pair.settle();
    EXPECT_EQ(pair.got.view(), "welcome");
  }
}

TEST(TlsClient, SendsAfterTheHandshakeWhatItIsGivenBefore) {
  const TlsFiles files;
  TlsRig server(loaded(files.settings()));
  server.client.output().clear(0);
  TlsClient client(client_context(trusting(files)), "localhost");
  const std::string text(50000, 'x');
  client.send(text);
  ByteBuffer got;
  std::size_t seen = 0;
  for (int i = 0; i < 10; ++i) {
    server.coming += client.output().view();
    client.output().clear(0);
    server.coming.erase(0, server.wire->bring(server.coming));
    server.turn();
    for (; seen < server.wire->taken.size(); ++seen) {  // a byte at a time
      client.receive(std::string_view(server.wire->taken).substr(seen, 1), got);
    }
  }
  EXPECT_EQ(server.owner.got, text);
}

TEST(TlsClient, ReadsWhatComesRightBehindATicket) {
  const TlsFiles files;
  TlsRig server(loaded(files.settings()));
  server.client.output().clear(0);
  TlsClient client(client_context(trusting(files)), "localhost");
  ByteBuffer got;
  server.wire->bring(client.output().view());
  client.output().clear(0);
  EXPECT_EQ(client.receive(server.wire->taken, got), State::Open);
  const std::size_t seen = server.wire->taken.size();
  server.wire->bring(client.output().view());
  EXPECT_GT(server.wire->taken.size(), seen) << "a ticket";
  EXPECT_EQ(server.filter->try_write("now", {}), 3);
  client.receive(std::string_view(server.wire->taken).substr(seen), got);
  EXPECT_EQ(got.view(), "now");
}

TEST(TlsClient, EndsInOrderOrKnowsThatItWasCut) {
  const TlsFiles files;
  Pair pair(files.settings(), trusting(files));
  pair.client.send("bye");
  pair.client.close();
  pair.client.send("too late");
  pair.settle();
  EXPECT_EQ(pair.server.owner.got, "bye");
  EXPECT_EQ(pair.server.owner.ends, 1);
  EXPECT_FALSE(pair.server.owner.has_failed);
  EXPECT_EQ(pair.server.filter->try_write("last", {}), 4);
  pair.server.filter->shut_down();
  pair.settle();
  EXPECT_EQ(pair.got.view(), "last");
  EXPECT_EQ(pair.client.state(), State::Ended);
  EXPECT_EQ(pair.client.receive_end(), State::Ended);

  Pair cut(files.settings(), trusting(files));
  EXPECT_EQ(cut.client.receive_end(), State::Failed);
  EXPECT_EQ(cut.client.error(), "the connection was cut: its end did not come from the server");
}

TEST(TlsClient, RefusesAnExpiredCertificate) {
  TlsFiles files;
  // A server refuses to start with it: so it expires while it runs.
  files.put(files.ca.issue({.begin_s = -7200, .end_s = 600}));
  const auto server = loaded(files.settings());
  TlsRig rig(server);
  rig.client.output().clear(0);
  const auto context = client_context(trusting(files));
  X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context->raw()), std::time(nullptr) + 3600);
  TlsClient client(context, "localhost");
  rig.wire->bring(client.output().view());
  ByteBuffer got;
  EXPECT_EQ(client.receive(rig.wire->taken, got), State::Failed);
  EXPECT_TRUE(client.error().starts_with("the certificate of localhost expired on 2"))
      << client.error();
}

TEST(TlsClient, RefusesACertificateOfSomebodyElse) {
  TlsFiles files;
  files.put(files.ca.issue({.name = "chat", .hosts = "DNS:chat.example,IP:10.0.0.1"}));
  for (const char* host : {"localhost", "127.0.0.1", "example"}) {
    Pair pair(files.settings(), trusting(files), host);
    EXPECT_EQ(pair.client.state(), State::Failed);
    EXPECT_EQ(pair.client.error(), std::string("the certificate is not for ") + host +
                                       " but for chat.example, 10.0.0.1: connect to that name if "
                                       "it is the server that you mean");
    EXPECT_TRUE(pair.server.owner.has_failed);
    EXPECT_EQ(pair.server.owner.got, "");
  }
}

TEST(TlsClient, RefusesAnUnknownCa) {
  const TlsFiles files;
  const TlsFiles others;
  for (const TlsClientSettings& settings : {trusting(others), TlsClientSettings{}}) {
    Pair pair(files.settings(), settings);
    EXPECT_EQ(pair.client.state(), State::Failed);
    EXPECT_EQ(pair.client.error(),
              "the certificate of localhost is signed by nobody who is trusted here: if it is the "
              "right one, name the file of the CA that signed it (--ca FILE)");
  }
}

TEST(TlsClient, ShowsItsCertificate) {
  TlsFiles files;
  const auto ann = files.ca.issue_client("ann");
  files.write("ann.pem", ann.pem);
  files.write("ann.key", ann.key_pem);
  const TlsClientSettings with{files.path("ca.pem"), files.path("ann.pem"), files.path("ann.key")};
  Pair pair(files.settings(ClientCertificates::Required), with);
  EXPECT_EQ(pair.client.state(), State::Open);
  EXPECT_EQ(pair.server.filter->certificate_name(), "ann");
  Pair without(files.settings(ClientCertificates::Required), trusting(files));
  EXPECT_EQ(without.client.state(), State::Failed);
  EXPECT_EQ(without.client.error(), "localhost wants a certificate of the client, and got none");
}

TEST(TlsClient, SaysWhatIsWrongWithItsFiles) {
  TlsFiles files;
  const auto ann = files.ca.issue_client("ann");
  files.write("ann.pem", ann.pem);
  const auto error_of = [](const TlsClientSettings& settings) {
    const auto context = TlsClientContext::load(settings);
    return context ? std::string() : context.error();
  };
  EXPECT_EQ(error_of({"", files.path("ann.pem"), ""}),
            "a certificate and its key go together, and one is missing");
  EXPECT_EQ(
      error_of({"", files.path("ann.pem"), files.path("server.key")}),
      files.path("server.key") + ": does not fit the certificate in " + files.path("ann.pem"));
  EXPECT_TRUE(error_of({files.path("none"), "", ""}).starts_with(files.path("none") + ": "));
}

TEST(TlsClient, KnowsWhoDoesNotSpeakTls) {
  const TlsFiles files;
  ByteBuffer got;
  for (const std::string_view answer : {std::string_view("\0\6 unsupported version", 22),
                                        std::string_view("HTTP/1.1 400 Bad\r\n")}) {
    TlsClient client(client_context(trusting(files)), "localhost");
    EXPECT_EQ(client.receive(answer, got), State::Failed);
    EXPECT_EQ(client.error(), "localhost does not speak TLS at this port");
  }
  TlsClient client(client_context(trusting(files)), "localhost");
  EXPECT_EQ(client.receive_end(), State::Failed);
  EXPECT_EQ(client.error(), "localhost closed the connection during the handshake");
}

}  // namespace
}  // namespace tribar
