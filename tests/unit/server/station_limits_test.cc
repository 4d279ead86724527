// SPDX-License-Identifier: MIT
//
// What the settings come to: threads, and the limits of each station.
#include "server/station_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "secrets/vault.h"

namespace tribar {
namespace {

TEST(StationLimits, ThreadsAreAsConfiguredOrByTheCores) {
  Config config;
  config.workers = 7;
  config.secrets.threads = 3;
  EXPECT_EQ(worker_count(config), 7U);
  EXPECT_EQ(vault_thread_count(config), 3U);
  config.workers = 0;
  config.secrets.threads = 0;
  EXPECT_GE(worker_count(config), 1U);
  EXPECT_GE(vault_thread_count(config), 1U);
}

TEST(StationLimits, AreDividedAmongTheLoopsButThoseOnConnections) {
  Config config;
  config.io_loops = 4;
  config.limits.buffered_bytes = 4096;
  config.limits.connections_per_address = 9;
  config.limits.new_connections_per_second = 10;
  config.limits.handshakes_per_second = 0;
  const SwitchboardLimits limits = switchboard_limits(config, 100);
  EXPECT_EQ(limits.buffered_bytes, 1024U);
  EXPECT_EQ(limits.connections, 100U);
  EXPECT_EQ(limits.connections_per_address, 9U);
  EXPECT_EQ(registry_limits(config).listing_bytes, 1024U);
  EXPECT_EQ(acceptor_limits(config).new_connections_per_second, 3U);  // rounded up
  EXPECT_EQ(acceptor_limits(config).handshakes_per_second, 0U);       // none stays none
}

TEST(StationLimits, AreLoweredToFitIntoMemory) {
  Config config;
  EXPECT_EQ(fitted(config, std::nullopt).limits, config.limits);
  const MemoryLimit memory{std::uint64_t{64} << 20, "the test", false};
  EXPECT_LT(fitted(config, memory).limits.buffered_bytes, config.limits.buffered_bytes);
  const MemoryLimit too_small{1, "the test", false};
  EXPECT_THROW(static_cast<void>(fitted(config, too_small)), std::runtime_error);
}

TEST(StationLimits, AThreadThatChecksSecretsTakesMemory) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  const std::vector<MemoryLimit> limits{{1000, "the test", true, 10}};
  Config config;
  config.workers = 2;
  config.secrets.threads = 3;
  EXPECT_EQ(memory_for(config, limits)->bytes, 950U);
  config.secrets.threads = 8;
  EXPECT_EQ(memory_for(config, limits)->bytes, 900U);
}

/// The process's limit on descriptors, put back at the end.
class DescriptorLimit : public testing::Test {
 protected:
  DescriptorLimit() { getrlimit(RLIMIT_NOFILE, &former_); }
  ~DescriptorLimit() override { setrlimit(RLIMIT_NOFILE, &former_); }
  void allow(rlim_t soft, rlim_t hard) const {
    const rlimit limit{soft, hard};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  [[nodiscard]] static rlim_t soft() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit former_{};
};

TEST_F(DescriptorLimit, IsRaisedAsFarAsAllowed) {
  Config config;
  config.limits.connections = 300;
  allow(100, 1000);
  EXPECT_EQ(connection_limit(config), 300U);
  EXPECT_GT(soft(), 300U);
}

TEST_F(DescriptorLimit, LowersTheConnectionsOtherwise) {
  Config config;
  config.limits.connections = 1000;
  allow(500, 500);
  const std::uint64_t possible = connection_limit(config);
  EXPECT_LT(possible, 500U);
  EXPECT_GT(possible, 0U);
  // A further Unix socket costs one.
  config.listen.push_back({.socket = "/somewhere"});
  EXPECT_LT(connection_limit(config), possible);
  allow(20, 20);
  EXPECT_THROW(static_cast<void>(connection_limit(config)), std::runtime_error);
}

}  // namespace
}  // namespace tribar
