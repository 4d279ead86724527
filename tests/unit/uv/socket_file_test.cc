// SPDX-License-Identifier: MIT
//
// Unix sockets in the file system: what they replace, what they leave alone, and who accepts there.
#include "uv/socket_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "uv/listener.h"
#include "uv/loop.h"
#include "uv/stream.h"
#include "uv/timer.h"

namespace tribar::uv {
namespace {

using test::mode_of;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

constexpr std::uint64_t kDeadlineMs = 10000;
constexpr int kBacklog = 16;

bool is_there(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

/// A socket of `type` that is bound to `path`, of another program.
void bind_to(Socket& bound, const std::string& path, int type = SOCK_STREAM) {
  bound.fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  const Address address = socket_address(path);
  ASSERT_EQ(bind(bound.fd, address.raw(), size_of(address)), 0);
}

/// A socket of a program that ended without removing it.
void leave_socket(const std::string& path) {
  Socket bound;
  bind_to(bound, path);
  ASSERT_EQ(listen(bound.fd, kBacklog), 0);
}

/// Connects without waiting; whether it could.
bool connect_to(Socket& peer, const std::string& path) {
  peer.fd = open_socket(AF_UNIX);
  const Address address = socket_address(path);
  return connect(peer.fd, address.raw(), size_of(address)) == 0;
}

/// Why there is no SocketFile at `path`; empty: there could be one.
std::string refusal_of(const std::string& path) {
  try {
    const SocketFile file(path, kBacklog);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

class SocketFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string refused(std::string_view why) const {
    return fmt::format("cannot listen on unix:{}: {}", path_, why);
  }
  [[nodiscard]] std::string obstacle() const {
    const auto found = find_obstacle(path_);
    return found ? found->text : "";
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("s");
};

TEST_F(SocketFileTest, IsForItsUserAndGroupWhateverTheMask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    const mode_t before = umask(mask);
    const SocketFile file(path_, kBacklog);
    umask(before);
    EXPECT_EQ(mode_of(path_), 0660U) << mask;
    Socket peer;
    EXPECT_TRUE(connect_to(peer, path_));
    EXPECT_EQ(address_text(file.address().raw()), "unix:" + path_);
    EXPECT_TRUE(file.address().is_loopback());
  }
}

TEST_F(SocketFileTest, IsRemovedAtTheEnd) {
  { const SocketFile file(path_, kBacklog); }
  EXPECT_FALSE(is_there(path_));
}

TEST_F(SocketFileTest, ReplacesASocketAtWhichNobodyListens) {
  leave_socket(path_);
  EXPECT_EQ(obstacle(), "");
  EXPECT_TRUE(is_there(path_)) << "asking changes nothing";
  const SocketFile file(path_, kBacklog);
  Socket peer;
  EXPECT_TRUE(connect_to(peer, path_));
}

TEST_F(SocketFileTest, LeavesASocketAloneAtWhichSomebodyListens) {
  const SocketFile file(path_, kBacklog);
  const std::string why = fmt::format("process {} listens there", getpid());
  EXPECT_EQ(refusal_of(path_), refused(why));
  EXPECT_EQ(obstacle(), why);
  EXPECT_TRUE(find_obstacle(path_)->is_in_use);
  EXPECT_TRUE(is_there(path_));
}

TEST_F(SocketFileTest, LeavesASocketAloneAtWhichAsManyWaitAsMay) {
  const SocketFile file(path_, 0);
  std::vector<std::unique_ptr<Socket>> waiting;
  do {
    waiting.push_back(std::make_unique<Socket>());
  } while (connect_to(*waiting.back(), path_));
  EXPECT_EQ(refusal_of(path_), refused("another program listens there"));
  EXPECT_TRUE(find_obstacle(path_)->is_in_use);
  EXPECT_TRUE(is_there(path_));
}

TEST_F(SocketFileTest, RemovesNothingThatIsNoSocket) {
  const std::string why = "what is there is not a socket, and is left alone";
  write_file(path_, "precious");
  EXPECT_EQ(refusal_of(path_), refused(why));
  EXPECT_EQ(obstacle(), why);
  EXPECT_FALSE(find_obstacle(path_)->is_in_use);
  EXPECT_EQ(read_file(path_), "precious");

  unlink(path_.c_str());
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  EXPECT_EQ(refusal_of(path_), refused(why));
  EXPECT_TRUE(is_there(path_));

  rmdir(path_.c_str());
  const std::string elsewhere = folder_.file("elsewhere");
  leave_socket(elsewhere);
  ASSERT_EQ(symlink(elsewhere.c_str(), path_.c_str()), 0);
  EXPECT_EQ(refusal_of(path_), refused(why));
  EXPECT_TRUE(is_there(path_));
  EXPECT_TRUE(is_there(elsewhere));
}

TEST_F(SocketFileTest, LeavesASocketOfAnotherKindAlone) {
  Socket datagrams;
  bind_to(datagrams, path_, SOCK_DGRAM);
  EXPECT_EQ(refusal_of(path_), refused("a socket of another kind is there, and is left alone"));
  EXPECT_TRUE(is_there(path_));
}

TEST_F(SocketFileTest, SaysWhatIsWrongWithTheFolder) {
  path_ = folder_.file("missing/s");
  EXPECT_EQ(refusal_of(path_), refused("no such file or directory"));
  EXPECT_EQ(obstacle(),
            fmt::format("folder {}: no such file or directory", folder_.file("missing")));
  path_ = folder_.file("file/s");
  write_file(folder_.file("file"), "");
  EXPECT_EQ(refusal_of(path_), refused("not a directory"));
  EXPECT_EQ(obstacle(), "not a directory");
}

TEST_F(SocketFileTest, RemovesNoOtherThatTookItsPlace) {
  {
    const SocketFile file(path_, kBacklog);
    unlink(path_.c_str());
    write_file(path_, "another");
  }
  EXPECT_EQ(read_file(path_), "another");
  unlink(path_.c_str());
  {
    const SocketFile file(path_, kBacklog);
    unlink(path_.c_str());
    leave_socket(path_);
  }
  EXPECT_TRUE(is_there(path_));
}

TEST_F(SocketFileTest, TakesTheLongestPath) {
  const std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
  path_ += std::string(most - path_.size(), 'x');
  const SocketFile file(path_, kBacklog);
  EXPECT_TRUE(is_there(path_));
  EXPECT_EQ(address_text(file.address().raw()), "unix:" + path_);
}

/// Turns `loop` until `is_so`; fails the test when that takes too long.
void run_until(Loop& loop, const std::function<bool()>& is_so) {
  bool is_late = false;
  Timer late(loop, [&] { is_late = true; });
  late.start(kDeadlineMs, 0);
  while (!is_so() && !is_late) {
    loop.turn();
  }
  ASSERT_FALSE(is_late);
}

TEST_F(SocketFileTest, SharesItsConnectionsAmongListeners) {
  Loop first_loop;
  Loop second_loop;
  int by_first = 0;
  int by_second = 0;
  std::string peer_text;
  const auto accept_on = [&](Loop& loop, int& count) {
    return [&](Listener& listener) {
      for (auto waiting = listener.accept(); waiting.kind == Listener::Waiting::Kind::Socket;
           waiting = listener.accept()) {
        ++count;
        peer_text = Stream::open(loop, waiting.socket)->peer();
      }
    };
  };
  std::optional<SocketFile> file(std::in_place, path_, kBacklog);
  std::optional<Listener> first(std::in_place, first_loop, duplicate_of(file->shared(), {}),
                                accept_on(first_loop, by_first));
  std::optional<Listener> second(std::in_place, second_loop, duplicate_of(file->shared(), {}),
                                 accept_on(second_loop, by_second));
  EXPECT_EQ(first->bound_address(), "unix:" + path_);
  Socket one;
  ASSERT_TRUE(connect_to(one, path_));
  run_until(second_loop, [&] { return by_second == 1; });
  EXPECT_EQ(peer_text, fmt::format("unix:{} (uid {})", path_, getuid()));
  Socket two;
  ASSERT_TRUE(connect_to(two, path_));
  run_until(first_loop, [&] { return by_first == 1; });
  EXPECT_EQ(by_second, 1);

  // The file goes first, and the listeners accept who was there.
  Socket three;
  ASSERT_TRUE(connect_to(three, path_));
  file.reset();
  Socket late;
  EXPECT_FALSE(connect_to(late, path_));
  run_until(first_loop, [&] { return by_first == 2; });
  first.reset();
  second.reset();
  EXPECT_EQ(first_loop.close(), "");
  EXPECT_EQ(second_loop.close(), "");
}

}  // namespace
}  // namespace tribar::uv
