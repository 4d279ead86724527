// SPDX-License-Identifier: MIT
//
// A client of protocol 1 that follows its rules for broken connections, sends without end, and
// checks all that the server says. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cuts/sockets.h"
#include "simulation/random.h"
#include "zero/frame.h"
#include "zero/reply1.h"

namespace tribar::test {

/// The server has broken a promise.
class BrokenPromise : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is known of the messages from one client to the other: by which number each went.
class Way {
 public:
  /// Each message gets one number, whoever is told of it. Throws BrokenPromise.
  void note(std::uint64_t index, std::uint64_t number) {
    if (const auto [at, is_new] = numbers_.emplace(index, number);
        !is_new && at->second != number) {
      throw BrokenPromise("message " + std::to_string(index) + " has the numbers " +
                          std::to_string(at->second) + " and " + std::to_string(number));
    }
  }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;
};

class Client {
 public:
  struct Setup {
    std::string name;
    std::string peer;    // to whom it sends, and from whom it gets
    std::string secret;  // empty: an account by name only
    std::uint64_t seed = 0;
    std::uint16_t port = 0;
    Way* out = nullptr;  // of its messages
    Way* in = nullptr;   // of the peer's
  };
  struct Counts {
    std::uint64_t connections = 0;
    std::uint64_t refused = 0;         // SENDs, each of which was not doomed
    std::uint64_t doomed = 0;          // SENDs behind a refused one
    std::uint64_t repeated = 0;        // SENDs that had been accepted before
    std::uint64_t known_at_login = 0;  // and those that LOGIN said were
    std::uint64_t dropped = 0;         // messages that had been shown before
    std::uint64_t in_use = 0;
    std::uint64_t replaced = 0;
    std::uint64_t throttled = 0;
  };

  explicit Client(Setup setup) : setup_(std::move(setup)), random_(setup_.seed) {}

  void watch(Poller& poller);
  /// Does what can be done after Poller::wait(). Throws BrokenPromise.
  void step();
  /// The server was killed: what it had not stored it need not know.
  void note_kill() { life_ += 1; }

  /// Whether it thinks of further messages.
  void set_talking(bool is_talking) { is_talking_ = is_talking; }
  [[nodiscard]] bool is_logged_in() const { return phase_ == Phase::In; }
  /// Whether all that it sent was answered, and the server knows what it was shown.
  [[nodiscard]] bool is_settled() const {
    return is_logged_in() && outbox_.empty() && unacknowledged_ == 0 && pings_ == 0;
  }
  /// Closes its connection; it makes a new one.
  void restart() { end_connection(); }
  /// What the latest LOGIN said.
  [[nodiscard]] std::uint64_t waiting_at_login() const { return waiting_at_login_; }
  [[nodiscard]] bool is_highest_known() const { return login_highest_ == highest_; }

  [[nodiscard]] std::uint64_t sent_messages() const { return last_thought_; }
  [[nodiscard]] std::uint64_t shown_messages() const { return last_index_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// What it knows and what happened lately, for people.
  [[nodiscard]] std::string story() const;

 private:
  enum class Phase { Away, Creating, LoggingIn, In };
  struct Outgoing {
    std::uint64_t index = 0;  // among those to the peer, from 1; 0: to nobody, it is refused
  };
  struct InFlight {
    std::uint64_t n = 0;
    bool is_doomed = false;  // behind a refused one
  };
  /// What the seed decides for one connection.
  struct Habits {
    std::size_t window = 0;           // SENDs under way
    bool is_patient = false;          // sends nothing until all doomed ones are answered
    bool trusts_login = false;        // takes LOGIN's highest n for an answer
    std::uint64_t acknowledge = 0;    // at so many messages
    std::uint64_t deliver_after = 0;  // replies; 0: together with LOGIN
    std::uint64_t deliver_again = 0;  // replies between further DELIVERs; 0: none
  };

  void connect();
  void end_connection();
  void send_login();
  void receive();
  void act();
  void send(const Command1& command);
  void acknowledge();

  void handle(const Response1& response);
  void handle(const ListResponse1& response);
  void handle(const Delivery1& delivery);
  void handle(const Accepted1& accepted);
  void handle(const Ping& ping);
  void handle(const Pong& pong);
  void enter(std::uint64_t waiting, std::uint64_t highest);
  void refused(const Response1& response);
  void accepted_front();

  void note(std::string what);
  [[noreturn]] void fail(const std::string& what) const;

  Setup setup_;
  simulation::Random random_;
  Counts counts_;
  std::deque<std::string> lately_;
  std::uint64_t life_ = 0;  // of the server
  bool is_talking_ = false;
  bool is_created_ = false;

  // As a sender.
  std::deque<Outgoing> outbox_;  // not known to be accepted; the first has n = highest_ + 1
  std::uint64_t highest_ = 0;    // all up to this n are accepted
  std::uint64_t ever_sent_ = 0;  // so many of the outbox were sent with the n that they have now
  std::uint64_t known_highest_ = 0;  // the server has said that it accepted this n
  std::uint64_t last_thought_ = 0;

  // As a reader.
  std::uint64_t last_shown_ = 0;  // the highest number
  std::uint64_t last_index_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> shown_;  // indexes by numbers
  std::uint64_t surely_acknowledged_ = 0;                   // the server knows, if it still is
  std::uint64_t surely_in_life_ = 0;                        // this one

  // Of this connection.
  Socket socket_;
  FrameReader reader_{0, kVersion1};
  std::string unwritten_;
  Phase phase_ = Phase::Away;
  Habits habits_;
  std::uint64_t connected_in_life_ = 0;
  Clock::time_point retry_at_;  // of LOGIN, or of SEND
  bool must_retry_login_ = false;
  std::deque<InFlight> in_flight_;
  std::uint64_t sent_ = 0;  // the first ones of the outbox, which are in flight and not doomed
  std::uint64_t login_highest_ = 0;
  std::uint64_t waiting_at_login_ = 0;
  std::uint64_t replies_ = 0;
  bool must_deliver_ = false;
  std::uint64_t last_pushed_ = 0;
  std::uint64_t unacknowledged_ = 0;
  std::uint64_t pings_ = 0;  // not answered
};

}  // namespace tribar::test
