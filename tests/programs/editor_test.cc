// SPDX-License-Identifier: MIT
//
// The line that is typed, on a terminal: what a person sees. $EDITOR_DRIVER is editor_driver.
#include "client/editor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

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
        pollfd input{events_.get(), POLLIN, 0};
        char chunk[4096];
        if (::poll(&input, 1, kPatienceMs) <= 0) {
          return "no event\n" + window_->screen().text_with_cursor();
        }
        const ssize_t got = ::read(events_.get(), chunk, sizeof chunk);
        events_text_.append(chunk, static_cast<std::size_t>(got > 0 ? got : 0));
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

}  // namespace
}  // namespace tribar
