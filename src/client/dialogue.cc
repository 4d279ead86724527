// SPDX-License-Identifier: MIT
//
// See dialogue.h.
#include "client/dialogue.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <utility>

#include "base/log.h"

namespace tribar {

void add(Step& all, Step next) {
  if (all.print.empty()) {
    all.print = std::move(next.print);  // a long text is not copied
  } else {
    all.print += next.print;
  }
  all.send += next.send;
  all.ending = std::move(next.ending);
}

Step Dialogue::refuse_version(std::uint8_t found) {
  return break_off(fmt::format("it speaks version {}, not {}", found, version()));
}

Step Dialogue::break_off(std::string_view what) {
  return end(Ending{EX_PROTOCOL, fmt::format("the server broke the protocol: {}",
                                             log::escaped(what, what.size()))});
}

Step Dialogue::end(Ending ending) {
  Step step = close(is_asking_ ? "\n" : "");
  step.ending = std::move(ending);
  return step;
}

Step Dialogue::ask(std::string_view question) {
  is_asking_ = true;
  return Step{.print = std::string(question)};
}

Step Dialogue::close(std::string_view outcome) {
  is_asking_ = false;
  is_held_ = false;
  return Step{.print = std::string(outcome) + std::exchange(waiting_, {})};
}

Step Dialogue::show(std::string text) {
  if (is_asking_ || is_held_) {
    waiting_ += text;
    return {};
  }
  return Step{.print = std::move(text)};
}

void Dialogue::note_unclear(std::string_view line) {
  constexpr std::size_t kMostShownBytes = 40;
  if (const std::string_view word = trimmed(line); !word.empty()) {
    note_refusal(fmt::format("{}: {}", is_asking_ ? "neither y nor n" : "no such command",
                             log::escaped(word, kMostShownBytes)));
  }
}

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return line.substr(first, line.find_last_not_of(" \t\n") - first + 1);
}

std::optional<bool> yes_or_no(std::string_view line) {
  const std::string_view answer = trimmed(line);
  if (answer == "y" || answer == "Y" || answer == "yes") {
    return true;
  }
  if (answer == "n" || answer == "N" || answer == "no") {
    return false;
  }
  return std::nullopt;
}

std::string left_unanswered(std::string_view question) {
  return fmt::format("the input ended at '{}': nothing was done", trimmed(question));
}

std::string left_unconfirmed(std::string_view recipient) {
  return fmt::format(
      "the message to {} was not sent: the input ended before it was confirmed with y", recipient);
}

std::string literal_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += {'[', c, ']'};
    } else {
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace tribar
