// SPDX-License-Identifier: MIT
//
// tribard reads its settings again on SIGHUP, and opens its log again.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

class ReloadProgram : public testing::Test {
 protected:
  /// Writes the settings: where it listens, and `more`.
  void write(std::string_view more) const {
    write_file(config_, fmt::format("{{\"listen\": [{{\"port\": 0}}]{}{}}}",
                                    more.empty() ? "" : ",\n", more));
  }

  void start(std::string_view more) {
    write(more);
    start({tribard(), "-c", config_});
  }
  void start(const std::vector<std::string>& arguments) {
    process_.emplace(arguments, Process::Stdio::Pipes);
  }
  void await_port() {
    process_->read_error_until("listening on 127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoi(process_->read_error_until("\n")));
  }

  void stop() {
    process_->signal(SIGTERM);
    EXPECT_EQ(process_->wait_for_exit(), 0) << process_->error();
  }

  /// Waits until the file at `path` has `text`, which the running server will write. Returns what
  /// is in it.
  std::string await_in_file(const std::string& path, std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string found;
    while (found.find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << text << " is not in " << path << ": " << found;
        break;
      }
      static_cast<void>(
          process_->await_output(std::chrono::steady_clock::now() + std::chrono::milliseconds(5)));
      found = std::filesystem::exists(path) ? read_file(path) : "";
    }
    return found;
  }

  TemporaryFolder folder_;
  std::string config_ = folder_.file("tribard.json");
  std::string log_ = folder_.file("tribard.log");
  std::optional<Process> process_;
  std::uint16_t port_ = 0;
};

TEST_F(ReloadProgram, SaysWhatASignalChanged) {
  start("");
  await_port();
  TestPeer ann = created(port_, "ann");
  write(R"("limits": {"accounts": 1}, "workers": 2)");
  process_->signal(SIGHUP);
  process_->read_error_until("reload: changed limits.accounts; needs a restart: workers\n");
  TestPeer bob(port_);
  bob.send(Create{"bob"});
  bob.expect(response("the server is at its limit of 1 accounts"));
  process_->signal(SIGHUP);
  process_->read_error_until("reload: no setting changed; needs a restart: workers\n");
  ann.expect_nothing_before_an_answer();
  stop();
}

// Whatever they are on may be slow.
TEST_F(ReloadProgram, ServesWhileItReadsItsSettings) {
  start("");
  await_port();
  TestPeer ann = created(port_, "ann");
  std::filesystem::remove(config_);
  ASSERT_EQ(mkfifo(config_.c_str(), 0600), 0);
  process_->signal(SIGHUP);
  std::ofstream settings(config_);  // waits until the server reads
  ann.expect_nothing_before_an_answer();
  process_->signal(SIGHUP);  // the settings may be others by then, so they are read once more
  settings << R"({"listen": [{"port": 0}], "limits": {"accounts": 1}})";
  settings.close();
  process_->read_error_until("reload: changed limits.accounts\n");
  settings.open(config_);
  settings << R"({"listen": [{"port": 0}], "limits": {"accounts": 2}})";
  settings.close();
  process_->read_error_until("reload: changed limits.accounts\n");
  static_cast<void>(created(port_, "bob"));
  stop();
}

// As if the file system hung.
TEST_F(ReloadProgram, EndsThoughItsSettingsCannotBeRead) {
  start("");
  await_port();
  std::filesystem::remove(config_);
  ASSERT_EQ(mkfifo(config_.c_str(), 0600), 0);
  process_->signal(SIGHUP);
  const std::ofstream settings(config_);  // waits until the server reads, and writes nothing
  process_->signal(SIGTERM);
  process_->read_error_until(
      "the settings or the files of TLS are still being read: ends without them\n");
  process_->read_error_until("stopped\n");
  EXPECT_EQ(process_->wait_for_exit(), 0) << process_->error();
}

TEST_F(ReloadProgram, SaysEachMistakeWithItsPlaceAndChangesNothing) {
  start("");
  await_port();
  write(R"("limits": {"accounts": 1},
  "workers": 65,
  "lisen": 1)");
  process_->signal(SIGHUP);
  process_->read_error_until(fmt::format(
      "reload: nothing applied: {}:3:14: workers must be 0 to 64, but is 65\n", config_));
  process_->read_error_until(
      fmt::format("reload: nothing applied: {}:4:3: \"lisen\" is not a "
                  "setting; did you mean \"listen\"?\n",
                  config_));
  std::filesystem::remove(config_);
  process_->signal(SIGHUP);
  process_->read_error_until(
      fmt::format("reload: nothing applied: cannot read {}: No such file or directory\n", config_));
  TestPeer ann = created(port_, "ann");
  TestPeer bob = created(port_, "bob");
  stop();
}

