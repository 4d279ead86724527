// SPDX-License-Identifier: MIT
//
// All users: which of them are connected, logged in, logging in or leaving. Sorts what the server
// sends into logins, messages, lists and refusals, and calls each user's behaviour. Where there are
// several servers, users of protocol 1 whose connection is lost come back to the next one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/behaviour.h"
#include "stress/histogram.h"
#include "stress/swarm.h"
#include "stress/traffic.h"
#include "stress/usernames.h"
#include "zero/reply1.h"

namespace tribar::stress {

class Crowd final : private SwarmEvents {
 public:
  /// `secret`: of all accounts; empty: they have none. `names` and `pairing` must outlive this.
  Crowd(const Server& server, const TrafficSettings& settings, std::string secret,
        const Usernames& names, const Pairing& pairing);

  /// Sets what `user` does from now on; null: nothing. The behaviour must outlive the crowd or be
  /// replaced.
  void set_behaviour(User user, Behaviour* behaviour) { players_[user].behaviour = behaviour; }

  /// Connects and logs in: with CREATE the first time, with LOGIN later or if CREATE fails. Only
  /// for a user who is not connected.
  void enter(User user);
  /// Ends the session once everything is written; `is_for_good`: deletes the account first.
  void leave(User user, bool is_for_good);
  /// For users that are ready.
  void list(User user, std::string_view pattern);
  void ask_for_undelivered(User user);
  /// Closes the connection at once, whatever is under way; for a user who is ready.
  void cut(User user);
  void send(User user, Nanos due) { traffic_.send(user, due); }

  /// Handles events until `until`, or a little longer for the next event.
  void turn(Nanos until);

  [[nodiscard]] User count() const { return static_cast<User>(players_.size()); }
  [[nodiscard]] User entering() const { return entering_; }
  [[nodiscard]] User ready() const { return ready_; }
  [[nodiscard]] User leaving() const { return leaving_; }
  [[nodiscard]] bool is_ready(User user) const { return players_[user].state == State::Ready; }
  [[nodiscard]] bool is_away(User user) const { return players_[user].state == State::Away; }
  [[nodiscard]] bool has_account(User user) const { return players_[user].has_account; }

  /// Failed logins: their number, and a description of the first. Does not include users who
  /// reconnected when the server was gone.
  [[nodiscard]] Findings::Finding failed_logins() const;
  [[nodiscard]] bool has_failed_login() const {
    return failed_logins_.count + broken_logins_.count > 0;
  }
  /// Counts all users who are still logging in as failed, because of `why`.
  void give_up_entering(std::string_view why);

  /// Why the run cannot continue: "Server gone at 1.1 s", counted from the start of the run. Empty
  /// while it can.
  [[nodiscard]] const std::string& end() const { return end_; }
  [[nodiscard]] bool is_over() const { return !end_.empty(); }
  /// Whether the run is over because the server accepts no connections any more.
  [[nodiscard]] bool is_server_gone() const { return is_server_gone_; }

  /// Connections that were lost and made again, with the next server; the longest time in which
  /// there was none.
  [[nodiscard]] std::uint64_t returns() const { return returns_; }
  [[nodiscard]] Nanos longest_absence() const { return longest_absence_; }

  /// Lists that are not answered yet, and those that never will be, because their connection ended.
  [[nodiscard]] std::uint64_t answered_lists() const { return answered_lists_; }
  [[nodiscard]] std::uint64_t open_lists() const { return open_lists_; }
  [[nodiscard]] std::uint64_t lost_lists() const { return lost_lists_; }
  /// Times from the start of a connection to the answer to its login.
  [[nodiscard]] const Histogram& login_times() const { return login_times_; }
  /// Times from the start of a connection to the end of its TLS handshake.
  [[nodiscard]] const Histogram& handshake_times() const { return handshake_times_; }

  [[nodiscard]] Swarm& swarm() { return swarm_; }
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const Usernames& names() const { return names_; }
  /// Whether the users speak protocol 1.
  [[nodiscard]] bool is_numbered() const { return settings_.protocol == 1; }
  /// Whether they speak over TLS.
  [[nodiscard]] bool is_over_tls() const { return server_.tls != nullptr; }

 private:
  enum class State : std::uint8_t { Away, Returning, Creating, LoggingIn, Ready, Leaving };
  struct Player {
    State state = State::Away;
    bool has_account = false;
    bool is_deleting = false;   // waits for the answer to DELETE
    bool returns = false;       // after a lost connection
    std::uint32_t lists = 0;    // requested and not answered
    std::uint32_t answers = 0;  // since the last on_read()
    Nanos entered = 0;
    Behaviour* behaviour = nullptr;
  };

  void on_secured(User user) override {
    handshake_times_.record(swarm_.now() - players_[user].entered);
  }
  void on_frame(User user, std::uint8_t code, std::string_view data) override;
  void on_read(User user) override;
  void on_gone(User user, std::string_view why) override;
  /// A frame of protocol 1.
  void on_reply(User user, std::uint8_t code, std::string_view data);
  /// `response`: of protocol 0 with the token kOk or none.
  void on_response(User user, const Response1& response);
  void on_ready(User user, const Response1& response);
  /// A refusal of what a user did who is logged in.
  void on_refusal(User user, const Response1& response);
  void on_list(User user, std::optional<std::string_view> names);
  void fail_login(User user, std::string_view why);
  /// The connection of a user broke during login.
  void break_login(User user, std::string_view why);
  /// Whether a user whose connection is lost comes back.
  [[nodiscard]] bool may_return() const { return is_numbered() && server_.places.size() > 1; }
  /// The connection of `user` is lost, or of no use: it comes back after `pause`, to the next
  /// server or, if it `stays`, to the same.
  void come_back(User user, Nanos pause, bool stays = false);
  /// Lets users come back whose time it is, and gives up what takes too long.
  void bring_back(Nanos now);
  void give_up_returning();

  /// Called when a connection ends: checks whether any is left, and whether the server still runs.
  void look_for_end(bool was_ready);
  void end_run(std::string_view why);
  void set_state(User user, State state);
  void write(User user, std::uint8_t code, std::string_view data);
  void write(User user, const Command1& command);
  void write_login(User user);

  const Server server_;
  const TrafficSettings settings_;
  const std::string secret_;
  const Usernames& names_;
  const Nanos begun_;
  Swarm swarm_;
  Traffic traffic_;
  std::vector<Player> players_;
  User entering_ = 0;  // Returning included
  User ready_ = 0;
  User leaving_ = 0;
  Findings::Finding failed_logins_;
  Findings::Finding broken_logins_;  // of users who had been logged in before
  std::uint64_t answered_lists_ = 0;
  std::uint64_t open_lists_ = 0;
  std::uint64_t lost_lists_ = 0;
  std::string end_;
  bool is_server_gone_ = false;
  struct Return {
    User user;
    Nanos at;
  };
  std::deque<Return> returning_;
  std::vector<User> connecting_;  // of those that return
  std::uint64_t returns_ = 0;
  std::optional<Nanos> all_lost_at_;  // none: somebody is logged in
  Nanos longest_absence_ = 0;
  std::string create_refusal_;  // the server's text of the last one
  Histogram login_times_;
  Histogram handshake_times_;
};

}  // namespace tribar::stress
