// SPDX-License-Identifier: MIT
//
// tribarctl and the control socket of a running tribard: each verb, who may ask, and peers that ask
// wrongly; and that a backup under load has all that was confirmed before it.
#include "support/tribarctl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "control/lines.h"
#include "secrets/vault.h"
#include "support/daemon.h"
#include "support/over_tls.h"
#include "support/patience.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/unix_connection.h"

namespace tribar::test {
namespace {

class Tribarctl : public testing::Test {
 protected:
  [[nodiscard]] DaemonSettings settings(const std::string& others = {}) const {
    DaemonSettings settings;
    settings.others = fmt::format(R"("control": {{"socket": "{}"}}{}{})", path_,
                                  others.empty() ? "" : ", ", others);
    return settings;
  }

  [[nodiscard]] Said ask(std::vector<std::string> arguments, const std::string& input = {}) const {
    return ask_control(path_, std::move(arguments), input);
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
  [[nodiscard]] int connected() const { return connected_to(path_); }
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

/// They were told within half the time, since who had not closed yet counted as still there.
TEST_F(Tribarctl, DrainsAtItsPaceThoughNobodyCloses) {
  Daemon daemon(folder_.path(), settings());
  std::vector<std::unique_ptr<TestPeer>> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<TestPeer>(daemon.port()));
    peers.back()->create(fmt::format("user{}", i));
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(output_of({"drain", "2"}), "");
  for (const auto& peer : peers) {
    peer->expect(response("the server is shutting down"));
  }
  // However slow this machine is, it does not become less.
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1500));
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

TEST_F(Tribarctl, SaysWhyThereIsNoBackup) {
  Daemon daemon(folder_.path(), settings());
  const std::string existing = folder_.file("existing");
  write_file(existing, "mine");
  const std::string too_long = folder_.file(std::string(300, 'x'));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {existing, "File exists"},
      {folder_.path(), "File exists"},
      {Daemon::store_in(folder_.path()), "File exists"},
      {folder_.file("none/there"), "No such file or directory"},
      {existing + "/there", "Not a directory"},
      {too_long, "File name too long"},
  };
  for (const auto& [file, why] : cases) {
    const Said said = ask({"backup", file});
    EXPECT_EQ(said.code, 1) << file;
    EXPECT_EQ(said.error, fmt::format("tribarctl: {}: {}\n", file, why));
  }
  EXPECT_EQ(read_file(existing), "mine");
  daemon.stop();
  DaemonSettings nothing = settings();
  nothing.storage = R"({"engine": "memory"})";
  Daemon forgetful(folder_.path(), nothing);
  const Said said = ask({"backup", folder_.file("backup")});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.error, "tribarctl: this server stores nothing\n");
  EXPECT_NE(access(folder_.file("backup").c_str(), F_OK), 0);
  forgetful.stop();
}

