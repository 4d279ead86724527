// SPDX-License-Identifier: MIT
//
// The line that is typed, on a terminal: what a person sees. $EDITOR_DRIVER is editor_driver.
#include "client/editor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "support/temporary_folder.h"
#include "support/terminal_window.h"

namespace tribar {
namespace {

using test::Screen;
using test::TerminalWindow;

constexpr int kPatienceMs = 30000;
const std::string kPasteBegin = "\x1b[200~";
const std::string kPasteEnd = "\x1b[201~";
const std::string kLeft = "\x1b[D";
const std::string kUp = "\x1b[A";
const std::string kDown = "\x1b[B";

/// The driver, and then what a shell gets of what was typed.
const std::string kReadsALine =
    "sh -c 'echo $$ >$3; exec $0 $1 $2' $0 $1 $2 $3 2>/dev/null;"
    "printf '[shell]'; read line; printf 'got [%s]' \"$line\"";

class EditorTest : public testing::Test {
 protected:
  void start(int columns, int rows, const std::vector<std::string>& settings = {},
             const std::vector<std::string>& environment = {}) {
    commands_ = make_pipe("commands");
    events_ = make_pipe("events");
    std::vector<std::string> arguments{std::getenv("EDITOR_DRIVER"), folder_.file("commands"),
                                       folder_.file("events")};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    window_ = std::make_unique<TerminalWindow>(arguments, columns, rows, environment);
    window_->await([](const Screen& screen) { return screen.is_paste_bracketed(); },
                   "bracketed paste");
  }

  /// As start(), by a script that calls it as $0 $1 $2; $3 is a file for its process id.
  void start_in_shell(const std::string& script) {
    commands_ = make_pipe("commands");
    events_ = make_pipe("events");
    events_text_.clear();
    window_ = std::make_unique<TerminalWindow>(
        std::vector<std::string>{"/bin/sh", "-c", script, std::getenv("EDITOR_DRIVER"),
                                 folder_.file("commands"), folder_.file("events"),
                                 folder_.file("pid")},
        80, 10);
    window_->await([](const Screen& screen) { return screen.is_paste_bracketed(); },
                   "bracketed paste");
  }

  [[nodiscard]] pid_t driver_pid() const { return std::stoi(test::read_file(folder_.file("pid"))); }

  void tell(const std::string& command) {
    const std::string line = command + '\n';
    ASSERT_EQ(::write(commands_.get(), line.data(), line.size()),
              static_cast<ssize_t>(line.size()));
  }

  /// The next event that is not of tell().
  std::string event() {
    while (true) {
      const std::size_t end = events_text_.find('\n');
      if (end == std::string::npos) {
        // What it writes is read, too, or it would wait for that.
        std::array<pollfd, 2> polled{pollfd{events_.get(), POLLIN, 0},
                                     pollfd{window().process().terminal(), POLLIN, 0}};
        if (::poll(polled.data(), polled.size(), kPatienceMs) <= 0) {
          return "no event\n" + window().screen().text_with_cursor();
        }
        window().look();
        if (polled[0].revents == 0) {
          continue;
        }
        std::array<char, 4096> chunk;
        const ssize_t got = ::read(events_.get(), chunk.data(), chunk.size());
        events_text_.append(chunk.data(), static_cast<std::size_t>(got > 0 ? got : 0));
        continue;
      }
      const std::string line = events_text_.substr(0, end);
      events_text_.erase(0, end + 1);
      if (line != "done") {
        return line;
      }
    }
  }

  /// Shows the prompt "> ", at the bottom of what is `above`.
  void prompt(const std::string& text = "> ") {
    tell("prompt " + text);
    window().await_text(text.substr(0, 1));
  }

  TerminalWindow& window() { return *window_; }
  [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }

  void TearDown() override {
    if (window_) {
      EXPECT_EQ(window_->screen().unknown(), "");
    }
  }

 private:
  Descriptor make_pipe(const char* name) {
    static_cast<void>(::mkfifo(folder_.file(name).c_str(), 0600));
    return Descriptor(::open(folder_.file(name).c_str(), O_RDWR | O_CLOEXEC));
  }

