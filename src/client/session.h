// SPDX-License-Identifier: MIT
//
// What a client asks of a server and learns from it, the same for both protocols: requests go in,
// events come out. Also when the connection is lost and made again: then it logs in again, and what
// was sent and not confirmed is settled. Passive: owns no socket, reads no clock, starts no thread.
//
// The caller moves bytes: what the server sends goes to receive(), and what output() holds goes to
// the server, after every call. It calls connected() when a connection is made and disconnected()
// when it is gone. The server is not trusted: whatever it sends is an event, or nothing, or the end
// of the connection with an Ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/wipe.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"

/// Here, the client's own types whose names the registry has, too.
namespace tribar::client {

/// Names a request: ascending, from 1.
using RequestId = std::uint64_t;

// Tokens that are not protocol 1's.
/// Protocol 0: a text that is none of the known ones.
inline constexpr std::string_view kRefusedToken = "refused";
/// The server broke the protocol.
inline constexpr std::string_view kBrokenToken = "broken-protocol";
/// There is no connection, or it was lost before the answer came.
inline constexpr std::string_view kLostToken = "lost";

/// Whether what was refused with `token`, or a connection that ended with it, may do better later
/// without any change: a full mailbox, say, or a busy server.
[[nodiscard]] bool is_temporary(std::string_view token);

// The events. Texts are as the peer sent them: to be shown through shown_text(). In protocol 0 they
// may hold any character but those beyond ASCII, also in names. Tokens are protocol 1's, also in
// protocol 0, or of those above.

/// LOGIN or CREATE succeeded.
struct LoggedIn {
  RequestId id = 0;
  std::optional<std::uint64_t> waiting{};  // messages that fetch() gets; protocol 1 only
  bool is_again = false;                   // by itself, after a lost connection
  friend bool operator==(const LoggedIn&, const LoggedIn&) = default;
};
/// LOGIN or CREATE did not. If it was made `is_again` and the token is_temporary(), the name and
/// secret are still remembered, and messages kept: close the connection and connect again later.
/// Otherwise they are forgotten, and a Refused follows for each message that was kept.
struct LoginRefused {
  RequestId id = 0;
  std::string token;
  std::string text;
  std::optional<std::uint64_t> figure{};  // of `throttled`: milliseconds to wait
  bool is_again = false;
  friend bool operator==(const LoginRefused&, const LoginRefused&) = default;
};
/// Any other request did not succeed.
struct Refused {
  RequestId id = 0;
  std::string token;
  std::string text;
  std::optional<std::uint64_t> figure{};
  friend bool operator==(const Refused&, const Refused&) = default;
};
/// The answer to list().
struct UserList {
  struct User {
    std::string name;
    std::optional<bool> is_online{};  // protocol 1 only
    friend bool operator==(const User&, const User&) = default;
  };
  RequestId id = 0;
  std::vector<User> users;  // in the order of their creation
  friend bool operator==(const UserList&, const UserList&) = default;
};
/// A message for this account. In protocol 1 each comes once, also over several connections.
struct Arrived {
  std::string sender;
  std::string text;
  MessageNumber number{};        // protocol 0: zero
  std::optional<UnixMs> time{};  // protocol 1 only: when the server accepted it
  friend bool operator==(const Arrived&, const Arrived&) = default;
};
/// The server has the message of send().
struct Sent {
  RequestId id = 0;
  std::string recipient;
  std::string text;
  bool is_repeat = false;  // it had it already before the connection was lost
  friend bool operator==(const Sent&, const Sent&) = default;
};
/// The connection was lost before the message was confirmed: the server may have it, or not. It is
/// not sent again unless send() is called again. Protocol 0, and protocol 1 without
/// Settings::client.
struct InDoubt {
  RequestId id = 0;
  std::string recipient;
  std::string text;
  friend bool operator==(const InDoubt&, const InDoubt&) = default;
};
/// The answer to fetch(): everything that waited has arrived, and in protocol 1 is acknowledged.
struct FetchDone {
  RequestId id = 0;
  std::uint64_t count = 0;  // of messages that arrived since it was asked for
  friend bool operator==(const FetchDone&, const FetchDone&) = default;
};
/// The secret is changed; or the account is deleted, and nobody is logged in any more.
struct Done {
  RequestId id = 0;
  friend bool operator==(const Done&, const Done&) = default;
};
/// This connection is of no more use: the server's last word, or it broke the protocol. Close it
/// and call disconnected(). What arrives until then is ignored.
struct Ended {
  std::string token;
  std::string text;
  bool may_return = false;  // whether to connect again by itself
  friend bool operator==(const Ended&, const Ended&) = default;
};

using SessionEvent = std::variant<LoggedIn, LoginRefused, Refused, UserList, Arrived, Sent, InDoubt,
                                  FetchDone, Done, Ended>;

class Session {
 public:
  struct Settings {
    int protocol = 1;      // 0 or 1
    std::string client{};  // names this installation, see own_files.h; protocol 1
  };
  /// The most messages that are kept until the server has them, and the most bytes of them.
  static constexpr std::size_t kMostKept = 1000;
  static constexpr std::size_t kMostKeptBytes = std::size_t{4} << 20;
  /// The most data in a frame from the server, and the most users in a list.
  static constexpr std::uint64_t kReplyBytes = std::uint64_t{64} << 20;
  static constexpr std::size_t kMostUsers = std::size_t{1} << 20;

