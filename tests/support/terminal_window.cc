// SPDX-License-Identifier: MIT
//
// See terminal_window.h.
#include "support/terminal_window.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <chrono>
#include <clocale>
#include <csignal>
#include <stdexcept>

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(30);

std::vector<std::string> with_terminal(std::vector<std::string> environment) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for the screen, too
  // So that await_stop() can wait for it.
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const auto is_set = [&environment](std::string_view name) {
    for (const std::string& each : environment) {
      if (each.starts_with(name)) {
        return true;
      }
    }
    return false;
  };
  for (const char* each :
       {"TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX=", "STY=", "XTERM_VERSION=", "NO_COLOR="}) {
    const std::string_view entry = each;
    if (!is_set(entry.substr(0, entry.find('=') + 1))) {
      environment.emplace_back(entry);
    }
  }
  return environment;
}

}  // namespace

TerminalWindow::TerminalWindow(const std::vector<std::string>& arguments, int columns, int rows,
                               std::vector<std::string> environment)
    : process_(arguments, {columns, rows}, with_terminal(std::move(environment))),
      screen_(columns, rows) {}

void TerminalWindow::show_output() {
  const std::string& output = process_.output();
  screen_.feed(std::string_view(output).substr(shown_));
  shown_ = output.size();
}

void TerminalWindow::await(const std::function<bool(const Screen&)>& claim, std::string_view what) {
  const auto deadline = Clock::now() + kPatience;
  show_output();
  while (!claim(screen_)) {
    if (!process_.await_output(deadline)) {
      throw std::runtime_error(fmt::format("{}\nis not what is on the screen:\n{}(unknown: {})",
                                           what, screen_.text_with_cursor(), screen_.unknown()));
    }
    show_output();
  }
}

void TerminalWindow::await_screen(std::string_view text) {
  await([text](const Screen& screen) { return screen.text_with_cursor() == text; }, text);
}

void TerminalWindow::await_text(std::string_view text) {
  await([text](const Screen& screen) { return screen.text().find(text) != std::string::npos; },
        text);
}

void TerminalWindow::look() {
  process_.take_output();
  show_output();
}

void TerminalWindow::resize(int columns, int rows, bool reflows) {
  look();
  screen_.resize(columns, rows, reflows);
  process_.resize({columns, rows});
}

void TerminalWindow::await_stop() {
  const auto deadline = Clock::now() + kPatience;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  while (Clock::now() < deadline) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(process_.pid()), &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid != 0) {
      look();
      return;
    }
    const timespec patience{1, 0};  // other tests' children may have taken the signal
    static_cast<void>(::sigtimedwait(&child, nullptr, &patience));
  }
  throw std::runtime_error("the program did not stop");
}

int TerminalWindow::wait_for_exit() {
  const int exit_code = process_.wait_for_exit();
  show_output();
  return exit_code;
}

termios TerminalWindow::modes() const {
  termios modes{};
  if (::tcgetattr(process_.terminal(), &modes) != 0) {
    throw std::runtime_error("the terminal has no modes");
  }
  return modes;
}

bool TerminalWindow::is_as_for_a_shell() const {
  const termios now = modes();
  return (now.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO) && now.c_cc[VINTR] != 0 &&
         screen_.is_wrapping() && !screen_.is_paste_bracketed() && screen_.style().empty();
}

}  // namespace tribar::test
