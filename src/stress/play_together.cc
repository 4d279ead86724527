// SPDX-License-Identifier: MIT
//
// See plays.h.
#include "stress/company.h"
#include "stress/plays.h"

namespace tribar::stress {
namespace {

/// Creates an account and leaves.
class Visitor final : public Behaviour {
 public:
  explicit Visitor(Crowd& crowd) : crowd_(crowd) {}
  void on_ready(User user) override { crowd_.leave(user, false); }

 private:
  Crowd& crowd_;
};

}  // namespace

bool open_accounts(Stage& stage, const Range& range) {
  assign(stage.crowd(), range, stage.cast<Visitor>(stage.crowd()));
  return stage.enter(range.first, range.count);
}

void play_together(Stage& stage, const Roles& roles) {
  const Options& options = stage.options();
  Results& results = stage.results();
  Company company(stage, roles);
  if (!stage.enter(0, roles.present().count) || !open_accounts(stage, roles.absent)) {
    return;
  }
  const bool is_counted = options.messages > 0;
  results.warmup_s = stage.warmup_s();
  const double rest_s = options.seconds - results.warmup_s;
  if (is_counted) {
    stage.expect_sent(options.messages);
    stage.start_measuring(1);
    company.start();
    stage.play_until([&] { return company.is_done(); });
    company.stop();
    stage.drain();
  } else {
    company.start();
    if (!stage.play_for(results.warmup_s)) {
      company.stop();
      stage.drain();
      return;
    }
    company.mark();
    stage.start_measuring(rest_s);
    stage.play_for(rest_s);
  }
  stage.stop_measuring();
  company.report(results, seconds(stage.crowd().traffic().measured()));
  company.stop();
  stage.drain();
}

}  // namespace tribar::stress
