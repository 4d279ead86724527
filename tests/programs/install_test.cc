// SPDX-License-Identifier: MIT
//
// `meson install` into a folder of the test's own: what is installed starts, and what was edited
// stays.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

struct Outcome {
  int exit_code = 0;
  std::string output;
};

Outcome run(const std::vector<std::string>& command) {
  Process process(command, Process::Stdio::Pipes);
  process.end_input();
  const int exit_code = process.wait_for_exit();
  return {exit_code, process.output() + process.error()};
}

/// Installs what was built, as if `root` were the root of the system.
void install_in(const TemporaryFolder& root) {
  const Outcome outcome = run({TRIBAR_MESON, "install", "-C", TRIBAR_BUILD_FOLDER, "--no-rebuild",
                               "--destdir", root.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

std::string config_in(const TemporaryFolder& root) {
  return root.path() + TRIBAR_CONFIG_FOLDER "/tribard.json";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The folder of its store was missing.
TEST(Install, LeavesAServerThatStarts) {
  const TemporaryFolder root;
  install_in(root);
  const std::string installed = read_file(config_in(root));
  EXPECT_EQ(mode_of(config_in(root)), 0644U);
  // As it is but for the root, and a port that another server may have.
  const std::string config = root.file("moved.json");
  write_file(config,
             replaced(replaced(installed, TRIBAR_STORE_FOLDER, root.path() + TRIBAR_STORE_FOLDER),
                      "\"port\": 9000", "\"port\": 0"));
  if (installed.find("\"engine\": \"sqlite\"") != std::string::npos) {
    EXPECT_EQ(mode_of(root.path() + TRIBAR_STORE_FOLDER), 0700U);
  }
  const std::string tribard = root.path() + TRIBAR_PROGRAM_FOLDER "/tribard";
  const Outcome check = run({tribard, "-t", "-c", config});
  EXPECT_EQ(check.exit_code, 0) << check.output;
  Process server({tribard, "-c", config}, Process::Stdio::Pipes);
  server.read_error_until("listening on 127.0.0.1:");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST(Install, LooksForTheSettingsWhereItPutsThem) {
  const TemporaryFolder root;
  install_in(root);
  const Outcome help = run({root.path() + TRIBAR_PROGRAM_FOLDER "/tribard", "--help"});
  EXPECT_NE(help.output.find("\n" TRIBAR_CONFIG_FOLDER "/tribard.json,"), std::string::npos)
      << help.output;
}

// The second time it was overwritten.
TEST(Install, KeepsSettingsThatWereEdited) {
  const TemporaryFolder root;
  install_in(root);
  const std::string config = config_in(root);
  const std::string store = root.path() + TRIBAR_STORE_FOLDER;
  const std::string installed = read_file(config);
  const std::string edited = replaced(installed, "\"workers\": 0", "\"workers\": 2");
  write_file(config, edited);
  chmod(config.c_str(), 0600);
  const bool has_store = chmod(store.c_str(), 0750) == 0;

  install_in(root);
  EXPECT_EQ(read_file(config), edited);
  EXPECT_EQ(mode_of(config), 0600U);
  EXPECT_EQ(read_file(config + ".new"), installed);
  EXPECT_TRUE(!has_store || mode_of(store) == 0750U);

  // Who takes the new ones is left with them alone.
  write_file(config, installed);
  install_in(root);
  EXPECT_EQ(read_file(config), installed);
  EXPECT_FALSE(std::filesystem::exists(config + ".new"));
}

/// What one installation has put where; the tests only look.
class Installed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    install_in(*folder_);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  [[nodiscard]] static const std::string& root() { return folder_->path(); }

 private:
  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(Installed, CompletionsAndDocumentsAreWhereTheyAreLookedFor) {
  const std::string data = root() + TRIBAR_DATA_FOLDER;
  for (const std::string program : {"tribard", "tribarctl", "tribar", "tribar-stress"}) {
    for (const std::string& path :
         {"/bash-completion/completions/" + program + ".bash", "/zsh/site-functions/_" + program,
          "/fish/vendor_completions.d/" + program + ".fish"}) {
      EXPECT_NE(read_file(data + path).find(program), std::string::npos) << path;
    }
  }
  for (const char* path : {"README.md", "LICENSE", "config/tribard.json", "docs/licenses.md"}) {
    EXPECT_EQ(read_file(data + "/doc/tribard/" + path),
              read_file(std::string(TRIBAR_SOURCE_FOLDER "/") + path))
        << path;
  }
  // Every document is there, with its pictures.
  for (const auto& entry : std::filesystem::directory_iterator(TRIBAR_SOURCE_FOLDER "/docs")) {
    if (entry.is_regular_file()) {
      const std::string path = data + "/doc/tribard/docs/" + entry.path().filename().string();
      EXPECT_TRUE(std::filesystem::exists(path)) << path;
    }
  }
}

TEST_F(Installed, ManualPagesAreWithoutMistakes) {
#ifdef TRIBAR_HAS_PAGES
  const std::string folder = root() + TRIBAR_DATA_FOLDER "/man";
  const bool has_man = access("/usr/bin/man", X_OK) == 0;
  for (const std::string page : {"/man8/tribard.8", "/man8/tribarctl.8", "/man1/tribar.1",
                                 "/man1/tribar-stress.1", "/man5/tribard.json.5"}) {
    EXPECT_TRUE(std::filesystem::exists(folder + page)) << page;
    if (has_man) {
      const Outcome shown =
          run({"/usr/bin/env", "MANROFFSEQ=", "/usr/bin/man", "--warnings", "--local-file",
               "--encoding=UTF-8", "--troff-device=utf8", "--ditroff", folder + page});
      EXPECT_EQ(shown.exit_code, 0) << shown.output;
      EXPECT_EQ(shown.output.find("warning"), std::string::npos) << shown.output;
    }
  }
#else
  GTEST_SKIP() << "scdoc was not there when this was configured";
#endif
}

TEST_F(Installed, UnitRunsTheInstalledServerConfined) {
  const std::string unit = root() + TRIBAR_UNIT_FOLDER "/tribard.service";
  const std::string text = read_file(unit);
  for (const char* line : {"\nExecStart=" TRIBAR_PROGRAM_FOLDER
                           "/tribard --config " TRIBAR_CONFIG_FOLDER "/tribard.json\n",
                           "\nDynamicUser=yes\n", "\nStateDirectory=tribar\n",
                           "\nRuntimeDirectory=tribar\n", "\nNoNewPrivileges=yes\n",
                           "\nCapabilityBoundingSet=\n", "\nSystemCallFilter=@system-service\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  const std::string analyze = "/usr/bin/systemd-analyze";
  if (access(analyze.c_str(), X_OK) != 0) {
    GTEST_SKIP() << "systemd-analyze is not installed";
  }
  // Of 10, where 10 is a program without any confinement.
  const Outcome outcome =
      run({analyze, "security", "--no-pager", "--offline=true", "--threshold=15", unit});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("exposure level for tribard.service"), std::string::npos)
      << outcome.output;
}

}  // namespace
}  // namespace tribar::test
