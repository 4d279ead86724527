// SPDX-License-Identifier: MIT
//
// Registry against a model that knows the protocol and nothing of credit, backlogs and slices,
// under random peers and limits so small that everything is always at one.
#include <gtest/gtest.h>

#include <random>

#include "support/registry_world.h"

namespace tribar {
namespace {

constexpr std::uint64_t kInputs = 20000;
constexpr std::uint64_t kChecks = 2000;

WorldSettings settings_of(std::uint64_t seed) {
  std::mt19937_64 random(seed * 7919);
  WorldSettings settings;
  settings.keeps_records = seed % 2 == 0;
  settings.has_long_names = seed % 10 == 0;
  settings.connections = 2 + random() % 6;
  settings.limits.outbox_bytes = 1 + random() % 600;
  settings.limits.accounts = 2 + random() % 7;
  settings.limits.undelivered_messages = 1 + random() % 30;
  settings.limits.undelivered_bytes = 100 + random() % 3000;
  settings.limits.queued_bytes = 200 + random() % 6000;
  settings.limits.list_names = settings.has_long_names ? 1000 : 1 + random() % 8;
  return settings;
}

class RegistryModelTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RegistryModelTest, DoesWhatTheModelDoes) {
  const std::uint64_t seed = GetParam();
  std::mt19937_64 random(seed);
  RegistryWorld world(settings_of(seed), [&random](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  });
  std::uint64_t next_check = kChecks;
  while (world.inputs() < kInputs && world.trouble().empty()) {
    world.step();
    if (world.inputs() >= next_check) {
      next_check += kChecks;
      world.check_store();
      if (random() % 2 == 0) {
        world.settle();
      }
    }
  }
  world.drain();
  EXPECT_EQ(world.trouble(), "") << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegistryModelTest, testing::Range<std::uint64_t>(1, 56));

}  // namespace
}  // namespace tribar
