// SPDX-License-Identifier: MIT
//
// Many hostile connections on one epoll: they send what they are told, read or do not, and remember
// what they heard and when it ended. Over TLS if $TRIBAR_TEST_TLS is set: then all read until their
// handshakes are over, since without these nothing else is possible. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "tls/tls_client.h"

namespace tribar::test {

class Crowd {
 public:
  using Clock = std::chrono::steady_clock;
  /// Kept of what a peer hears: its beginning.
  static constexpr std::size_t kKeptBytes = 4096;

  enum class End { None, Order, Reset };

  struct Peer {
    int fd = -1;
    bool reads = true;
    End end = End::None;
    Clock::time_point ended;  // seen from here
    std::string heard;        // at most kKeptBytes
    std::uint64_t heard_bytes = 0;
    std::optional<TlsClient> tls;
    std::string unsent;  // what the kernel did not take yet, encrypted as all that it gets
    std::uint64_t taken_bytes = 0;  // what the kernel took
    Clock::time_point began;        // this and the next for whoever uses it
    std::size_t number = 0;

    [[nodiscard]] bool is_open() const { return fd >= 0 && end == End::None; }
    [[nodiscard]] bool is_shaking_hands() const {
      return tls && tls->state() == TlsClient::State::Connecting;
    }
  };

  struct Options {
    bool reads = true;
    int receive_buffer_bytes = 0;  // 0: the system's
    std::uint32_t address = 0;     // connects from this one of 127.0.0.0/8; 0: the system's choice
  };

  explicit Crowd(std::uint16_t port);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// A new connection. Its place stays, until it is dropped. Throws std::system_error.
  Peer& connect(const Options& options);
  Peer& connect() { return connect(Options{}); }

  /// Turns until all that are open have done their handshakes; false: not within `most`.
  bool shake_hands(std::chrono::milliseconds most);

  /// Sends `bytes`, as soon as the kernel takes them.
  void send(Peer& peer, std::string_view bytes);
  /// Sends what the kernel takes at once; returns how much. Over TLS all or nothing: what is
  /// encrypted and not taken goes before what is sent next.
  std::size_t send_some(Peer& peer, std::string_view bytes);
  /// Reads at most `most` bytes (over TLS: encrypted ones) now, of a peer that does not read by
  /// itself.
  void read_some(Peer& peer, std::size_t most);
  void set_reads(Peer& peer, bool reads);

  void half_close(Peer& peer);
  void close(Peer& peer);
  void reset(Peer& peer);
  void close_all();

  /// What there is to send and to read now, or within `most`.
  void turn(std::chrono::milliseconds most);
  /// Turns until `is_done`; false when `most` was over before. Calls on_turn each time.
  bool turn_until(std::chrono::milliseconds most, const std::function<bool()>& is_done);
  /// Turns for so long.
  void turn_for(std::chrono::milliseconds time);

  /// Called with each turn, if set.
  std::function<void()> on_turn;

  [[nodiscard]] std::deque<Peer>& peers() { return peers_; }
  [[nodiscard]] std::size_t open_count() const { return open_; }

 private:
  void take_in(Peer& peer);
  void hear(Peer& peer, std::string_view bytes);
  static std::size_t push(Peer& peer, std::string_view bytes);
  static void collect(Peer& peer);
  void flush(Peer& peer);
  void set_end(Peer& peer, End end);
  void update(Peer& peer) const;

  std::uint16_t port_;
  int epoll_ = -1;
  ByteBuffer plain_;
  std::deque<Peer> peers_;
  std::size_t open_ = 0;
};

}  // namespace tribar::test
