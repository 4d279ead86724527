// SPDX-License-Identifier: MIT
//
// A proxy between one client and the server that cuts each of their connections at some byte, in
// one of the ways in which networks do it. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>

#include "cuts/sockets.h"
#include "simulation/random.h"

namespace tribar::test {

enum class Cut : std::uint8_t {
  Close,      // both sides are closed
  Reset,      // both get a reset
  HalfClose,  // one direction ends, the other goes on for a while
  Swallow,    // from here on one direction's bytes are lost; the other goes on for a while
  Silent,     // the client is cut off, and the server learns of it later
  Late,       // the same, and the server gets the client's last bytes just before that
};
inline constexpr std::size_t kCuts = 6;

/// What happens to one connection.
struct CutPlan {
  Cut how = Cut::Close;
  bool is_clients_direction = true;   // bytes from the client are counted, else those to it
  std::uint64_t after_bytes = 0;      // passed on in that direction
  std::chrono::microseconds lasts{};  // until the rest of it
  bool ends_with_reset = false;
};

/// `most_lasts`: the longest time between a cut and the moment when the server learns of it.
[[nodiscard]] CutPlan plan_cut(simulation::Random& random, std::chrono::microseconds most_lasts);

class Proxy {
 public:
  struct Counts {
    std::array<std::uint64_t, kCuts> cuts{};
    std::uint64_t all = 0;
    std::uint64_t overdue = 0;     // so little passed that the time was up before the bytes were
    std::uint64_t told_bytes = 0;  // read from the server
  };

  /// `seed` decides all plans.
  Proxy(std::uint64_t seed, std::chrono::microseconds most_lasts)
      : listener_(Socket::listening()), random_(seed), most_lasts_(most_lasts) {}

  /// Where the client connects.
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Whether connections that come from now on are cut.
  void set_cutting(bool is_cutting) { is_cutting_ = is_cutting; }

  void watch(Poller& poller);
  /// Does what can be done after Poller::wait(). `server_port`: where connections go.
  void step(std::uint16_t server_port);

 private:
  struct Flow {
    std::string held;  // read and not written
    std::uint64_t passed = 0;
    bool has_ended = false;
    bool is_shut = false;       // its end was passed on
    bool is_swallowed = false;  // what comes is dropped
  };
  struct Link {
    Socket client;
    Socket server;
    Flow up;    // client → server
    Flow down;  // server → client
    CutPlan plan;
    bool is_cut = false;
    bool is_over = false;
    Clock::time_point end_at;
  };

  /// Passes on what can be; false: the connection has failed.
  [[nodiscard]] bool pass(Link& link, Flow& flow, Socket& from, Socket& to);
  void advance(Link& link);
  void cut(Link& link);
  void finish(Link& link);

  Socket listener_;
  simulation::Random random_;
  std::chrono::microseconds most_lasts_;
  bool is_cutting_ = false;
  std::list<Link> links_;
  Counts counts_;
};

}  // namespace tribar::test
