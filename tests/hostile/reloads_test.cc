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
#include <string>

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

TEST_F(Reloads, DropNobody) {
  const std::size_t count = sized<std::size_t>(200, 10'000);
  const std::size_t reloads = sized<std::size_t>(20, 100);
  raise_descriptor_limit();
  Attack attack({.settings = R"("limits": {"connections": 20000})"});
  Crowd& crowd = attack.crowd();
  populate_and_stay(crowd, count);
  ASSERT_EQ(crowd.open_count(), count);
  attack.begin();
  Crowd::Clock::duration longest{0};
  long serial = serial_at(std::to_string(attack.target().port()));
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
    // Some write to their neighbours meanwhile; in the end each has.
    for (std::size_t i = reload; i < count; i += reloads) {
      crowd.send(crowd.peers()[i], send_bytes(populated_name("user", i),
                                              populated_name("user", (i + 1) % count), "hello"));
    }
    ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
      return count_of(kReload, attack.target().log()) == reload + 1;
    })) << attack.target().log();
    longest = std::max(longest, Crowd::Clock::now() - begin);
    EXPECT_EQ(serial_at(std::to_string(attack.target().port())), serial);
    crowd.turn_for(sized(milliseconds(5), milliseconds(200)));
  }
  EXPECT_EQ(count_of(" reload: nothing applied: ", attack.target().log()), reloads / 3);
  for (Crowd::Peer& peer : crowd.peers()) {
    crowd.send(peer, bytes_of(List{"no body"}));
  }
  const std::string last = bytes_of(names({}));
  EXPECT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
    return std::all_of(crowd.peers().begin(), crowd.peers().end(),
                       [&](const Crowd::Peer& peer) { return peer.heard.ends_with(last); });
  }));
  EXPECT_EQ(crowd.open_count(), count);
  const auto message_bytes = [count](std::size_t from) {
    return send_bytes(populated_name("user", from), populated_name("user", (from + 1) % count),
                      "hello")
        .size();
  };
  for (std::size_t i = 0; i < count; ++i) {
    // Who it wrote to has a neighbour that wrote to it: a confirmation and a message.
    EXPECT_EQ(crowd.peers()[i].heard_bytes, bytes_of(response()).size() + message_bytes(i) +
                                                message_bytes((i + count - 1) % count) +
                                                last.size());
  }
  attack.end(
      fmt::format("{} connections over TLS, {} reloads of settings and certificate, a third wrong",
                  count, reloads),
      fmt::format("all stay connected, and every message arrives; what is new is used within {} ms "
                  "of the signal",
                  std::chrono::duration_cast<milliseconds>(longest).count()));
}

}  // namespace
}  // namespace tribar::test
