// SPDX-License-Identifier: MIT
//
// Manages all connections of one loop: passes input to the Framer and replies to the Writer, and
// decides when a connection is read, watched for deadlines, and closed. Owns no socket and no
// clock: it is driven by calls. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "loop/buffer_budget.h"
#include "loop/census.h"
#include "loop/connection.h"
#include "loop/dispatcher.h"
#include "loop/framer.h"
#include "loop/loop_counters.h"
#include "loop/rejections.h"
#include "loop/session_log.h"
#include "loop/writer.h"
#include "registry/batch.h"

namespace tribar {

struct SwitchboardLimits {
  FrameLimits frames;
  std::uint64_t connections = 10000;
  // Zero: no limit; also for the next one.
  std::uint64_t connections_per_address = 0;
  std::uint64_t commands_per_second = 0;  // per connection
  std::uint64_t outbox_bytes = 262144;    // see RegistryLimits
  std::uint64_t buffered_bytes = 536870912;
  /// A message whose frame has at least this many bytes is written at once, directly from the
  /// batch. A shorter one is copied to the output of the turn, which costs less than a write of its
  /// own.
  std::uint32_t long_frame_bytes = 32768;
  // Zero: off.
  std::uint64_t login_ms = 300000;
  std::uint64_t frame_ms = 10000;
  std::uint64_t stalled_ms = 600000;
  std::uint64_t idle_ms = 120000;
  friend bool operator==(const SwitchboardLimits&, const SwitchboardLimits&) = default;
};

/// Both are called on the loop's thread and must not wait. Empty where there are no Check effects.
struct SecretChecker {
  /// Has what a Check effect asks for done, and the result sent to the registry as Answered.
  /// `network`: where the connection comes from.
  std::function<void(ConnectionId, PeerNetwork network, const Check&)> check;
  /// The connection is closed: what was asked for it is of no use any more.
  std::function<void(ConnectionId, PeerNetwork network)> forget;
};

class Switchboard final : public TransportEvents {
 public:
  /// A connection may read this many times Framer::kReadBytes in a turn of the loop; then the other
  /// connections come first.
  static constexpr std::uint8_t kReadsPerTurn = 4;

  /// `census` counts the connections of all loops together.
  /// `checker` takes Check effects; without one there must be none.
  /// `session_log` is told who comes and leaves; null: nobody is. It lives as long as this object.
  Switchboard(const SwitchboardLimits& limits, Dispatcher& dispatcher, Census& census,
              SecretChecker checker = {}, SessionLog* session_log = nullptr);
  ~Switchboard();
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  /// From now on these limits count, for all connections; time that has passed counts against new
  /// timeouts. long_frame_bytes must be as it was.
  ///
  /// outbox_bytes is what the registry lets a connection owe, and what is written is reported when
  /// it may be half of that. The registry hears of a change at another time than a loop, so for a
  /// moment it may wait for a report that is not due here. It does not wait for ever: when both
  /// have heard, whoever it lets wait owes at least outbox_bytes (see Reconfigured). All of that is
  /// written at some time, or the connection is closed; and what of it is not reported yet is half
  /// of outbox_bytes or more, which is reported: here if it is written already, for every
  /// connection, and otherwise when it is written.
  void set_limits(const SwitchboardLimits& limits);
  /// Reports to the registry all that was written, as after a change of its limits: it asked for
  /// reports with the old ones in mind.
  void report_all();
  /// Whether one of the two has not come to every connection yet: turns without a wait must follow.
  [[nodiscard]] bool has_unseen() const { return unseen_ > 0; }

  /// Adds a new connection that speaks `protocol`. Its transport reports to `events`, which must
  /// forward to this object. Call begin() next.
  [[nodiscard]] Connection& adopt(std::unique_ptr<Transport> transport, Protocol protocol,
                                  TransportEvents& events);
  [[nodiscard]] Connection& adopt(std::unique_ptr<Transport> transport, Protocol protocol) {
    return adopt(std::move(transport), protocol, *this);
  }
  /// Starts reading from the connection; if a limit is reached, sends it an error and closes it
  /// instead.
  void begin(Connection& connection);

  /// Sets the time, from any monotonic clock; call it before reporting what happens at that time.
  void set_time(std::uint64_t now_ms) { framer_.set_time(now_ms_ = now_ms); }

  // Events from transports.
  [[nodiscard]] ReadSpace space(Connection& connection) override;
  void read(Connection& connection, std::size_t size) override;
  void end(Connection& connection, bool is_failed) override;
  void written(Connection& connection, bool is_ok) override;
  void hold_back(Connection& connection) override { held_back_.push_back(connection.id); }

  /// Whether transports hold input back: then the next poll must not sleep, and resume_input() must
  /// follow.
  [[nodiscard]] bool has_held_back() const { return !held_back_.empty(); }
  void resume_input();

  /// Handles the replies in a batch to connections of this loop: long frames are written at once,
  /// the others in finish_turn(). Afterwards the batch is not used any more.
  void deliver_replies(const Batch& batch);
  /// Writes the replies of this turn, and continues reading where that is allowed.
  void finish_turn();