TEST_F(Tribarctl, HasTheSettingsReadAgain) {
  Daemon daemon(folder_.path(), settings());
  static_cast<void>(Daemon::command(folder_.path(), settings(R"("workers": 3)")));  // writes them
  EXPECT_EQ(output_of({"reload"}), "changed: \nneeds restart: workers\n");
  DaemonSettings changed = settings();
  changed.limits = R"({"accounts": 1})";
  static_cast<void>(Daemon::command(folder_.path(), changed));
  EXPECT_NE(output_of({"reload"}).find("limits.accounts"), std::string::npos);
  EXPECT_EQ(output_of({"user", "add", "ann"}, "\n"), "");
  EXPECT_EQ(ask({"user", "add", "bob"}, "\n").error,
            "tribarctl: there are as many accounts as limits.accounts allows\n");
  changed.limits = R"({"accounts": 0})";
  static_cast<void>(Daemon::command(folder_.path(), changed));
  const Said wrong = ask({"reload"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.error.find("tribarctl: nothing applied: "), 0U) << wrong.error;
  EXPECT_NE(wrong.error.find("limits.accounts must be 1 to "), std::string::npos) << wrong.error;
  daemon.stop();
}

TEST_F(Tribarctl, ShowsTheCertificate) {
  Config with_tls;
  use_tls(with_tls);
  if (with_tls.tls.certificate.empty()) {
    GTEST_SKIP() << "this build has no TLS";
  }
  DaemonSettings secure = settings(fmt::format(R"("tls": {{"certificate": "{}", "key": "{}"}})",
                                               with_tls.tls.certificate, with_tls.tls.key));
  secure.listen = R"([{"port": 0, "tls": true}])";
  Daemon daemon(folder_.path(), secure);
  const std::string shown = output_of({"certificate"});
  EXPECT_EQ(shown.find("certificate: "), 0U) << shown;
  EXPECT_NE(shown.find("\nexpires: 20"), std::string::npos) << shown;
  daemon.stop();
}

/// Every verb while the server drains: it answers each, and ends when it is asked to.
TEST_F(Tribarctl, AnswersWhileTheServerDrains) {
  Daemon daemon(folder_.path(), settings());
  TestPeer ann(daemon.port());
  ann.create("ann");
  TestPeer bob(daemon.port());
  bob.create("bob");
  EXPECT_EQ(output_of({"user", "add", "cid"}, "\n"), "");
  EXPECT_EQ(output_of({"drain", "3600"}), "");
  EXPECT_EQ(output_of({"status"}).find("state: stopping\n"), 0U);
  EXPECT_EQ(ask({"drain", "0"}).error, "tribarctl: the server is draining or stopping already\n");
  const Said reload = ask({"reload"});
  EXPECT_EQ(reload.error, "tribarctl: nothing applied: the server is stopping\n");
  EXPECT_EQ(output_of({"user", "add", "dan"}, "\n"), "");
  EXPECT_EQ(output_of({"user", "delete", "dan"}), "");
  EXPECT_NE(output_of({"user", "show", "cid"}).find("name: cid\n"), std::string::npos);
  if (can_hash_secrets()) {
    EXPECT_EQ(output_of({"user", "set-secret", "cid"}, "a secret of cid\n"), "");
  }
  EXPECT_EQ(output_of({"log-level", "warn"}), "");
  EXPECT_EQ(output_of({"log-level", "info"}), "");
  EXPECT_EQ(ask({"certificate"}).error, "tribarctl: no listener has TLS\n");
  EXPECT_NE(output_of({"backup", folder_.file("backup.db")}).find("verified: yes\n"),
            std::string::npos);
  // An hour is long, so nobody was disconnected yet.
  EXPECT_NE(output_of({"sessions", "--json"}).find("\"bob\""), std::string::npos);
  EXPECT_EQ(output_of({"kick", "ann"}), "");
  ann.expect(response("disconnected by whoever runs the server"));
  ann.expect_closed();
  bob.expect_nothing_before_an_answer();
  EXPECT_THROW(TestPeer late(daemon.port()); late.create("late"), PeerError);
  daemon.stop();
}

TEST_F(Tribarctl, StopsAtTheEndOfADrainWithAnAnswerBefore) {
  for (int i = 0; i < 10; ++i) {
    Daemon daemon(folder_.path(), settings());
    // Nobody is connected, so it ends at once; who asked hears that it does.
    EXPECT_EQ(output_of({"drain"}), "");
    EXPECT_EQ(daemon.process().wait_for_exit(), 0);
  }
}

/// A named pipe at `path` that is full, and that nobody reads.
class FullPipe {
 public:
  explicit FullPipe(const std::string& path) {
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    fd_ = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const std::string junk(4096, 'x');
    while (write(fd_, junk.data(), junk.size()) > 0) {
    }
  }
  ~FullPipe() { close(fd_); }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;

 private:
  int fd_ = -1;
};

// After the end of its loops it was killed by a first signal, too. It takes some time there, since
// nobody reads its log.
TEST_F(Tribarctl, EndsAtOnceByASecondSignalOnlyHoweverLate) {
  for (const bool is_second : {false, true}) {
    const std::string pipe = folder_.file(is_second ? "second" : "first");
    const FullPipe log(pipe);
    Process server(
        Daemon::command(folder_.path(), settings(fmt::format(R"("log": {{"file": "{}"}})", pipe))),
        Process::Stdio::Pipes);
    const auto await_control = [&](bool is_there) {
      const auto deadline =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
      while ((access(path_.c_str(), F_OK) == 0) != is_there) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::yield();
      }
    };
    await_control(true);
    EXPECT_EQ(output_of({"status"}).find("state: serving\n"), 0U);
    if (is_second) {
      server.signal(SIGTERM);
    } else {
      EXPECT_EQ(output_of({"drain"}), "");
    }
    await_control(false);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait_for_exit(), is_second ? 128 + SIGTERM : 0) << server.error();
  }
}

