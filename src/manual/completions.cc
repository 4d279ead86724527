// SPDX-License-Identifier: MIT
//
// See completions.h. The shells' manuals: bash(1), "Programmable Completion"; zshcompsys(1),
// _arguments; fish's `complete`.
#include "manual/completions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace tribar {
namespace {

using Kind = ArgumentValues::Kind;

/// A comment for the top of the file.
std::string heading(const CommandLine& program, std::string_view shell) {
  return fmt::format(
      "# SPDX-License-Identifier: MIT\n# Completions of {} for {}, made from its table of "
      "options.\n",
      program.name, shell);
}

/// The name of a shell function: tribar-stress is no name in every shell.
std::string function_of(const CommandLine& program) {
  std::string name = "_" + program.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string all;
  for (const char c : text) {
    c == from ? all += to : all += c;
  }
  return all;
}

/// As one word in bash and zsh.
std::string quoted(std::string_view text) {
  return fmt::format("'{}'", replaced(text, '\'', R"('\'')"));
}

/// Of the program and its verbs, each form of the options that `wanted` accepts, once.
template <typename Wanted>
std::vector<std::string> forms_of(const CommandLine& program, Wanted wanted) {
  std::vector<std::string> all;
  const auto take = [&](const CommandLine& line) {
    for (const CommandOption& option : line.options) {
      if (wanted(option)) {
        for (std::string& form : option.forms()) {
          if (std::find(all.begin(), all.end(), form) == all.end()) {
            all.push_back(std::move(form));
          }
        }
      }
    }
  };
  take(program);
  for (const CommandLine& verb : program.verbs) {
    take(verb);
  }
  return all;
}

std::vector<std::string> forms_with_arguments(const CommandLine& program, std::size_t arguments) {
  return forms_of(program, [arguments](const CommandOption& option) {
    return option.arguments() == arguments;
  });
}

/// A word of a verb, and what it does: of the first of two words, which second ones there are.
struct VerbWord {
  std::string word;
  std::string help;
};

/// The words that may stand behind `first`, the first word of verbs of two; behind "", the first
/// words of all verbs, each once.
std::vector<VerbWord> verb_words(const CommandLine& program, std::string_view first = "") {
  std::vector<VerbWord> words;
  for (const CommandLine& verb : program.verbs) {
    const std::size_t blank = verb.name.find(' ');
    const std::string word = verb.name.substr(0, blank);
    const std::string second = blank == std::string::npos ? "" : verb.name.substr(blank + 1);
    if (!first.empty()) {
      if (word == first) {
        words.push_back({second, verb.help});
      }
    } else if (!words.empty() && words.back().word == word) {
      words.back().help += ", " + second;
    } else {
      words.push_back({word, second.empty() ? verb.help : second});
    }
  }
  return words;
}

std::vector<std::string> words_of(const std::vector<VerbWord>& verbs) {
  std::vector<std::string> words;
  words.reserve(verbs.size());
  for (const VerbWord& verb : verbs) {
    words.push_back(verb.word);
  }
  return words;
}

/// The first words of verbs of two words, each once.
std::vector<std::string> first_words(const CommandLine& program) {
  std::vector<std::string> words;
  for (const VerbWord& verb : verb_words(program)) {
    if (!verb_words(program, verb.word).front().word.empty()) {
      words.push_back(verb.word);
    }
  }
  return words;
}

// ---- bash.

constexpr std::string_view kBashFiles =
    "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")";

std::string bash_words(const std::vector<std::string>& words) {
  return fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$word\")",
                     quoted(fmt::format("{}", fmt::join(words, " "))));
}

std::string bash_values(const ArgumentValues& values) {
  switch (values.kind) {
    case Kind::File:
      return std::string(kBashFiles);
    case Kind::Words:
      return bash_words(values.words);
    case Kind::Any:
      break;
  }
  return ":";  // nothing is offered
}

