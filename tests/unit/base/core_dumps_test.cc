// SPDX-License-Identifier: MIT
//
// A process that forbade core dumps leaves none. Each in a child: it cannot be taken back.
#include "base/core_dumps.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <csignal>

namespace tribar {
namespace {

/// How a child ends that calls `act`, and with 0 if that returns true.
template <typename Act>
int status_of_child(Act act) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(act() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

/// Core dumps are as large as they may be made in this process.
void allow_core_dumps() {
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CORE, &limit);
}

TEST(ForbidCoreDumps, LeavesNoLimitToRaise) {
  EXPECT_EQ(status_of_child([] {
              allow_core_dumps();
              forbid_core_dumps();
              rlimit limit{1, 1};
              return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 &&
                     limit.rlim_max == 0;
            }),
            0);
}

#if defined(__linux__)
TEST(ForbidCoreDumps, MakesTheProcessNotDumpable) {
  EXPECT_EQ(status_of_child([] {
              forbid_core_dumps();
              return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
            }),
            0);
}
#endif

TEST(ForbidCoreDumps, HoldsWhenTheProcessCrashes) {
  const int status = status_of_child([] {
    forbid_core_dumps();
    // A sanitizer would handle it.
    std::signal(SIGSEGV, SIG_DFL);
    return std::raise(SIGSEGV) == 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSEGV);
  EXPECT_FALSE(WCOREDUMP(status));
}

}  // namespace
}  // namespace tribar
