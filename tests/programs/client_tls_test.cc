// SPDX-License-Identifier: MIT
//
// tribar over TLS, with the real server and certificates of the test's own.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "programs/client_rig.h"
#include "support/certificates.h"
#include "support/temporary_folder.h"
#include "support/tls_files.h"

namespace tribar {
namespace {

using test::kFirstMenu;
using test::Outcome;
using test::Person;
using test::run_script;
using test::RunningServer;
using test::TestCa;
using test::TlsFiles;

class ClientOverTls : public test::ClientAndServer {
 protected:
  /// `listener`: more of it, behind a comma.
  [[nodiscard]] std::string config(std::string_view listener = "") const {
    return R"({"listen": [{"host": "127.0.0.1", "port": 0, "tls": true)" + std::string(listener) +
           R"(}], "tls": {"certificate": ")" + files_.path("server.pem") + R"(", "key": ")" +
           files_.path("server.key") + R"("}})";
  }
  /// The client for the server at `address`, by the name of `host`.
  [[nodiscard]] Outcome run(const RunningServer& server, std::string_view input = "quit\n",
                            const std::string& host = "127.0.0.1",
                            const std::vector<std::string>& options = {}) const {
    std::vector<std::string> arguments{"--ca", files_.path("ca.pem"), url(server, host)};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_script(arguments, input, environment());
  }
  [[nodiscard]] static std::string url(const RunningServer& server,
                                       const std::string& host = "127.0.0.1") {
    return "tribars://" + host + server.address().substr(server.address().find(':'));
  }
  [[nodiscard]] std::vector<std::string> environment() const {
    return {"XDG_STATE_HOME=" + files_.folder.path(), "LC_ALL=C.UTF-8"};
  }

  TlsFiles files_;
};

TEST_F(ClientOverTls, SpeaksProtocol1) {
  RunningServer server(config());
  EXPECT_EQ(
      run(server, "create_account\nann\nann's secret\nann's secret\nc\nann\nh\u00e9\nn\nl\n\n"),
      (Outcome{0,
               kFirstMenu +
                   "Username: New secret (empty for none): New secret again: Logged in as: "
                   "ann\n"
                   "Commands: help (h), compose (c), list users (l), get messages (g), "
                   "secret (s), delete account (d), logout (q)\n"
                   "Recipient: Message: Send? (y/n): "
                   "Search pattern (optional): Accounts:\n\tann (online)\n",
               ""}));
  EXPECT_EQ(run(server, "login\nann\nann's secret\nd\ny\nann's secret\n").exit_code, 0);
}

TEST_F(ClientOverTls, CarriesALongMessage) {
  RunningServer server(config());
  const std::string text(60000, 'x');
  const Outcome outcome = run(server, "create_account\nann\n\nc\nann\n" + text + "\ny\ng\n");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.output.find("Sent to ann:\n" + text + "\n\n"), std::string::npos);
  EXPECT_NE(outcome.output.find("New message from ann:\n" + text + "\n\n"), std::string::npos);
}

TEST_F(ClientOverTls, SpeaksProtocol0WhereItIsTold) {
  RunningServer server(config());
  EXPECT_EQ(run(server, "create_account\nann\n", "127.0.0.1", {"--protocol", "0"}).output,
            kFirstMenu + "Username: Logged in as: ann\n" + test::kMenu);
}

TEST_F(ClientOverTls, RefusesAnUnknownCa) {
  RunningServer server(config());
  const std::string error =
      "tribar: the certificate of 127.0.0.1 is signed by nobody who is trusted here: if it is the "
      "right one, name the file of the CA that signed it (--ca FILE)\n";
  EXPECT_EQ(run_script({url(server)}, "quit\n", environment()), (Outcome{69, "", error}));
  files_.write("ca.pem", TestCa().pem());
  EXPECT_EQ(run(server), (Outcome{69, "", error}));
}

TEST_F(ClientOverTls, RefusesTheCertificateOfAnotherHost) {
  files_.put(files_.ca.issue({.name = "chat", .hosts = "DNS:chat.example"}));
  RunningServer server(config());
  EXPECT_EQ(run(server, "quit\n", "localhost"),
            (Outcome{69, "",
                     "tribar: the certificate is not for localhost but for chat.example: connect "
                     "to that name if it is the server that you mean\n"}));
}

// A server does not start with a certificate of its own that has expired.
TEST_F(ClientOverTls, RefusesACaThatHasExpired) {
  TestCa expired("old CA", -3600);
  files_.put(expired.issue());
  files_.write("ca.pem", expired.pem());
  RunningServer server(config());
  const Outcome outcome = run(server);
  EXPECT_EQ(outcome.exit_code, 69);
  EXPECT_EQ(outcome.output, "");
  EXPECT_TRUE(
      outcome.error.starts_with("tribar: a CA of the certificate of 127.0.0.1 expired on 2"))
      << outcome.error;
  EXPECT_TRUE(outcome.error.ends_with(": its owner has to renew it\n")) << outcome.error;
}

TEST_F(ClientOverTls, SaysThatTheServerDoesNotSpeakIt) {
  RunningServer server;
  EXPECT_EQ(run(server), (Outcome{69, "", "tribar: 127.0.0.1 does not speak TLS at this port\n"}));
}

TEST_F(ClientOverTls, SaysWhatIsWrongWithTheFileOfTheCa) {
  RunningServer server;
  const Outcome outcome = run_script({"--ca", files_.path("none"), url(server)});
  EXPECT_EQ(outcome.exit_code, 69);
  EXPECT_TRUE(outcome.error.starts_with("tribar: " + files_.path("none") + ": ")) << outcome.error;
}

TEST_F(ClientOverTls, ShowsNoSecret) {
  RunningServer server(config());
  Person ann({"--ca", files_.path("ca.pem"), url(server)}, environment());
  ann.type("login", "Username: ");
  ann.type("ann", "Secret: ");
  ann.send("ann's secret\n");
  EXPECT_EQ(ann.read_until(kFirstMenu), "\nUsername not recognized.\n" + kFirstMenu);
}

}  // namespace
}  // namespace tribar
