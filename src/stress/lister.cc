// SPDX-License-Identifier: MIT
//
// See lister.h.
#include "stress/lister.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/glob.h"
#include "zero/frame.h"

namespace tribar::stress {
namespace {

std::vector<std::string_view> split(std::string_view names) {
  std::vector<std::string_view> out;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(kDelimiter), names.size());
    out.push_back(names.substr(0, end));
    names.remove_prefix(std::min(end + kDelimiter.size(), names.size()));
  }
  return out;
}

}  // namespace

Lister::Lister(Crowd& crowd) : crowd_(crowd), asked_(crowd.count()), asked_at_(crowd.count()) {
  const Usernames& names = crowd.names();
  const std::string all = names.pattern();
  const std::string prefix = all.substr(0, all.size() - 1);
  // Patterns that match one name, none, few, and some that make a matcher backtrack.
  for (std::string pattern : {std::string(names.name(0)), prefix + "none", prefix + "*7",
                              prefix + "[!1-9]*0", prefix + "?*3*1", prefix + "*1*1*1*b"}) {
    Question question{.pattern = std::move(pattern), .expected = {}, .answer = {}};
    const Glob glob(question.pattern);
    for (User user = 0; user < names.count(); ++user) {
      if (glob.matches(names.name(user))) {
        question.expected.push_back(names.name(user));
      }
    }
    questions_.push_back(std::move(question));
  }
}

void Lister::ask(User user) {
  asked_at_[user] = crowd_.swarm().refresh_now();
  crowd_.list(user, questions_[asked_[user] % questions_.size()].pattern);
}

void Lister::on_list(User user, std::optional<std::string_view> names) {
  if (names) {
    times_.record(difference(crowd_.swarm().now(), asked_at_[user]));
  }
  Question& question = questions_[asked_[user]++ % questions_.size()];
  if (names && !is_right(question, *names)) {
    crowd_.traffic().ledger().note_damage(
        user, fmt::format("a list for \"{}\" of {} bytes that is wrong, and", question.pattern,
                          names->size()));
  }
  if (!is_stopped_) {
    ask(user);
  }
}

bool Lister::is_right(Question& question, std::string_view names) {
  if (question.is_answered) {
    return names == question.answer;
  }
  std::vector<std::string_view> found = split(names);
  std::sort(found.begin(), found.end());
  if (found != question.expected) {
    return false;
  }
  question.answer = names;
  question.is_answered = true;
  return true;
}

}  // namespace tribar::stress