TEST_F(ReloadProgram, SaysWhereItListensThen) {
  start("");
  await_port();
  const std::string path = folder_.file("s");
  write_file(config_, fmt::format(R"({{"listen": [{{"socket": "{}"}}]}})", path));
  process_->signal(SIGHUP);
  process_->read_error_until("reload: changed listen\n");
  process_->read_error_until(fmt::format("listening on unix:{}\n", path));
  process_->read_error_until(fmt::format("not listening any more on 127.0.0.1:{}\n", port_));
  TestPeer ann = TestPeer::at_socket(path);
  ann.create("ann");
  stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ReloadProgram, ChangesTheLevelOfTheLog) {
  start("");
  await_port();
  write(R"("log": {"level": "debug"})");
  process_->signal(SIGHUP);
  process_->read_error_until("reload: changed log.level\n");
  TestPeer ann = created(port_, "ann");
  process_->read_error_until(": from 127.0.0.1:");
  stop();
}

TEST_F(ReloadProgram, HasNothingToReadAgainWithoutAFile) {
  write("");
  start({"/bin/sh", "-c", fmt::format("exec '{}' -c - <'{}'", tribard(), config_)});
  await_port();
  process_->signal(SIGHUP);
  process_->read_error_until(
      "reload: there are no settings to read again: they did not come from a file\n");
  stop();
}

TEST_F(ReloadProgram, GoesOnInANewLogWhenTheOldOneWasRenamed) {
  start(fmt::format(R"("log": {{"file": "{}"}})", log_));
  const std::string begin = await_in_file(log_, "listening on 127.0.0.1:");
  EXPECT_EQ(process_->error(), "");
  const std::string old = folder_.file("tribard.log.1");
  std::filesystem::rename(log_, old);
  // Even if the settings are wrong.
  write(R"("workers": 65)");
  process_->signal(SIGHUP);
  await_in_file(log_, "workers must be 0 to 64");
  EXPECT_TRUE(read_file(old).starts_with(begin.substr(0, 20)));
  EXPECT_EQ(read_file(old).find("workers"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(stat(log_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0137U, 0U) << "not for others, and not to be run";
  // And back to standard error.
  write("");
  process_->signal(SIGHUP);
  process_->read_error_until("reload: changed log.file\n");
  stop();
}

TEST_F(ReloadProgram, KeepsItsLogWhenAnotherCannotBeOpened) {
  const std::string settings = fmt::format(R"("log": {{"file": "{}"}})", log_);
  start(settings);
  await_in_file(log_, "listening on 127.0.0.1:");
  write(R"("log": {"file": "/nowhere/tribard.log"})");
  process_->signal(SIGHUP);
  await_in_file(log_,
                "reload: nothing applied: log.file: cannot open /nowhere/tribard.log: No such file "
                "or directory\n");
  // Nor can the one that is in use be opened once more: a folder is in its place.
  const std::string old = folder_.file("tribard.log.1");
  write(settings);
  std::filesystem::rename(log_, old);
  std::filesystem::create_directory(log_);
  process_->signal(SIGHUP);
  await_in_file(old, fmt::format("log.file: cannot open {}: Is a directory; lines still go where "
                                 "they went\n",
                                 log_));
  await_in_file(old, "reload: no setting changed\n");
  stop();
}

TEST_F(ReloadProgram, DoesNotStartWithALogThatCannotBeOpened) {
  write(R"("log": {"file": "/nowhere/tribard.log"})");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{tribard(), "-c", config_}, {tribard(), "-t", "-c", config_}}) {
    start(arguments);
    EXPECT_EQ(process_->wait_for_exit(), 74);
    EXPECT_EQ(process_->error(),
              "tribard: log.file: cannot open /nowhere/tribard.log: No such file or directory\n");
  }
  write(fmt::format(R"("log": {{"file": "{}"}})", log_));
  start({tribard(), "-t", "-c", config_});
  EXPECT_EQ(process_->wait_for_exit(), 0) << process_->error();
  EXPECT_FALSE(std::filesystem::exists(log_)) << "a check changes nothing";
}

TEST_F(ReloadProgram, ServesOnWhenTheDiskOfTheLogIsFull) {
  write(fmt::format(R"("log": {{"file": "{}"}})", log_));
  start({"/bin/sh", "-c", fmt::format("ulimit -f 4; exec '{}' -c '{}'", tribard(), config_)});
  // A line is written at once.
  const std::string begin = await_in_file(log_, "listening on 127.0.0.1:");
  port_ = static_cast<std::uint16_t>(
      std::stoi(begin.substr(begin.find("listening on 127.0.0.1:") + 23)));
  TestPeer ann = created(port_, "ann");
  while (read_file(log_).size() < 4 * 512) {
    ann.expect_nothing_before_an_answer();
    ASSERT_EQ(kill(process_->pid(), SIGUSR1), 0);
  }
  ASSERT_EQ(kill(process_->pid(), SIGUSR2), 0);
  ann.expect_nothing_before_an_answer();
  const std::string old = folder_.file("tribard.log.1");
  std::filesystem::rename(log_, old);
  process_->signal(SIGHUP);
  await_in_file(log_, "reload: no setting changed\n");
  await_in_file(log_, " lines were dropped: ");
  TestPeer bob = created(port_, "bob");
  stop();
}

}  // namespace
}  // namespace tribar::test