  explicit Session(Settings settings);

  // Requests. Each is answered by one event with its id: also if the connection is lost, when that
  // is a Refused with kLostToken, but for log_in() and send(), which wait for the next connection.
  // What is asked is not checked: see unsendable.h. In protocol 0 one goes to the server at a time,
  // the others wait. In a call without a connection, or login where one is needed, the answer is in
  // the events at once.

  /// -> LoggedIn or LoginRefused. Both are remembered for logging in again; memory that held the
  /// secret is wiped. Messages that are kept for another account are refused. Protocol 0 and
  /// accounts by name only: no secret.
  RequestId log_in(std::string name, std::string secret = {});
  /// -> LoggedIn or LoginRefused; as log_in(). If the connection is lost the answer is LoginRefused
  /// with kLostToken, and the account may exist or not.
  RequestId create(std::string name, std::string secret = {});
  /// -> UserList or Refused.
  RequestId list(std::string pattern = {});
  /// -> Sent, InDoubt or Refused. Kept until then, in order, over lost connections; needs a login
  /// that is made, awaited, or will be made again. More than may be kept is refused as `busy`.
  RequestId send(std::string recipient, std::string text);
  /// -> FetchDone or Refused. Before it come the messages. In protocol 1 the caller must call
  /// acknowledge(), else it does not end.
  RequestId fetch();
  /// -> Done or Refused. Protocol 1 only. If the connection is lost meanwhile, the answer comes
  /// after the next login, which finds out which secret is good.
  RequestId set_secret(std::string old_secret, std::string new_secret);
  /// Deletes the account. -> Done or Refused. `secret`: protocol 1 only. If the connection is lost
  /// meanwhile, the answer comes after the next login, which finds out if the account is there.
  RequestId remove(std::string secret = {});

  /// What take_events() has returned so far was shown, or is stored. Protocol 1 tells the server,
  /// which forgets those messages; protocol 0 has nothing like it.
  void acknowledge() { acknowledge(handed_out_); }
  /// The same for the messages up to `number`, of those that take_events() has returned.
  void acknowledge(MessageNumber number);

  // The connection.
  /// There is a new connection, on which nothing was said yet. Logs in if log_in() awaits that, or
  /// again if it was logged in.
  void connected();
  /// The connection is gone, for whatever reason; also after Ended.
  void disconnected();
  /// Processes bytes from the server, in any pieces. Call take_events() after each piece, which
  /// bounds what is held.
  void receive(std::string_view bytes);

  /// What happened since the last call, in order.
  [[nodiscard]] std::vector<SessionEvent> take_events();
  /// Bytes for the server: take them from the front. May hold secrets. Emptied by connected() and
  /// disconnected().
  [[nodiscard]] std::string& output() { return output_; }

  [[nodiscard]] int protocol() const { return settings_.protocol; }
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] bool is_logged_in() const { return is_logged_in_; }
  /// The account that is logged in, or was before the connection was lost, or will be; empty: none.
  [[nodiscard]] const std::string& self() const { return self_; }
  /// Whether the account has a secret, as far as is known.
  [[nodiscard]] bool has_secret() const { return !secret_.empty(); }
  /// Whether every request is answered.
  [[nodiscard]] bool is_idle() const;

  /// A message that the server has not confirmed.
  struct Unsent {
    RequestId id = 0;
    std::string_view recipient;
    std::string_view text;
    bool is_in_doubt = false;  // it went out, and the server may have it
  };
  /// Those that are kept, in order; views are valid until the next call. For a program that ends.
  [[nodiscard]] std::vector<Unsent> unsent() const;

