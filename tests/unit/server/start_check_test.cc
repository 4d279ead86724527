// SPDX-License-Identifier: MIT
//
// What `tribard -t` says about the addresses.
#include "server/start_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "operate/http.h"
#include "secrets/vault.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "tls/tls_context.h"
#include "uv/socket.h"
#include "uv/socket_file.h"

namespace tribar::test {
namespace {

/// A socket that listens on the loopback, of a program that answers nobody.
class SilentProgram {
 public:
  SilentProgram() {
    socket_.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.fd, 4), 0);
    EXPECT_EQ(getsockname(socket_.fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  uv::Socket socket_;
  std::uint16_t port_ = 0;
};

/// A Unix socket that listens, of a program that answers nobody.
void listen_at(uv::Socket& socket, const std::string& path) {
  socket.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const uv::Address address = uv::socket_address(path);
  ASSERT_EQ(bind(socket.fd, address.raw(), uv::size_of(address)), 0);
  ASSERT_EQ(::listen(socket.fd, 4), 0);
}

ListenCheck check_listen(const std::vector<ListenerSettings>& listeners) {
  Config config;
  config.listen = listeners;
  return tribar::check_listen(config);
}

TEST(CheckListen, SaysNothingAboutFreeAddresses) {
  const ListenCheck found = check_listen({{"127.0.0.1", 0}, {"127.0.0.1", 0}, {"::1", 0}});
  EXPECT_EQ(found.problems, std::vector<std::string>{});
  EXPECT_EQ(found.remarks, std::vector<std::string>{});
}

TEST(CheckListen, TellsARunningServerFromAnotherProgram) {
  TestServer server;
  const SilentProgram other;
  const ListenCheck found =
      check_listen({{"127.0.0.1", server.port()}, {"127.0.0.1", other.port()}});
  EXPECT_EQ(found.remarks, std::vector<std::string>{fmt::format(
                               "127.0.0.1:{} is in use by a running tribard", server.port())});
  EXPECT_EQ(
      found.problems,
      std::vector<std::string>{fmt::format(
          "cannot listen on 127.0.0.1:{}: it is in use, and no tribard answered there within 2 s",
          other.port())});
}

TEST(CheckListen, FindsAServerThatHasNoRoom) {
  Config config;
  config.limits.connections = 1;
  TestServer server(config);
  TestPeer only = created(server.port(), "ann");
  EXPECT_EQ(check_listen({{"127.0.0.1", server.port()}}).problems, std::vector<std::string>{});
}

TEST(CheckListen, NamesEveryAddressThatCannotBe) {
  // 192.0.2.0/24 is for documentation: no machine has such an address.
  const ListenCheck found = check_listen({{"no.such.host.invalid", 1}, {"192.0.2.1", 0}});
  ASSERT_EQ(found.problems.size(), 2U);
  EXPECT_TRUE(found.problems[0].starts_with("cannot listen on no.such.host.invalid:1: "));
  EXPECT_EQ(found.problems[1], "cannot listen on 192.0.2.1:0: address not available");
}

TEST(CheckListen, FindsAddressesThatAreInEachOthersWay) {
  const std::uint16_t port = SilentProgram().port();  // free again
  const ListenCheck found = check_listen({{"127.0.0.1", port}, {"0.0.0.0", port}, {"::1", port}});
  EXPECT_EQ(
      found.problems,
      std::vector<std::string>{fmt::format(
          "cannot listen on 0.0.0.0:{0}: it overlaps another address of listen, 127.0.0.1:{0}",
          port)});
}

TEST(CheckListen, SaysNothingAboutASocketAtWhichNobodyListens) {
  const TemporaryFolder folder;
  const std::string stale = folder.file("stale");
  {
    uv::Socket left;
    listen_at(left, stale);
  }
  const ListenCheck found = check_listen({{.socket = folder.file("new")}, {.socket = stale}});
  EXPECT_EQ(found.problems, std::vector<std::string>{});
  EXPECT_EQ(found.remarks, std::vector<std::string>{});
  EXPECT_NE(mode_of(stale), 0U) << "it is left where it is";
}

TEST(CheckListen, TellsARunningServersSocketFromAnotherPrograms) {
  const TemporaryFolder folder;
  const std::string own = folder.file("own");
  const std::string others = folder.file("others");
  Config config;
  config.listen = {{.socket = own}};
  TestServer server(config);
  uv::Socket other;
  listen_at(other, others);
  const ListenCheck found = check_listen({{.socket = own}, {.socket = others}});
  EXPECT_EQ(found.remarks,
            std::vector<std::string>{fmt::format("unix:{} is in use by a running tribard", own)});
  EXPECT_EQ(found.problems,
            std::vector<std::string>{fmt::format("cannot listen on unix:{}: it is in use, and no "
                                                 "tribard answered there within 2 s",
                                                 others)});
}

TEST(CheckListen, NamesEverySocketThatCannotBe) {
  const TemporaryFolder folder;
  const std::string file = folder.file("file");
  write_file(file, "precious");
  const ListenCheck found =
      check_listen({{.socket = file}, {.socket = folder.file("missing/socket")}});
  EXPECT_EQ(
      found.problems,
      (std::vector<std::string>{
          fmt::format("cannot listen on unix:{}: what is there is not a socket, and is left alone",
                      file),
          fmt::format("cannot listen on unix:{}: folder {}: no such file or directory",
                      folder.file("missing/socket"), folder.file("missing"))}));
  EXPECT_EQ(read_file(file), "precious");
}

/// Settings with metrics and control, whose only listener is in nobody's way.
Config with_operation(const ListenerSettings& metrics, const std::string& control) {
  Config config;
  config.listen = {{"127.0.0.1", 0}};
  config.metrics = metrics;
  config.control.socket = control;
  return config;
}

TEST(CheckListen, LooksAtMetricsAndControl) {
  const TemporaryFolder folder;
  const std::string file = folder.file("file");
  write_file(file, "precious");
  const std::string missing = folder.file("missing/socket");
  if (has_http()) {
    EXPECT_EQ(
        check_listen(with_operation({.socket = file}, missing)).problems,
        (std::vector<std::string>{
            fmt::format(
                "metrics: cannot listen on unix:{}: what is there is not a socket, and is left "
                "alone",
                file),
            fmt::format("control: cannot listen on unix:{}: folder {}: no such file or directory",
                        missing, folder.file("missing"))}));
    EXPECT_EQ(check_listen(with_operation({"192.0.2.1", 1}, file)).problems,
              (std::vector<std::string>{
                  "metrics: cannot listen on 192.0.2.1:1: address not available",
                  fmt::format("control: cannot listen on unix:{}: what is there is not a socket, "
                              "and is left alone",
                              file)}));
    const std::uint16_t port = SilentProgram().port();  // free again
    Config overlapping = with_operation({"0.0.0.0", port}, folder.file("control"));
    overlapping.listen = {{"127.0.0.1", port}};
    EXPECT_EQ(check_listen(overlapping).problems,
              std::vector<std::string>{fmt::format(
                  "metrics: cannot listen on 0.0.0.0:{0}: it overlaps another address of listen, "
                  "127.0.0.1:{0}",
                  port)});
    const ListenCheck good = check_listen(with_operation({"127.0.0.1", 0}, folder.file("control")));
    EXPECT_EQ(good.problems, std::vector<std::string>{});
    EXPECT_EQ(good.remarks, std::vector<std::string>{});
  } else {
    EXPECT_EQ(check_listen(with_operation({.socket = file}, {})).problems,
              std::vector<std::string>{
                  "metrics: this tribard was built without libmicrohttpd: remove \"metrics\""});
  }
  EXPECT_EQ(read_file(file), "precious");
}

// As systemd makes it at the start of the server, and removes it at its end.
TEST(CheckListen, RemarksOnAFolderInRunThatIsNotThere) {
  const std::string folder = "/run/no-such-folder-of-tribar";
  const ListenCheck found = check_listen(with_operation({"127.0.0.1", 0}, folder + "/control"));
  EXPECT_EQ(found.remarks,
            std::vector<std::string>{fmt::format(
                "control: unix:{0}/control: the folder {0} is not there: whoever starts the server "
                "must make it, as systemd does by RuntimeDirectory=",
                folder)});
  if (has_http()) {
    EXPECT_EQ(found.problems, std::vector<std::string>{});
  }
}

TEST(CheckListen, TellsARunningServersMetricsAndControlFromAnotherPrograms) {
  if (!has_http()) {
    GTEST_SKIP() << "this build has no metrics";
  }
  const TemporaryFolder folder;
  const std::string metrics = folder.file("metrics");
  const std::string control = folder.file("control");
  const Config config = with_operation({.socket = metrics}, control);
  {
    TestServer server(config);
    const ListenCheck found = check_listen(config);
    EXPECT_EQ(found.problems, std::vector<std::string>{});
    EXPECT_EQ(found.remarks,
              (std::vector<std::string>{
                  fmt::format("metrics: unix:{} is in use by a running tribard", metrics),
                  fmt::format("control: unix:{} is in use by a running tribard", control)}));
    // Each is none of the other kind.
    EXPECT_EQ(check_listen(with_operation({.socket = control}, metrics)).problems.size(), 2U);
  }
  uv::Socket silent;
  listen_at(silent, control);
  EXPECT_EQ(check_listen(config).problems,
            std::vector<std::string>{fmt::format(
                "control: cannot listen on unix:{}: it is in use, and no tribard answered there "
                "within 2 s",
                control)});
}

TEST(CheckListen, AsksNobodyOverTls) {
  const SilentProgram other;
  const ListenCheck found =
      check_listen({{.host = "127.0.0.1", .port = other.port(), .tls = true}});
  EXPECT_EQ(found.problems, std::vector<std::string>{});
  EXPECT_EQ(found.remarks, std::vector<std::string>{fmt::format(
                               "127.0.0.1:{} is in use; whether by a tribard is not asked over TLS",
                               other.port())});
}

TEST(CheckMeans, FindsWhatThisBuildAndThisProcessCannot) {
  EXPECT_EQ(check_means(Config{}), std::vector<std::string>{});
  const auto count_with_few_descriptors = [] {
    const rlimit few{20, 20};
    Config config;
    config.secrets.policy = SecretsPolicy::Required;
    const std::size_t usual = check_means(config).size();
    return setrlimit(RLIMIT_NOFILE, &few) == 0 ? check_means(config).size() - usual : 100;
  };
  // In a process of its own, since that cannot be undone.
  EXPECT_EXIT(_exit(static_cast<int>(count_with_few_descriptors())), testing::ExitedWithCode(1),
              "");
  Config with_secrets;
  with_secrets.secrets.policy = SecretsPolicy::Required;
  EXPECT_EQ(check_means(with_secrets).size(), can_hash_secrets() ? 0U : 1U);
}

TEST(CheckLog, FindsWhatCannotBeOpened) {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string file = folder.file("file");
  write_file(file, "lines\n");
  const auto said_of = [](const std::string& path) {
    Config config;
    config.log.file = path;
    return check_log(config).value_or("");
  };
  EXPECT_EQ(said_of(file), "");
  EXPECT_EQ(said_of(folder.file("new")), "");
  EXPECT_EQ(said_of(pipe), "log.file: cannot open " + pipe + ": No such device or address")
      << "nobody reads it";
  EXPECT_EQ(said_of(folder.path()), "log.file: cannot open " + folder.path() + ": Is a directory");
  EXPECT_EQ(said_of(folder.file("none/new")),
            "log.file: cannot open " + folder.file("none/new") + ": No such file or directory");
  EXPECT_EQ(read_file(file), "lines\n");
  EXPECT_EQ(mode_of(folder.file("new")), 0U) << "nothing is made";
}

TEST(CheckTls, NamesEveryFileThatIsNoGood) {
  const TemporaryFolder folder;
  Config config;
  config.tls.certificate = folder.file("missing");
  config.tls.key = folder.path();
  EXPECT_EQ(check_tls(config).problems, std::vector<std::string>{}) << "no listener needs them";
  config.listen.front().tls = true;
  if (!has_tls()) {
    EXPECT_EQ(check_tls(config).problems.size(), 1U);
    return;
  }
  EXPECT_EQ(check_tls(config).problems,
            (std::vector<std::string>{
                fmt::format("tls.certificate: cannot read {}: No such file or directory",
                            config.tls.certificate),
                fmt::format("tls.key: cannot read {}: it is not a regular file", folder.path())}));
}

}  // namespace
}  // namespace tribar::test
