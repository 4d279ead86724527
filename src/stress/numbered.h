// SPDX-License-Identifier: MIT
//
// What protocol 1 adds to messages: the numbers of what users send, so that it can be sent again
// after a broken connection, and the numbers and times of what they get. Tells the ledger what a
// right server would not do. No clock, no socket.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "stress/ledger.h"
#include "zero/reply1.h"

namespace tribar::stress {

class Numbered {
 public:
  /// A message that is not answered yet.
  struct Pending {
    Stamp stamp;
    User recipient = 0;
  };

  /// For users 0 .. `users` - 1, who are those that the functions take. `ledger` must outlive this.
  Numbered(User users, Ledger& ledger) : ledger_(ledger), senders_(users), readers_(users) {}

  /// `sender` sends a message for the first time; returns the n for it.
  std::uint64_t send(User sender, const Pending& message);
  /// What `sender` has sent and was told nothing of, in order; the first has the number first_n().
  /// Valid until the next call that is not const.
  [[nodiscard]] std::span<const Pending> pending(User sender) const;
  [[nodiscard]] std::uint64_t first_n(User sender) const { return senders_[sender].accepted + 1; }

  /// `user` is logged in on a new connection; `highest`: the server's figure, 0 after CREATE. All
  /// that is pending has to be sent again.
  void log_in(User user, std::uint64_t highest);
  /// The server's ACCEPTED; false if it confirms no message that waits for that.
  bool accept(User sender, const Accepted1& accepted);
  /// The server refused the oldest pending message, which is not sent again. What is left of
  /// pending() was sent behind it: it comes back as `bad-number`, and has to be sent again.
  void refuse(User sender);
  /// The server answered `bad-number` with `highest`. False if nothing had to come back.
  bool return_one(User sender, std::uint64_t highest);

  enum class Read {
    New,
    Low,     // its number is not above that of one before
    Repeat,  // it was read on an earlier connection, which ended before it was acknowledged: drop
             // it
  };
  /// `reader` got message `number`; `has_arrived`: whether the ledger has that message.
  Read read(User reader, MessageNumber number, bool has_arrived);
  /// What `reader` has to acknowledge, if anything; each is returned once.
  [[nodiscard]] std::optional<MessageNumber> take_acknowledgement(User reader);
  /// All that `reader` acknowledged has reached the server.
  void trust_acknowledgements(User reader);
  /// Messages that were read more than once, as they must be, and dropped.
  [[nodiscard]] std::uint64_t repeats() const { return repeats_; }
  /// Messages that were sent again on a new connection.
  [[nodiscard]] std::uint64_t resent() const { return resent_; }

 private:
  struct Sender {
    std::uint64_t accepted = 0;  // the highest n
    std::uint64_t known = 0;     // what was accepted before this connection, says the server
    MessageNumber last;          // of those accepted
    std::uint32_t to_come_back = 0;
    std::size_t answered = 0;  // of `sent`, from the front
    std::vector<Pending> sent = {};
  };
  struct Reader {
    MessageNumber highest;       // on any connection
    MessageNumber here;          // on this one
    MessageNumber acknowledged;  // on this one
    MessageNumber trusted;       // acknowledged, and known to have reached the server
  };

  static void drop_first(Sender& sender);

  Ledger& ledger_;
  std::vector<Sender> senders_;
  std::vector<Reader> readers_;
  std::uint64_t repeats_ = 0;
  std::uint64_t resent_ = 0;
};

}  // namespace tribar::stress
