// SPDX-License-Identifier: MIT
//
// scripts/setup, on a Debian system of which the test says what is installed: what it installs, and
// what it says when it cannot.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string error;
};

class Setup : public testing::Test {
 protected:
  Setup() {
    // Asked for each package by its name, which is the last argument.
    add_program("dpkg-query",
                "for name; do :; done\n"
                "grep -qx \"$name\" \"$FOLDER/missing\" || printf 'installed '\n");
    add_program("apt-get",
                "echo \"$@\" >>\"$FOLDER/calls\"\n"
                "test ! -e \"$FOLDER/no-network\"\n");
    add_program("sudo", "exec \"$@\"\n");
    write_file(folder_.file("calls"), "");
    write_file(folder_.file("missing"), "");
  }

  void add_program(const std::string& name, const std::string& script) {
    write_file(folder_.file(name), "#!/bin/sh\n" + script);
    chmod(folder_.file(name).c_str(), 0755);
  }

  [[nodiscard]] Outcome run() const {
    Process setup(
        {"/usr/bin/env", "FOLDER=" + folder_.path(), "PATH=" + folder_.path() + ":/usr/bin:/bin",
         TRIBAR_SOURCE_FOLDER "/scripts/setup"},
        Process::Stdio::Pipes);
    setup.end_input();
    const int exit_code = setup.wait_for_exit();
    return {exit_code, setup.output(), setup.error()};
  }

  [[nodiscard]] std::string calls() const { return read_file(folder_.file("calls")); }

  const TemporaryFolder folder_;
};

TEST_F(Setup, DoesNothingWhenNothingIsMissing) {
  const Outcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(outcome.output + outcome.error, "");
  EXPECT_EQ(calls(), "");
}

TEST_F(Setup, InstallsWhatIsMissing) {
  write_file(folder_.file("missing"), "libuv1-dev\nlibpq-dev\n");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(calls(), "update -qq\ninstall -y -qq --no-install-recommends libuv1-dev libpq-dev\n");
}

// It ended without a word of what was missing.
TEST_F(Setup, NamesTheCommandWhenItCannotInstall) {
  write_file(folder_.file("missing"), "libuv1-dev\nlibpq-dev\n");
  write_file(folder_.file("no-network"), "");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.error,
            "packages are missing, and could not be installed; run as root:\n"
            "  apt-get install -y --no-install-recommends libuv1-dev libpq-dev\n");
}

}  // namespace
}  // namespace tribar::test
