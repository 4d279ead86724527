// SPDX-License-Identifier: MIT
//
// tribard and its store as a person meets them: what docs/storage.md says to type, how a start is
// refused, and a disk that is really full.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/daemon.h"
#include "support/process.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/tribarctl.h"

namespace tribar::test {
namespace {

const WireFrame kNoStorage = response("storage is not available, try again later");

/// Runs a program to its end; `text` is all that it wrote.
int run(const std::vector<std::string>& command, std::string& text) {
  Process process(command, Process::Stdio::Pipes);
  process.end_input();
  const int code = process.wait_for_exit();
  text = process.output() + process.error();
  return code;
}

/// The lines of docs/storage.md that are to be typed, about the store in `folder`.
std::vector<std::string> documented_commands(const std::string& folder) {
  std::ifstream document(std::string(TRIBAR_SOURCE_FOLDER) + "/docs/storage.md");
  std::vector<std::string> commands;
  bool is_code = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("```")) {
      is_code = line == "```sh";
    } else if (is_code && line.starts_with("sqlite3 ")) {
      commands.push_back("cd " + folder + " && " + line);
    }
  }
  return commands;
}

TEST(Storage, IsQueriedAndBackedUpAsDocumentedWhileTheServerRuns) {
  const TemporaryFolder folder;
  Daemon daemon(folder.path());
  TestPeer ann = created(daemon.port(), "ann");
  created(daemon.port(), "bob").close();
  ann.send_raw(send_bytes("ann", "bob", "hello there"));
  ann.expect(message("ann", "bob", "hello there"));
  const std::vector<std::string> commands = documented_commands(folder.path());
  ASSERT_GE(commands.size(), 3U);
  std::string all;
  for (const std::string& command : commands) {
    std::string text;
    EXPECT_EQ(run({"/bin/sh", "-c", command}, text), 0) << command << '\n' << text;
    all += text;
  }
  EXPECT_NE(all.find("hello there"), std::string::npos) << all;
  ann.send_raw(send_bytes("ann", "bob", "and on"));
  ann.expect(message("ann", "bob", "and on"));
  daemon.kill();
  // The backup is a store.
  const Opening backup = open_store(folder.file("backup.db"));
  ASSERT_TRUE(backup.store) << backup.error.text;
  EXPECT_EQ(backup.contents.accounts.size(), 2U);
  ASSERT_EQ(backup.contents.messages.size(), 1U);
  EXPECT_EQ(backup.contents.messages[0].text, "hello there");
}

TEST(Storage, IsVerified) {
  const TemporaryFolder folder;
  const std::string path = Daemon::store_in(folder.path());
  {
    Daemon daemon(folder.path());
    TestPeer ann = created(daemon.port(), "ann");
    ann.send_raw(send_bytes("ann", "ann", "x"));
    ann.expect(message("ann", "ann", "x"));
    created(daemon.port(), "bob").close();
    ann.send_raw(send_bytes("ann", "bob", "a text of its own"));
    daemon.stop();
  }
  const std::string tribard = Daemon::command(folder.path()).front();
  std::string text;
  EXPECT_EQ(run({tribard, "--verify-storage", path}, text), 0);
  EXPECT_EQ(
      text,
      path + ": 2 accounts, 0 with a secret, 1 messages with 17 bytes of text: all is well\n");
  // A report that cannot be written is a failure; a file that may not grow is as full as a disk.
  EXPECT_EQ(run({"/bin/sh", "-c",
                 "trap '' XFSZ; ulimit -f 0; exec \"$0\" --verify-storage \"$1\" >\"$2\"", tribard,
                 path, folder.file("report")},
                text),
            74);
  EXPECT_EQ(text, "tribard: standard output: File too large\n");
  std::string bytes = read_file(path);
  bytes[bytes.find("a text of its own")] = 'b';
  write_file(path, bytes);
  EXPECT_EQ(run({tribard, "--verify-storage", path}, text), 74);
  EXPECT_NE(text.find("damaged: message "), std::string::npos) << text;
  EXPECT_EQ(run({tribard, "--verify-storage", path + ".none"}, text), 78) << text;

  // The message is lost, named, and nothing else is.
  Daemon daemon(folder.path());
  EXPECT_NE(daemon.process().error().find("is lost: its checksum is wrong"), std::string::npos);
  TestPeer bob = logged_in(daemon.port(), "bob");
  bob.send(Deliver{});
  bob.expect_nothing_before_an_answer();
}

