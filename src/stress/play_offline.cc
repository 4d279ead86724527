// SPDX-License-Identifier: MIT
//
// See plays.h.
#include "stress/plays.h"
#include "stress/talker.h"

namespace tribar::stress {
namespace {

// Messages per absent user, by default.
constexpr std::uint64_t kMessagesEach = 1000;

/// Logs in again and requests its undelivered messages, then a list. The list is answered last, so
/// by then all messages must have arrived.
class Returner final : public Behaviour {
 public:
  explicit Returner(Crowd& crowd) : crowd_(crowd) {}

  void on_ready(User user) override {
    crowd_.ask_for_undelivered(user);
    crowd_.list(user, crowd_.names().name(user));
  }
  void on_list(User /*user*/, std::optional<std::string_view> /*names*/) override { ++served_; }
  [[nodiscard]] User served() const { return served_; }

 private:
  Crowd& crowd_;
  User served_ = 0;
};

}  // namespace

void play_offline(Stage& stage, const Roles& roles) {
  const Options& options = stage.options();
  Crowd& crowd = stage.crowd();
  const Ledger& ledger = crowd.traffic().ledger();
  Results& results = stage.results();
  const std::uint64_t messages =
      options.messages > 0 ? options.messages : kMessagesEach * roles.absent.count;
  auto& talker = stage.cast<Talker>(crowd, options.window, messages);
  for (User user = roles.talkers.first; user < roles.talkers.end(); ++user) {
    crowd.set_behaviour(user, &talker);
  }
  if (!open_accounts(stage, roles.absent) || !stage.enter(0, roles.present().count)) {
    return;
  }
  crowd.traffic().leave_out(roles.absent.first, roles.absent.count);
  stage.expect_sent(messages);
  stage.start_measuring(1);
  const Nanos start = monotonic_now();
  for (User user = roles.talkers.first; user < roles.talkers.end(); ++user) {
    talker.start(user);
  }
  stage.play_until([&] { return talker.is_done() && ledger.unanswered() == 0; });
  talker.stop();
  const std::uint64_t stored = ledger.confirmed();
  results.set("store_rate", static_cast<double>(stored) / seconds(monotonic_now() - start));
  if (ledger.delivered() > 0) {
    results.notes.emplace_back("The server delivered to users that were away.");
  }

  auto& returner = stage.cast<Returner>(crowd);
  for (User user = roles.absent.first; user < roles.absent.end(); ++user) {
    crowd.set_behaviour(user, &returner);
  }
  const Nanos back = monotonic_now();
  if (stage.may_go_on() && stage.enter(roles.absent.first, roles.absent.count)) {
    stage.play_until([&] { return returner.served() == roles.absent.count; });
    results.set("drain_rate",
                static_cast<double>(ledger.delivered()) / seconds(monotonic_now() - back));
  }
  stage.stop_measuring();
  stage.drain();
}

}  // namespace tribar::stress
