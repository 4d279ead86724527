// SPDX-License-Identifier: MIT
//
// What is read of the system's limits on memory, and how a config is made to fit.
#include "config/memory_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace tribar {
namespace {

namespace fs = std::filesystem;
using Found = std::optional<std::uint64_t>;

void put(const std::string& folder, const std::string& file, const std::string& text) {
  fs::create_directories(folder);
  test::write_file(folder + '/' + file, text);
}

TEST(GroupLimit, IsTheLeastUpToTheRootInVersion2) {
  const test::TemporaryFolder mount;
  const std::string root = mount.path();
  EXPECT_EQ(group_limit("0::/a/b\n", root), Found());
  put(root + "/a/b", "memory.max", "max\n");
  EXPECT_EQ(group_limit("0::/a/b\n", root), Found());
  put(root + "/a", "memory.max", "67108864\n");
  EXPECT_EQ(group_limit("0::/a/b\n", root), Found(67108864));
  put(root + "/a/b", "memory.max", "1000\n");
  EXPECT_EQ(group_limit("0::/a/b\n", root), Found(1000));
  // What others may use says nothing.
  EXPECT_EQ(group_limit("0::/c\n", root), Found());
  put(root, "memory.max", "500\n");
  EXPECT_EQ(group_limit("0::/\n", root), Found(500));
}

TEST(GroupLimit, IsThatOfTheMemoryControllerInVersion1) {
  const test::TemporaryFolder mount;
  const std::string root = mount.path();
  const std::string memberships = "11:cpu,cpuacct:/x\n10:hugetlb,memory:/a\n1:name=systemd:/a\n";
  put(root + "/memory/a", "memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(group_limit(memberships, root), Found());
  put(root + "/memory/a", "memory.limit_in_bytes", "5000\n");
  EXPECT_EQ(group_limit(memberships, root), Found(5000));
}

TEST(GroupLimit, IsNoneWhereNothingIsSaid) {
  for (const char* text : {"", "\n", ":", "0:", "nonsense", "0::", "1:memory:"}) {
    EXPECT_EQ(group_limit(text, "/nowhere"), Found()) << text;
  }
}

TEST(MemoryLimit, IsWhatTheResourceLimitLeaves) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
  rlimit low = before;
  low.rlim_cur = rlim_t{1} << 33;
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &low), 0);
  const auto limits = memory_limits();
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &before), 0);
  const auto one = tightest(limits, 1);
  const auto nine = tightest(limits, 9);
  ASSERT_TRUE(one);
  ASSERT_TRUE(nine);
  EXPECT_LT(one->bytes, std::uint64_t{1} << 33);
  EXPECT_LE(nine->bytes, one->bytes);
}

TEST(MemoryLimit, IsTheOneThatLeavesLeastWithTheThreads) {
  EXPECT_EQ(tightest({}, 7), std::nullopt);
  const std::vector<MemoryLimit> limits{{1000, "addresses", true, 100}, {700, "group", false, 0}};
  EXPECT_EQ(tightest(limits, 2), (MemoryLimit{700, "group", false, 0}));
  EXPECT_EQ(tightest(limits, 4), (MemoryLimit{600, "addresses", true, 100}));
  EXPECT_EQ(tightest(limits, 11), (MemoryLimit{0, "addresses", true, 100}));
}

TEST(FitIntoMemory, LeavesWhatFits) {
  Config::Limits limits;
  EXPECT_EQ(fit_into_memory(limits, std::uint64_t{1} << 40, false), std::vector<std::string>{});
  EXPECT_EQ(limits, Config::Limits{});
}

TEST(FitIntoMemory, LowersWhatDoesNot) {
  Config::Limits limits;
  EXPECT_EQ(fit_into_memory(limits, 48 << 20, false),
            (std::vector<std::string>{"limits.connections from 10000 to 2048",
                                      "limits.accounts from 1000000 to 16384",
                                      "limits.queued_bytes from 1073741824 to 6291456",
                                      "limits.buffered_bytes from 536870912 to 4194304"}));
  Config::Limits expected;
  expected.connections = 2048;
  expected.accounts = 16384;
  expected.queued_bytes = 6 << 20;
  expected.buffered_bytes = 4 << 20;
  EXPECT_EQ(limits, expected);
  // What is low enough stays.
  limits = {};
  limits.connections = 10;
  limits.accounts = 20;
  limits.queued_bytes = 2 << 20;
  EXPECT_EQ(fit_into_memory(limits, 48 << 20, false),
            std::vector<std::string>{"limits.buffered_bytes from 536870912 to 4194304"});
}

TEST(FitIntoMemory, KeepsBudgetsInTheirRange) {
  Config::Limits limits;
  EXPECT_EQ(fit_into_memory(limits, 8 << 20, false).size(), 4U);
  EXPECT_EQ(limits.queued_bytes, 1U << 20);
  EXPECT_EQ(limits.buffered_bytes, 1U << 20);
  EXPECT_GT(limits.connections, 100U);
  EXPECT_GT(limits.accounts, 1000U);
}

TEST(FitIntoMemory, CountsWhatConnectionsTakeForTls) {
  Config::Limits limits;
  EXPECT_EQ(fit_into_memory(limits, std::uint64_t{1} << 40, true), std::vector<std::string>{});
  static_cast<void>(fit_into_memory(limits, 512 << 20, true));
  EXPECT_EQ(limits.connections, (512U << 20) / 4 / (66 << 10));
  EXPECT_EQ(limits.queued_bytes, 64U << 20);
  static_cast<void>(fit_into_memory(limits, 8 << 20, true));
  EXPECT_GE(limits.connections, 30U);
}

TEST(FitIntoMemory, RefusesToStartWithNextToNothing) {
  Config::Limits limits;
  EXPECT_THROW(static_cast<void>(fit_into_memory(limits, (8 << 20) - 1, false)),
               std::runtime_error);
  EXPECT_THROW(static_cast<void>(fit_into_memory(limits, 0, false)), std::runtime_error);
}

}  // namespace
}  // namespace tribar