/// What is offered with `line`, which is the program or one of its verbs, as a branch of a case.
std::string bash_branch(std::string_view pattern, const CommandLine& line,
                        const std::vector<std::string>& verbs) {
  std::vector<std::string> options;
  for (const CommandOption& option : line.options) {
    for (std::string& form : option.forms()) {
      options.push_back(std::move(form));
    }
  }
  return fmt::format(
      R"(    {})
      if [[ $word == -* ]]; then
        {}
      else
        {}
      fi
      ;;
)",
      pattern, bash_words(options), verbs.empty() ? bash_values(line.operand) : bash_words(verbs));
}

}  // namespace

std::string bash_completions(const CommandLine& program) {
  const std::string function = function_of(program);
  std::string waiting;
  for (const std::size_t arguments : {std::size_t{1}, std::size_t{2}}) {
    if (const auto forms = forms_with_arguments(program, arguments); !forms.empty()) {
      waiting += fmt::format("      {}) option=${{COMP_WORDS[i]}} missing={} ;;\n",
                             fmt::join(forms, " | "), arguments);
    }
  }
  std::string values;
  std::vector<std::string> seen;
  const auto take = [&](const CommandLine& line) {
    for (const CommandOption& option : line.options) {
      if (option.arguments() > 0 && option.values.kind != Kind::Any &&
          std::find(seen.begin(), seen.end(), option.name) == seen.end()) {
        seen.push_back(option.name);
        values += fmt::format("      {}) {} ;;\n", fmt::join(option.forms(), " | "),
                              bash_values(option.values));
      }
    }
  };
  take(program);
  std::string branches;
  for (const CommandLine& verb : program.verbs) {
    take(verb);
    branches += bash_branch(quoted(verb.name), verb, {});
  }
  std::string is_whole = "-n $verb";
  for (const std::string& first : first_words(program)) {
    is_whole += fmt::format(" && $verb != {}", first);
    branches += bash_branch(first, {}, words_of(verb_words(program, first)));
  }
  branches += bash_branch("''", program, words_of(verb_words(program)));
  // Behind an operand that is no verb.
  CommandLine rest = program;
  rest.operand = {};
  branches += bash_branch("*", rest, {});
  return fmt::format(R"({0}{1}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb='' option='' missing=0 i
  COMPREPLY=()
  # Which verb was typed, and how many values an option still needs. In --option=value the = is a
  # word of its own.
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if ((missing > 0)); then
      [[ ${{COMP_WORDS[i]}} == '=' ]] || ((--missing)) || option=''
      continue
    fi
    case ${{COMP_WORDS[i]}} in
{2}      -*) ;;
      *) [[ {6} ]] || verb+=${{verb:+ }}${{COMP_WORDS[i]}} ;;
    esac
  done
  if ((missing > 0)); then
    [[ $word != '=' ]] || word=''
    case $option in
{3}    esac
    return
  fi
  case $verb in
{4}  esac
}}
complete -F {1} {5}
)",
                     heading(program, "bash"), function, waiting, values, branches, program.name,
                     is_whole);
}

// ---- zsh.

namespace {

/// A text in the brackets of a specification.
std::string zsh_help(std::string_view text) {
  std::string all;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') {
      all += '\\';
    }
    all += c;
  }
  return all;
}

/// What follows in a specification: a message and an action for each of `names`, words.
std::string zsh_arguments(std::string_view names, const ArgumentValues& values) {
  std::string action = " ";
  if (values.kind == Kind::File) {
    action = "_files";
  } else if (values.kind == Kind::Words) {
    action = fmt::format("({})", fmt::join(values.words, " "));
  }
  std::string all;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    all += fmt::format(":{}:{}", replaced(name, ':', "\\:"), action);
  }
  return all;
}

/// The specifications of `line` for _arguments, one a line.
std::string zsh_specifications(const CommandLine& line) {
  std::string all;
  for (const CommandOption& option : line.options) {
    const auto forms = option.forms();
    const std::string excluded =
        forms.size() == 1 ? "" : fmt::format("({})", fmt::join(forms, " "));
    for (const std::string& form : forms) {
      const bool is_long = form.starts_with("--");
      const std::string_view joint = option.argument.empty() ? "" : is_long ? "=" : "+";
      const std::string help = form.starts_with("--no-")
                                   ? fmt::format("the opposite of --{}", option.name)
                                   : option.help;
      all += " \\\n        " +
             quoted(fmt::format("{}{}{}[{}]{}", excluded, form, joint, zsh_help(help),
                                zsh_arguments(option.argument, option.values)));
    }
  }
  return all;
}

