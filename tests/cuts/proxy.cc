// SPDX-License-Identifier: MIT
//
// See proxy.h.
#include "cuts/proxy.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace tribar::test {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kMostHeldBytes = 65536;
/// A connection on which too little happens for its plan is cut then. On a busy machine a login
/// with a secret takes seconds, and one that is cut counts as a guess.
constexpr auto kOverdue = std::chrono::seconds(30);

void end(Socket& socket, bool with_reset) {
  if (with_reset && socket.is_open()) {
    socket.reset();
  } else {
    socket.close();
  }
}

}  // namespace

CutPlan plan_cut(simulation::Random& random, microseconds most_lasts) {
  CutPlan plan;
  plan.how = static_cast<Cut>(random.below(kCuts));
  plan.is_clients_direction = random.chance(50);
  // Within the login, among the first messages, or later.
  const std::size_t kind = random.below(100);
  plan.after_bytes = 1 + random.below(kind < 15 ? 250 : kind < 85 ? 6000 : 60000);
  plan.lasts = microseconds(random.below(static_cast<std::size_t>(most_lasts.count())));
  plan.ends_with_reset = random.chance(50);
  return plan;
}

void Proxy::watch(Poller& poller) {
  poller.watch(listener_, POLLIN);
  for (Link& link : links_) {
    const auto events = [](const Flow& in, const Flow& out) {
      const bool takes_in = !in.has_ended && in.held.size() < kMostHeldBytes;
      return static_cast<short>((takes_in ? POLLIN : 0) | (out.held.empty() ? 0 : POLLOUT));
    };
    // A server that must not learn of a cut yet is not read from either.
    const bool is_silent = link.is_cut && !link.client.is_open();
    if (!is_silent) {
      poller.watch(link.client, events(link.up, link.down));
      poller.watch(link.server, events(link.down, link.up));
    }
    poller.wake_at(link.end_at);
  }
}

void Proxy::step(std::uint16_t server_port) {
  for (Socket client = listener_.accepted(); client.is_open(); client = listener_.accepted()) {
    Link& link = links_.emplace_back();
    link.client = std::move(client);
    link.server = Socket::connected(server_port);
    link.end_at = Clock::time_point::max();
    if (is_cutting_) {
      link.plan = plan_cut(random_, most_lasts_);
      link.end_at = Clock::now() + kOverdue;
    } else {
      link.plan.after_bytes = std::numeric_limits<std::uint64_t>::max();
    }
  }
  for (Link& link : links_) {
    advance(link);
  }
  links_.remove_if([](const Link& link) { return link.is_over; });
}

bool Proxy::pass(Link& link, Flow& flow, Socket& from, Socket& to) {
  if (from.ready != 0 && !flow.has_ended && flow.held.size() < kMostHeldBytes) {
    const std::size_t held_before = flow.held.size();
    switch (from.read(flow.held)) {
      case Socket::Got::Bytes:
        counts_.told_bytes += &flow == &link.down ? flow.held.size() - held_before : 0;
        break;
      case Socket::Got::Nothing:
        break;
      case Socket::Got::End:
        flow.has_ended = true;
        break;
      case Socket::Got::Reset:
        return false;
    }
  }
  if (flow.is_swallowed) {
    flow.held.clear();
  } else if (!flow.held.empty()) {
    const bool is_counted = !link.is_cut && link.plan.is_clients_direction == (&flow == &link.up);
    const std::uint64_t room = is_counted ? link.plan.after_bytes - flow.passed
                                          : std::numeric_limits<std::uint64_t>::max();
    const std::size_t size = std::min<std::uint64_t>(flow.held.size(), room);
    const std::optional<std::size_t> written =
        to.write(std::string_view(flow.held).substr(0, size));
    if (!written) {
      // What the other one has said before it went is still passed on.
      flow.is_swallowed = true;
      flow.is_shut = true;
    }
    const std::size_t done = written.value_or(size);
    flow.held.erase(0, done);
    flow.passed += done;
    if (written && is_counted && flow.passed == link.plan.after_bytes) {
      cut(link);
      return true;
    }
  }
  if (flow.has_ended && flow.held.empty() && !flow.is_shut) {
    to.shut_down();
    flow.is_shut = true;
  }
  return true;
}

void Proxy::advance(Link& link) {
  if (Clock::now() >= link.end_at) {
    if (link.is_cut) {
      return finish(link);
    }
    counts_.overdue += 1;
    return cut(link);
  }
  const auto may_pass = [&link] {
    return !link.is_over && link.client.is_open() && link.server.is_open();
  };
  const bool is_well = (!may_pass() || pass(link, link.up, link.client, link.server)) &&
                       (!may_pass() || pass(link, link.down, link.server, link.client));
  if (!is_well || (link.up.is_shut && link.down.is_shut)) {
    // A failure of one side is one of the other.
    end(link.client, !is_well);
    end(link.server, !is_well);
    link.is_over = true;
  }
}

void Proxy::cut(Link& link) {
  const CutPlan& plan = link.plan;
  link.is_cut = true;
  link.end_at = Clock::now() + plan.lasts;
  counts_.cuts[static_cast<std::size_t>(plan.how)] += 1;
  counts_.all += 1;
  Flow& flow = plan.is_clients_direction ? link.up : link.down;
  switch (plan.how) {
    case Cut::Close:
    case Cut::Reset:
      end(link.client, plan.how == Cut::Reset);
      end(link.server, plan.how == Cut::Reset);
      link.is_over = true;
      break;
    case Cut::HalfClose:
      (plan.is_clients_direction ? link.server : link.client).shut_down();
      flow.is_shut = true;
      flow.is_swallowed = true;
      break;
    case Cut::Swallow:
      flow.is_swallowed = true;
      break;
    case Cut::Silent:
      end(link.client, plan.ends_with_reset);
      break;
    case Cut::Late:
      // All that the client has sent.
      while (link.client.read(link.up.held) == Socket::Got::Bytes) {
      }
      end(link.client, plan.ends_with_reset);
      break;
  }
}

void Proxy::finish(Link& link) {
  if (link.plan.how == Cut::Late) {
    // What the system does not take is lost, which is allowed.
    static_cast<void>(link.server.write(link.up.held));
  }
  // A reset could overtake the last bytes.
  end(link.server, link.plan.ends_with_reset && link.plan.how != Cut::Late);
  end(link.client, link.plan.ends_with_reset);
  link.is_over = true;
}

}  // namespace tribar::test
