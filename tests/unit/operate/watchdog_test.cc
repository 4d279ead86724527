// SPDX-License-Identifier: MIT
//
// Watchdog: asks again and again, and ends at once.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "operate/service.h"
#include "support/temporary_folder.h"

namespace tribar {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Watchdog, AsksAgainAndAgain) {
  std::mutex mutex;
  std::condition_variable asked;
  int count = 0;
  milliseconds patience{};
  {
    const Watchdog watchdog(microseconds(9000), [&](milliseconds most) -> std::vector<std::string> {
      const std::lock_guard lock(mutex);
      ++count;
      patience = most;
      asked.notify_all();
      return {};
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(asked.wait_for(lock, std::chrono::seconds(30), [&] { return count >= 3; }));
  }
  EXPECT_EQ(patience, milliseconds(3));
}

/// What the service manager is told; none of it is read before the end.
class Told {
 public:
  Told() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
  ~Told() {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
  }
  [[nodiscard]] std::string next() const {
    std::array<char, 256> message{};
    const ssize_t got = recv(fd_, message.data(), message.size(), 0);
    return got > 0 ? std::string(message.data(), static_cast<std::size_t>(got)) : std::string();
  }

 private:
  test::TemporaryFolder folder_;
  std::string path_ = folder_.file("notify");
  int fd_ = -1;
};

/// Told(), with one watchdog that found `stuck` once.
std::string told_when(const std::vector<std::string>& stuck) {
  log::configure(log::Level::Error, log::Format::Text);
  const Told told;
  std::mutex mutex;
  std::condition_variable asked;
  int count = 0;
  {
    const Watchdog watchdog(microseconds(9000), [&](milliseconds) {
      const std::lock_guard lock(mutex);
      ++count;
      asked.notify_all();
      return stuck;
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(asked.wait_for(lock, std::chrono::seconds(30), [&] { return count >= 2; }));
  }
  return told.next();
}

TEST(Watchdog, SaysThatTheServerIsAliveOnlyWhileItIs) {
  EXPECT_EQ(told_when({}), has_service_manager() ? "WATCHDOG=1" : "");
  EXPECT_EQ(told_when({"loop 0"}), "");
}

TEST(Watchdog, EndsInTheMiddleOfAnInterval) {
  std::mutex mutex;
  std::condition_variable asked;
  bool was_asked = false;
  const auto begin = std::chrono::steady_clock::now();
  {
    const Watchdog watchdog(std::chrono::hours(1), [&](milliseconds) -> std::vector<std::string> {
      const std::lock_guard lock(mutex);
      was_asked = true;
      asked.notify_all();
      return {"loop 0"};
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(asked.wait_for(lock, std::chrono::seconds(30), [&] { return was_asked; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

}  // namespace
}  // namespace tribar