 private:
  enum class Kind { LogIn, Create, List, Send, Fetch, SetSecret, Remove };
  struct Request {
    RequestId id = 0;
    Kind kind = Kind::List;
    std::string name{};         // the account, pattern or recipient
    std::string text{};         // of Send
    SecretBytes secret{};       // of LogIn, Create, Remove; the old one of SetSecret
    SecretBytes new_secret{};   // of SetSecret
    bool is_again = false;      // LogIn: by itself
    bool tries_change = false;  // LogIn: with the secret of the unsettled SetSecret
    std::uint64_t n = 0;        // Send in protocol 1, once it went out
    int echoes = 0;             // Send in protocol 0: frames that confirm it, still to come
    // How many messages had arrived when it first went out, and were pushed when it last did.
    std::optional<std::uint64_t> arrivals_before{};
    std::uint64_t pushes_before = 0;
    // Fetch, and Remove in protocol 0: the first of its two commands was refused.
    std::optional<Refused> refusal{};
  };
  using Requests = std::deque<Request>;

  RequestId add(Request request);
  void queue_login_again();
  void put_back(Request message);
  void forget(const Request& message);
  void forget_login();

  void pump();
  [[nodiscard]] Requests* next_queue();
  [[nodiscard]] bool may_ask(const Request& request) const;
  [[nodiscard]] bool may_send() const;
  [[nodiscard]] bool awaits_login() const;
  [[nodiscard]] std::size_t sends_on_the_way() const;
  void write(Request& request);
  void write0(Request& request);
  void write1(Request& request);
  void acknowledge_shown();

  void take_frame(const FrameCut& cut);
  void take_reply(const FrameCut& cut);
  void take_foreign(const FrameCut& cut);
  void on(const Response& response);
  void on(const ListResponse& list);
  void on(const Delivery& delivery);
  void on(const Response1& response);
  void on(const ListResponse1& list);
  void on(const Delivery1& delivery);
  void on(const Accepted1& accepted);
  void on(const Ping& ping);
  void on(const Pong& pong);

  [[nodiscard]] bool awaits(Kind kind) const;
  [[nodiscard]] Request take_awaited();
  [[nodiscard]] const std::string* account() const;
  void take_own(const Message& message);
  void arrive(std::string_view sender, std::string_view text, MessageNumber number,
              std::optional<UnixMs> time);
  void start_session(Request login, std::optional<std::uint64_t> waiting, std::uint64_t highest);
  void settle(bool is_changed);
  void take_error(std::string_view token, std::string_view text,
                  std::optional<std::uint64_t> figure = {});
  void fail(std::string_view token, std::string_view text, std::optional<std::uint64_t> figure);
  void refuse_login(Request login, Refused why);
  void come_back(std::optional<std::uint64_t> highest);
  template <typename Names, typename AsUser>
  void finish_list(const Names& names, AsUser as_user);
  void finish_fetch();
  void finish_removal(const ListResponse& list);
  void remove_account(RequestId id);

  void end(std::string_view token, std::string_view text, bool may_return);
  void break_off(std::string_view what);
  void tell(SessionEvent event) { events_.push_back(std::move(event)); }

  Settings settings_;
  FrameReader frames_;
  std::string output_;
  std::vector<SessionEvent> events_;
  RequestId last_id_ = 0;

  bool is_connected_ = false;
  bool has_ended_ = false;     // this connection: it is of no more use
  bool has_received_ = false;  // on this connection
  bool is_foreign_ = false;    // protocol 1, and what comes is protocol 0
  bool is_logged_in_ = false;

  // Who is logged in, or is to be; empty: nobody.
  std::string self_;
  SecretBytes secret_;
  RequestId login_id_ = 0;  // what made it; 0: it was not made yet

  Requests queued_;             // not asked yet, all but messages; in order
  Requests kept_;               // messages that are not on the way; in order
  Requests awaited_;            // asked on this connection and not answered; in order
  Requests fetches_;            // go on when what arrived is acknowledged
  std::size_t kept_bytes_ = 0;  // of messages, also those on the way
  std::size_t kept_count_ = 0;
  std::optional<Request> unsettled_;  // SetSecret or Remove, cut off by a lost connection

  std::uint64_t arrivals_ = 0;  // messages that were told
  std::uint64_t pushes_ = 0;    // those, and repeats
  // Protocol 1.
  std::uint64_t highest_n_ = 0;   // of this installation's messages, accepted
  bool is_coming_back_ = false;   // messages on the way are refused: no other goes out meanwhile
  MessageNumber arrived_{};       // the highest
  MessageNumber handed_out_{};    // the highest that take_events() returned
  MessageNumber shown_{};         // the highest that may be acknowledged
  MessageNumber pushed_{};        // the highest on this connection
  MessageNumber acknowledged_{};  // the highest on this connection
};

}  // namespace tribar::client
