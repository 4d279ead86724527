// SPDX-License-Identifier: MIT
//
// tribarctl and the control socket of a running tribard: each verb, who may ask, and peers that ask
// wrongly; and that a backup under load has all that was confirmed before it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/lines.h"
#include "secrets/vault.h"
#include "support/daemon.h"
#include "support/patience.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// What a program said.
struct Said {
  int code = 0;
  std::string output;
  std::string error;
};

class Tribarctl : public testing::Test {
 protected:
  [[nodiscard]] DaemonSettings settings(const std::string& others = {}) const {
    DaemonSettings settings;
    settings.others = fmt::format(R"("control": {{"socket": "{}"}}{}{})", path_,
                                  others.empty() ? "" : ", ", others);
    return settings;
  }

  [[nodiscard]] Said ask(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), std::getenv("TRIBARCTL"));
    Process program(arguments, Process::Stdio::Pipes, {"TRIBAR_CONTROL=" + path_});
    program.send(input);
    program.end_input();
    const int code = program.wait_for_exit();
    return {code, program.output(), program.error()};
  }
  /// As ask(), for what must work.
  [[nodiscard]] std::string output_of(std::vector<std::string> arguments,
                                      const std::string& input = {}) const {
    const Said said = ask(std::move(arguments), input);
    EXPECT_EQ(said.code, 0) << said.error;
    return said.output;
  }
  /// Asks until the output has `text`: what peers do is seen a moment later.
  [[nodiscard]] bool comes(const std::vector<std::string>& arguments,
                           const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    std::string output;
    do {
      output = output_of(arguments);
      if (output.find(text) != std::string::npos) {
        return true;
      }
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << text << " is not in\n" << output;
    return false;
  }

  /// A connection of our own.
  [[nodiscard]] int connected() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  /// Everything up to the end of `fd`, or up to `lines` lines.
  [[nodiscard]] static std::string received(int fd, int lines) {
    std::string text;
    char c = 0;
    while (lines > 0 && recv(fd, &c, 1, 0) == 1) {
      text += c;
      lines -= c == '\n' ? 1 : 0;
    }
    return text;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("control");
};

TEST_F(Tribarctl, ShowsHowTheServerIs) {
  Daemon daemon(folder_.path(), settings());
  TestPeer ann(daemon.port());
  ann.create("ann");
  EXPECT_TRUE(comes({"status"}, "accounts: 1\n"));
  const std::string status = output_of({"status"});
  EXPECT_EQ(status.find("state: serving\n"), 0U) << status;
  EXPECT_NE(status.find(fmt::format("listening: 127.0.0.1:{}\n", daemon.port())),
            std::string::npos);
  EXPECT_NE(status.find("sessions: 1\n"), std::string::npos);
  EXPECT_NE(status.find("storage: works\n"), std::string::npos);
  EXPECT_NE(output_of({"status", "--json"}).find("\"accounts\": 1"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  daemon.stop();
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(Tribarctl, ShowsWhoIsThereAndDisconnectsThem) {
  Daemon daemon(folder_.path(), settings(R"("io_loops": 2)"));
  TestPeer ann(daemon.port());
  ann.create("ann");
  TestPeer bob(daemon.port());
  bob.create("bob");
  EXPECT_TRUE(comes({"sessions", "--json"}, R"({"name": "bob", "from": "127.0.0.1:)"));
  EXPECT_EQ(output_of({"sessions", "b*"}).find("ann"), std::string::npos);
  EXPECT_EQ(output_of({"kick", "bob"}), "");
  bob.expect(response("disconnected by whoever runs the server"));
  bob.expect_closed();
  const Said again = ask({"kick", "bob"});
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.error, "tribarctl: nobody is logged in to that account\n");
  EXPECT_EQ(ask({"kick", "nobody"}).error, "tribarctl: there is no such account\n");
  EXPECT_EQ(output_of({"sessions", "--json"}).find("bob"), std::string::npos);
  ann.send(List{"*"});
  ann.expect(names({"ann", "bob"}));
  daemon.process().read_error_until(fmt::format("control: user {}, process ", geteuid()));
  daemon.process().read_error_until(": kick bob: ok\n");
  daemon.stop();
}

TEST_F(Tribarctl, ManagesAccounts) {
  Daemon daemon(folder_.path(), settings());
  EXPECT_EQ(output_of({"user", "add", "ann"}, "\n"), "");
  EXPECT_EQ(ask({"user", "add", "ann"}, "\n").error,
            "tribarctl: there is such an account already\n");
  EXPECT_EQ(ask({"user", "add", "a b"}, "\n").code, 1);
  EXPECT_EQ(ask({"user", "add", "cid"}).code, 64);  // no line for its secret
  TestPeer ann(daemon.port());
  ann.login("ann");
  EXPECT_TRUE(comes({"user", "show", "ann", "--json"}, R"("online": true, "secret": false)"));
  EXPECT_EQ(output_of({"user", "delete", "ann"}), "");
  ann.expect(response("disconnected by whoever runs the server"));
  ann.expect_closed();
  EXPECT_EQ(ask({"user", "show", "ann"}).code, 1);
  EXPECT_EQ(ask({"user", "delete", "ann"}).code, 1);
  // It was stored.
  daemon.stop();
  Daemon next(folder_.path(), settings());
  EXPECT_EQ(ask({"user", "show", "ann"}).code, 1);
  next.stop();
}

TEST_F(Tribarctl, SetsSecretsThatLoginsNeed) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  Daemon daemon(folder_.path(), settings());
  EXPECT_EQ(output_of({"user", "add", "ann"}, "first secret\n"), "");
  EXPECT_EQ(output_of({"user", "set-secret", "ann"}, "second secret\n"), "");
  EXPECT_EQ(ask({"user", "set-secret", "ann"}, "short\n").code, 1);
  EXPECT_EQ(ask({"user", "set-secret", "bob"}, "second secret\n").code, 1);
  const auto login = [&](std::string_view secret) {
    TestPeer peer(daemon.port(), TestPeer::Options{.version = kVersion1});
    peer.send_raw(bytes1_of(Login{"ann", "c", secret}));
    return peer.receive().data.substr(0, 10);
  };
  EXPECT_EQ(login("first secret"), "bad-secret");
  EXPECT_EQ(login("second secret").substr(0, 2), "ok");
  daemon.stop();
  for (const char* secret : {"first secret", "second secret", "short"}) {
    EXPECT_EQ(daemon.process().error().find(secret), std::string::npos);
  }
}

TEST_F(Tribarctl, ChangesTheLevelOfTheLog) {
  Daemon daemon(folder_.path(), settings());
  EXPECT_EQ(output_of({"log-level"}), "log level: info\n");
  EXPECT_EQ(output_of({"log-level", "debug"}), "");
  EXPECT_EQ(output_of({"log-level"}), "log level: debug\n");
  TestPeer ann(daemon.port());
  ann.create("ann");
  daemon.process().read_error_until("debug connections:");
  EXPECT_EQ(ask({"log-level", "loud"}).error,
            "tribarctl: LEVEL must be error, warn, info or debug\n");
  daemon.stop();
}

TEST_F(Tribarctl, DrainsInTheTimeThatItIsGiven) {
  Daemon daemon(folder_.path(), settings());
  std::vector<std::unique_ptr<TestPeer>> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<TestPeer>(daemon.port()));
    peers.back()->create(fmt::format("user{}", i));
  }
  EXPECT_EQ(ask({"drain", "soon"}).code, 1);
  EXPECT_EQ(output_of({"drain", "1"}), "");
  for (const auto& peer : peers) {
    peer->expect(response("the server is shutting down"));
    peer->expect_closed();
  }
  EXPECT_EQ(daemon.process().wait_for_exit(), 0);
}

TEST_F(Tribarctl, SaysWhatIsNotThere) {
  Daemon daemon(folder_.path(), settings());
  EXPECT_EQ(ask({"certificate"}).error, "tribarctl: no listener has TLS\n");
  EXPECT_EQ(ask({"fly"}).code, 64);
  EXPECT_EQ(ask({"--socket", folder_.file("none"), "status"}).code, 69);
  EXPECT_EQ(ask({"backup", "relative"}).error, "tribarctl: FILE must be an absolute path\n");
  const std::string existing = folder_.file("existing");
  write_file(existing, "mine");
  EXPECT_EQ(ask({"backup", existing}).code, 1);
  EXPECT_EQ(ask({"backup", folder_.file("none/there")}).code, 1);
  daemon.stop();
}

TEST_F(Tribarctl, IsNotTheOnlyOneThatAsks) {
  Daemon daemon(folder_.path(), settings());
  // Several requests on one connection, a byte at a time.
  const int fd = connected();
  for (const char c : std::string("log-level\nlog-level\n")) {
    ASSERT_EQ(send(fd, &c, 1, MSG_NOSIGNAL), 1);
  }
  EXPECT_EQ(received(fd, 4), "log_level=info\nok\nlog_level=info\nok\n");
  const auto answer_to = [&](const std::string& request) {
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    return received(fd, 1);
  };
  EXPECT_EQ(answer_to("\n"), "error\tthere is no \n");
  EXPECT_EQ(answer_to("fly\x01\n"), "error\tthere is no fly\\x5cx01\n");
  EXPECT_EQ(answer_to("\\\n"), "error\tthe request is none of this protocol\n");
  EXPECT_EQ(answer_to("kick\n"), "error\tkick takes NAME\n");
  EXPECT_EQ(answer_to("kick\ta\tb\n"), "error\tkick takes NAME\n");
  EXPECT_EQ(answer_to("user add\ta\n"), "error\tuser add takes NAME, and a secret\n");
  EXPECT_EQ(answer_to("status\tnow\n"), "error\tstatus takes no argument\n");
  const std::string endless(2 * kMostControlBytes, 'x');
  static_cast<void>(send(fd, endless.data(), endless.size(), MSG_NOSIGNAL));
  EXPECT_EQ(received(fd, 1), "error\ta request has at most 8192 bytes\n");
  close(fd);
  // Silent ones keep nobody from asking, up to a limit; that they are gone is enough to ask again.
  std::vector<int> silent;
  for (int i = 0; i < 7; ++i) {
    silent.push_back(connected());
  }
  EXPECT_EQ(output_of({"log-level"}), "log level: info\n");
  for (const int each : silent) {
    close(each);
  }
  EXPECT_EQ(output_of({"log-level"}), "log level: info\n");
  daemon.stop();
}

TEST_F(Tribarctl, EndsWithTheServerEvenIfSomebodyAsks) {
  Daemon daemon(folder_.path(), settings());
  const int fd = connected();
  ASSERT_EQ(send(fd, "stat", 4, MSG_NOSIGNAL), 4);
  daemon.stop();
  EXPECT_EQ(received(fd, 1), "");
  close(fd);
}

/// Sends messages to an account that is away until it is told to end; counts what was confirmed.
class Talker {
 public:
  Talker(std::uint16_t port, const std::string& name) : peer_(port), name_(name) {
    peer_.create(name);
  }
  void run() {
    try {
      while (!is_ending.load()) {
        const std::string text = fmt::format("{} {}", name_, confirmed.load());
        peer_.send(Send{{name_, "away", text}});
        static_cast<void>(peer_.receive());
        confirmed.fetch_add(1);
      }
    } catch (const PeerError&) {
      // the server was killed
    }
  }
  std::atomic<std::uint64_t> confirmed{0};
  std::atomic<bool> is_ending{false};

 private:
  TestPeer peer_;
  std::string name_;
};

/// The drill that docs/operate.md describes: a backup under load, a crash, and a new start from the
/// backup; what was confirmed before the backup is there.
TEST_F(Tribarctl, MakesBackupsFromWhichAServerStarts) {
  auto daemon = std::make_unique<Daemon>(folder_.path(), settings());
  EXPECT_EQ(output_of({"user", "add", "away"}, "\n"), "");
  Talker ann(daemon->port(), "ann");
  Talker bob(daemon->port(), "bob");
  std::thread ann_runs([&] { ann.run(); });
  std::thread bob_runs([&] { bob.run(); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while ((ann.confirmed.load() < 50 || bob.confirmed.load() < 50) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  const std::uint64_t before = ann.confirmed.load() + bob.confirmed.load();
  const std::string backup = folder_.file("backup.db");
  EXPECT_NE(output_of({"backup", backup}).find("verified: yes\n"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(stat(backup.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  daemon->kill();
  ann_runs.join();
  bob_runs.join();
  EXPECT_GE(before, 100U);
  const std::string store = Daemon::store_in(folder_.path());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    static_cast<void>(unlink((store + suffix).c_str()));
  }
  ASSERT_EQ(rename(backup.c_str(), store.c_str()), 0);
  daemon = std::make_unique<Daemon>(folder_.path(), settings());
  TestPeer away(daemon->port());
  away.login("away");
  away.send(Deliver{});
  std::array<std::uint64_t, 2> next{};
  for (std::uint64_t i = 0; i < before; ++i) {
    const std::string text = away.receive().data;
    const std::size_t of = text.starts_with("ann") ? 0 : 1;
    EXPECT_TRUE(text.ends_with(fmt::format(" {}", next[of]))) << text;
    next[of] += 1;
  }
  daemon->stop();
}

}  // namespace
}  // namespace tribar::test
