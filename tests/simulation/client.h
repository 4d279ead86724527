// SPDX-License-Identifier: MIT
//
// A client that is made up: it connects, asks, reads, and leaves, each in its own manner, from one
// that behaves well to one that means harm. What it knows of a protocol it has from src/zero; there
// is a class for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/diary.h"
#include "simulation/network.h"
#include "simulation/random.h"
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
  // Of protocol 1 only:
  unsigned acknowledges = 50;  // of its turns
  unsigned answers = 100;      // of the server's pings
  unsigned changes = 3;        // of its commands change the secret
};

[[nodiscard]] Manner roll_manner(Random& random);

class Client {
 public:
  /// Gives the client a new connection.
  using Dial = std::function<std::shared_ptr<Link>()>;

  /// What all clients of a run share.
  struct World {
    std::vector<std::string> names;
    std::uint64_t& last_message;
    Diary& diary;
    Random& random;
  };

  Client(const World& world, Manner manner, Dial dial, std::uint8_t version);
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Does something.
  void act();
  /// Takes what has come.
  void receive(std::size_t most);
  /// Everything calms down: only what is due is still done.
  virtual void calm_down() {}
  /// Ends the connection, if any.
  void hang_up(bool by_reset);
  virtual void dial();

  [[nodiscard]] bool is_connected() const { return link_ && !link_->is_at_end(); }
  [[nodiscard]] bool has_hung_up() const {
    return link_ && (link_->client_ends || link_->client_breaks);
  }
  /// Whether it can be left alone: it gets all that it is owed and keeps to the protocol.
  [[nodiscard]] bool behaves() const {
    return manner_.harms == 0 && manner_.reads > 10 && manner_.answers == 100 && trickle_.empty() &&
           !is_spoilt_;
  }
  [[nodiscard]] const std::shared_ptr<Link>& link() const { return link_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// Answers so far, of each kind.
  std::size_t refusals = 0;
  std::size_t lists = 0;
  std::size_t messages = 0;

 protected:
  virtual void take_frame(const FrameCut& cut) = 0;
  /// Appends a command, or several that belong together.
  virtual void write_command(std::string& out) = 0;
  virtual void write_mistake(std::string& out) = 0;
  virtual void harm() = 0;
  /// Whether nothing more is asked for now.
  [[nodiscard]] virtual bool must_wait() const = 0;

  /// No two messages of a run have the same text.
  [[nodiscard]] std::string new_text(std::size_t padding);

  World world_;
  Manner manner_;
  Random& random_;
  std::shared_ptr<Link> link_;
  std::string name_;
  bool is_spoilt_ = false;  // the stream: nothing that makes sense can follow

 private:
  void write();

  Dial dial_;
  std::uint8_t version_;
  std::unique_ptr<FrameReader> reader_;
  std::string trickle_;  // of a frame that is sent byte by byte
};

}  // namespace tribar::simulation
