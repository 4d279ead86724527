// SPDX-License-Identifier: MIT
//
// One run of a verb: the loop over its connection, and what it does with a Session's events. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "client/backoff.h"
#include "client/client_options.h"
#include "client/client_setup.h"
#include "client/dialogue.h"
#include "client/interrupt.h"
#include "client/link.h"
#include "client/session.h"

namespace tribar {

/// What a verb is about. Everything in it can be sent: see unsendable.h.
struct VerbTask {
  Verb verb = Verb::None;
  std::string account{};    // to log in to, to create or delete; empty: none, List only
  std::string secret{};     // of the account; wiped after the run
  std::string recipient{};  // of Send
  std::string text{};       // of Send
  std::string pattern{};    // of List
};

class VerbRun {
 public:
  VerbRun(const ClientOptions& options, const ClientSetup& setup, VerbTask task);
  ~VerbRun();
  VerbRun(const VerbRun&) = delete;
  VerbRun& operator=(const VerbRun&) = delete;

  /// Runs until it is done. Call once.
  [[nodiscard]] Ending run();

 private:
  using Clock = Link::Clock;

  void turn();
  void begin();
  void opened();
  [[nodiscard]] bool may_tell_secret();
  void take(const LinkEvent& event);
  void take_events();
  void write_lines();
  void send_output();
  void lost(const std::string& reason);
  void expire();
  [[nodiscard]] bool may_reconnect() const;
  [[nodiscard]] bool may_ask_next() const;
  void end(int exit_code, std::string reason);
  [[nodiscard]] std::string with_doubt(std::string reason) const;
  void refuse(std::string_view what, std::string_view token, std::string_view text);

  void on(const client::LoggedIn& event);
  void on(const client::LoginRefused& event);
  void on(const client::Refused& event);
  void on(const client::UserList& event);
  void on(const client::Arrived& event);
  void on(const client::Sent& event);
  void on(const client::InDoubt& event);
  void on(const client::FetchDone& event);
  void on(const client::Done& event);
  void on(const client::Ended& event);

  [[nodiscard]] bool follows() const { return task_.verb == Verb::Receive && options_.follow; }
  [[nodiscard]] bool has_enough() const { return options_.count && written_ >= *options_.count; }
  [[nodiscard]] std::string shown(std::string_view text) const;

  const ClientOptions& options_;
  VerbTask task_;
  bool is_utf8_;
  Interrupt interrupt_;
  Link link_;
  client::Session session_;
  Backoff backoff_;
  bool has_begun_ = false;
  bool is_in_doubt_ = false;                     // whether the server did what it was asked
  bool must_remove_ = false;                     // Delete: to be asked for after the login
  bool has_fetched_ = false;                     // on this connection
  bool has_told_loss_ = false;                   // to the user, of a server that is away
  std::optional<std::string> drops_{};           // the connection is of no more use, and why
  std::optional<Clock::time_point> deadline_{};  // for what is awaited
  std::optional<Clock::time_point> retry_at_{};  // when to connect again
  std::string lines_;                            // to be written
  MessageNumber last_number_{};                  // of the last message in them, or before
  std::uint64_t written_ = 0;                    // messages, those in lines_ included
  std::optional<Ending> ending_{};
};

}  // namespace tribar