/// Specifications for the words of a verb, which were typed already.
std::string zsh_words(std::string_view verb) {
  std::string all;
  for (std::size_t number = 1; !verb.empty(); ++number) {
    const std::string_view word = verb.substr(0, verb.find(' '));
    verb.remove_prefix(std::min(word.size() + 1, verb.size()));
    all += fmt::format(" '{}: :({})'", number, word);
  }
  return all;
}

/// What is offered for a verb, as a branch of a case. What stands before it, which the verb itself
/// may not have, is left out first.
std::string zsh_branch(std::string_view verb, std::string_view specifications) {
  return fmt::format(
      "    ({})\n      words[2,first-1]=()\n      ((CURRENT -= first - 2))\n"
      "      _arguments -s -S{} && return\n      ;;\n",
      verb, specifications);
}

/// A function that offers words of verbs.
std::string zsh_describe(std::string_view function, const std::vector<VerbWord>& verbs) {
  std::string words;
  for (const VerbWord& verb : verbs) {
    words += fmt::format("{}{}", words.empty() ? "" : " ",
                         quoted(fmt::format("{}:{}", verb.word, replaced(verb.help, ':', "\\:"))));
  }
  return fmt::format("{}() {{\n  local -a verbs=({})\n  _describe -t verbs verb verbs\n}}\n",
                     function, words);
}

}  // namespace

std::string zsh_completions(const CommandLine& program) {
  const std::string function = function_of(program);
  std::string skipping;
  for (const std::size_t arguments : {std::size_t{1}, std::size_t{2}}) {
    if (const auto forms = forms_with_arguments(program, arguments); !forms.empty()) {
      skipping += fmt::format("      ({}) ((i += {})) ;;\n", fmt::join(forms, "|"), arguments);
    }
  }
  std::string branches;
  for (const CommandLine& verb : program.verbs) {
    const std::string_view operand =
        std::string_view(verb.operands).substr(0, verb.operands.find(' '));
    branches += zsh_branch(
        quoted(verb.name),
        zsh_words(verb.name) +
            (operand.empty() ? "" : ' ' + quoted('*' + zsh_arguments(operand, verb.operand))) +
            zsh_specifications(verb));
  }
  std::string describe;
  if (!program.verbs.empty()) {
    describe = zsh_describe(function + "_verbs", verb_words(program));
  }
  std::string go_on;  // to the second word, unless this ends the loop
  for (const std::string& first : first_words(program)) {
    const std::string name = fmt::format("{}_{}_verbs", function, first);
    describe += zsh_describe(name, verb_words(program, first));
    branches += zsh_branch(first, zsh_words(first) + fmt::format(" '2:verb:{}'", name));
    go_on += fmt::format("[[ $verb == {} ]] || ", first);
  }
  const std::string first =
      program.verbs.empty() ? "" : fmt::format(" '1:verb:{}_verbs'", function);
  branches += fmt::format("    (*)\n      _arguments -s -S{}{} && return\n      ;;\n", first,
                          zsh_specifications(program));
  return fmt::format(R"(#compdef {0}
{1}{2}{3}() {{
  local verb='' first=0 i
  # Which verb was typed, and where; values of options are skipped.
  for ((i = 2; i < CURRENT; ++i)); do
    case ${{words[i]}} in
{4}      (-*) ;;
      (*)
        ((first)) || first=$i
        verb+=${{verb:+ }}${{words[i]}}
        {6}break
        ;;
    esac
  done
  case $verb in
{5}  esac
  return 1
}}
{3} "$@"
)",
                     program.name, heading(program, "zsh"), describe, function, skipping, branches,
                     go_on);
}

// ---- fish.

