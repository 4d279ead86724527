// SPDX-License-Identifier: MIT
//
// A connection of a network that is made up. Bytes travel as long as the schedule likes and arrive
// in pieces of any size; the kernel under the server takes as much as it has room for; either side
// may end or break it. The server sees it through the same interface as a socket.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "chat/protocol.h"
#include "loop/peer_network.h"
#include "loop/transport.h"
#include "simulation/random.h"

namespace tribar {
struct Connection;
}

namespace tribar::simulation {

/// Sees all that passes between the server and the kernel under it.
class Witness {
 public:
  virtual ~Witness() = default;
  /// `bytes` have come to where the server can read them.
  virtual void arrived(std::size_t bytes) = 0;
  /// The server reads `bytes`.
  virtual void read(std::string_view bytes) = 0;
  /// The server reads that nothing more comes.
  virtual void read_end() = 0;
  /// The kernel took `bytes` of the server's.
  virtual void taken(std::string_view bytes) = 0;
  /// The server ended its sending side.
  virtual void shut() = 0;
  /// The server gave the connection up.
  virtual void closed() = 0;
};

/// Both ends of one connection. The client writes, ends and breaks it; the schedule carries bytes.
struct Link {
  explicit Link(Witness& what_it_tells) : witness(&what_it_tells) {}

  PeerNetwork network;                 // of the client
  Protocol protocol = Protocol::Zero;  // of the listener
  bool is_private = true;              // nobody else can read along

  // From client to server.
  std::string travelling;      // written, not arrived
  std::string arrived;         // the server may read it
  bool client_ends = false;    // behind what it has written
  bool end_arrived = false;    // behind what has arrived
  bool client_breaks = false;  // by a reset, which overtakes what travels
  bool break_arrived = false;  // and is all that the server sees now
  // From server to client.
  std::size_t capacity = 1000;  // of the kernel's buffer
  std::string kernel;           // taken from the server, not received
  std::string received;         // the client may read it
  std::string_view writing;     // not taken of the write under way
  std::string unscrambled;      // what `writing` points into, of a scrambled one
  bool write_is_done = false;   // and the server is to be told
  bool server_ends = false;     // behind what the kernel has taken
  bool server_is_gone = false;  // has closed it, or crashed
  // The server's side.
  bool is_reading = false;
  bool is_failing = false;    // a fault of the network: nothing can be written any more
  bool is_scrambled = false;  // what the server reads and writes, by an XorFilter
  TransportEvents* events = nullptr;
  Connection* connection = nullptr;  // while the server has it
  Witness* witness;

  /// Bytes on their way to the server arrive, `most` of them.
  void carry_up(std::size_t most);
  /// Bytes on their way to the client do, and the kernel has room again.
  void carry_down(std::size_t most, Random& random);
  /// The kernel goes on with the write under way.
  void take_writing(std::size_t most);
  void break_now();

  [[nodiscard]] bool is_broken() const { return break_arrived || is_failing; }
  /// Whether a poll has something to tell about it.
  [[nodiscard]] bool is_ready() const;
  /// The client has got all there ever is.
  [[nodiscard]] bool is_at_end() const;
};

/// The server's view of a link.
class LinkTransport final : public Transport {
 public:
  LinkTransport(std::shared_ptr<Link> link, Random& random)
      : link_(std::move(link)), random_(random) {}
  LinkTransport(const LinkTransport&) = delete;
  LinkTransport& operator=(const LinkTransport&) = delete;
  ~LinkTransport() override;

  void bind(TransportEvents& events, Connection& connection) override {
    link_->events = &events;
    link_->connection = &connection;
  }
  void start_reading() override { link_->is_reading = true; }
  void stop_reading() override { link_->is_reading = false; }
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override;
  void write(std::string_view bytes) override;
  std::size_t unwritten_bytes() const override { return link_->writing.size(); }
  void discard_input() override { link_->arrived.clear(); }
  void shut_down() override;
  std::string peer() const override { return "a simulation"; }
  PeerNetwork network() const override { return link_->network; }
  bool is_private() const override { return link_->is_private; }

 private:
  std::shared_ptr<Link> link_;
  Random& random_;
};

}  // namespace tribar::simulation