  test::TemporaryFolder folder_;
  Descriptor commands_;
  Descriptor events_;
  std::string events_text_;
  std::unique_ptr<TerminalWindow> window_;
};

TEST_F(EditorTest, TakesLinesAndPrintsAboveTheOneBeingTyped) {
  start(80, 24);
  prompt();
  window().type("hello");
  window().await_screen("> hello[ ]\n");
  tell("show message from bob");
  window().await_screen("message from bob\n> hello[ ]\n");
  window().type(kLeft + kLeft);
  window().await_screen("message from bob\n> hel[l]o\n");
  tell("show another\\nof two lines");
  window().await_screen("message from bob\nanother\nof two lines\n> hel[l]o\n");
  window().type("p \r");
  EXPECT_EQ(event(), "line help lo");
  window().await_screen("message from bob\nanother\nof two lines\n> help lo\n> [ ]\n");
}

TEST_F(EditorTest, DrawsALineOfSeveralRowsAgain) {
  start(20, 10);
  prompt("a prompt that wraps at twenty> ");
  window().await_screen("a prompt that wraps\nat twenty> [ ]\n");
  window().type("0123456789abcdefghijklmnop");
  window().await_screen("a prompt that wraps\nat twenty> 012345678\n9abcdefghijklmnop[ ]\n");
  tell("show one\\ntwo");
  window().await_screen(
      "one\ntwo\na prompt that wraps\nat twenty> 012345678\n9abcdefghijklmnop[ ]\n");
  for (int i = 0; i < 20; ++i) {
    window().type(kLeft);
  }
  window().await_screen(
      "one\ntwo\na prompt that wraps\nat twenty> 012345[6]78\n9abcdefghijklmnop\n");
  tell("show three");
  window().await_screen(
      "one\ntwo\nthree\na prompt that wraps\nat twenty> 012345[6]78\n9abcdefghijklmnop\n");
  window().type("-");
  window().await_screen(
      "one\ntwo\nthree\na prompt that wraps\nat twenty> 012345-[6]7\n89abcdefghijklmnop\n");
  window().type("\r");
  EXPECT_EQ(event(), "line 012345-6789abcdefghijklmnop");
  // The prompt begins behind all rows of the line.
  window().await_screen(
      "one\ntwo\nthree\na prompt that wraps\nat twenty> 012345-67\n89abcdefghijklmnop\n"
      "a prompt that wraps\nat twenty> [ ]\n");
}

TEST_F(EditorTest, DrawsWideAndCombiningCharacters) {
  for (const int columns : {20, 80}) {
    start(columns, 10);
    prompt();
    window().type("日本語");
    window().await_screen("> 日本語[ ]\n");
    tell("show 日本");
    window().await_screen("日本\n> 日本語[ ]\n");
    window().type(kLeft + "e\u0301x");
    window().await_screen("日本\n> 日本e\u0301x[語]\n");
    // The cursor does not stop within a character.
    window().type(kLeft + kLeft);
    window().await_screen("日本\n> 日本[e\u0301]x語\n");
    window().type("\x1b[C\x1b[C");
    window().await_screen("日本\n> 日本e\u0301x[語]\n");
    tell("show \u00e9");
    window().await_screen("日本\n\u00e9\n> 日本e\u0301x[語]\n");
    window().type("\r");
    EXPECT_EQ(event(), "line 日本e\u0301x語");
  }
}

TEST_F(EditorTest, WrapsAWideCharacterThatDoesNotFit) {
  start(20, 10);
  prompt();
  window().type("日本語日本語日本x語日");
  window().await_screen("> 日本語日本語日本x\n語日[ ]\n");
  tell("show in between");
  window().await_screen("in between\n> 日本語日本語日本x\n語日[ ]\n");
  window().type(kLeft + kLeft);
  window().await_screen("in between\n> 日本語日本語日本x\n[語]日\n");
  window().type(kLeft + "\x7f");
  window().await_screen("in between\n> 日本語日本語日[x]語\n日\n");
}

TEST_F(EditorTest, PutsTheCursorBehindAFullRow) {
  start(20, 10);
  prompt();
  window().type("0123456789abcdefgh");
  window().await_screen("> 0123456789abcdefgh\n[ ]\n");
  tell("show 01234567890123456789");
  window().await_screen("01234567890123456789\n> 0123456789abcdefgh\n[ ]\n");
  window().type("i\x7f\x7f");
  window().await_screen("01234567890123456789\n> 0123456789abcdefg[ ]\n");
}

TEST_F(EditorTest, ShowsAWindowOfALineThatIsLongerThanTheScreen) {
  start(20, 6);
  prompt();
  std::string line;
  for (char row = 'a'; row < 'k'; ++row) {
    line += std::string(20, row);
  }
  window().type(line);
  const auto row = [](char first, char second) {
    return std::string(2, first) + std::string(18, second) + '\n';
  };
  window().await_screen(row('h', 'i') + row('i', 'j') + "jj[ ]\n");
  tell("show news");
  window().await_screen("news\n" + row('h', 'i') + row('i', 'j') + "jj[ ]\n");
  window().type("\x01");
  window().await_screen("news\n> [a]" + std::string(17, 'a') + '\n' + row('a', 'b') +
                        row('b', 'c'));
  window().type(kLeft + "x");
  window().await_screen("news\n> x[a]" + std::string(16, 'a') + '\n' + "aaa" +
                        std::string(17, 'b') + '\n' + "bbb" + std::string(17, 'c') + '\n');
  window().type("\r");
  EXPECT_EQ(event(), "line x" + line);
  // All of it is in what the terminal remembers.
  tell("show end");
  window().await_text("end");
  std::string all = "> x" + line;
  for (std::size_t at = 20; at < all.size(); at += 21) {
    all.insert(at, "\n");
  }
  EXPECT_EQ(window().screen().all_text(), "news\n" + all + "\nend\n>\n");
}

TEST_F(EditorTest, TakesWhatIsPastedAsText) {
  start(80, 10);
  prompt();
  window().type("a " + kPasteBegin + "d\ry\r\nlast" + kPasteEnd);
  window().await_screen("> a d\u21b5\ny\u21b5\nlast[ ]\n");
  tell("show news");
  window().await_screen("news\n> a d\u21b5\ny\u21b5\nlast[ ]\n");
  window().type("!\r");
  EXPECT_EQ(event(), "pasted a d\\ny\\nlast!");
  window().await_screen("news\n> a d\u21b5\ny\u21b5\nlast!\n> [ ]\n");
  window().type("x\r");
  EXPECT_EQ(event(), "line x");
}

TEST_F(EditorTest, DropsALineEndAtTheEndOfWhatIsPasted) {
  start(80, 10);
  prompt();
  window().type(kPasteBegin + "help\n" + kPasteEnd);
  window().await_screen("> help\u21b5\n[ ]\n");
  window().type("\r");
  EXPECT_EQ(event(), "pasted help");
}

TEST_F(EditorTest, LeavesControlCharactersOutOfWhatIsPasted) {
  start(80, 10);
  prompt();
  window().type(kPasteBegin +
                "a\x03"
                "b\x1b[A\tc\x7f\xff" +
                kPasteEnd);
  EXPECT_EQ(event(), "notice 4 control characters were left out of what was pasted");
  window().await_screen("> ab[A  c[ ]\n");
  window().type("\r");
  EXPECT_EQ(event(), "pasted ab[A\tc");
}

TEST_F(EditorTest, EndsAPasteWithoutAnEnd) {
  start(80, 10);
  prompt();
  window().type(kPasteBegin + "abc\r");
  window().await_screen("> abc\u21b5\n[ ]\n");
  window().type("\x03");
  tell("show over");
  window().await_text("over");
  window().type("d\r");
  EXPECT_EQ(event(), "pasted abc\\nd");
}

TEST_F(EditorTest, CutsWhatDoesNotFit) {
  start(80, 10, {"", "10"});
  prompt();
  window().type("0123456789");
  window().await_screen("> 0123456789[ ]\n");
  window().type("ab");
  EXPECT_EQ(event(), "notice the line is full: it may have 10 bytes");
  window().await([](const Screen& screen) { return screen.bells() == 1; }, "a bell");
  window().type("\x7f\x7f\x7f" + kPasteBegin + "xy日z" + kPasteEnd);
  EXPECT_EQ(event(), "notice what was pasted was cut by 4 bytes: the line may have 10");
  window().await_screen("> 0123456xy[ ]\n");
  window().type("\x15\x19\x19\r");
  EXPECT_EQ(event(), "notice the line is full: it may have 10 bytes");
  EXPECT_EQ(event(), "line 0123456xy");
}

TEST_F(EditorTest, TellsOnceALineThatBytesAreNoCharacters) {
  start(80, 10);
  prompt();
  window().type(
      "a\xff"
      "b\xfe"
      "c");
  EXPECT_EQ(event(), "notice what is not UTF-8 was left out");
  window().await_screen("> abc[ ]\n");
  window().type("\x1b[\r");  // a sequence that broke off is nobody's text
  EXPECT_EQ(event(), "line abc");
  prompt();
  window().type("\xff\r");
  EXPECT_EQ(event(), "notice what is not UTF-8 was left out");
}

TEST_F(EditorTest, TakesALineOfTheLimit) {
  start(80, 10);
  prompt();
  const std::string line(65536, 'x');
  window().type(line.substr(0, 65530));
  window().type("xxxxxx\r");
  EXPECT_EQ(event(), "line " + line);
}

TEST_F(EditorTest, ShowsUnsafeCharactersEscaped) {
  start(80, 10);
  prompt();
  window().type(
      "a\u202e"
      "b" +
      kPasteBegin + "\u2066" + kPasteEnd);
  window().await_screen("> a\\u{202e}b\\u{2066}[ ]\n");
  window().type("\r");
  EXPECT_EQ(event(),
            "pasted a\u202e"
            "b\u2066");
}

TEST_F(EditorTest, RefusesBytesThatAreNoCharacter) {
  start(80, 10);
  prompt();
  window().type("a\xff\xc3\xa9\xc2\x85z");
  window().await_screen("> a\u00e9z[ ]\n");
  window().await([](const Screen& screen) { return screen.bells() == 2; }, "two bells");
}

TEST_F(EditorTest, KeepsWhatIsTypedAheadOfACommandPrompt) {
  start(80, 10);
  prompt();
  window().type("one\rtwo\rthr");
  EXPECT_EQ(event(), "line one");
  EXPECT_EQ(event(), "line two");
  window().await_screen("> one\n> two\n> thr[ ]\n");
  tell("prompt to bob> ");
  window().await_screen("> one\n> two\nto bob> thr[ ]\n");
}

TEST_F(EditorTest, DropsWhatWasTypedBeforeAQuestionWasShown) {
  start(80, 10);
  prompt();
  tell("then-question Delete? ");
  tell("show ready");
  window().await_text("ready");
  window().type("d\ry\r" + kPasteBegin + "y");
  EXPECT_EQ(event(), "line d");
  window().await_screen("ready\n> d\nDelete? [ ]\n");
  // The rest of what was pasted before does not answer it either.
  window().type("es\r" + kPasteEnd + "n\r");
  EXPECT_EQ(event(), "line n");
  window().await_text("Delete? n\n");
}

TEST_F(EditorTest, AsksTheSameQuestionAgain) {
  start(80, 10);
  tell("question Sure? ");
  window().await_text("Sure?");
  window().type("x");
  window().await_screen("Sure? x[ ]\n");
  tell("question Sure? ");  // it is in effect: nothing changes
  tell("show once");
  window().await_screen("once\nSure? x[ ]\n");
  window().type("\r");
  EXPECT_EQ(event(), "line x");
  window().type("y");
  window().await_text("Sure? y");
  tell("question Sure? ");
  window().await_screen("once\nSure? x\nSure? [ ]\n");
}

TEST_F(EditorTest, ShowsNothingOfASecret) {
  start(80, 10);
  prompt();
  window().type("typed before");
  window().await_text("typed before");
  tell("secret Secret: ");
  window().await_screen("Secret: [ ]\n");
  window().type(
      "hunter\u00e9\x7f"
      "2x\x7f");
  tell("show news");
  window().await_screen("news\nSecret: [ ]\n");
  window().type("\r");
  EXPECT_EQ(event(), "line hunter2");
  window().await_screen("news\nSecret:\nSecret: [ ]\n");
  prompt();
  window().type(kUp);
  window().await([](const Screen& screen) { return screen.bells() == 1; }, "a bell");
  window().type("\x19x");
  window().await_screen("news\nSecret:\n> x[ ]\n");
  EXPECT_EQ(window().process().output().find("hunter"), std::string::npos);
}

TEST_F(EditorTest, TakesTheFirstLineOfAPastedSecret) {
  start(80, 10);
  tell("secret Secret: ");
  window().await_text("Secret:");
  window().type(kPasteBegin + "hunter2\rquit\r" + kPasteEnd);
  EXPECT_EQ(event(), "notice only the first line of what was pasted was taken");
  window().type("\r");
  EXPECT_EQ(event(), "pasted hunter2");
}

TEST_F(EditorTest, IsDrawnAgainWhenTheWindowBecomesNarrowerOrWider) {
  for (const bool reflows : {true, false}) {
    start(40, 12, {}, {reflows ? "XTERM_VERSION=" : "XTERM_VERSION=XTerm(379)"});
    prompt();
    tell("show first\\nsecond");
    window().type("0123456789012345678901234567890123456789012345");
    window().await_screen("first\nsecond\n> 01234567890123456789012345678901234567\n89012345[ ]\n");
    window().resize(20, 12, reflows);
    EXPECT_EQ(event(), "resized");
    window().await_screen(
        "first\nsecond\n> 012345678901234567\n89012345678901234567\n89012345[ ]\n");
    window().resize(60, 12, reflows);
    EXPECT_EQ(event(), "resized");
    window().await_screen("first\nsecond\n> 0123456789012345678901234567890123456789012345[ ]\n");
    window().type(kLeft + kLeft + kLeft);
    window().await_screen("first\nsecond\n> 0123456789012345678901234567890123456789012[3]45\n");
    window().resize(20, 12, reflows);
    EXPECT_EQ(event(), "resized");
    window().await_screen(
        "first\nsecond\n> 012345678901234567\n89012345678901234567\n89012[3]45\n");
    tell("show third");
    window().await_screen(
        "first\nsecond\nthird\n> 012345678901234567\n89012345678901234567\n89012[3]45\n");
  }
}

TEST_F(EditorTest, StopsAndGoesOn) {
  start(80, 10);
  prompt();
  window().type("half");
  window().await_screen("> half[ ]\n");
  for (int i = 0; i < 2; ++i) {
    window().type("\x1a");
    window().await_stop();
    EXPECT_TRUE(window().is_as_for_a_shell());
    EXPECT_EQ(window().screen().cursor_column(), 0);
    window().process().signal(SIGCONT);
    window().await_text(i == 0 ? "> half\n> half" : "> half\n> half\n> half");
  }
  window().type("way\r");
  EXPECT_EQ(event(), "line halfway");
}

TEST_F(EditorTest, StopsWithinASecret) {
  start(80, 10);
  tell("secret Secret: ");
  window().await_text("Secret:");
  window().type("hun\x1a");
  window().await_stop();
  EXPECT_TRUE(window().is_as_for_a_shell());
  window().process().signal(SIGCONT);
  window().await_text("Secret:\nSecret:");
  window().type("ter\r");
  EXPECT_EQ(event(), "line hunter");
}

TEST_F(EditorTest, GoesOnAfterAStopThatItDidNotSee) {
  start(80, 10);
  prompt();
  window().type("half");
  window().await_screen("> half[ ]\n");
  window().process().signal(SIGSTOP);
  window().await_stop();
  window().process().signal(SIGCONT);
  tell("show on");
  window().await_text("on\n> half");
  window().type("\r");
  EXPECT_EQ(event(), "line half");
  tell("quit");
  EXPECT_EQ(window().wait_for_exit(), 0);
  EXPECT_TRUE(window().is_as_for_a_shell());
}

TEST_F(EditorTest, RemembersLines) {
  start(80, 10, {file("history")});
  prompt();
  window().type("one\r two, not remembered\rthree\rthree\r" + kPasteBegin + "a\\\nb" + kPasteEnd +
                "\r");
  for (const char* expected :
       {"line one", "line  two, not remembered", "line three", "line three", "pasted a\\\\nb"}) {
    EXPECT_EQ(event(), expected);
  }
  EXPECT_EQ(test::read_file(file("history")), "one\nthree\na\\\\\\nb\n");
  struct stat status {};
  EXPECT_EQ(::stat(file("history").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  window().type("draft" + kUp + kUp);
  window().await_text("> three\n> three\n> a\\\u21b5\nb\n> three");
  window().type(kUp);
  window().await(
      [](const Screen& screen) {
        return screen.text_with_cursor().find("> one[ ]") != std::string::npos;
      },
      "> one");
  window().type(kUp + kDown + kDown);
  window().await(
      [](const Screen& screen) {
        return screen.text_with_cursor().find("> a\\\u21b5\nb[ ]") != std::string::npos;
      },
      "the pasted line");
  window().type(kDown + "!\r");
  EXPECT_EQ(event(), "line draft!");
}

TEST_F(EditorTest, ReadsTheHistoryAndSearchesIt) {
  test::write_file(file("history"), "to bob hello\nlist\nto ann hello\n");
  start(80, 10, {file("history")});
  prompt();
  window().type("to\x1b[5~");
  window().await_screen("> to[ ]ann hello\n");
  window().type("\x1b[5~");
  window().await_screen("> to[ ]bob hello\n");
  window().type("\x1b[6~\x1b[6~");
  window().await_screen("> to[ ]\n");
  window().type("\x12hel");
  window().await_screen("(search: hel) to ann [h]ello\n");
  window().type("\x12");
  window().await_screen("(search: hel) to bob [h]ello\n");
  window().type("\x07");
  window().await_screen("> to[ ]\n");
  window().type("\x12lis\r");
  window().await_screen("> [l]ist\n");
  window().type("\r");
  EXPECT_EQ(event(), "line list");
}

TEST_F(EditorTest, SaysThatTheHistoryIsDamaged) {
  test::write_file(file("history"),
                   "good\nb\xff"
                   "d\n");
  start(80, 10, {file("history")});
  EXPECT_EQ(event(), "notice the history in " + file("history") +
                         " is damaged: 1 of its 2 lines were left out");
  prompt();
  window().type(kUp);
  window().await_screen("> good[ ]\n");
}

TEST_F(EditorTest, DoesWithoutAHistoryThatCannotBeRead) {
  start(80, 10, {"/dev/null/history"});
  EXPECT_EQ(
      event(),
      "notice the history is not kept in /dev/null/history: cannot be opened: Not a directory");
  prompt();
  window().type("one\r" + kUp);
  EXPECT_EQ(event(), "line one");
  window().await_screen("> one\n> one[ ]\n");
}

TEST_F(EditorTest, Completes) {
  start(80, 10);
  prompt();
  window().type("c b\t");
  window().await_screen("> c bob [ ]\n");
  window().type(
      "\x17"
      "a\t");
  window().await_screen("> c al[ ]\n");
  window().type("\t");
  window().await_screen("alice  albert\n> c al[ ]\n");
  window().type("i\thello\x01\t");
  window().await_screen("alice  albert\nalice  albert  bob  \u00e9tienne\n> [c] alice hello\n");
  window().type("\x05 x\t");
  window().await([](const Screen& screen) { return screen.bells() == 1; }, "a bell");
}

TEST_F(EditorTest, EditsWithTheKeysOfOtherPrograms) {
  start(80, 10);
  prompt();
  window().type(
      "one two three\x17"
      "3\x01\x1b"
      "f!\x1b[F\x1b[1;5D\x0b\x05\x19\x19");
  window().await_screen("> one! two 33[ ]\n");
  window().type(
      "\x15\x1b[Z"
      "ab\x14\x1b[H\x1b[3~");
  window().await_screen("> [a]\n");
  window().await([](const Screen& screen) { return screen.bells() == 1; }, "a bell");
  window().type(
      "\x1b"
      "5x\r");
  EXPECT_EQ(event(), "line xxxxxa");
}

TEST_F(EditorTest, ReportsControlKeys) {
  start(80, 10);
  prompt();
  window().type("\x04");
  EXPECT_EQ(event(), "end");
  window().type("half\x03");
  EXPECT_EQ(event(), "interrupt");
  window().await_screen("> half[ ]\n");
  tell("take");
  EXPECT_EQ(event(), "took half");
  window().await_screen("> [ ]\n");
  tell("show one");
  window().await_screen("one\n> [ ]\n");
  window().type("x\x0c");
  window().await_screen("> x[ ]\n");
  tell("line put\\nback");
  window().await_screen("> put\u21b5\nback[ ]\n");
  tell("take");
  EXPECT_EQ(event(), "took put\\nback");
}

TEST_F(EditorTest, DrawsAStyledPromptAndLeavesNoStyleBehind) {
  start(20, 10);
  tell("bold bold and longer than a row> ");
  window().await_screen("bold and longer than\n a row> [ ]\n");
  EXPECT_NE(window().process().output().find("\x1b[1mbold and longer than\x1b[0m"),
            std::string::npos);
  EXPECT_EQ(window().screen().style(), "");
}

TEST_F(EditorTest, PrintsWhatWasNotSentAtTheEnd) {
  start(80, 10);
  prompt();
  window().type("rm -rf /" + kPasteBegin + "\nor \u202e" + kPasteEnd);
  window().await_text("or");
  tell("quit");
  EXPECT_EQ(window().wait_for_exit(), 0);
  EXPECT_EQ(window().screen().text_with_cursor(),
            "not sent: rm -rf /\n          or \\u{202e}\n[ ]\n");
}

TEST_F(EditorTest, LeavesNothingToTheShell) {
  start_in_shell(kReadsALine);
  prompt();
  window().type("touch x");
  window().await_text("touch x");
  tell("quit");
  window().await_text("[shell]");
  EXPECT_TRUE(window().is_as_for_a_shell());
  window().type("\r");
  window().await_text("got []");
}

TEST_F(EditorTest, RestoresTheTerminalHoweverItEnds) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGINT, SIGSEGV, SIGABRT}) {
    if (signal == SIGSEGV && test::kCatchesCrashes) {
      continue;
    }
    start_in_shell(kReadsALine);
    prompt();
    window().type("half typed");
    window().await_text("half typed");
    const pid_t driver = driver_pid();
    ASSERT_EQ(::kill(driver, signal), 0);
    window().await_text("[shell]");
    EXPECT_TRUE(window().is_as_for_a_shell()) << signal;
    window().type("\r");
    window().await_text("got []");
  }
}

TEST_F(EditorTest, SaysThatTheTerminalIsGone) {
  start_in_shell("trap '' HUP; exec $0 $1 $2");
  prompt();
  window().process().hang_up();
  EXPECT_TRUE(event().starts_with("gone the terminal "));
  EXPECT_EQ(window().wait_for_exit(), 74);
}

TEST_F(EditorTest, DoesWithoutADescriptionOfTheTerminal) {
  start(80, 10, {}, {"TERM=no-such-terminal"});
  prompt();
  window().type("ab" + kLeft + "-");
  window().await_screen("> a-[b]\n");
}

TEST_F(EditorTest, PrintsNoAnswerAtTheEnd) {
  start(80, 10);
  tell("question Sure? ");
  window().await_text("Sure?");
  window().type("ye");
  window().await_screen("Sure? ye[ ]\n");
  tell("quit");
  EXPECT_EQ(window().wait_for_exit(), 0);
  EXPECT_EQ(window().screen().text_with_cursor(), "[ ]\n");
}

TEST_F(EditorTest, PrintsLinesThatNobodyTook) {
  start(80, 10);
  prompt();
  tell("then-quit");
  tell("show ready");
  window().await_text("ready");
  window().type("one\rtwo\rthr");
  EXPECT_EQ(window().wait_for_exit(), 0);
  EXPECT_EQ(window().screen().text_with_cursor(),
            "ready\n> one\nnot sent: two\nnot sent: thr\n[ ]\n");
}

TEST_F(EditorTest, IsNotForDumbTerminals) {
  for (const char* terminal : {"TERM=dumb", "TERM="}) {
    TerminalWindow window({std::getenv("EDITOR_DRIVER"), "/dev/null", "/dev/null"}, 80, 10,
                          {terminal});
    EXPECT_EQ(window.wait_for_exit(), 71);
    EXPECT_EQ(window.screen().text(), "");
  }
}

}  // namespace
}  // namespace tribar