/// Asks all of `requests` at once, each on a thread of its own.
std::vector<Said> ask_at_once(const std::string& path,
                              const std::vector<std::vector<std::string>>& requests,
                              const std::string& input) {
  std::vector<Said> said(requests.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] { said[i] = ask_control(path, requests[i], input); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return said;
}

TEST_F(Tribarctl, AnswersSeveralAtOnce) {
  Daemon daemon(folder_.path(), settings());
  TestPeer ann(daemon.port());
  ann.create("ann");
  const auto done = [&](const std::vector<std::string>& request, std::string_view refusal) {
    std::size_t count = 0;
    for (const Said& said : ask_at_once(path_, {request, request, request}, "\n")) {
      count += said.code == 0 ? 1 : 0;
      if (said.code != 0) {
        EXPECT_EQ(said.code, 1) << said.error;
        EXPECT_NE(said.error.find(refusal), std::string::npos) << said.error;
      }
    }
    return count;
  };
  EXPECT_EQ(done({"user", "add", "bob"}, "there is such an account already"), 1U);
  EXPECT_EQ(done({"user", "delete", "bob"}, "there is no such account"), 1U);
  EXPECT_EQ(done({"kick", "ann"}, "nobody is logged in to that account"), 1U);
  EXPECT_EQ(done({"backup", folder_.file("backup.db")}, "File exists"), 1U);
  EXPECT_EQ(done({"reload"}, "-"), 3U);
  EXPECT_EQ(done({"status"}, "-"), 3U);
  EXPECT_EQ(done({"sessions"}, "-"), 3U);
  EXPECT_EQ(done({"log-level", "debug"}, "-"), 3U);
  TestPeer cid(daemon.port());
  cid.create("cid");
  EXPECT_EQ(done({"drain", "3600"}, "the server is draining or stopping already"), 1U);
  daemon.stop();
}

TEST_F(Tribarctl, IsInNobodysWayWhenItHangs) {
  Daemon daemon(folder_.path(), settings());
  TestPeer ann(daemon.port());
  ann.create("ann");
  // In the middle of a line, and of a secret.
  const int half = connected();
  const std::string front = "user add\tbob\tsec";
  ASSERT_EQ(send(half, front.data(), front.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(front.size()));
  // Reads nothing, and asks until the server takes no more.
  const int deaf = connected();
  std::string questions;
  for (int i = 0; i < 1000; ++i) {
    questions += "status\n";
  }
  pollfd room{deaf, POLLOUT, 0};
  while (poll(&room, 1, 500) == 1) {
    ASSERT_GT(send(deaf, questions.data(), questions.size(), MSG_NOSIGNAL | MSG_DONTWAIT), 0);
  }
  // A line of 1 MiB that does not end.
  const int endless = connected();
  const std::string line(std::size_t{1} << 20, 'x');
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t got = send(endless, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (got <= 0) {
      break;
    }
    sent += static_cast<std::size_t>(got);
  }
  EXPECT_EQ(received(endless, 1), "error\ta request has at most 8192 bytes\n");
  EXPECT_EQ(received(endless, 1), "");
  EXPECT_EQ(output_of({"user", "add", "cid"}, "\n"), "");
  EXPECT_EQ(output_of({"kick", "ann"}), "");
  ann.expect(response("disconnected by whoever runs the server"));
  EXPECT_EQ(ask({"user", "show", "bob"}).code, 1) << "half a request is none";
  // Nor does it keep the server from its end.
  const auto begin = std::chrono::steady_clock::now();
  daemon.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  for (const int fd : {half, deaf, endless}) {
    close(fd);
  }
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
  const std::array<std::uint64_t, 2> before{ann.confirmed.load(), bob.confirmed.load()};
  const std::string backup = folder_.file("backup.db");
  EXPECT_NE(output_of({"backup", backup}).find("verified: yes\n"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(stat(backup.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  daemon->kill();
  ann_runs.join();
  bob_runs.join();
  EXPECT_GE(before[0], 50U);
  EXPECT_GE(before[1], 50U);
  // They went on meanwhile.
  EXPECT_GT(ann.confirmed.load() + bob.confirmed.load(), before[0] + before[1]);
  const std::string store = Daemon::store_in(folder_.path());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    static_cast<void>(unlink((store + suffix).c_str()));
  }
  ASSERT_EQ(rename(backup.c_str(), store.c_str()), 0);
  Process verify({Daemon::command(folder_.path(), settings()).front(), "--verify-storage", store},
                 Process::Stdio::Pipes);
  EXPECT_EQ(verify.wait_for_exit(), 0) << verify.error();
  EXPECT_NE(verify.output().find(": 3 accounts, 0 with a secret, "), std::string::npos);
  EXPECT_NE(verify.output().find(": all is well\n"), std::string::npos) << verify.output();
  daemon = std::make_unique<Daemon>(folder_.path(), settings());
  TestPeer away(daemon->port());
  away.login("away");
  // Each sender's messages are there from the first one on, without a gap, as many as were
  // confirmed before, or more.
  away.send_raw(bytes_of(Deliver{}) + bytes_of(List{"no body"}));
  std::array<std::uint64_t, 2> next{};
  for (WireFrame frame = away.receive(); frame != names({}); frame = away.receive()) {
    const std::size_t of = frame.data.starts_with("ann") ? 0 : 1;
    EXPECT_TRUE(frame.data.ends_with(fmt::format(" {}", next[of]))) << frame.data;
    next[of] += 1;
  }
  EXPECT_GE(next[0], before[0]);
  EXPECT_GE(next[1], before[1]);
  daemon->stop();
}

}  // namespace
}  // namespace tribar::test
