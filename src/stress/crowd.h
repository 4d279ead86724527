// SPDX-License-Identifier: MIT
//
// The users: who is connected, logged in, on the way in or out. Sorts what comes from the server
// into logins, messages, lists and refusals, and lets each user's behaviour go on from there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/behaviour.h"
#include "stress/histogram.h"
#include "stress/swarm.h"
#include "stress/traffic.h"
#include "stress/usernames.h"

namespace tribar::stress {

class Crowd final : private SwarmEvents {
 public:
  /// `names` and `pairing` must outlive this.
  Crowd(const Address& server, const TrafficSettings& settings, const Usernames& names,
        const Pairing& pairing);

  /// What `user` does from now on; null: nothing. Must outlive the crowd or be replaced.
  void set_behaviour(User user, Behaviour* behaviour) { players_[user].behaviour = behaviour; }

  /// Connects and logs in: with CREATE the first time and when that fails, or later, with LOGIN.
  /// Only of a user that is away.
  void enter(User user);
  /// Ends the session once all is written; with `is_for_good` the account goes first.
  void leave(User user, bool is_for_good);
  /// Of users that are ready.
  void list(User user, std::string_view pattern);
  void ask_for_undelivered(User user);
  void send(User user, Nanos due) { traffic_.send(user, due); }

  /// Handles what comes until `until` or a little longer than the next event.
  void turn(Nanos until) { swarm_.turn(until); }

  [[nodiscard]] User count() const { return static_cast<User>(players_.size()); }
  [[nodiscard]] User entering() const { return entering_; }
  [[nodiscard]] User ready() const { return ready_; }
  [[nodiscard]] User leaving() const { return leaving_; }
  [[nodiscard]] bool is_ready(User user) const { return players_[user].state == State::Ready; }
  [[nodiscard]] bool is_away(User user) const { return players_[user].state == State::Away; }
  [[nodiscard]] bool has_account(User user) const { return players_[user].has_account; }

  /// Logins that failed, and the first in words. Users who had been there before and came back when
  /// the server was gone are none of them.
  [[nodiscard]] Findings::Finding failed_logins() const;
  [[nodiscard]] bool has_failed_login() const {
    return failed_logins_.count + broken_logins_.count > 0;
  }
  /// Takes those that are still on their way in for failed: `why`.
  void give_up_entering(std::string_view why);

  /// Why it makes no sense to go on: "Server gone at 1.1 s", counted from the start of the run.
  /// Empty as long as it does.
  [[nodiscard]] const std::string& end() const { return end_; }
  [[nodiscard]] bool is_over() const { return !end_.empty(); }
  /// Whether it is over because nobody accepts connections any more.
  [[nodiscard]] bool is_server_gone() const { return is_server_gone_; }

  /// Lists whose answer has not come yet, and those whose answer never will: their connection
  /// ended.
  [[nodiscard]] std::uint64_t answered_lists() const { return answered_lists_; }
  [[nodiscard]] std::uint64_t open_lists() const { return open_lists_; }
  [[nodiscard]] std::uint64_t lost_lists() const { return lost_lists_; }
  /// From the start of a connection to the answer to its login.
  [[nodiscard]] const Histogram& login_times() const { return login_times_; }

  [[nodiscard]] Swarm& swarm() { return swarm_; }
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const Usernames& names() const { return names_; }

 private:
  enum class State : std::uint8_t { Away, Creating, LoggingIn, Ready, Leaving };
  struct Player {
    State state = State::Away;
    bool has_account = false;
    std::uint32_t lists = 0;    // asked for and not answered
    std::uint32_t answers = 0;  // since the last on_read()
    Nanos entered = 0;
    Behaviour* behaviour = nullptr;
  };

  void on_frame(User user, std::uint8_t code, std::string_view data) override;
  void on_read(User user) override;
  void on_gone(User user, std::string_view why) override;
  void on_response(User user, std::string_view text);
  void on_list(User user, std::optional<std::string_view> names);
  void fail_login(User user, std::string_view why);
  /// The connection of a user who was on his way in broke.
  void break_login(User user, std::string_view why);
  /// A connection has just ended: looks whether any is left, and whether the server is.
  void look_for_end(bool was_ready);
  void end_run(std::string_view why);
  void set_state(User user, State state);
  void write(User user, std::uint8_t code, std::string_view data);

  const Address server_;
  const TrafficSettings settings_;
  const Usernames& names_;
  const Nanos begun_;
  Swarm swarm_;
  Traffic traffic_;
  std::vector<Player> players_;
  User entering_ = 0;
  User ready_ = 0;
  User leaving_ = 0;
  Findings::Finding failed_logins_;
  Findings::Finding broken_logins_;  // of users who had been there before
  std::uint64_t answered_lists_ = 0;
  std::uint64_t open_lists_ = 0;
  std::uint64_t lost_lists_ = 0;
  std::string end_;
  bool is_server_gone_ = false;
  std::string create_refusal_;  // the last one, in the server's words
  Histogram login_times_;
};

}  // namespace tribar::stress