TEST(Storage, NamesTheCommandThatMakesAMissingFolder) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data");
  const std::string config = folder.file("tribard.json");
  const std::string tribard = Daemon::command(folder.path()).front();  // writes a config
  write_file(config, fmt::format(R"({{"listen": [{{"port": 0}}],
      "storage": {{"engine": "sqlite", "path": "{}/tribar.db"}}}})",
                                 data));
  std::string text;
  EXPECT_EQ(run({tribard, "-t", "-c", config}, text), 74);
  const std::string problem =
      fmt::format("{0}/tribar.db: its folder does not exist; create it with: ", data);
  EXPECT_EQ(text.find("tribard: " + problem), 0U) << text;
  std::string command = text.substr(text.find("with: ") + 6);
  EXPECT_EQ(run({tribard, "-c", config}, text), 74);
  EXPECT_NE(text.find(problem + command), std::string::npos) << text;

  EXPECT_EQ(run({"/bin/sh", "-c", command}, text), 0) << text;
  EXPECT_EQ(run({tribard, "-t", "-c", config}, text), 0) << text;
  EXPECT_EQ(text, config + ": the settings are valid\n");
  EXPECT_FALSE(std::ifstream(data + "/tribar.db").is_open());
  Process server({tribard, "-c", config}, Process::Stdio::Pipes);
  server.read_error_until("listening on 127.0.0.1:");
  EXPECT_EQ(run({tribard, "-t", "-c", config}, text), 0) << text;
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST(Storage, StopsAStartThatCannotBeTrusted) {
  const TemporaryFolder folder;
  const std::string path = Daemon::store_in(folder.path());
  std::string text;
  {
    Daemon first(folder.path());
    EXPECT_EQ(run(Daemon::command(folder.path()), text), 78);
    EXPECT_NE(text.find(path + ": is in use by another tribard"), std::string::npos) << text;
    first.stop();
  }
  std::string bytes = read_file(path);
  bytes[4096 + 3] = '\x7f';
  write_file(path, bytes);
  EXPECT_EQ(run(Daemon::command(folder.path()), text), 74);
  EXPECT_NE(text.find(path + ": the store is damaged: "), std::string::npos) << text;
  EXPECT_NE(text.find("restore a backup"), std::string::npos) << text;
  EXPECT_TRUE(read_file(path) == bytes);
}

// Two servers with one store confirmed what the other one destroyed.
TEST(Storage, IsOneServersByWhateverNameItIsReached) {
  const TemporaryFolder folder;
  const TemporaryFolder other;
  Daemon first(folder.path());
  const std::string path = Daemon::store_in(folder.path());
  const std::string link = Daemon::store_in(other.path());
  std::string text;
  std::filesystem::create_symlink(path, link);
  EXPECT_EQ(run(Daemon::command(other.path()), text), 78) << text;
  EXPECT_NE(text.find(link + ": is in use by another tribard"), std::string::npos) << text;
  std::filesystem::remove(link);
  std::filesystem::create_hard_link(path, link);
  EXPECT_EQ(run(Daemon::command(other.path()), text), 78) << text;
  EXPECT_NE(text.find(link + ": is in use by another tribard"), std::string::npos) << text;
  first.stop();
}

// A start waited for somebody who would write to the FIFO.
TEST(Storage, IsNoFifo) {
  const TemporaryFolder folder;
  const std::string path = Daemon::store_in(folder.path());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::string text;
  EXPECT_EQ(run(Daemon::command(folder.path()), text), 78) << text;
  EXPECT_NE(text.find(path + ": is a FIFO, but a store is a regular file"), std::string::npos)
      << text;
}

