// SPDX-License-Identifier: MIT
//
// A running server whose stations hang, each in turn: /healthz and the service manager's watchdog
// see it, and see when it goes on.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "operate/service.h"
#include "registry/message_list.h"
#include "support/fault_vfs.h"
#include "support/patience.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "support/threads.h"
#include "support/unix_connection.h"

namespace {

/// Where a thread hangs: it writes to the first eventfd, and waits for the second one. Both calls
/// are safe in a handler of signals.
int g_hangs = -1;
int g_goes_on = -1;
void hang(int) {
  const int code = errno;
  std::uint64_t count = 1;
  if (write(g_hangs, &count, sizeof count) != sizeof count ||
      read(g_goes_on, &count, sizeof count) != sizeof count) {
    std::abort();
  }
  errno = code;
}

/// Whoever allocates so many bytes hangs, once; 0: nobody.
std::atomic<std::size_t> g_hanging_bytes{0};

}  // namespace

void* operator new(std::size_t size) {
  if (std::size_t wanted = size;
      size != 0 && g_hanging_bytes.compare_exchange_strong(wanted, std::size_t{0})) {
    hang(0);
  }
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  return block;
}
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

/// The watchdog asks three times in this.
constexpr const char* kWatchdogUs = "1500000";

class HealthOfServer : public testing::Test {
 protected:
  HealthOfServer() {
    g_hangs = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    g_goes_on = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    struct sigaction action {};
    action.sa_handler = hang;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    notify_path_.copy(address.sun_path, sizeof address.sun_path - 1);
    notify_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(notify_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", notify_path_.c_str(), 1);
    setenv("WATCHDOG_USEC", kWatchdogUs, 1);
    disk_.before_sync = [this] {
      if (disk_hangs_.exchange(false)) {
        hang(0);
      }
    };
    Config config;
    config.metrics = ListenerSettings{.socket = metrics_path_};
    config.storage.engine = StorageEngine::Sqlite;
    config.storage.path = folder_.file("tribar.db");
    config.io_loops = 2;
    config.workers = 2;
    server_.emplace(config);
    auto opened = log::open(log_path_);
    EXPECT_TRUE(opened);
    log::write_to(std::move(opened.value()));
  }
  ~HealthOfServer() override {
    server_.reset();
    log::write_to(std::move(log::open(std::string(log::kStandardError)).value()));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    signal(SIGUSR1, SIG_DFL);
    close(notify_);
    close(g_hangs);
    close(g_goes_on);
  }

  /// Waits until `is_so`, no longer than the deadline.
  [[nodiscard]] static bool comes(const std::function<bool()>& is_so) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (!is_so()) {
      if (Clock::now() > deadline) {
        return false;
      }
      std::this_thread::yield();
    }
    return true;
  }

  /// Makes the thread of that name hang, wherever it is.
  static void stop_thread(const std::string& name) {
    // It has its name only when it runs.
    EXPECT_TRUE(comes([&] {
      const auto threads = thread_numbers();
      const auto found = threads.find(name);
      return found != threads.end() && syscall(SYS_tgkill, getpid(), found->second, SIGUSR1) == 0;
    })) << "no thread is called "
        << name;
  }

  /// How often the service manager was told since the last call that the server is alive.
  [[nodiscard]] int pings() const {
    int count = 0;
    std::array<char, 4096> message{};
    for (ssize_t got = 0;
         (got = recv(notify_, message.data(), message.size(), MSG_DONTWAIT)) > 0;) {
      count += std::string_view(message.data(), static_cast<std::size_t>(got)) == "WATCHDOG=1";
    }
    return count;
  }

  /// Has a station hang by `begin`, which need not wait for it, and go on later. It must be seen
  /// that `names`, one of the texts, do not answer while it hangs, and only then.
  void expect_seen(const std::vector<std::string>& names, const std::function<void()>& begin) {
    const std::size_t said = read_file(log_path_).size();
    begin();
    pollfd hangs{g_hangs, POLLIN, 0};
    ASSERT_EQ(poll(&hangs, 1, kPatienceMs), 1) << names.front() << " does not hang";
    std::uint64_t one = 0;
    ASSERT_EQ(read(g_hangs, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    static_cast<void>(pings());
    const auto is_named = [&](const std::string& text, std::string_view end) {
      return std::any_of(names.begin(), names.end(), [&](const std::string& each) {
        return text.find(fmt::format("no answer from: {}{}", each, end)) != std::string::npos;
      });
    };
    EXPECT_TRUE(comes([&] { return is_named(read_file(log_path_).substr(said), ";"); }))
        << names.front() << ": " << read_file(log_path_).substr(said);
    const std::string answer = http_get(metrics_path_, "/healthz");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ") && is_named(answer, "\n"))
        << names.front() << ": " << answer;
    // One may have been on its way.
    EXPECT_LE(pings(), 1) << names.front();
    ASSERT_EQ(write(g_goes_on, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    if (has_service_manager()) {
      EXPECT_TRUE(comes([&] { return pings() > 0; })) << names.front();
    }
    EXPECT_TRUE(http_get(metrics_path_, "/healthz").starts_with("HTTP/1.1 200 ")) << names.front();
  }

  TemporaryFolder folder_;
  std::string notify_path_ = folder_.file("notify");
  std::string metrics_path_ = folder_.file("metrics");
  std::string log_path_ = folder_.file("log");
  int notify_ = -1;
  std::atomic<bool> disk_hangs_{false};
  FaultVfs disk_;
  std::optional<TestServer> server_;
};

TEST_F(HealthOfServer, SeesEachLoopThatHangs) {
  expect_seen({"loop 0"}, [] { stop_thread("loop 0"); });
  expect_seen({"loop 1"}, [] { stop_thread("loop 1"); });
  TestPeer ann = created(server_->port(), "ann");
}

TEST_F(HealthOfServer, SeesEachWorkerThatHangs) {
  // It may run the registry just then.
  expect_seen({"worker 0", "worker 0, registry"}, [] { stop_thread("worker 0"); });
  expect_seen({"worker 1", "worker 1, registry"}, [] { stop_thread("worker 1"); });
  TestPeer ann = created(server_->port(), "ann");
}

TEST_F(HealthOfServer, SeesARegistryThatHangs) {
  created(server_->port(), "bob").close();
  TestPeer ann = created(server_->port(), "ann");
  const std::string text(7777, 'x');
  expect_seen({"worker 0, registry", "worker 1, registry"}, [&] {
    g_hanging_bytes.store(sizeof(KeptMessage) + 3 + text.size());  // as it keeps the message
    ann.send(Send{{"ann", "bob", text}});
  });
  ann.expect(message("ann", "bob", text));
}

TEST_F(HealthOfServer, SeesAJournalThatWaitsForTheDisk) {
  TestPeer ann(server_->port());
  expect_seen({"journal"}, [&] {
    disk_hangs_.store(true);
    ann.send(Create{"ann"});
  });
  ann.expect(response());
}

}  // namespace
}  // namespace tribar::test
