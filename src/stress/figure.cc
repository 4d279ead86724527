// SPDX-License-Identifier: MIT
//
// See figure.h.
#include "stress/figure.h"

#include <algorithm>

namespace tribar::stress {
namespace {

constexpr FigureKind kKinds[] = {
    {"sent", "messages", Better::Neither, "sent in the measured time"},
    {"delivered", "messages", Better::Neither, "delivered in the measured time"},
    {"rate", "messages/s", Better::Higher, "delivered a second"},
    {"offered", "messages/s", Better::Neither, "the rate of the schedule"},
    {"highest_rate", "messages/s", Better::Higher, "the highest rate that was held"},
    {"failed_rate", "messages/s", Better::Neither, "the rate that was not held"},
    {"p50", "us", Better::Lower, "half of the messages took no longer from sending to delivery"},
    {"p75", "us", Better::Lower, "75 %"},
    {"p90", "us", Better::Lower, "90 %"},
    {"p99", "us", Better::Lower, "99 %"},
    {"p99.9", "us", Better::Lower, "99.9 %"},
    {"p99.99", "us", Better::Lower, "99.99 %"},
    {"max", "us", Better::Lower, "all"},
    {"late_p50", "us", Better::Neither, "half of the messages left no later than this"},
    {"late_p99", "us", Better::Neither, "99 % left no later after they were due"},
    {"late_max", "us", Better::Neither, "the latest"},
    {"skipped", "messages", Better::Lower, "were due but never sent"},
    {"logins", "users", Better::Neither, "logged in at the start"},
    {"login_rate", "users/s", Better::Higher, "connected and logged in a second"},
    {"login_p50", "us", Better::Lower, "from connecting to the answer, half of the logins"},
    {"login_p99", "us", Better::Lower, "99 % of the logins"},
    {"handshake_rate", "handshakes/s", Better::Higher, "TLS handshakes a second"},
    {"handshake_p50", "us", Better::Lower,
     "from connecting to the end of the TLS handshake, half of them"},
    {"handshake_p99", "us", Better::Lower, "99 % of the handshakes"},
    {"store_rate", "messages/s", Better::Higher, "accepted for absent users"},
    {"drain_rate", "messages/s", Better::Higher, "delivered to users who came back"},
    {"session_rate", "sessions/s", Better::Higher, "users who logged in, wrote and left"},
    {"broken", "sessions", Better::Neither, "broken off with messages under way"},
    {"resent", "messages", Better::Neither, "sent again after their connection was broken off"},
    {"repeats", "messages", Better::Neither,
     "came again, since their connection was broken off before it was known that they had come"},
    {"naps", "times", Better::Neither, "how often the slow readers slept"},
    {"list_rate", "lists/s", Better::Higher, "lists answered"},
    {"list_p50", "us", Better::Lower, "from question to answer, half of the lists"},
    {"list_p99", "us", Better::Lower, "99 % of the lists"},
    {"server_cpu", "s/million", Better::Lower,
     "processor seconds of the server per million messages"},
    {"server_busy", "%", Better::Neither, "of one processor, used by the server"},
    {"server_memory", "MiB", Better::Lower, "resident memory of the server at the end"},
    {"server_per_user", "bytes", Better::Lower, "resident memory that each login added"},
    {"server_switches", "1/message", Better::Lower, "context switches of the server per message"},
    {"own_cpu", "s/million", Better::Neither,
     "processor seconds of this tool per million messages"},
    {"own_busy", "%", Better::Neither, "of one processor, used by this tool"},
    {"own_waited", "%", Better::Neither,
     "of the time, this tool was ready to run but had no processor"},
};

}  // namespace

std::span<const FigureKind> figure_kinds() { return kKinds; }

const FigureKind* find_figure_kind(std::string_view name) {
  const auto* at = std::find_if(std::begin(kKinds), std::end(kKinds),
                                [name](const FigureKind& kind) { return kind.name == name; });
  return at == std::end(kKinds) ? nullptr : at;
}

}  // namespace tribar::stress
