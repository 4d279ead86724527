// SPDX-License-Identifier: MIT
//
// What `tribard -t` looks at beside the settings: the place of the store, and the addresses.
#include "server/start_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "uv/socket.h"

namespace tribar::test {
namespace {

using Problem = std::optional<std::string>;

Problem problem_at(const std::string& path) {
  const auto problem = storage_problem(path);
  return problem ? Problem(problem->text) : std::nullopt;
}

TEST(StorageProblem, IsNoneWhereAStoreIsOrCanBeMade) {
  const TemporaryFolder folder;
  write_file(folder.file("there"), "");
  std::filesystem::create_symlink("there", folder.file("link"));
  std::filesystem::create_symlink("not-yet", folder.file("dangling"));
  for (const char* name : {"there", "new", "link", "dangling"}) {
    EXPECT_EQ(problem_at(folder.file(name)), Problem{}) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("new")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("not-yet")));
}

TEST(StorageProblem, NamesTheCommandThatMakesTheFolder) {
  const TemporaryFolder folder;
  struct Case {
    std::string folder;
    std::string shown;
  };
  for (const Case& c : std::vector<Case>{
           {folder.file("data"), folder.file("data")},
           {folder.file("a/b"), folder.file("a/b")},
           {folder.file("it's here"), "'" + folder.file("it'\\''s here") + "'"},
       }) {
    const std::string path = c.folder + "/tribar.db";
    const std::string command = "install -d -m 0700 " + c.shown;
    EXPECT_EQ(
        problem_at(path),
        Problem(fmt::format("{}: its folder does not exist; create it with: {}", path, command)));
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(problem_at(path), Problem{});
    EXPECT_EQ(mode_of(c.folder), 0700U);
  }
  std::filesystem::create_symlink(folder.file("gone/x.db"), folder.file("link"));
  EXPECT_EQ(problem_at(folder.file("link")),
            Problem(fmt::format("{}: its folder does not exist; create it with: "
                                "install -d -m 0700 {}",
                                folder.file("link"), folder.file("gone"))));
}

TEST(StorageProblem, NamesWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto problem_of = [&folder](std::string_view name) {
    return problem_at(folder.file(name)).value_or("none");
  };
  const auto expected = [&folder](std::string_view name, std::string_view what) {
    return fmt::format("{}: {}", folder.file(name), what);
  };
  std::filesystem::create_directory(folder.file("folder"));
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  write_file(folder.file("file"), "");
  uv::Socket socket;
  socket.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, folder.file("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket.fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(
      problem_of("folder"),
      expected("folder", "is a folder, and a store is a regular file; name another storage.path"));
  EXPECT_EQ(
      problem_of("fifo"),
      expected("fifo", "is a FIFO, and a store is a regular file; name another storage.path"));
  EXPECT_EQ(
      problem_of("socket"),
      expected("socket", "is a socket, and a store is a regular file; name another storage.path"));
  EXPECT_FALSE(storage_problem(folder.file("fifo"))->is_io);
  EXPECT_EQ(problem_of("file/x"), expected("file/x", folder.file("file") + " is not a folder"));
}

TEST(StorageProblem, IsAFolderThatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data");
  std::filesystem::create_directory(data);
  chmod(folder.path().c_str(), 0755);
  chmod(data.c_str(), 0555);
  const std::string expected =
      fmt::format("{}/x.db: its folder {} must be writable: Permission denied", data, data);
  // The system lets root write anywhere: somebody else looks.
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const bool is_somebody_else = geteuid() != 0 || setresuid(kNobody, kNobody, kNobody) == 0;
    _exit(is_somebody_else && problem_at(data + "/x.db") == expected ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

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
  EXPECT_EQ(found.problems,
            std::vector<std::string>{fmt::format(
                "cannot listen on 127.0.0.1:{}: it is in use, and no tribard answers there",
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
  EXPECT_EQ(found.problems,
            std::vector<std::string>{fmt::format(
                "cannot listen on 0.0.0.0:{0}: another address of listen is 127.0.0.1:{0}", port)});
}

}  // namespace
}  // namespace tribar::test