// Without anything to store nobody noticed.
TEST(Storage, IsMissedWithinSecondsAndFoundAgain) {
  const TemporaryFolder folder;
  Daemon daemon(folder.path());
  const std::string path = Daemon::store_in(folder.path());
  TestPeer ann = created(daemon.port(), "ann");
  std::filesystem::rename(path, path + ".away");
  daemon.process().read_error_until("storage fails: its file was removed or replaced");
  ann.send_raw(send_bytes("ann", "ann", "x"));
  ann.expect(kNoStorage);
  std::filesystem::rename(path + ".away", path);
  daemon.process().read_error_until("storage works again");
  daemon.stop();
}

TEST(Storage, StopsWithItsExitCodeWhileItFails) {
  const TemporaryFolder folder;
  Daemon daemon(folder.path());
  const std::string path = Daemon::store_in(folder.path());
  TestPeer ann = created(daemon.port(), "ann");
  std::filesystem::rename(path, path + ".away");
  daemon.process().read_error_until("storage fails: ");
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait_for_exit(), 74) << daemon.process().error();
  EXPECT_NE(daemon.process().error().find("storage still fails at the end: its file was removed"),
            std::string::npos)
      << daemon.process().error();
}

// All was well, and a start deleted the message without a word.
TEST(Storage, IsVerifiedWithTheMessagesOfNobody) {
  const TemporaryFolder folder;
  const std::string path = Daemon::store_in(folder.path());
  {
    const Opening opening = open_store(path);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(
        commit(*opening.store,
               {AccountCreated{AccountId{1}, UnixMs{1}, "ann"},
                AccountCreated{AccountId{2}, UnixMs{1}, "bob"}, NumbersReserved{MessageNumber{9}},
                MessageKept{MessageNumber{1}, AccountId{2}, UnixMs{1}, "ann", "hello"},
                AccountDeleted{AccountId{2}}}),
        "");
  }
  const std::string tribard = Daemon::command(folder.path()).front();
  std::string text;
  EXPECT_EQ(run({tribard, "--verify-storage", path}, text), 0);
  EXPECT_EQ(text, "removed at the next start: 1 message for account 2, which does not exist\n" +
                      path +
                      ": 1 accounts, 0 with a secret, 1 messages with 5 bytes of text: usable, "
                      "with leftovers\n");
  {
    Daemon daemon(folder.path());
    daemon.stop();
    EXPECT_NE(daemon.process().error().find("removed 1 message of deleted accounts"),
              std::string::npos)
        << daemon.process().error();
  }
  EXPECT_EQ(run({tribard, "--verify-storage", path}, text), 0);
  EXPECT_EQ(text,
            path + ": 1 accounts, 0 with a secret, 0 messages with 0 bytes of text: all is well\n");
}

