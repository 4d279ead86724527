// SPDX-License-Identifier: MIT
//
// tribard with TLS as a program, and other people's programs as its clients: openssl s_client and
// Python's ssl, where they are.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/running_server.h"
#include "support/served_certificate.h"
#include "support/tls_files.h"
#include "zero/frame.h"

namespace tribar::test {
namespace {

class TlsProgram : public testing::Test {
 protected:
  /// Writes a config with TLS at a free port; `more` settings of tls, each after a comma.
  std::string config(const std::string& more = "") {
    const std::string path = files_.path("tribard.json");
    files_.write("tribard.json",
                 fmt::format(R"({{"listen": [{{"port": 0, "tls": true}}],
                                  "storage": {{"engine": "memory"}},
                                  "tls": {{"certificate": "{}", "key": "{}"{}}}}})",
                             files_.path("server.pem"), files_.path("server.key"), more));
    return path;
  }

  TlsFiles files_;
};

/// A tribard with a config.
struct Tribard {
  explicit Tribard(const std::string& config)
      : process({tribard(), "-c", config}, Process::Stdio::Pipes) {
    process.read_error_until("listening on 127.0.0.1:");
    port = process.read_error_until("\n");
    port.pop_back();
  }
  ~Tribard() {
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_for_exit(), 0) << process.error();
  }
  Tribard(const Tribard&) = delete;
  Tribard& operator=(const Tribard&) = delete;

  Process process;
  std::string port;
};

TEST_F(TlsProgram, ReadsItsFilesAgainOnSighup) {
  Tribard server(config());
  EXPECT_EQ(serial_at(server.port), 2);
  const auto renewed = files_.ca.issue();
  files_.put(renewed);
  server.process.signal(SIGHUP);
  server.process.read_error_until("read again, for new connections: ");
  EXPECT_EQ(serial_at(server.port), renewed.serial);
  files_.write("server.key", "no key");
  server.process.signal(SIGHUP);
  server.process.read_error_until("reload: nothing applied: tls.key: ");
  server.process.read_error_until("holds no private key in PEM");
  EXPECT_EQ(serial_at(server.port), renewed.serial);
}

struct Checked {
  int exit_code = 0;
  std::string output;
  std::string error;
};

Checked check(const std::string& config) {
  Process process({tribard(), "-t", "-c", config}, Process::Stdio::Pipes);
  Checked checked;
  checked.exit_code = process.wait_for_exit();
  checked.output = process.output();
  checked.error = process.error();
  return checked;
}

TEST_F(TlsProgram, ACheckSaysUntilWhenTheCertificateIsGoodOrWhatIsWrong) {
  const Checked good = check(config());
  EXPECT_EQ(good.exit_code, 0) << good.error;
  EXPECT_NE(good.output.find(files_.path("server.pem") + ": CN = localhost, good until 20"),
            std::string::npos)
      << good.output;
  files_.put(files_.ca.issue({.end_s = 24L * 3600}));
  EXPECT_NE(check(config()).output.find("expires on 20"), std::string::npos);
  files_.write("server.key", files_.ca.issue().key_pem);
  const Checked bad = check(config());
  EXPECT_EQ(bad.exit_code, 69);
  EXPECT_NE(bad.error.find("tls.key: " + files_.path("server.key") +
                           ": does not fit the certificate in " + files_.path("server.pem")),
            std::string::npos)
      << bad.error;
}

TEST_F(TlsProgram, ACheckSaysWhatCertificateNamesNeed) {
  const std::string names = R"(, "certificate_names": true)";
  const Checked alone = check(config(names));
  EXPECT_EQ(alone.exit_code, 78);
  EXPECT_NE(alone.error.find("tls.client_ca is missing"), std::string::npos) << alone.error;
  const std::string with_ca = names + fmt::format(R"(, "client_ca": "{}")", files_.path("ca.pem"));
  const Checked off = check(config(with_ca + R"(, "client_certificates": "off")"));
  EXPECT_EQ(off.exit_code, 78);
  EXPECT_NE(off.error.find("tls.client_certificates is \"off\""), std::string::npos) << off.error;
  EXPECT_EQ(check(config(with_ca)).exit_code, 0);
}