  /// To be called before each poll: whether a LOGIN was read. A LOGIN waits until after the next
  /// poll, which then must not sleep. The end of a connection is read later than its last bytes; if
  /// a connection ended before the LOGIN arrived, its name must be free.
  [[nodiscard]] bool defer_logins();
  /// To be called after each poll: processes the LOGINs that were deferred before it.
  void admit_logins();

  /// Checks all deadlines; `elapsed_ms`: time since the last call.
  void tick(std::uint64_t elapsed_ms);
  /// How often tick() should be called from now on; 0: not at all.
  [[nodiscard]] std::uint64_t tick_ms() const;

  /// Stops reading from all connections.
  void stop_reading();
  /// Whether every command is answered and every byte is written.
  [[nodiscard]] bool is_quiet() const;
  /// Tells every connection `word`, and closes it. Skips connections that still wait for an answer,
  /// which would take this for the answer.
  void send_final_word(const FinalWord& word) { send_final_word(word, slots_.size()); }
  /// A step of a drain: sends the final word to so many connections that of those at the first call
  /// at most `left` in `all`, rounded up, are there and were not told to go. The other loops of the
  /// server round differently, so that not all disconnect somebody at the same time.
  void drain_to(std::uint64_t left, std::uint64_t all);
  /// From now on a new connection is told `word` and closed; none: it is let in.
  void turn_away(std::optional<FinalWord> word) { turned_away_with_ = std::move(word); }
  /// Drops every connection without a message.
  void drop_all();

  [[nodiscard]] std::size_t size() const { return size_; }
  struct Peer {
    ConnectionId id;
    std::string address;
  };
  /// Every connection that is logged in.
  [[nodiscard]] std::vector<Peer> peers() const;
  /// For metrics; any thread may read them.
  [[nodiscard]] LoopCounters& counters() { return counters_; }
  /// Bytes that dropped connections and their transports held, since the last call of this.
  [[nodiscard]] std::uint64_t take_dropped_bytes() { return std::exchange(dropped_bytes_, 0); }

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint64_t generation = 0;  // generation of the slot's last connection
  };

  [[nodiscard]] Connection* find(ConnectionId id);
  void choose_tick();
  void look_at_some();
  [[nodiscard]] std::optional<Refusal> admit(Connection& connection);
  void update_allowance(Connection& connection);
  void reject(Connection& connection, const FinalWord& word);
  void send_final_word(Connection& connection, const FinalWord& word);
  void send_final_word(const FinalWord& word, std::size_t most);
  void begin_finishing(Connection& connection);
  void deliver_replies_ahead(const std::vector<Effect>& effects);
  void deliver_replies(const Effect& effect, Connection* connection);
  void note_login(Connection& connection, std::string_view name);
  void note_leaving(Connection& connection, std::string_view reason);
  void touch(Connection& connection);
  void settle(Connection& connection);
  void update_reading(Connection& connection);
  void report(Connection& connection);
  void report_end(Connection& connection);
  [[nodiscard]] Written take_unreported(Connection& connection);
  void return_push(const Effect& effect, const Push& push, bool is_here);
  bool return_pushes(Connection& connection, bool waiting_live);
  void watch(Connection& connection);
  [[nodiscard]] bool is_pinged_when_silent(const Connection& connection) const {
    return limits_.idle_ms > 0 && has_pings(connection.protocol) && !connection.is_finishing;
  }
  [[nodiscard]] const char* why_stalled(Connection& connection, std::uint64_t stalled_ms,
                                        std::uint32_t elapsed_ms) const;
  void count_silence(Connection& connection, std::uint32_t elapsed_ms);
  [[nodiscard]] bool check_deadlines(Connection& connection, std::uint64_t elapsed_ms);
  void drop(Connection& connection, const char* why);
  [[nodiscard]] std::uint64_t buffered_bytes() const;
  void check_budget();
  void close_largest();

  SwitchboardLimits limits_;
  Dispatcher& dispatcher_;
  Census& census_;
  SecretChecker checker_;
  SessionLog* session_log_;
  LoopCounters counters_;
  Framer framer_;
  Writer writer_;
  BufferBudget budget_;
  Rejections rejections_;
  std::optional<FinalWord> turned_away_with_;
  std::vector<Slot> slots_;
  std::deque<std::uint32_t> free_slots_;
  std::size_t unseen_ = 0;  // slots at the beginning, after a change of limits
  bool reports_all_ = false;
  std::vector<ConnectionId> touched_;     // changed in this turn
  std::vector<ConnectionId> watched_;     // with deadlines
  std::vector<ConnectionId> held_back_;   // their transports hold back input
  std::vector<ConnectionId> with_login_;  // with a LOGIN that waits for the next poll
  std::vector<ConnectionId>
      deferred_logins_;  // with a LOGIN that was deferred before the last poll
  std::size_t size_ = 0;
  std::size_t finishing_ = 0;                // of these; they were told to go, or have left
  std::optional<std::size_t> drained_from_;  // how many were not finishing when a drain began
  std::uint64_t now_ms_ = 0;
  std::uint32_t turn_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  std::uint64_t reported_ = 0;  // of writer_.delivered()
  std::uint64_t tick_ms_ = 1000;
  bool is_used_ = false;  // a batch was delivered since the last tick
  bool is_stopping_ = false;
};

}  // namespace tribar
