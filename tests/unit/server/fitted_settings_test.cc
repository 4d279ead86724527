// SPDX-License-Identifier: MIT
//
// What the settings say, and what of that is in effect.
#include "server/fitted_settings.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <utility>

namespace tribar {
namespace {

TEST(FittedSettings, AreInEffectOnceTheyAreUsed) {
  FittedSettings settings{Config{}};
  const Config* const place = &settings.in_effect();
  const std::uint64_t accounts = settings.counters().accounts.read();
  Config other = settings.asked();
  other.limits.accounts = 7;
  other.limits.connections = 5;
  auto fit = settings.fit(other);
  ASSERT_TRUE(fit);
  EXPECT_EQ(settings.asked(), Config{});
  EXPECT_EQ(settings.counters().accounts.read(), accounts);
  settings.use(std::move(fit.value()));
  EXPECT_EQ(settings.asked(), other);
  EXPECT_EQ(&settings.in_effect(), place);
  EXPECT_EQ(settings.in_effect().limits.accounts, 7U);
  EXPECT_EQ(settings.connections(), 5U);
  EXPECT_EQ(settings.counters().accounts.read(), 7U);
  EXPECT_EQ(settings.counters().connections.read(), 5U);
}

TEST(FittedSettings, SayWhatWasAskedForAndUseWhatFits) {
  rlimit former{};
  getrlimit(RLIMIT_NOFILE, &former);
  const rlimit few{500, 500};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  FittedSettings settings{Config{}};
  Config other = settings.asked();
  other.limits.connections = 5000;
  auto fit = settings.fit(other);
  ASSERT_TRUE(fit);
  settings.use(std::move(fit.value()));
  EXPECT_EQ(settings.asked(), other);
  EXPECT_EQ(settings.in_effect().limits.connections, 5000U);
  EXPECT_LT(settings.connections(), 500U);
  EXPECT_EQ(settings.counters().connections.read(), settings.connections());
  setrlimit(RLIMIT_NOFILE, &former);
}

TEST(FittedSettings, OfWhichNothingFitsChangeNothing) {
  rlimit former{};
  getrlimit(RLIMIT_NOFILE, &former);
  FittedSettings settings{Config{}};
  const rlimit none{20, 20};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Config other = settings.asked();
  other.limits.accounts = 7;
  const auto fit = settings.fit(other);
  ASSERT_FALSE(fit);
  EXPECT_EQ(fit.error().substr(0, 27), "the limit on descriptors is");
  EXPECT_TRUE(settings.fit(settings.asked())) << "they are in effect";
  EXPECT_EQ(settings.asked(), Config{});
  setrlimit(RLIMIT_NOFILE, &former);
}

}  // namespace
}  // namespace tribar
