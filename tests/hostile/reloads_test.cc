// SPDX-License-Identifier: MIT
//
// Settings and certificates that change again and again, some of them wrong, while very many are
// connected and write to each other: nobody is dropped, nothing is lost, and who connects gets what
// is new.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "hostile/attack.h"
#include "support/over_tls.h"
#include "support/served_certificate.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// What each reload says once.
constexpr std::string_view kReload = " reload: ";

/// As many descriptors as the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t count_of(std::string_view words, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string_view::npos;
       at = text.find(words, at + words.size())) {
    ++count;
  }
  return count;
}

/// Makes `count` accounts, whose connections stay.
void populate_and_stay(Crowd& crowd, std::size_t count) {
  constexpr std::size_t kAtOnce = 100;
  for (std::size_t i = 0; i < count; ++i) {
    Crowd::Peer& peer = crowd.connect({.address = 2 + static_cast<std::uint32_t>(i / 5000)});
    crowd.send(peer, bytes_of(Create{populated_name("user", i)}));
    if ((i + 1) % kAtOnce == 0 || i + 1 == count) {
      const std::size_t first = i - i % kAtOnce;
      ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
        return std::all_of(
            crowd.peers().begin() + static_cast<std::ptrdiff_t>(first), crowd.peers().end(),
            [](const Crowd::Peer& created) { return created.heard == bytes_of(response()); });
      }));
    }
  }
}

class Reloads : public testing::Test {
 protected:
  // Before the first server or peer looks.
  static void SetUpTestSuite() { setenv("TRIBAR_TEST_TLS", "1", 1); }
};

/// Messages at a steady pace, from each of those who are connected to the next one, as the crowd
/// turns.
class Load {
 public:
  /// `crowd` must outlive this; nobody connects or goes meanwhile.
  Load(Crowd& crowd, std::size_t per_second)
      : crowd_(crowd),
        per_second_(per_second),
        sent_(crowd.peers().size()),
        former_(crowd.on_turn),
        begin_(Crowd::Clock::now()) {
    crowd_.on_turn = [this] {
      former_();
      send_what_is_due();
    };
  }
  ~Load() { crowd_.on_turn = former_; }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  [[nodiscard]] std::size_t sent() const { return total_; }
  /// What peer `number` hears of it: a confirmation of each of its own, and its neighbour's.
  [[nodiscard]] std::size_t bytes_for(std::size_t number) const {
    const std::size_t before = (number + sent_.size() - 1) % sent_.size();
    return sent_[number] * message_from(number).size() +
           sent_[before] * message_from(before).size();
  }

 private:
  void send_what_is_due() {
    const std::chrono::duration<double> time = Crowd::Clock::now() - begin_;
    const auto due = static_cast<std::size_t>(time.count() * static_cast<double>(per_second_));
    for (; total_ < due; ++total_) {
      const std::size_t from = total_ % sent_.size();
      crowd_.send(crowd_.peers()[from], message_from(from));
      ++sent_[from];
    }
  }
  [[nodiscard]] std::string message_from(std::size_t number) const {
    return send_bytes(populated_name("user", number),
                      populated_name("user", (number + 1) % sent_.size()), "hello");
  }

  Crowd& crowd_;
  std::size_t per_second_;
  std::size_t total_ = 0;
  std::vector<std::size_t> sent_;  // by each
  std::function<void()> former_;
  Crowd::Clock::time_point begin_;
};

TEST_F(Reloads, DropNobodyAndDelayNobody) {
  const std::size_t count = sized<std::size_t>(200, 10'000);
  const std::size_t reloads = sized<std::size_t>(20, 100);
  raise_descriptor_limit();
  Attack attack({.settings = R"("limits": {"connections": 20000})"});
  Crowd& crowd = attack.crowd();
  populate_and_stay(crowd, count);
  ASSERT_EQ(crowd.open_count(), count);
  // What this program does on the same cores is none of the server's doing.
  prepare_renewals(reloads);
  const std::string port = std::to_string(attack.target().port());
  std::optional<Load> load;
  load.emplace(crowd, sized<std::size_t>(500, 2000));
  // What bystanders notice before is under the same load.
  attack.begin();
  Crowd::Clock::duration longest{0};
  long serial = serial_at(port);
  for (std::size_t reload = 0; reload < reloads; ++reload) {
    // One of three is wrong, and of the others every second one opens a further listener.
    const bool is_wrong = reload % 3 == 2;
    if (is_wrong) {
      attack.target().write_settings(R"("limits": {"connections": 0})");
    } else {
      serial = renew_certificate();
      attack.target().write_settings(
          fmt::format(R"("limits": {{"connections": 20000, "undelivered_messages": {}}},
                         "timeouts": {{"stalled_ms": {}}})",
                      10'000 - reload, 600'000 + reload),
          reload % 2 == 0 ? R"({"host": "127.0.0.1", "port": 0, "protocols": [1]})" : "");
    }
    const auto begin = Crowd::Clock::now();
    ASSERT_EQ(kill(attack.target().pid(), SIGHUP), 0);
    ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
      return count_of(kReload, attack.target().log()) == reload + 1;
    })) << attack.target().log();
    longest = std::max(longest, Crowd::Clock::now() - begin);
    auto shown = std::async(std::launch::async, [&port] { return serial_at(port); });
    ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&shown] {
      return shown.wait_for(milliseconds(0)) == std::future_status::ready;
    }));
    EXPECT_EQ(shown.get(), serial);
    crowd.turn_for(sized(milliseconds(5), milliseconds(200)));
  }
  EXPECT_EQ(count_of(" reload: nothing applied: ", attack.target().log()), reloads / 3);
  const Bystanders::Times before = attack.before();
  const Bystanders::Times during = attack.end(
      fmt::format("{} connections over TLS that send {} messages, {} reloads of settings and "
                  "certificate, a third wrong",
                  count, load->sent(), reloads),
      fmt::format("all stay connected, and every message arrives; what is new is used within {} ms "
                  "of the signal",
                  std::chrono::duration_cast<milliseconds>(longest).count()));
  // Far more than noise, far less than a loop that waits for a reload.
  EXPECT_LT(during.p99, 10 * before.p99 + milliseconds(50));
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < count; ++i) {
    expected.push_back(load->bytes_for(i));
  }
  load.reset();
  const std::string last = bytes_of(names({}));
  for (Crowd::Peer& peer : crowd.peers()) {
    crowd.send(peer, bytes_of(List{"no body"}));
  }
  const auto has_all = [&](std::size_t i) {
    return crowd.peers()[i].heard_bytes == bytes_of(response()).size() + expected[i] + last.size();
  };
  std::size_t done = 0;
  EXPECT_TRUE(crowd.turn_until(milliseconds(20'000),
                               [&] {
                                 while (done < count && has_all(done)) {
                                   ++done;
                                 }
                                 return done == count;
                               }))
      << "peer " << done << " heard " << crowd.peers()[std::min(done, count - 1)].heard_bytes
      << " bytes";
  EXPECT_EQ(crowd.open_count(), count);
}

}  // namespace
}  // namespace tribar::test
