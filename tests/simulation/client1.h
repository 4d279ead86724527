// SPDX-License-Identifier: MIT
//
// A made-up client of protocol 1: it numbers what it sends, sends what was not accepted again after
// a broken connection, and acknowledges what it got at once, late, in part or never. What it shows
// its user is checked: nothing twice, and nothing is missed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/client.h"
#include "simulation/ledger.h"
#include "zero/command1.h"
#include "zero/reply1.h"

namespace tribar::simulation {

class Client1 final : public Client {
 public:
  /// The secrets that the users of an account may know, by its name; the likeliest one last. An
  /// empty one: it has none.
  using Secrets = std::map<std::string, std::vector<std::string>>;

  /// `installation`: this client's name in the protocol; empty: it does not number.
  /// `secret_percent`: of the accounts that it creates have a secret.
  Client1(const World& world, Manner manner, Dial dial, Ledger& ledger, Secrets& secrets,
          std::string installation, unsigned secret_percent);

  void dial() override;
  void calm_down() override;

  // For a plan instead of a manner:
  void log_in(std::string_view secret);
  /// A command that nothing follows from.
  void ask(const Command1& command) { append_command1(link_->travelling, command); }

 private:
  enum class Kind { Create, Login, List, Send, SetSecret, Delete, Wrong };
  struct Asked {
    Kind kind = Kind::Wrong;
    std::string what;  // the text of a message, or a secret that is the account's if it succeeds
  };
  struct Unanswered {
    std::string recipient;
    std::string text;
    std::uint64_t n = 0;        // under which it was last sent; 0: never
    bool is_under_way = false;  // on this connection
  };

  void take_frame(const FrameCut& cut) override;
  void write_command(std::string& out) override;
  void write_mistake(std::string& out) override;
  void harm() override;
  [[nodiscard]] bool must_wait() const override { return is_spoilt_ || awaits_deletion_; }

  void ask(std::string& out, Kind kind, const Command1& command, std::string what = {});
  void learn(const std::string& secret);
  void enter(std::string& out);
  void write_message(std::string& out);
  void acknowledge(std::string& out);
  [[nodiscard]] std::string some_secret();
  [[nodiscard]] std::string new_secret();
  void hear(const Response1& response);
  void hear_login(const Response1& response);
  void hear_accepted(const Accepted1& accepted);
  void hear_refused(const std::string& text, const Response1& response);
  void show(const Delivery1& delivery);
  [[nodiscard]] bool has_sends_under_way() const;

  Ledger& ledger_;
  Secrets& secrets_;
  std::string installation_;
  unsigned secret_percent_;
  std::string numbered_name_;  // whose numbers these are
  std::deque<Unanswered> unanswered_;
  std::uint64_t highest_ = 0;                        // accepted, as far as it knows
  std::map<std::string, std::uint64_t> last_shown_;  // number, by account
  std::set<std::string> shown_;
  // Of this connection:
  std::deque<Asked> asked_;
  std::vector<std::uint64_t> received_;  // and not acknowledged
  std::string pongs_;                    // due
  bool has_asked_login_ = false;
  bool is_logged_in_ = false;
  std::string own_secret_;  // with which it is logged in, as far as it knows
  bool wants_create_ = true;
  bool must_start_again_ = false;  // one of the messages was refused: those behind it, too
  bool awaits_deletion_ = false;
  bool is_calm_ = false;
};

}  // namespace tribar::simulation
