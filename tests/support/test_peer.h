// SPDX-License-Identifier: MIT
//
// A client that does exactly what a test says, over a real socket. Every wait has a deadline and
// throws PeerError when it passes, which fails the test that waited. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tls/tls_client.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"

namespace tribar::test {

/// What was expected of a server and did not happen.
class PeerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A frame as sent on the wire.
struct WireFrame {
  std::uint8_t code = 0;
  std::string data;
  friend bool operator==(const WireFrame&, const WireFrame&) = default;
};
void PrintTo(const WireFrame& frame, std::ostream* out);

/// Whether $TRIBAR_TEST_FILTER is set: then servers have an XorFilter over each socket, and peers
/// speak through one.
[[nodiscard]] bool is_filtered();

/// Has peers of `port` of the loopback connect to the Unix socket `path` instead, from now on.
void connect_at_socket(std::uint16_t port, const std::string& path);

// Frames by what they mean.
[[nodiscard]] WireFrame response(std::string_view error = "");
[[nodiscard]] WireFrame message(std::string_view from, std::string_view to, std::string_view text);
[[nodiscard]] WireFrame names(const std::vector<std::string>& names);

/// `command` as bytes of the wire.
[[nodiscard]] std::string bytes_of(const Command& command);
/// A frame as bytes of the wire; it need not be valid.
[[nodiscard]] std::string bytes_of(const WireFrame& frame, std::uint8_t version = kVersion0);
/// The same for protocol 1.
[[nodiscard]] std::string bytes1_of(const Command1& command);
/// A SEND as bytes of the wire.
[[nodiscard]] std::string send_bytes(std::string_view from, std::string_view to,
                                     std::string_view text);

class TestPeer {
 public:
  struct Options {
    int receive_buffer_bytes = 0;  // SO_RCVBUF; 0: the system's
    std::string host = "127.0.0.1";
    std::string socket = {};           // the path of a Unix socket, instead of host and port
    std::uint8_t version = kVersion0;  // of the frames that it gets
    std::shared_ptr<const TlsClientContext> tls = {};  // none: that of all peers
  };

  /// Connects. Throws PeerError if no server listens.
  explicit TestPeer(std::uint16_t port) : TestPeer(port, Options{}) {}
  TestPeer(std::uint16_t port, const Options& options);
  /// At the Unix socket `path`.
  [[nodiscard]] static TestPeer at_socket(const std::string& path) {
    return {0, Options{.socket = path}};
  }
  /// Closes.
  ~TestPeer();
  TestPeer(TestPeer&& other) noexcept;
  TestPeer& operator=(TestPeer&& other) noexcept;

  /// Sends all of `bytes`, and reads meanwhile what arrives.
  void send_raw(std::string_view bytes);
  void send(const Command& command) { send_raw(bytes_of(command)); }
  void send1(const Command1& command) { send_raw(bytes1_of(command)); }
  /// Writes what the kernel accepts of `bytes` at once; returns how much that was.
  [[nodiscard]] std::size_t send_some(std::string_view bytes);

  /// The next frame. Throws if the server closes instead.
  [[nodiscard]] WireFrame receive();
  /// The next `count` frames.
  [[nodiscard]] std::vector<WireFrame> receive(std::size_t count);
  /// Every frame up to the end of the stream. Throws if that is a reset.
  [[nodiscard]] std::vector<WireFrame> receive_rest();

  /// Appends the frames that have arrived, without waiting; false: the stream has ended, by a close
  /// or a reset.
  [[nodiscard]] bool receive_some(std::vector<WireFrame>& frames);
  /// For poll(2).
  [[nodiscard]] int fd() const { return fd_; }

  /// Fails the test unless the next frame is `frame`.
  void expect(const WireFrame& frame);
  /// Fails the test unless the stream ends here, without a reset.
  void expect_closed();
  /// Waits until the connection ends, whatever arrives before, by a close or a reset.
  void wait_for_end();
  /// Fails the test unless the server answers a LIST and sends nothing before.
  void expect_nothing_before_an_answer();

  /// Sends CREATE, or LOGIN, and expects success.
  void create(std::string_view name);
  void login(std::string_view name);

  /// Shuts down our side of the stream.
  void half_close();
  /// Closes; if input was not read the peer gets a reset.
  void close();
  /// Closes with a reset.
  void reset();

 private:
  enum class Took { Bytes, Nothing, End, Reset };

  /// Waits for `events` of poll(2), at most until the deadline.
  void wait_for(short events);
  /// Reads what has arrived.
  Took take_in();
  Took take_in(std::string_view got);
  /// Hands the kernel what it takes of TLS's own; whether that was all.
  bool flush();
  [[nodiscard]] bool next_frame(WireFrame& frame);
  [[noreturn]] void fail(const std::string& what) const;

  int fd_ = -1;
  std::unique_ptr<TlsClient> tls_;  // none: as it is
  FrameReader reader_;
  Took last_took_ = Took::Nothing;
};

/// A new peer that has created `name` and is logged in to it.
[[nodiscard]] TestPeer created(std::uint16_t port, std::string_view name);
/// A new peer that is logged in to `name`.
[[nodiscard]] TestPeer logged_in(std::uint16_t port, std::string_view name);

}  // namespace tribar::test
