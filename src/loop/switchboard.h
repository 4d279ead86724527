// SPDX-License-Identifier: MIT
//
// All connections of one loop: what is read goes to the Framer, what comes back to the Writer, and
// here is decided when a connection is read from, waited for, and ended. Owns no socket and no
// clock: it is driven by calls. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "loop/buffer_budget.h"
#include "loop/census.h"
#include "loop/connection.h"
#include "loop/dispatcher.h"
#include "loop/framer.h"
#include "loop/rejections.h"
#include "loop/writer.h"
#include "registry/batch.h"

namespace tribar {

struct SwitchboardLimits {
  FrameLimits frames;
  std::uint64_t connections = 10000;
  // Zero is no limit, as for the next.
  std::uint64_t connections_per_address = 0;
  std::uint64_t commands_per_second = 0;  // of one connection
  std::uint64_t outbox_bytes = 262144;
  std::uint64_t buffered_bytes = 536870912;
  /// A message that came in as a frame of so many bytes is written right from where it is, at once:
  /// a shorter one costs less copied to what is written at the end of the turn.
  std::uint32_t long_frame_bytes = 32768;
  // Zero is off.
  std::uint64_t login_ms = 300000;
  std::uint64_t frame_ms = 10000;
  std::uint64_t stalled_ms = 600000;
};

class Switchboard final : public TransportEvents {
 public:
  /// A connection is read no more in a turn of the loop once it has brought so many times
  /// Framer::kReadBytes: the others have theirs first.
  static constexpr std::uint8_t kReadsPerTurn = 4;

  /// `census` counts the connections of all loops.
  Switchboard(const SwitchboardLimits& limits, Dispatcher& dispatcher, Census& census);
  ~Switchboard();
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  /// Takes a new connection in that speaks `protocol`; its transport reports to `events`, which
  /// pass it on to this. begin() follows.
  [[nodiscard]] Connection& adopt(std::unique_ptr<Transport> transport, Protocol protocol,
                                  TransportEvents& events);
  [[nodiscard]] Connection& adopt(std::unique_ptr<Transport> transport, Protocol protocol) {
    return adopt(std::move(transport), protocol, *this);
  }
  /// Reads from it from now on; at the cap it is told so and closed instead.
  void begin(Connection& connection);

  /// What time it is, by any clock that goes forward; before what happens then is reported.
  void set_time(std::uint64_t now_ms) { framer_.set_time(now_ms_ = now_ms); }

  // What transports report.
  [[nodiscard]] ReadSpace space(Connection& connection) override;
  void read(Connection& connection, std::size_t size) override;
  void end(Connection& connection, bool is_failed) override;
  void written(Connection& connection, bool is_ok) override;
  void hold_back(Connection& connection) override { held_back_.push_back(connection.id); }

  /// Whether transports hold input back: the next poll must be short, and resume_input() follows.
  [[nodiscard]] bool has_held_back() const { return !held_back_.empty(); }
  void resume_input();

  /// A batch came back: what it says to connections of this loop is written, long frames at once
  /// and the rest in finish_turn(). Nothing of it is needed any more.
  void deliver_replies(const Batch& batch);
  /// Writes what came back, and reads on where it may.
  void finish_turn();

  /// Before each poll: whether a LOGIN was read. It waits until after the poll, which must be short
  /// then: the end of a connection is read later than its last bytes, and if it came before the
  /// LOGIN, the name is to be free.
  [[nodiscard]] bool defer_logins();
  /// After each poll: the LOGINs that were lined up before it go on.
  void admit_logins();

  /// Looks at everything that has a deadline, `elapsed_ms` after the last time.
  void tick(std::uint64_t elapsed_ms);
  /// How often tick() should be called from now on; 0: there is nothing to look at now.
  [[nodiscard]] std::uint64_t tick_ms() const;

  /// No connection is read from any more.
  void stop_reading();
  /// Whether every command is answered and every byte is written.
  [[nodiscard]] bool is_quiet() const;
  /// Tells every connection that the server stops, and ends it. One that is still owed an answer is
  /// left as it is: it would take this for the answer.
  void say_farewell();
  /// Drops every connection, telling nobody.
  void drop_all();

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes that dropped connections held, since the last call.
  [[nodiscard]] std::uint64_t take_dropped_bytes() { return std::exchange(dropped_bytes_, 0); }

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint64_t generation = 0;  // of the last connection here
  };

  [[nodiscard]] Connection* find(ConnectionId id);
  [[nodiscard]] std::optional<Refusal> admit(Connection& connection);
  void reject(Connection& connection, const Refusal& refusal);
  static void tell_last(Connection& connection, const Refusal& refusal);
  void deliver_replies_ahead(const std::vector<Effect>& effects);
  void deliver_replies(const Effect& effect, Connection* connection);
  void touch(Connection& connection);
  void settle(Connection& connection);
  void update_reading(Connection& connection);
  void report(Connection& connection);
  void tell_end(Connection& connection);
  void return_push(const Effect& effect, const Push& push);
  bool return_pushes(Connection& connection, bool waiting_live);
  void watch(Connection& connection);
  [[nodiscard]] bool check_deadlines(Connection& connection, std::uint64_t elapsed_ms);
  void drop(Connection& connection, const char* why);
  [[nodiscard]] std::uint64_t buffered_bytes() const;
  void check_budget();
  void relieve();

  SwitchboardLimits limits_;
  Dispatcher& dispatcher_;
  Census& census_;
  Framer framer_;
  Writer writer_;
  BufferBudget budget_;
  Rejections rejections_;
  std::vector<Slot> slots_;
  std::deque<std::uint32_t> free_slots_;
  std::vector<ConnectionId> touched_;          // this turn
  std::vector<ConnectionId> watched_;          // by the clock
  std::vector<ConnectionId> held_back_;        // whose transports have input
  std::vector<ConnectionId> with_login_;       // that awaits a poll
  std::vector<ConnectionId> deferred_logins_;  // before the last poll
  std::size_t size_ = 0;
  std::uint64_t now_ms_ = 0;
  std::uint32_t turn_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  std::uint64_t tick_ms_ = 1000;
  bool is_used_ = false;  // since the last tick
  bool is_stopping_ = false;
};

}  // namespace tribar
