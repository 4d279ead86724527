// SPDX-License-Identifier: MIT
//
// A connection to a server that can be made, lost, and made again: the socket, TLS if the address
// says so, and one time-out for the whole way from looking up the name to the end of the TLS
// handshake. Where there are several servers each connection is with the next one, in a circle.
// Never blocks, but where a function says so. One thread.
//
// How a caller's loop goes:
//
//     link.connect();
//     while (...) {
//       std::array polled{link.polled(), ...};
//       ::poll(polled.data(), polled.size(), link.wait_ms());
//       for (const LinkEvent& event : link.handle(polled[0].revents)) { ... }
//     }
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "client/resolve.h"
#include "client/server_address.h"
#include "tls/tls_client.h"

namespace tribar {

struct LinkEvent {
  enum class Kind {
    Opened,    // connected, and with TLS the server is the right one: send() now
    Failed,    // there is no connection: `text` is why, as a sentence for the user
    Received,  // `text` holds bytes from the server
    Lost,      // the connection has ended: `text` is why, as a sentence for the user
  };
  Kind kind;
  std::string text{};
  friend bool operator==(const LinkEvent&, const LinkEvent&) = default;
};

class Link {
 public:
  using Clock = std::chrono::steady_clock;

  struct Settings {
    ServerAddress address{};
    std::vector<ServerAddress> others{};            // servers that come after that one
    std::shared_ptr<const TlsClientContext> tls{};  // not null if an address says TLS
    std::chrono::milliseconds timeout{10'000};      // to connect; more than 0
    // Where there are others: until an address has accepted the connection; more than 0.
    std::chrono::milliseconds patience{2'000};
    Lookup::Function look_up = resolve;  // of names; never called for numbers
  };

  /// Open: bytes can be sent and received. Before, and after Failed or Lost, it is Down.
  enum class State { Down, Connecting, Open };

  explicit Link(Settings settings);
  /// Closes the connection at once; what was not sent yet is not.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] State state() const;
  /// Of the server of this connection, or the last one; the first server before any.
  [[nodiscard]] const ServerAddress& address() const {
    return server_ == 0 ? settings_.address : settings_.others[server_ - 1];
  }

  /// Begins to connect: to the first server, and later to the one after the last. Requires Down.
  /// What comes of it, also if it is known at once, is told by handle(): Opened or Failed.
  void connect();

  /// The same, and waits for what comes of it, with one server after the other until a connection
  /// is made. Returns nothing if the link is Open, or the texts of Failed.
  [[nodiscard]] std::optional<std::string> connect_and_wait();

  /// What to wait for with poll(2), no longer than wait_ms(); then call handle() with what was
  /// reported, 0 if nothing was. `may_read` false: received bytes stay where they are, so that the
  /// server stops sending; but once the server has ended the connection, its last bytes are read.
  [[nodiscard]] pollfd polled(bool may_read = true) const;
  /// In milliseconds; negative: for ever. Depends on the clock.
  [[nodiscard]] int wait_ms() const;

  /// Does what can be done now, and returns what happened, in order. After Failed or Lost there is
  /// nothing more until connect().
  [[nodiscard]] std::vector<LinkEvent> handle(short reported);

  /// Sends `bytes`; what the socket does not take now is kept, without a limit, and goes later.
  /// Requires Open, else it does nothing. An error is told by handle(), as Lost.
  void send(std::string_view bytes);

  /// How many bytes are kept that the socket did not take yet; of TLS, encrypted.
  [[nodiscard]] std::size_t unsent_bytes() const { return unsent_.size(); }

  /// Ends the connection at once. Nothing more is told of it.
  void close();

  /// Ends the connection so that the server gets what was sent last, such as that a message was
  /// shown: closed while something is unread, the kernel would throw that away. Waits until the
  /// server has ended it, too, at most a second; what still comes from there is thrown away.
  void part();

  /// Whether nobody on the way can read what is sent: TLS, a Unix socket or the loopback interface.
  /// Requires Open.
  [[nodiscard]] bool is_private() const;

 private:
  enum class Step { Down, LookingUp, Trying, Pausing, Handshaking, Open, Ending };
  using Events = std::vector<LinkEvent>;

  [[nodiscard]] std::optional<std::string> wait_for_connection();
  void take_lookup();
  void take_addresses(Resolved resolved);
  void try_address();
  void give_up_address(std::string_view why);
  void finish_try();
  void begin_session();
  void open();
  void fail(std::string_view why);
  void end(LinkEvent::Kind kind, std::string text);
  void expire();
  void read();
  void receive(std::string_view bytes);
  void end_of_server();
  void flush();
  void flush_tls();

  Settings settings_;
  std::size_t server_ = 0;      // 0: the address, else of the others
  bool has_connected_ = false;  // or tried to
  Step step_ = Step::Down;
  Events events_;  // not told yet
  std::optional<Clock::time_point> deadline_;
  std::optional<Clock::time_point> try_deadline_;  // of one address, or of a pause before it
  std::optional<Lookup> lookup_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
  std::string reasons_;  // why the addresses before failed
  Descriptor socket_;
  std::optional<TlsClient> tls_;
  std::string unsent_;        // as it goes to the socket
  bool has_hung_up_ = false;  // the server has closed its side: nothing more will arrive
};

}  // namespace tribar
