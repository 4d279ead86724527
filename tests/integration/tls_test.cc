// SPDX-License-Identifier: MIT
//
// What TLS brings to a server, over real sockets. That all else is the same over TLS, the other
// tests show, which run over it too.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "config/config_table.h"
#include "secrets/vault.h"
#include "support/over_tls.h"
#include "support/served_certificate.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "support/tls_files.h"

namespace tribar::test {
namespace {

class Tls : public testing::Test {
 protected:
  // Before the first server or peer looks.
  static void SetUpTestSuite() { setenv("TRIBAR_TEST_TLS", "1", 1); }
};

/// A connection to `port` that speaks no TLS unless a test does.
Descriptor connected(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return socket;
}

/// What comes until the end of the stream, which must come within 20 s.
std::string rest_of(const Descriptor& socket) {
  std::string rest;
  while (true) {
    pollfd waited{socket.get(), POLLIN, 0};
    if (poll(&waited, 1, 20'000) != 1) {
      ADD_FAILURE() << "the stream does not end";
      return rest;
    }
    std::array<char, 4096> bytes;
    const ssize_t size = recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) {
      return rest;
    }
    rest.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

TEST_F(Tls, WhoDoesNotSpeakItIsClosed) {
  TestServer server;
  const Descriptor socket = connected(server.port());
  const std::string create = bytes_of(Create{"ann"});
  ASSERT_EQ(send(socket.get(), create.data(), create.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(create.size()));
  const std::string rest = rest_of(socket);
  EXPECT_TRUE(rest.empty() || rest.front() == 21) << "an alert at most";
  TestPeer peer = created(server.port(), "ann");
}

TEST_F(Tls, ReloadsSettingsAndFilesForNewConnections) {
  TestServer server;
  TestPeer old = created(server.port(), "old");
  const std::string port = std::to_string(server.port());
  const long first = serial_at(port);
  const long renewed = renew_certificate();
  EXPECT_EQ(serial_at(port), first) << "not before it is told";
  EXPECT_EQ(server.reload([](Config&) {}), ReloadResult{});
  EXPECT_EQ(serial_at(port), renewed);
  // A file that is no certificate, and a limit that is good.
  const ReloadResult wrong = server.reload([](Config& config) {
    config.tls.client_ca = "/nowhere/ca.pem";
    config.limits.accounts = 1;
  });
  ASSERT_EQ(wrong.mistakes.size(), 1U);
  EXPECT_NE(wrong.mistakes.front().find("tls.client_ca: cannot read /nowhere/ca.pem"),
            std::string::npos)
      << wrong.mistakes.front();
  EXPECT_EQ(serial_at(port), renewed);
  TestPeer bob = created(server.port(), "bob");
  // From now on nobody gets in without a certificate.
  EXPECT_EQ(server
                .reload([](Config& config) {
                  config.tls.client_ca = tls_ca_file();
                  config.tls.client_certificates = ClientCertificates::Required;
                  config.limits = {};
                })
                .changed,
            (std::vector<std::string>{"tls.client_ca", "tls.client_certificates"}));
  EXPECT_THROW(
      {
        TestPeer late(server.port());
        late.create("late");
      },
      PeerError);
  old.send(Send{{"old", "bob", "hi"}});
  old.expect(message("old", "bob", "hi"));
  bob.expect(message("old", "bob", "hi"));
}

TEST_F(Tls, BeginsAndEndsWithAReload) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  EXPECT_EQ(server
                .reload([](Config& config) {
                  config.listen.front().tls = false;
                  config.tls = {};
                })
                .changed,
            (std::vector<std::string>{"listen", "tls.certificate", "tls.key"}));
  const Descriptor plain = connected(server.port());
  const std::string question = bytes_of(List{"x"});
  ASSERT_EQ(send(plain.get(), question.data(), question.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(question.size()));
  pollfd waited{plain.get(), POLLIN, 0};
  ASSERT_EQ(poll(&waited, 1, 20'000), 1);
  char version = 1;
  ASSERT_EQ(recv(plain.get(), &version, 1, 0), 1);
  EXPECT_EQ(version, 0) << "an answer as it is";
  ann.expect_nothing_before_an_answer();
  EXPECT_EQ(server.reload([](Config& config) { use_tls(config); }).changed,
            (std::vector<std::string>{"listen", "tls.certificate", "tls.key"}));
  TestPeer bob = created(server.port(), "bob");
}

TEST_F(Tls, AHandshakeThatDoesNotEndIsOverWithTheLoginsTime) {
  Config config;
  config.timeouts.login_ms = 200;
  TestServer server(config);
  const Descriptor silent = connected(server.port());
  const Descriptor begun = connected(server.port());
  constexpr std::string_view kFront("\x16\x03\x01\x02\x00\x01", 6);
  ASSERT_EQ(send(begun.get(), kFront.data(), kFront.size(), MSG_NOSIGNAL), 6);
  EXPECT_EQ(rest_of(silent), "");
  EXPECT_EQ(rest_of(begun), "");
}

TEST_F(Tls, WhoDoesNotLogInIsToldSo) {
  Config config;
  config.timeouts.login_ms = 1000;
  TestServer server(config);
  TestPeer peer(server.port());
  peer.send(List{});
  peer.expect(names({}));
  peer.expect(response("no login within 1000 ms"));
  peer.expect_closed();
}

TEST_F(Tls, HandshakesHaveAPace) {
  Config config;
  config.limits.handshakes_per_second = 20;
  config.io_loops = 2;
  TestServer server(config);
  std::vector<TestPeer> peers;
  for (int i = 0; i < 40; ++i) {
    peers.emplace_back(server.port());
  }
  for (TestPeer& peer : peers) {
    peer.send(List{"nobody"});
    peer.expect(names({}));
  }
}

/// Whether the server at `port` makes a handshake with somebody who speaks TLS 1.2 at most.
bool speaks_tls_12(std::uint16_t port) {
  const tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  const std::unique_ptr<BIO, tls::Free<BIO_free_all>> connection(
      BIO_new_ssl_connect(context.get()));
  BIO_set_conn_hostname(connection.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  return BIO_do_connect(connection.get()) == 1;
}

TEST_F(Tls, LongMessagesGoThroughWhole) {
  Config config;
  config.limits.frame_bytes = 1 << 20;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) {
    text += std::to_string(i) + ' ';
  }
  ann.send_raw(send_bytes("ann", "bob", text));
  bob.expect(message("ann", "bob", text));
  ann.expect(message("ann", "bob", text));
}

/// Certificates of clients, by a CA of their own.
class ClientCertificateFiles {
 public:
  [[nodiscard]] std::string ca_file() const { return files_.path("ca.pem"); }

  /// What a peer shows whose certificate names `name`; also what revoke_last() means.
  [[nodiscard]] std::shared_ptr<const TlsClientContext> named(const std::string& name) {
    const TestCertificate shown = files_.ca.issue_client(name);
    last_serial_ = shown.serial;
    files_.write("client.pem", shown.pem);
    files_.write("client.key", shown.key_pem);
    return TlsClientContext::load(
               {tls_ca_file(), files_.path("client.pem"), files_.path("client.key")})
        .value();
  }

  /// Puts whoever was named last on the list of revoked certificates. Returns its file.
  [[nodiscard]] std::string revoke_last() const {
    files_.write("crl.pem", files_.ca.crl({last_serial_}));
    return files_.path("crl.pem");
  }

 private:
  TlsFiles files_;
  long last_serial_ = 0;
};

class TlsCertificates : public Tls {
 protected:
  TlsCertificates() {
    config.tls.client_ca = files_.ca_file();
    config.tls.certificate_names = true;
  }

  /// A new peer whose certificate names `name`.
  TestPeer peer_of(const TestServer& server, const std::string& name, std::uint8_t version) {
    return {server.port(), TestPeer::Options{.version = version, .tls = files_.named(name)}};
  }

  Config config;

 private:
  ClientCertificateFiles files_;
};

TEST_F(TlsCertificates, AreTheSecretOfTheAccountThatTheyName) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  config.secrets.policy = SecretsPolicy::Required;
  TestServer server(config);
  TestPeer ann(server.port(), TestPeer::Options{.version = kVersion1});
  ann.send1(Create{"ann", "c", "secret-of-ann"});
  ann.expect(response("ok"));

  TestPeer other = peer_of(server, "ann", kVersion1);
  other.send1(Login{"ann", "c", "another-secret"});
  EXPECT_EQ(other.receive().data.substr(0, 10), "bad-secret");
  other.send1(Login{"ann", "c"});
  other.expect(response("ok|||0|||0"));
  EXPECT_EQ(ann.receive().data.substr(0, 8), "replaced");
  ann.expect_closed();

  TestPeer old = peer_of(server, "ann", kVersion0);
  old.login("ann");
  EXPECT_EQ(other.receive().data.substr(0, 8), "replaced");
  other.expect_closed();

  TestPeer bob = peer_of(server, "bob", kVersion1);
  bob.send1(Login{"ann", "c"});
  EXPECT_EQ(bob.receive().data.substr(0, 10), "bad-secret");
}

TEST_F(TlsCertificates, ReplaceASessionOfProtocol0) {
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  TestPeer stranger = peer_of(server, "bob", kVersion0);
  stranger.send(Login{"ann"});
  stranger.expect(response("user is already logged in"));
  TestPeer again = peer_of(server, "ann", kVersion0);
  again.login("ann");
  ann.expect(response("the account was logged in to on another connection"));
  ann.expect_closed();
  bob.send_raw(send_bytes("bob", "ann", "hello"));
  again.expect(message("bob", "ann", "hello"));
}

TEST_F(TlsCertificates, SayNothingUnlessTheyAreToNameAccounts) {
  config.tls.certificate_names = false;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer again = peer_of(server, "ann", kVersion0);
  again.send(Login{"ann"});
  again.expect(response("user is already logged in"));
}

// Every setting of TLS is changed by a reload, and counts for new connections.

using Keys = std::vector<std::string>;

/// Reads `change` as new settings, which must be right, and change `keys`.
void reload(TestServer& server, const Keys& keys, const std::function<void(Config&)>& change) {
  EXPECT_EQ(server.reload(change), (ReloadResult{keys, {}, {}, true}));
}

/// Whether `server` answers somebody who shows this; null: shows nothing.
bool lets_in(const TestServer& server, std::shared_ptr<const TlsClientContext> shown) {
  try {
    TestPeer peer(server.port(), TestPeer::Options{.tls = std::move(shown)});
    peer.send(List{"nobody"});
    return peer.receive() == names({});
  } catch (const PeerError&) {
    return false;
  }
}

void prove_certificate() {
  TestServer server;
  const TlsFiles others;
  const TestCertificate renewed = [&] {
    TestCa ca;
    TestCertificate issued = ca.issue();
    while (issued.serial < 100) {
      issued = ca.issue();  // another serial than the process's own CA has got to
    }
    return issued;
  }();
  others.put(renewed);
  const std::string port = std::to_string(server.port());
  EXPECT_NE(serial_at(port), renewed.serial);
  reload(server, {"tls.certificate", "tls.key"}, [&](Config& config) {
    config.tls.certificate = others.settings().certificate;
    config.tls.key = others.settings().key;
  });
  EXPECT_EQ(serial_at(port), renewed.serial);
}

/// A certificate is good with its own key alone, so they change together: prove_certificate(). Here
/// the same key is in another file, and in the end in no other.
void prove_key() {
  TestServer server;
  TlsFiles others;
  std::string former;
  reload(server, {"tls.key"}, [&](Config& config) {
    former = config.tls.key;
    others.write("copy.key", read_file(former));
    config.tls.key = others.path("copy.key");
  });
  EXPECT_TRUE(lets_in(server, nullptr));
  // That file is the one that counts.
  others.write("copy.key", "no key");
  EXPECT_EQ(server.reload([](Config&) {}).mistakes.size(), 1U);
  reload(server, {"tls.key"}, [&](Config& config) { config.tls.key = former; });
  EXPECT_TRUE(lets_in(server, nullptr));
}

void prove_client_ca() {
  ClientCertificateFiles ours;
  ClientCertificateFiles others;
  Config config;
  config.tls.client_ca = ours.ca_file();
  config.tls.client_certificates = ClientCertificates::Required;
  TestServer server(config);
  EXPECT_TRUE(lets_in(server, ours.named("ann")));
  EXPECT_FALSE(lets_in(server, others.named("ann")));
  reload(server, {"tls.client_ca"},
         [&](Config& changed) { changed.tls.client_ca = others.ca_file(); });
  EXPECT_FALSE(lets_in(server, ours.named("ann")));
  EXPECT_TRUE(lets_in(server, others.named("ann")));
}

void prove_client_crl() {
  ClientCertificateFiles files;
  Config config;
  config.tls.client_ca = files.ca_file();
  TestServer server(config);
  const auto good = files.named("good");
  const auto stolen = files.named("stolen");
  TestPeer open(server.port(), TestPeer::Options{.tls = stolen});
  open.create("open");
  const std::string revoked = files.revoke_last();
  reload(server, {"tls.client_crl"}, [&](Config& changed) { changed.tls.client_crl = revoked; });
  EXPECT_FALSE(lets_in(server, stolen));
  EXPECT_TRUE(lets_in(server, good));
  open.expect_nothing_before_an_answer();
  // The list in the file is read again with the settings.
  const auto late = files.named("late");
  EXPECT_TRUE(lets_in(server, late));
  static_cast<void>(files.revoke_last());
  EXPECT_EQ(server.reload([](Config&) {}), ReloadResult{});
  EXPECT_FALSE(lets_in(server, late));
}

void prove_client_certificates() {
  ClientCertificateFiles files;
  Config config;
  config.tls.client_ca = files.ca_file();
  TestServer server(config);
  EXPECT_TRUE(lets_in(server, nullptr));
  reload(server, {"tls.client_certificates"},
         [](Config& changed) { changed.tls.client_certificates = ClientCertificates::Required; });
  EXPECT_FALSE(lets_in(server, nullptr));
  EXPECT_TRUE(lets_in(server, files.named("ann")));
}

void prove_certificate_names() {
  ClientCertificateFiles files;
  Config config;
  config.tls.client_ca = files.ca_file();
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  reload(server, {"tls.certificate_names"},
         [](Config& changed) { changed.tls.certificate_names = true; });
  TestPeer again(server.port(), TestPeer::Options{.tls = files.named("ann")});
  again.login("ann");
  ann.expect(response("the account was logged in to on another connection"));
}

void prove_min_version() {
  TestServer server;
  const auto set = [](TlsVersion version) {
    return [version](Config& config) { config.tls.min_version = version; };
  };
  EXPECT_FALSE(speaks_tls_12(server.port()));
  reload(server, {"tls.min_version"}, set(TlsVersion::Tls12));
  EXPECT_TRUE(speaks_tls_12(server.port()));
  reload(server, {"tls.min_version"}, set(TlsVersion::Tls13));
  EXPECT_FALSE(speaks_tls_12(server.port()));
}

void prove_handshakes_per_second() {
  TestServer server;
  TestPeer old = created(server.port(), "old");
  reload(server, {"limits.handshakes_per_second"},
         [](Config& config) { config.limits.handshakes_per_second = 10; });
  const auto begin = std::chrono::steady_clock::now();
  std::vector<TestPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(created(server.port(), "user" + std::to_string(i)));
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
  old.expect_nothing_before_an_answer();
}

/// What shows that the setting of that name counts.
using Proof = void (*)();

const std::map<std::string_view, Proof> kProofs = {
    {"limits.handshakes_per_second", prove_handshakes_per_second},
    {"tls.certificate", prove_certificate},
    {"tls.key", prove_key},
    {"tls.client_ca", prove_client_ca},
    {"tls.client_crl", prove_client_crl},
    {"tls.client_certificates", prove_client_certificates},
    {"tls.certificate_names", prove_certificate_names},
    {"tls.min_version", prove_min_version},
};

class LiveTlsSettings
    : public Tls,
      public testing::WithParamInterface<std::pair<const std::string_view, Proof>> {};

TEST_P(LiveTlsSettings, CountAfterAReload) { GetParam().second(); }

INSTANTIATE_TEST_SUITE_P(All, LiveTlsSettings, testing::ValuesIn(kProofs), [](const auto& proof) {
  std::string name(proof.param.first);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(SettingsTable, HasAProofForEachRowOfTls) {
  Keys unproven;
  for (const ConfigRow& row : config_rows()) {
    const bool is_shown_here = row.reload != Reload::Restart && is_shown_over_tls(row.key);
    if (is_shown_here != kProofs.contains(row.key)) {
      unproven.emplace_back(row.key);
    }
  }
  EXPECT_EQ(unproven, Keys{});
}

}  // namespace
}  // namespace tribar::test
