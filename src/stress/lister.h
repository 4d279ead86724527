// SPDX-License-Identifier: MIT
//
// Users that request lists without a pause, one at a time, and check each answer: it must contain
// exactly the matching accounts of this run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/behaviour.h"
#include "stress/crowd.h"
#include "stress/histogram.h"

namespace tribar::stress {

class Lister final : public Behaviour {
 public:
  /// All users of `crowd` must have an account when start() is called.
  explicit Lister(Crowd& crowd);

  void start(User user) { ask(user); }
  void stop() { is_stopped_ = true; }
  [[nodiscard]] std::uint64_t lists() const { return times_.total(); }
  /// Times from request to answer; refused requests do not count.
  [[nodiscard]] const Histogram& times() const { return times_; }

  void on_list(User user, std::optional<std::string_view> names) override;

 private:
  struct Question {
    std::string pattern;
    std::vector<std::string_view> expected;  // sorted
    /// The first right answer: the order is that of creation, which only the server knows, but
    /// it never changes.
    std::string answer;
    bool is_answered = false;
  };

  void ask(User user);
  [[nodiscard]] static bool is_right(Question& question, std::string_view names);

  Crowd& crowd_;
  std::vector<Question> questions_;
  std::vector<std::size_t> asked_;  // by user: how many so far
  std::vector<Nanos> asked_at_;
  Histogram times_;
  bool is_stopped_ = false;
};

}  // namespace tribar::stress
