// SPDX-License-Identifier: MIT
//
// README.md's "Open it to others", as somebody follows it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "programs/client_rig.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar {
namespace {

using test::Outcome;

/// A shell runs `script` in `folder`.
Outcome run(const std::string& script, const test::TemporaryFolder& folder,
            std::string_view input = "") {
  test::Process process({"/bin/sh", "-c", "cd '" + folder.path() + "' && {\n" + script + "\n}"},
                        test::Process::Stdio::Pipes, {"XDG_STATE_HOME=" + folder.path()});
  process.send(input);
  process.end_input();
  return test::outcome_of(process);
}

std::string readme() {
  const std::ifstream file(TRIBAR_SOURCE_FOLDER "/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The `at`th block of code of the section, of the kind `language`.
std::string block(std::string_view language, std::size_t at) {
  const std::string text = readme();
  std::size_t from = text.find("\n## Open it to others\n");
  EXPECT_NE(from, std::string::npos);
  const std::string fence = "\n```" + std::string(language) + "\n";
  for (std::size_t i = 0; i <= at; ++i) {
    from = text.find(fence, from);
    EXPECT_NE(from, std::string::npos) << language << ' ' << at;
    from += fence.size();
  }
  return text.substr(from, text.find("\n```", from) - from);
}

void replace(std::string& text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what << " in " << text;
  text.replace(at, what.size(), with);
}

TEST(Readme, OpensAServerToOthers) {
  const test::TemporaryFolder folder;
  const Outcome made = run(block("sh", 0), folder);
  ASSERT_EQ(made.exit_code, 0) << made.error;
  std::string config = block("json", 0);
  replace(config, "0.0.0.0", "127.0.0.1");
  replace(config, "9000", "0");
  replace(config, "cert.pem", folder.file("cert.pem"));
  replace(config, "key.pem", folder.file("key.pem"));
  test::RunningServer server(config);

  std::string command = block("sh", 1);
  replace(command, "build/src/client/tribar", "'" + test::program("TRIBAR") + "'");
  replace(command, ":9000", server.address().substr(server.address().find(':')));
  const Outcome talk =
      run(command, folder, "create_account\nann\nann's secret\nann's secret\nl\n\n");
  EXPECT_EQ(talk.exit_code, 0) << talk.error;
  EXPECT_NE(talk.output.find("Logged in as: ann\n"), std::string::npos) << talk.output;
  EXPECT_NE(talk.output.find("\tann (online)\n"), std::string::npos) << talk.output;

  const Outcome refused = run(command, folder, "create_account\nbob\n\n");
  EXPECT_EQ(refused.output.find("Logged in as: bob"), std::string::npos) << refused.output;
}

}  // namespace
}  // namespace tribar
