// SPDX-License-Identifier: MIT
//
// A client that is made up: it connects, asks, reads, and leaves, each in its own manner, from one
// that behaves well to one that means harm. What it knows of the protocol it has from src/zero.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/diary.h"
#include "simulation/network.h"
#include "simulation/random.h"
#include "zero/command.h"
#include "zero/frame.h"

namespace tribar::simulation {

/// How a client behaves; the figures are percentages.
struct Manner {
  unsigned reads = 50;      // of its turns it receives something
  unsigned trickles = 5;    // of its frames are sent byte by byte
  unsigned errs = 10;       // of its commands are wrong, or come when they should not
  unsigned leaves = 3;      // of its turns end the connection
  unsigned harms = 0;       // of its turns do what no client should
  std::size_t at_once = 3;  // commands in one write, at most
};

[[nodiscard]] Manner roll_manner(Random& random);

class Client {
 public:
  /// Gives the client a new connection.
  using Dial = std::function<std::shared_ptr<Link>()>;

  Client(std::vector<std::string> names, Manner manner, Dial dial, std::uint64_t& last_message,
         Diary& diary, Random& random);

  /// Does something.
  void act();
  /// Takes what has come.
  void receive(std::size_t most);
  /// Ends the connection, if any.
  void hang_up(bool by_reset);

  // For a plan instead of a manner:
  void dial();
  void ask(const Command& command) { append_command(link_->travelling, command); }
  /// A new message, of the account that this client is to log in to.
  void send(std::string_view recipient, std::size_t bytes);

  [[nodiscard]] bool is_connected() const { return link_ && !link_->is_at_end(); }
  [[nodiscard]] bool has_hung_up() const {
    return link_ && (link_->client_ends || link_->client_breaks);
  }
  /// Whether it can be left alone: it gets all that it is owed and keeps to the protocol.
  [[nodiscard]] bool behaves() const {
    return manner_.harms == 0 && manner_.reads > 10 && trickle_.empty() && !is_spoilt_;
  }
  [[nodiscard]] const std::shared_ptr<Link>& link() const { return link_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// Answers so far, of each kind.
  std::size_t refusals = 0;
  std::size_t lists = 0;
  std::size_t messages = 0;

 private:
  void take_frames();
  void note_list_answered();
  void write();
  void write_command(std::string& out);
  void write_mistake(std::string& out);
  void harm();
  [[nodiscard]] std::string new_text(std::size_t padding);

  std::vector<std::string> names_;
  Manner manner_;
  Dial dial_;
  std::uint64_t& last_message_;
  Diary& diary_;
  Random& random_;
  std::shared_ptr<Link> link_;
  std::unique_ptr<FrameReader> reader_;
  std::string name_;
  std::string trickle_;  // of a frame that is sent byte by byte
  bool is_logged_in_ = false;
  bool has_asked_login_ = false;
  bool wants_create_ = true;
  bool awaits_list_ = false;  // behind a DELETE nothing else is asked before
  std::size_t lists_due_ = 0;
  bool is_spoilt_ = false;  // the stream: nothing that makes sense can follow
};

}  // namespace tribar::simulation
