// SPDX-License-Identifier: MIT
//
// What a run costs and brings: rates, latencies, and the processor time of both ends, over the
// measured time.
#pragma once

#include <sys/types.h>

#include <optional>

#include "stress/results.h"
#include "stress/traffic.h"
#include "stress/usage.h"

namespace tribar::stress {

class Meter {
 public:
  /// `server` is looked at, too, if given. `traffic` must outlive this.
  Meter(Traffic& traffic, std::optional<Process> server);

  /// The measured time begins; `slice` is the first length of a step of the timeline.
  void start(Nanos slice);
  void stop();
  /// Takes a sample of the server if it is time for one. Cheap: to be called every turn.
  void sample(Nanos now) {
    if (now >= next_sample_) {
      take_sample(now);
    }
  }

  [[nodiscard]] const std::optional<Process>& server() const { return server_; }

  /// Writes all that was measured to `results`.
  void report(Results& results) const;

 private:
  struct Reading {
    OwnUsage own;
    Nanos server_cpu = 0;
    std::uint64_t server_switches = 0;
  };
  [[nodiscard]] Reading read() const;
  void take_sample(Nanos now);
  void report_messages(Results& results) const;
  void report_usage(Results& results) const;

  Traffic& traffic_;
  std::optional<Process> server_;
  Reading before_;
  Reading after_;
  Nanos next_sample_ = ~Nanos{0};
};

}  // namespace tribar::stress