bool has_program(const std::string& name) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", name).c_str()) == 0;
}

std::string frame(std::uint8_t code, std::string_view data) {
  std::string bytes;
  append_frame(bytes, code, data);
  return bytes;
}

TEST_F(TlsProgram, OpensslIsAClient) {
  if (!has_program("openssl")) {
    GTEST_SKIP() << "openssl is not here";
  }
  Tribard server(config(R"(, "min_version": "1.2")"));
  for (const char* version : {"-tls1_3", "-tls1_2"}) {
    Process client({"/usr/bin/env", "openssl", "s_client", "-quiet", "-verify_return_error",
                    "-verify_hostname", "localhost", "-servername", "localhost", version, "-CAfile",
                    files_.path("ca.pem"), "-connect", "127.0.0.1:" + server.port},
                   Process::Stdio::Pipes);
    client.send(frame(0, version + 1));
    client.read_until(frame(6, ""));
    server.process.read_error_until(", protocol 0, TLS\n");
    client.signal(SIGTERM);
    static_cast<void>(client.wait_for_exit());
  }
  Process old({"/usr/bin/env", "openssl", "s_client", "-quiet", "-tls1_1", "-cipher",
               "DEFAULT@SECLEVEL=0", "-connect", "127.0.0.1:" + server.port},
              Process::Stdio::Pipes);
  EXPECT_NE(old.wait_for_exit(), 0);
}

TEST_F(TlsProgram, PythonIsAClient) {
  if (!has_program("python3") || std::system("python3 -c 'import ssl' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "Python's ssl is not here";
  }
  const auto ann = files_.ca.issue_client("ann");
  files_.write("ann.pem", ann.pem + ann.key_pem);
  Tribard server(config(fmt::format(R"(, "client_ca": "{}", "client_certificates": "required")",
                                    files_.path("ca.pem"))));
  files_.write("client.py", R"(
import socket, ssl, sys
port, ca, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3]

def frame(code, data):
    return bytes([0, code]) + len(data).to_bytes(40, 'big') + data

def take(stream, size):
    data = b''
    while len(data) < size:
        data += stream.recv(size - len(data)) or sys.exit('closed')
    return data

def receive(stream):
    header = take(stream, 42)
    return header[1], take(stream, int.from_bytes(header[2:], 'big'))

context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate)
with socket.create_connection(('127.0.0.1', port)) as plain:
    stream = context.wrap_socket(plain, server_hostname='localhost')
    stream.sendall(frame(0, b'ann'))
    assert receive(stream) == (6, b''), 'CREATE'
    text = b'ann|||ann|||' + b'x' * 60000
    stream.sendall(frame(2, text))
    assert sorted([receive(stream), receive(stream)]) == [(2, text), (2, text)], 'SEND'
    stream.unwrap()
try:
    bare = ssl.create_default_context(cafile=ca)
    with socket.create_connection(('127.0.0.1', port)) as plain:
        bare.wrap_socket(plain, server_hostname='localhost').recv(1)
    sys.exit('let in without a certificate')
except ssl.SSLError as error:
    print('all good:', error.reason)
)");
  Process client({"/usr/bin/env", "python3", files_.path("client.py"), server.port,
                  files_.path("ca.pem"), files_.path("ann.pem")},
                 Process::Stdio::Pipes);
  EXPECT_EQ(client.wait_for_exit(), 0) << client.output() << client.error();
  EXPECT_NE(client.output().find("all good: TLSV13_ALERT_CERTIFICATE_REQUIRED"), std::string::npos)
      << client.output();
}

}  // namespace
}  // namespace tribar::test
