// SPDX-License-Identifier: MIT
//
// A program around an Editor, for tests: what it does comes as lines from one named pipe, what was
// typed goes to another.
//
//     editor_driver COMMANDS EVENTS [HISTORY [LIMIT]]
//
// Commands: `prompt TEXT`, `bold TEXT`, `question TEXT`, `secret TEXT`, `then-question TEXT` and
// `then-quit` (when a line is typed), `show TEXT` (\n in it ends a line), `line TEXT`, `take`,
// `quit`; each is answered by a line `done`. Events: `line TEXT`, `pasted TEXT`, `interrupt`,
// `end`, `notice TEXT`, `gone TEXT`, `took TEXT`, `resized`, with LF as \n. Each is written after
// the screen was.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/editor.h"
#include "client/line_reader.h"

namespace tribar {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// A name that begins with what is before the cursor.
Editor::Completion complete(std::string_view before) {
  const std::size_t from = before.rfind(' ') + 1;
  Editor::Completion completion{from, {}};
  for (const char* name : {"alice ", "albert ", "bob ", "\xc3\xa9tienne "}) {
    if (std::string_view(name).starts_with(before.substr(from))) {
      completion.candidates.emplace_back(name);
    }
  }
  return completion;
}

class Driver {
 public:
  Driver(const char* commands, const char* events, Editor::Settings settings)
      : commands_(::open(commands, O_RDWR | O_CLOEXEC)),
        events_(::open(events, O_RDWR | O_CLOEXEC)),
        editor_(std::move(settings)) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int each : {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM}) {
      sigaddset(&signals, each);
    }
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
  }

  int run() {
    if (!Editor::is_available() || !editor_.start()) {
      return 71;
    }
    while (true) {
      take_typed();
      const bool is_drawn = !editor_.draw();
      report();
      if (!is_drawn) {
        return 74;
      }
      if (is_over_) {
        editor_.stop();
        return 0;
      }
      wait();
    }
  }

 private:
  void wait() {
    std::array<pollfd, 3> polled{pollfd{is_gone_ ? -1 : STDIN_FILENO, POLLIN, 0},
                                 pollfd{commands_, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0) {
      return;
    }
    if (polled[2].revents != 0) {
      take_signal();
    }
    if (polled[0].revents != 0) {
      editor_.receive();
    }
    if (polled[1].revents != 0) {
      std::array<char, 4096> chunk;
      const ssize_t got = ::read(commands_, chunk.data(), chunk.size());
      reader_.feed({chunk.data(), static_cast<std::size_t>(got > 0 ? got : 0)});
      while (const auto command = reader_.take()) {
        take_typed();
        carry_out(*command);
        reports_ += "done\n";
      }
    }
  }

  void take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) {
      return;
    }
    switch (info.ssi_signo) {
      case SIGWINCH:
        editor_.resized();
        reports_ += "resized\n";
        break;
      case SIGTSTP:
        editor_.suspended();
        ::raise(SIGSTOP);
        break;
      case SIGCONT:
        editor_.continued();
        break;
      default:
        is_over_ = true;
    }
  }

  void take_typed() {
    while (!is_over_) {
      const auto input = editor_.take();
      if (!input) {
        return;
      }
      const std::string text = replaced(input->text, "\n", "\\n");
      switch (input->kind) {
        case Editor::Input::Kind::Line:
          reports_ += (input->is_pasted ? "pasted " : "line ") + text + '\n';
          is_over_ = quits_after_line_;
          if (!next_question_.empty()) {
            editor_.set_prompt({.text = std::exchange(next_question_, {}), .discards_typed = true});
          }
          break;
        case Editor::Input::Kind::EndOfInput:
          reports_ += "end\n";
          break;
        case Editor::Input::Kind::Interrupt:
          reports_ += "interrupt\n";
          break;
        case Editor::Input::Kind::Notice:
          reports_ += "notice " + text + '\n';
          break;
        case Editor::Input::Kind::Gone:
          reports_ += "gone " + text + '\n';
          is_gone_ = true;
          break;
      }
    }
  }

  void carry_out(const std::string& command) {
    const std::size_t end = std::min(command.find(' '), command.size());
    const std::string verb = command.substr(0, end);
    const std::string text = end < command.size() ? command.substr(end + 1) : "";
    if (verb == "prompt") {
      editor_.set_prompt({.text = text});
    } else if (verb == "bold") {
      editor_.set_prompt({.text = text, .style = "1"});
    } else if (verb == "question") {
      editor_.set_prompt({.text = text, .discards_typed = true});
    } else if (verb == "then-question") {
      next_question_ = text;  // when a line is typed
    } else if (verb == "then-quit") {
      quits_after_line_ = true;
    } else if (verb == "secret") {
      editor_.set_prompt({.text = text, .is_secret = true});
    } else if (verb == "show") {
      editor_.show(replaced(text, "\\n", "\n") + '\n');
    } else if (verb == "line") {
      editor_.set_line(replaced(text, "\\n", "\n"));
    } else if (verb == "take") {
      reports_ += "took " + replaced(editor_.take_line(), "\n", "\\n") + '\n';
    } else if (verb == "quit") {
      is_over_ = true;
    }
  }

  void report() {
    if (!reports_.empty()) {
      static_cast<void>(!::write(events_, reports_.data(), reports_.size()));
      reports_.clear();
    }
  }

  int commands_;
  int events_;
  int signals_ = -1;
  Editor editor_;
  LineReader reader_{1U << 20};
  std::string reports_;
  std::string next_question_;
  bool quits_after_line_ = false;
  bool is_gone_ = false;
  bool is_over_ = false;
};

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  if (argc < 3) {
    return 64;
  }
  return tribar::Driver(argv[1], argv[2],
                        {.history_path = argc > 3 ? argv[3] : "",
                         .limit_bytes = argc > 4 ? std::stoul(argv[4]) : 65536,
                         .complete = tribar::complete})
      .run();
}