#ifdef TRIBAR_CAN_MOUNT
// What belongs beside it would be outside, and gone with a container.
TEST(Storage, IsNotMountedByItself) {
  ASSERT_EQ(unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  const TemporaryFolder folder;
  const TemporaryFolder volume;
  const std::string path = Daemon::store_in(folder.path());
  const std::string real = Daemon::store_in(volume.path());
  write_file(path, "");
  for (const bool is_store : {false, true}) {
    write_file(real, "");
    if (is_store) {
      ASSERT_TRUE(open_store(real).store);
    }
    const std::string before = read_file(real);
    ASSERT_EQ(mount(real.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0);
    std::string text;
    EXPECT_EQ(run(Daemon::command(folder.path()), text), 78) << text;
    EXPECT_NE(text.find(path + ": is mounted as a single file"), std::string::npos) << text;
    EXPECT_NE(text.find("mount its folder"), std::string::npos) << text;
    ASSERT_EQ(umount2(path.c_str(), MNT_DETACH), 0);
    EXPECT_TRUE(read_file(real) == before);
  }
}

TEST(Storage, OutlivesAFullDisk) {
  // In a namespace of this process and its children: gone with them.
  ASSERT_EQ(unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  const TemporaryFolder folder;
  ASSERT_EQ(mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m"), 0);
  std::uint64_t confirmed = 0;
  {
    Daemon daemon(folder.path());
    TestPeer ann = created(daemon.port(), "ann");
    created(daemon.port(), "bob").close();
    // Until it is full: then the sender hears nothing, and is closed in the end.
    const std::string text(1000, 'x');
    for (std::uint64_t number = 1; number <= 100'000; ++number) {
      ann.send_raw(send_bytes("ann", "bob", std::to_string(number) + text));
      std::vector<WireFrame> frames;
      try {
        const WireFrame answer = ann.receive();
        ASSERT_EQ(answer.code, 2);
        confirmed = number;
      } catch (const PeerError&) {
        break;
      }
    }
    EXPECT_GT(confirmed, 0U);
    daemon.process().read_error_until("storage fails: ");
    TestPeer asker(daemon.port());
    asker.send(List{""});
    asker.expect(names({"ann", "bob"}));
    asker.send(Create{"cat"});
    asker.expect(kNoStorage);
    // Room again, and it goes on by itself.
    ASSERT_EQ(mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    daemon.process().read_error_until("storage works again");
    WireFrame answer = kNoStorage;
    while (answer == kNoStorage) {
      asker.send(Create{"cat"});
      answer = asker.receive();
    }
    EXPECT_EQ(answer, response());
    EXPECT_EQ(daemon.process().error().find("storage fails: "),
              daemon.process().error().rfind("storage fails: "));
    daemon.kill();
  }
  Daemon daemon(folder.path());
  TestPeer bob = logged_in(daemon.port(), "bob");
  bob.send(Deliver{});
  for (std::uint64_t number = 1; number <= confirmed; ++number) {
    ASSERT_TRUE(bob.receive().data.starts_with("ann|||bob|||" + std::to_string(number) + "x"));
  }
  daemon.stop();
  umount2(folder.path().c_str(), MNT_DETACH);
}

TEST(Storage, IsNotBackedUpOntoAFullDiskNorOntoOneThatIsReadOnly) {
  ASSERT_EQ(unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  const TemporaryFolder folder;
  const TemporaryFolder small;
  ASSERT_EQ(mount("tmpfs", small.path().c_str(), "tmpfs", 0, "size=16k"), 0);
  DaemonSettings settings;
  const std::string control = folder.file("control");
  settings.others = fmt::format(R"("control": {{"socket": "{}"}})", control);
  Daemon daemon(folder.path(), settings);
  TestPeer ann = created(daemon.port(), "ann");
  created(daemon.port(), "bob").close();
  const std::string text(30'000, 'x');
  ann.send_raw(send_bytes("ann", "bob", text));
  ann.expect(message("ann", "bob", text));
  const std::string backup = small.file("backup.db");
  const Said full = ask_control(control, {"backup", backup});
  EXPECT_EQ(full.code, 1);
  EXPECT_NE(full.error.find(backup + ": "), std::string::npos) << full.error;
  EXPECT_NE(full.error.find("full"), std::string::npos) << full.error;
  EXPECT_FALSE(std::filesystem::exists(backup)) << "half a copy is none";
  ASSERT_EQ(mount("tmpfs", small.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16k"), 0);
  const Said read_only = ask_control(control, {"backup", backup});
  EXPECT_EQ(read_only.code, 1);
  EXPECT_EQ(read_only.error, fmt::format("tribarctl: {}: Read-only file system\n", backup));
  // Where there is room it works, and nobody noticed anything meanwhile.
  EXPECT_EQ(ask_control(control, {"backup", folder.file("backup.db")}).code, 0);
  ann.expect_nothing_before_an_answer();
  daemon.stop();
  umount2(small.path().c_str(), MNT_DETACH);
}
#endif

}  // namespace
}  // namespace tribar::test
