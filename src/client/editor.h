// SPDX-License-Identifier: MIT
//
// The line that a person types at a terminal, while other lines are printed above it: keys,
// history, completion, pasting, the terminal's modes. What keys do to the line is libedit's, in its
// unbuffered mode; how the line is drawn is our own (line_layout.h, line_painter.h). Never waits:
// the caller polls. One object at a time, one thread.
//
//     editor.start();
//     editor.set_prompt({.text = "> "});
//     while (true) {
//       editor.draw();                                  // before each wait, and only then
//       poll(standard input, signals, server...);
//       if (standard input is readable) editor.receive();
//       while (auto input = editor.take()) { ... editor.show("...\n"); editor.set_prompt(...); }
//     }
//     editor.stop();
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

class Editor {
 public:
  struct Input {
    enum class Kind {
      Line,        // Enter: `text` is the line, without the line break that ended it
      EndOfInput,  // Ctrl-D on an empty line
      Interrupt,   // Ctrl-C; the line is as it was: take_line() discards it, if that is wanted
      Notice,      // what the person should be told of what was typed: `text`, one sentence
      Gone,        // the terminal is gone, `text` says why: nothing more comes, do not poll it
    };
    Kind kind = Kind::Line;
    /// UTF-8 if the terminal is, else ASCII. It may hold HT, and LF where what was pasted has line
    /// ends (never at its end), and characters that are unsafe to show.
    std::string text = {};
    /// Whether any of the line was pasted.
    bool is_pasted = false;
    friend bool operator==(const Input&, const Input&) = default;
  };

  /// What may stand for the end of what is before the cursor.
  struct Completion {
    std::size_t from = 0;  // the byte before the cursor at which what is replaced begins
    std::vector<std::string> candidates;  // each with the blank behind it that should follow
  };
  /// Takes the line up to the cursor.
  using Complete = std::function<Completion(std::string_view)>;

  struct Settings {
    std::string history_path = {};    // empty: history is in memory only
    std::size_t limit_bytes = 65536;  // of a line
    bool is_utf8 = true;     // whether terminal and locale (LC_CTYPE, already set) are UTF-8
    Complete complete = {};  // empty: Tab does nothing
  };

  struct Prompt {
    std::string text = {};   // one line; what is unsafe in it is shown escaped
    std::string style = {};  // parameters of SGR for it, such as "1;36"; empty: plain
    /// Nothing of the line is shown, it goes to no history, and is wiped. A paste counts up to its
    /// first line end.
    bool is_secret = false;
    /// What was typed before this prompt was shown does not answer it: for questions and secrets.
    /// What is half typed is dropped too: take_line() before, if it is a draft.
    bool discards_typed = false;
    /// Lines go to the history, unless they are empty or begin with a blank.
    bool is_remembered = true;
    friend bool operator==(const Prompt&, const Prompt&) = default;
  };

  /// Whether this program has line editing, and standard input and output are a terminal that can
  /// do it: $TERM is set, and not "dumb".
  [[nodiscard]] static bool is_available();

  /// Reads the history, if there is one; trouble with it is a Notice of take(). Only if
  /// is_available().
  explicit Editor(Settings settings);
  ~Editor();  // stop()
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  /// Sets the terminal's modes: Ctrl-C is a key (SIGINT comes only from elsewhere), Ctrl-Z and
  /// Ctrl-\ are signals. Until stop(), the signals that end or kill the program restore the
  /// terminal first; those for which a handler was installed before start(), or that are ignored,
  /// stay so. False, with the reason in errno: the terminal does not do it.
  [[nodiscard]] bool start();
  /// Makes the terminal as it was. A line that was typed in whole or half and not taken is printed
  /// as not sent, so that it is not lost, unless it answers a question; the rest of what was typed
  /// is discarded, so that no shell gets it. Nothing if it was not started.
  void stop();

  /// Reads what was typed; call when standard input is readable (also POLLHUP, POLLERR).
  void receive();
  /// What was typed next, under the prompt in effect: what was typed behind a line is looked at
  /// only when the next call asks for it, so that set_prompt() comes in between. Call until there
  /// is nothing, before each wait.
  [[nodiscard]] std::optional<Input> take();

  /// Prints `lines`, each with its LF, above the line being typed. They are printed as they are:
  /// the caller has escaped what is unsafe; SGR sequences are allowed, and must be closed.
  void show(std::string_view lines);
  /// Replaces the prompt. Nothing, if it is as it was and no line was taken since.
  void set_prompt(const Prompt& prompt);
  /// Replaces the line being typed, with the cursor at its end. Cut at the limit.
  void set_line(std::string_view text);
  /// Whether nothing is typed.
  [[nodiscard]] bool is_empty() const;
  /// Takes the line being typed out of the terminal, such as to put it back later.
  std::string take_line();

  /// Writes what the above changed, to standard output. Waits for a terminal that is slow. Returns
  /// nothing, or an error for the user, as write_output().
  [[nodiscard]] std::optional<std::string> draw();

  /// SIGWINCH came.
  void resized();
  /// SIGTSTP came: makes the terminal as it was. What stops the program is the caller, behind this.
  /// Until continued(), draw() does nothing.
  void suspended();
  /// SIGCONT came, whatever stopped the program: sets the modes again and draws all afresh.
  void continued();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tribar
