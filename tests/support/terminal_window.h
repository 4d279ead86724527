// SPDX-License-Identifier: MIT
//
// A program in a terminal window: what is typed goes to it, what it writes is on a Screen. Waits
// are for what stands on the screen, each with a deadline; if that passes, an exception with the
// screen fails the test. One thread.
#pragma once

#include <termios.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/screen.h"

namespace tribar::test {

class TerminalWindow {
 public:
  /// Starts the program at path arguments[0], with TERM=xterm-256color and a UTF-8 locale;
  /// `environment` as for Process.
  TerminalWindow(const std::vector<std::string>& arguments, int columns, int rows,
                 std::vector<std::string> environment = {});

  void type(std::string_view keys) { process_.send(keys); }

  /// Waits until the screen is as `claim` says.
  void await(const std::function<bool(const Screen&)>& claim, std::string_view what);
  /// Waits until Screen::text_with_cursor() is `text`.
  void await_screen(std::string_view text);
  /// Waits until `text` is on the screen.
  void await_text(std::string_view text);

  /// Brings the screen up to date with what the program has written, without waiting.
  void look();

  /// Changes the size, as the person does who drags the window's edge.
  void resize(int columns, int rows, bool reflows = true);

  /// Waits until the program is stopped.
  void await_stop();
  /// Waits until the program has ended, and shows all that it wrote. The exit code, or 128 and the
  /// number of the signal.
  int wait_for_exit();

  [[nodiscard]] const Screen& screen() const { return screen_; }
  [[nodiscard]] Process& process() { return process_; }
  /// The terminal's modes.
  [[nodiscard]] termios modes() const;
  /// Whether the terminal is as a shell wants it: lines are edited and shown by the kernel, no
  /// bracketed paste, wrapping.
  [[nodiscard]] bool is_as_for_a_shell() const;

 private:
  void show_output();

  Process process_;
  Screen screen_;
  std::size_t shown_ = 0;  // of the program's output
};

}  // namespace tribar::test