namespace {

std::string fish_quoted(std::string_view text) {
  return fmt::format("'{}'", replaced(replaced(text, '\\', "\\\\"), '\'', "\\'"));
}

/// `condition`: a command of fish that is true where these may be offered; empty: always.
std::string fish_options(std::string_view program, std::string_view condition,
                         const std::vector<CommandOption>& options) {
  const std::string start =
      condition.empty() ? fmt::format("complete -c {}", program)
                        : fmt::format("complete -c {} -n {}", program, fish_quoted(condition));
  std::string all;
  for (const CommandOption& option : options) {
    all += start;
    if (option.letter != 0) {
      all += fmt::format(" -s {}", option.letter);
    }
    all += fmt::format(" -l {}", option.name);
    if (option.arguments() > 0 && option.values.kind == Kind::File) {
      all += " -r -F";
    } else if (option.arguments() > 0) {
      all += " -x";
      if (option.values.kind == Kind::Words) {
        all += " -a " + fish_quoted(fmt::format("{}", fmt::join(option.values.words, " ")));
      }
    }
    all += fmt::format(" -d {}\n", fish_quoted(option.help));
    if (option.has_opposite) {
      all += fmt::format("{} -l no-{} -d {}\n", start, option.name,
                         fish_quoted("the opposite of --" + option.name));
    }
    // The second value is an operand for fish.
    if (option.arguments() > 1 && option.values.kind == Kind::File) {
      all += fmt::format("complete -c {} -n '__fish_contains_opt {}' -F\n", program, option.name);
    }
  }
  return all;
}

}  // namespace

std::string fish_completions(const CommandLine& program) {
  std::string text = heading(program, "fish");
  if (program.verbs.empty()) {
    return text + fmt::format("complete -c {} -f\n", program.name) +
           fish_options(program.name, "", program.options);
  }
  const std::string function = function_of(program) + "_verb_is";
  std::string skipping;
  for (const std::size_t arguments : {std::size_t{1}, std::size_t{2}}) {
    if (const auto forms = forms_with_arguments(program, arguments); !forms.empty()) {
      skipping += fmt::format("            case {}\n                set skipped {}\n",
                              fmt::join(forms, " "), arguments);
    }
  }
  std::vector<std::string> known = first_words(program);
  for (const CommandLine& verb : program.verbs) {
    known.push_back(fish_quoted(verb.name));
  }
  text += fmt::format(
      R"(# Whether the verb that was typed is one of the arguments; '' stands for none yet, and * for an operand
# that is no verb. Values of options are skipped.
function {0}
    set -l skipped 0
    set -l verb ''
    for word in (commandline -opc)[2..]
        if test $skipped -gt 0
            set skipped (math $skipped - 1)
            continue
        end
        switch $word
{1}            case '-*'
            case '*'
                set verb (string trim -- "$verb $word")
                contains -- $verb {2}; or break
        end
    end
    contains -- $verb '' {3}; or set verb '*'
    contains -- $verb $argv
end
complete -c {4} -f
)",
      function, skipping, fmt::join(first_words(program), " "), fmt::join(known, " "),
      program.name);
  const auto offer = [&](std::string_view first) {
    for (const VerbWord& verb : verb_words(program, first)) {
      text += fmt::format("complete -c {} -n {} -a {} -d {}\n", program.name,
                          fish_quoted(fmt::format("{} {}", function, fish_quoted(first))),
                          verb.word, fish_quoted(verb.help));
    }
  };
  offer("");
  for (const std::string& first : first_words(program)) {
    offer(first);
  }
  text += fish_options(program.name, function + " '' '*'", program.options);
  for (const CommandLine& verb : program.verbs) {
    const std::string is_verb = fmt::format("{} {}", function, fish_quoted(verb.name));
    const std::string start =
        fmt::format("complete -c {} -n {}", program.name, fish_quoted(is_verb));
    if (verb.operand.kind == Kind::File) {
      text += start + " -F\n";
    } else if (verb.operand.kind == Kind::Words) {
      text += fmt::format("{} -a {}\n", start,
                          fish_quoted(fmt::format("{}", fmt::join(verb.operand.words, " "))));
    }
    text += fish_options(program.name, is_verb, verb.options);
  }
  return text;
}

}  // namespace tribar
