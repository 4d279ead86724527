// SPDX-License-Identifier: MIT
//
// See scenario.h.
#include "stress/scenario.h"

#include <limits>

#include "stress/stage.h"
#include "stress/talker.h"

namespace tribar::stress {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// Everybody writes to everybody, so much at a time.
void play_exchange(Stage& stage) {
  const Options& options = stage.options();
  const bool is_counted = options.messages > 0;
  auto& talker =
      stage.cast<Talker>(stage.crowd(), options.window, is_counted ? options.messages : kNoLimit);
  for (User user = 0; user < options.users; ++user) {
    stage.crowd().set_behaviour(user, &talker);
  }
  if (!stage.enter(0, options.users)) {
    return;
  }
  if (is_counted) {
    stage.start_measuring();
  }
  for (User user = 0; user < options.users; ++user) {
    talker.start(user);
  }
  if (is_counted) {
    stage.pump(~Nanos{0}, [&] { return talker.is_done(); });
    stage.drain();
    stage.stop_measuring();
    return;
  }
  stage.warm_up();
  stage.start_measuring();
  stage.pump_seconds(options.seconds - stage.results().warmup_s);
  stage.stop_measuring();
  talker.stop();
  stage.drain();
}

}  // namespace

Results play(const Options& options, const Address& server) {
  Stage stage(options, server, Pairing(0, options.users, options.seed));
  play_exchange(stage);
  stage.leave();
  return stage.finish();
}

}  // namespace tribar::stress
