// SPDX-License-Identifier: MIT
//
// What a program's command line may hold, as values. Each program makes one of these from its own
// table of options; its manual page and its completions are made from that (src/manual). Any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

/// What may stand as an argument, as far as a shell can complete it.
struct ArgumentValues {
  enum class Kind {
    Any,    // nothing is known
    File,   // the path of a file
    Words,  // one of `words`
  };
  Kind kind = Kind::Any;
  std::vector<std::string> words{};
};

struct CommandOption {
  std::string name;           // of the long form, without --
  char letter = 0;            // of the short form; 0: none
  bool has_opposite = false;  // there is --no-NAME, too
  std::string argument{};     // as the help names it, such as "FILE" or "FROM TO"; empty: none
  ArgumentValues values{};    // of each argument
  std::string help{};         // one line

  /// 0, 1 or 2: one for each word of `argument`.
  [[nodiscard]] std::size_t arguments() const;
  /// Each form with its dashes: -m, --message; or --bell, --no-bell.
  [[nodiscard]] std::vector<std::string> forms() const;
};

struct ExitStatus {
  std::string code;     // such as "64"
  std::string meaning;  // a few words
};

/// A program, or a verb of one.
struct CommandLine {
  std::string name;                      // by which it is called: one word, or of a verb also two
  std::string operands{};                // as the help shows them, such as "NAME"; empty: none
  ArgumentValues operand{};              // of each operand
  std::string help{};                    // what it does, one line
  std::vector<CommandOption> options{};  // without a verb, or of this verb
  std::vector<CommandLine> verbs{};      // have none of their own
  std::vector<ExitStatus> exit_statuses{};
};

/// `text` broken at blanks, so that no line is longer than 80 columns, unless a word is. The first
/// line begins in column `indent`, and the others are indented so far. No line end at the end.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent);

/// The lines of --help for `options`: the forms from column 2 on, their texts from column 22 on,
/// broken at 80 columns. Each line ends with a line end.
[[nodiscard]] std::string help_of_options(const std::vector<CommandOption>& options);

}  // namespace tribar
