// SPDX-License-Identifier: MIT
//
// See switchboard.h.
#include "loop/switchboard.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/log.h"
#include "loop/append.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "connections";
/// After we shut down our side, input is read and discarded for a little while, so that a reset
/// does not destroy the last bytes sent: for at most this time and this many bytes.
constexpr std::uint32_t kLingerMs = 1000;
/// How long a client that was told to go may read nothing of what is left for it.
constexpr std::uint64_t kFinishingMs = 10'000;
constexpr std::uint32_t kLingerBytes = 1U << 20;
/// The state of up to this many connections stays in the CPU cache from one message to the next.
constexpr std::size_t kCachedConnections = 256;
/// Why a session ended, for the log; else it is the token of the refusal that came first.
constexpr std::string_view kClosedByClient = "closed-by-client";
constexpr std::string_view kBroken = "connection-broken";
constexpr std::string_view kStalled = "stalled";
constexpr std::string_view kLargestBuffers = "largest-buffers";
constexpr std::string_view kAccountDeleted = "account-deleted";

/// Whether the connection is closed after this refusal: see RefusalCode.
bool is_last_word(RefusalCode code) { return static_cast<unsigned>(code) < 200; }

/// At how many connections a turn looks after a change of limits.
constexpr std::size_t kSeenPerTurn = 256;

/// How often a connection that sent too many commands is checked again.
constexpr std::uint64_t kPaceMs = 50;

std::uint64_t held_bytes_of(const Connection& connection) {
  return Framer::in_flight_bytes_of(connection) +
         (connection.held ? connection.held->bytes.size() : 0) +
         (connection.outbox ? connection.outbox->held_bytes() : 0);
}

}  // namespace

Switchboard::Switchboard(const SwitchboardLimits& limits, Dispatcher& dispatcher, Census& census,
                         SecretChecker checker, SessionLog* session_log)
    : limits_(limits),
      dispatcher_(dispatcher),
      census_(census),
      checker_(std::move(checker)),
      session_log_(session_log),
      framer_(limits.frames, dispatcher),
      writer_(limits.long_frame_bytes, limits.frames.frame_bytes),
      budget_(limits.buffered_bytes, limits.connections) {
  choose_tick();
}

Switchboard::~Switchboard() = default;

/// How often deadlines are checked.
void Switchboard::choose_tick() {
  std::uint64_t shortest_ms = std::uint64_t{2} * kLingerMs;
  for (const std::uint64_t ms :
       {limits_.login_ms, limits_.frame_ms, limits_.stalled_ms, limits_.idle_ms}) {
    shortest_ms = ms > 0 ? std::min(shortest_ms, ms) : shortest_ms;
  }
  tick_ms_ = std::max<std::uint64_t>(10, shortest_ms / 8);
  if (limits_.commands_per_second > 0) {
    tick_ms_ = std::min(tick_ms_, kPaceMs);
  }
}

void Switchboard::set_limits(const SwitchboardLimits& limits) {
  if (limits == limits_) {
    return;
  }
  const std::uint64_t former_frame_bytes = limits_.frames.frame_bytes;
  limits_ = limits;
  framer_.set_limits(limits.frames);
  writer_.set_frame_bytes(limits.frames.frame_bytes);
  budget_.set_limits(limits.buffered_bytes, limits.connections);
  choose_tick();
  if (limits.frames.frame_bytes < former_frame_bytes) {
    for (const Slot& slot : slots_) {
      if (slot.connection) {
        Framer::keep_frame_limit(*slot.connection, former_frame_bytes);
      }
    }
  }
  unseen_ = slots_.size();
  look_at_some();
  check_budget();
}

/// After a change of limits looks at a part of those who were connected then: all of them at once
/// would take some milliseconds. Windows may have opened or closed, deadlines may have begun, and
/// reports may be due.
void Switchboard::look_at_some() {
  for (std::size_t i = 0; i < kSeenPerTurn && unseen_ > 0; ++i) {
    Connection* connection = slots_[--unseen_].connection.get();
    if (connection == nullptr) {
      continue;
    }
    if (!connection->is_rejected) {
      update_allowance(*connection);
    }
    connection->wants_report |= reports_all_ && connection->unreported.charge > 0;
    touch(*connection);
    watch(*connection);
  }
  reports_all_ &= unseen_ > 0;
}

/// An open connection is counted for limits that came later, too.
void Switchboard::update_allowance(Connection& connection) {
  const bool is_counted = limits_.connections_per_address > 0;
  if (connection.allowance) {
    connection.allowance->commands.set_rate(limits_.commands_per_second, now_ms_);
  } else if (is_counted || limits_.commands_per_second > 0) {
    connection.allowance = std::make_unique<Allowance>(
        Allowance{{}, TokenBucket(limits_.commands_per_second, now_ms_)});
  }
  if (is_counted && connection.allowance->network == PeerNetwork{}) {
    const PeerNetwork network = connection.transport->network();
    if (network != PeerNetwork{}) {
      connection.allowance->network = network;
      census_.note(network);
    }
  }
}

void Switchboard::report_all() {
  unseen_ = slots_.size();
  reports_all_ = true;
  look_at_some();
}

Connection& Switchboard::adopt(std::unique_ptr<Transport> transport, Protocol protocol,
                               TransportEvents& events) {
  std::uint32_t at = static_cast<std::uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    at = free_slots_.front();
    free_slots_.pop_front();
  }
  Slot& slot = slots_[at];
  slot.connection = std::make_unique<Connection>();
  slot.connection->id = ConnectionId::make(dispatcher_.place().slot_at(at), ++slot.generation);
  slot.connection->transport = std::move(transport);
  slot.connection->protocol = protocol;
  slot.connection->transport->bind(events, *slot.connection);
  ++size_;
  counters_.accepted.add();
  counters_.open_of(protocol).add();
  return *slot.connection;
}

void Switchboard::begin(Connection& connection) {
  if (log::is_on(log::Level::Debug)) {
    log::debug(kSubject, "{:x}: from {}", connection.id.value, connection.transport->peer());
  }
  if (turned_away_with_) {
    reject(connection, *turned_away_with_);
  } else if (const auto refusal = admit(connection)) {
    reject(connection, {*refusal});
  }
  touch(connection);
  watch(connection);
  update_reading(connection);
}

/// Counts the connection, or returns the refusal if the limit is reached.
std::optional<Refusal> Switchboard::admit(Connection& connection) {
  const PeerNetwork network =
      limits_.connections_per_address > 0 ? connection.transport->network() : PeerNetwork{};
  const auto refusal = census_.enter(network, limits_.connections, limits_.connections_per_address);
  if (refusal || (limits_.connections_per_address == 0 && limits_.commands_per_second == 0)) {
    return refusal;
  }
  connection.allowance = std::make_unique<Allowance>(
      Allowance{network, TokenBucket(limits_.commands_per_second, now_ms_)});
  return std::nullopt;
}

/// Refuses a connection, of which nobody else knows.
void Switchboard::reject(Connection& connection, const FinalWord& word) {
  connection.is_rejected = true;
  counters_.rejected.add();
  send_final_word(connection, word);
  if (const auto oldest = rejections_.add(connection.id)) {
    drop(*find(*oldest), "rejected, to make room for another rejection");
  }
}

/// Writes a final word to a connection that has no pending output, without involving the registry.
/// settle() then closes the connection.
void Switchboard::send_final_word(Connection& connection, const FinalWord& word) {
  counters_.note(word.refusal.code);
  note_leaving(connection, token_of(word.refusal.code));
  connection.is_lost = true;
  begin_finishing(connection);
  ByteBuffer frame;
  append_final_word(frame, connection.protocol, word);
  writer_.write_last(connection, std::move(frame));
}

/// What is pending is flushed, then the connection ends. Once for each.
void Switchboard::begin_finishing(Connection& connection) {
  connection.is_finishing = true;
  ++finishing_;
}

ReadSpace Switchboard::space(Connection& connection) {
  if (connection.is_shut) {
    static thread_local std::array<char, 16384> discarded;
    return {discarded.data(), discarded.size()};
  }
  if (connection.turn == turn_ && connection.turn_reads >= kReadsPerTurn) {
    return {};
  }
  return framer_.space(connection);
}

void Switchboard::read(Connection& connection, std::size_t size) {
  if (connection.is_shut) {
    connection.discarded_bytes += static_cast<std::uint32_t>(size);
    if (connection.discarded_bytes > kLingerBytes) {
      drop(connection, "kept sending after it was closed");
    }
    return;
  }
  if (std::exchange(connection.turn, turn_) != turn_) {
    connection.turn_reads = 0;
  }
  connection.turn_reads =
      std::min<std::size_t>(kReadsPerTurn, connection.turn_reads + size / Framer::kReadBytes) & 7U;
  connection.silent_ms = 0;
  connection.is_pinged = false;
  counters_.read_bytes.add(size);
  const Protocol protocol = connection.protocol;
  framer_.read(connection, size);
  if (connection.protocol != protocol) {
    counters_.open_of(protocol).subtract();
    counters_.open_of(connection.protocol).add();
  }
  if (connection.awaits_poll) {
    with_login_.push_back(connection.id);
  }
  report(connection);
  if (connection.held || is_pinged_when_silent(connection)) {
    watch(connection);
  }
  check_budget();
  update_reading(connection);
}

void Switchboard::end(Connection& connection, bool is_failed) {
  connection.is_reading = false;
  connection.is_at_end = true;
  if (is_failed || connection.is_shut) {
    drop(connection, is_failed ? "broken" : "ended");
    return;
  }
  settle(connection);
}

void Switchboard::written(Connection& connection, bool is_ok) {
  writer_.written(connection, is_ok);
  settle(connection);
}

void Switchboard::deliver_replies(const Batch& batch) {
  const std::vector<Effect>& effects = batch.output.effects;
  if (size_ <= kCachedConnections) {
    for (const Effect& effect : effects) {
      deliver_replies(effect, find(effect.to));
    }
  } else {
    deliver_replies_ahead(effects);
  }
  is_used_ = true;
}

/// The same for many connections, when nearly all memory that effects use is outside the CPU cache
/// and each look-up depends on the one before: each step prefetches the memory for the next one, a
/// little ahead.
void Switchboard::deliver_replies_ahead(const std::vector<Effect>& effects) {
  constexpr std::size_t kStep = 4;
  std::array<Connection*, 4 * kStep> found{};
  const auto found_at = [&found](std::size_t at) -> Connection*& {
    return found[at % found.size()];
  };
  for (std::size_t i = 0; i < effects.size() + 3 * kStep; ++i) {
    if (i < effects.size()) {
      const std::size_t slot = dispatcher_.place().own_at(effects[i].to);
      if (slot < slots_.size()) {
        __builtin_prefetch(slots_[slot].connection.get());
      }
    }
    if (const std::size_t at = i - kStep; at < effects.size()) {
      Connection* connection = found_at(at) = find(effects[at].to);
      if (connection != nullptr) {
        __builtin_prefetch(connection->outgoing.get());
      }
    }
    if (const std::size_t at = i - 2 * kStep; at < effects.size()) {
      const Connection* connection = found_at(at);
      if (connection != nullptr && connection->outgoing && connection->outgoing->bytes.size() > 0) {
        const Outgoing& out = *connection->outgoing;
        for (std::size_t line = 0; line <= 128; line += 64) {
          __builtin_prefetch(out.bytes.data() + out.bytes.size() + line, 1);
        }
        __builtin_prefetch(out.frames.data() + out.frames.size(), 1);
      }
    }
    if (const std::size_t at = i - 3 * kStep; at < effects.size()) {
      deliver_replies(effects[at], found_at(at));
    }
  }
}

/// `connection`: the destination of the effect, null if it is closed.
void Switchboard::deliver_replies(const Effect& effect, Connection* connection) {
  if (!dispatcher_.place().is_mine(effect.to)) {
    return;
  }
  // After Close nothing more is written.
  if (connection == nullptr || connection->is_finishing) {
    if (const auto* push = std::get_if<Push>(&effect.body)) {
      return_push(effect, *push, connection != nullptr);
    }
    return;
  }
  if (effect.completes_bytes > 0) {
    const auto* echo = std::get_if<Echo>(&effect.body);
    framer_.complete(*connection, effect.completes_bytes, echo == nullptr ? 1 : 1 + echo->more);
  }
  if (const auto* entry = std::get_if<LoggedIn>(&effect.body)) {
    connection->is_logged_in = true;
    connection->logins += 1;
    connection->is_expired = false;
    note_login(*connection, entry->name);
  } else if (std::holds_alternative<LoggedOut>(effect.body)) {
    connection->is_logged_in = false;
    connection->waited_ms = 0;
    note_leaving(*connection, kAccountDeleted);
  } else if (std::holds_alternative<Close>(effect.body)) {
    begin_finishing(*connection);
    connection->waited_ms = connection->is_end_reported ? connection->waited_ms : 0;
    // Without a refusal before it, it is the answer to an end, or its answer could not be stored.
    note_leaving(*connection, connection->is_at_end ? kClosedByClient
                                                    : token_of(RefusalCode::StorageUnavailable));
  } else if (const auto* refuse = std::get_if<Refuse>(&effect.body)) {
    counters_.note(refuse->refusal.code);
    if (is_last_word(refuse->refusal.code)) {
      note_leaving(*connection, token_of(refuse->refusal.code));
    }
  } else if (const auto* check = std::get_if<Check>(&effect.body)) {
    if (checker_.check) {
      connection->has_checked = true;
      checker_.check(effect.to, connection->transport->network(), *check);
    }
  }
  if (effect.charge > 0) {
    writer_.add(*connection, effect);
  }
  touch(*connection);
}

void Switchboard::finish_turn() {
  ++turn_;
  look_at_some();
  for (const ConnectionId id : touched_) {
    if (Connection* connection = find(id)) {
      connection->is_touched = false;
      writer_.flush(*connection);
      if (connection->is_end_reported) {
        // The session is logged out: messages that were still under way and cannot be written now
        // return to the queue.
        if (return_pushes(*connection, true)) {
          // Sent even if nothing was written: waiting commands continue at the next report.
          dispatcher_.add_event(connection->id, take_unreported(*connection));
        }
      }
      settle(*connection);
    }
  }
  touched_.clear();
  counters_.written_bytes.set(writer_.written_bytes());
  counters_.unreported.set(writer_.delivered() - reported_);
  check_budget();
}

void Switchboard::resume_input() {
  for (const ConnectionId id : std::exchange(held_back_, {})) {
    if (Connection* connection = find(id)) {
      connection->transport->resume();
    }
  }
}

bool Switchboard::defer_logins() {
  deferred_logins_.insert(deferred_logins_.end(), with_login_.begin(), with_login_.end());
  with_login_.clear();
  return !deferred_logins_.empty();
}

void Switchboard::admit_logins() {
  for (const ConnectionId id : std::exchange(deferred_logins_, {})) {
    if (Connection* connection = find(id)) {
      framer_.admit_login(*connection);
      settle(*connection);
    }
  }
}

void Switchboard::tick(std::uint64_t elapsed_ms) {
  // Checking may add to the list and drop connections.
  const std::vector<ConnectionId> watched = std::exchange(watched_, {});
  for (const ConnectionId id : watched) {
    Connection* connection = find(id);
    if (connection == nullptr) {
      continue;
    }
    connection->is_watched = false;
    if (connection->awaits_allowance) {
      touch(*connection);
    }
    if (check_deadlines(*connection, elapsed_ms)) {
      watch(*connection);
    }
  }
  if (!std::exchange(is_used_, false)) {
    writer_.drop_spares();
    dispatcher_.drop_spares();
  }
  rejections_.tick(elapsed_ms, census_.size());
  if (budget_.is_short() && !is_stopping_ &&
      budget_.tick(elapsed_ms, buffered_bytes(), framer_.in_flight_bytes())) {
    close_largest();
  }
}

std::uint64_t Switchboard::tick_ms() const {
  if (budget_.is_short()) {
    return std::min(tick_ms_, BufferBudget::kTickMs);
  }
  return watched_.empty() && !rejections_.is_counting() && !writer_.has_spares() ? 0 : tick_ms_;
}

void Switchboard::stop_reading() {
  is_stopping_ = true;
  for (const Slot& slot : slots_) {
    if (slot.connection) {
      update_reading(*slot.connection);
    }
  }
}

bool Switchboard::is_quiet() const {
  return unseen_ == 0 && with_login_.empty() && deferred_logins_.empty() && dispatcher_.is_idle() &&
         framer_.in_flight_commands() == 0 && writer_.held_bytes() == 0;
}

void Switchboard::drain_to(std::uint64_t left, std::uint64_t all) {
  const std::size_t staying = size_ - finishing_;
  if (!drained_from_) {
    drained_from_ = staying;
  }
  // Loops with few connections each take turns.
  const auto [index, count] = dispatcher_.place();
  const std::uint64_t whole = all * count;
  const std::uint64_t share = *drained_from_ * left * count;
  const std::uint64_t ahead = std::min(share, all * index);
  const std::size_t kept = (share - ahead + whole - 1) / whole;
  if (staying > kept) {
    send_final_word({}, staying - kept);
  }
}

/// To at most `most`.
void Switchboard::send_final_word(const FinalWord& word, std::size_t most) {
  std::size_t sent = 0;
  for (const Slot& slot : slots_) {
    Connection* connection = slot.connection.get();
    if (sent < most && connection != nullptr && !connection->is_end_reported &&
        !connection->is_lost && !connection->is_finishing && connection->in_flight_commands == 0 &&
        !connection->outbox && !connection->outgoing) {
      framer_.release(*connection);  // held commands were not executed; the final refusal says so
      send_final_word(*connection, word);
      settle(*connection);
      ++sent;
    }
  }
}

std::vector<Switchboard::Peer> Switchboard::peers() const {
  std::vector<Peer> peers;
  for (const Slot& slot : slots_) {
    if (slot.connection && slot.connection->is_logged_in) {
      peers.push_back({slot.connection->id, slot.connection->transport->peer()});
    }
  }
  return peers;
}

void Switchboard::drop_all() {
  for (Slot& slot : slots_) {
    if (slot.connection) {
      note_leaving(*slot.connection, token_of(RefusalCode::ShuttingDown));
      slot.connection->transport->discard_input();
      counters_.open_of(slot.connection->protocol).subtract();
      slot.connection.reset();
    }
  }
  size_ = 0;
  finishing_ = 0;
}

Connection* Switchboard::find(ConnectionId id) {
  const std::size_t at = dispatcher_.place().own_at(id);
  if (at >= slots_.size()) {
    return nullptr;
  }
  Connection* connection = slots_[at].connection.get();
  return connection != nullptr && connection->id == id ? connection : nullptr;
}

void Switchboard::note_login(Connection& connection, std::string_view name) {
  if (session_log_ != nullptr && log::is_on(log::Level::Info)) {
    const Transport& transport = *connection.transport;
    connection.login = LoginNote(name, transport.network());
    session_log_->came(name, connection.login.network(), transport, connection.protocol);
  }
}

/// Its session, if it has one that is logged, is over; `reason`: see SessionLog.
void Switchboard::note_leaving(Connection& connection, std::string_view reason) {
  if (connection.login) {
    session_log_->left(connection.login.name(), connection.login.network(), reason);
    connection.login = {};
  }
}

/// Adds a connection to the list of those that finish_turn() handles.
void Switchboard::touch(Connection& connection) {
  if (!connection.is_touched) {
    connection.is_touched = true;
    touched_.push_back(connection.id);
  }
}

/// Takes the actions that a connection's state requires after a change. May drop the connection.
void Switchboard::settle(Connection& connection) {
  if (connection.is_failed) {
    drop(connection, "broken");
    return;
  }
  // While the server stops, commands that wait for the next second are not executed any more.
  if (framer_.can_go_on(connection) && !(is_stopping_ && connection.awaits_allowance)) {
    framer_.go_on(connection);
    if (connection.awaits_poll) {
      with_login_.push_back(connection.id);
    }
  }
  if (connection.is_at_end && !connection.is_end_reported && !connection.is_lost &&
      !(connection.held && connection.held->is_blocked)) {
    report_end(connection);
  }
  report(connection);
  if (connection.is_finishing && !connection.is_shut && !connection.outbox &&
      !connection.outgoing) {
    if (connection.is_at_end) {
      drop(connection, "ended");
      return;
    }
    connection.is_shut = true;
    connection.waited_ms = 0;
    connection.transport->shut_down();
  }
  if (connection.held || connection.outbox || connection.is_shut || !connection.is_logged_in) {
    watch(connection);
  }
  update_reading(connection);
}

void Switchboard::update_reading(Connection& connection) {
  const bool wants_reading =
      !connection.is_at_end && !connection.is_failed &&
      (connection.is_shut ||
       (!is_stopping_ && !connection.is_lost && !connection.is_finishing &&
        framer_.can_read(connection) && budget_.has_room_for(held_bytes_of(connection))));
  if (wants_reading != connection.is_reading) {
    connection.is_reading = wants_reading;
    if (wants_reading) {
      connection.transport->start_reading();
    } else {
      connection.transport->stop_reading();
    }
  }
}

/// Reports to the registry what was written. At once if the registry asked for that, or if the
/// unreported charge may be half of the connection's credit; from a quarter on, together with input
/// that is sent anyway.
void Switchboard::report(Connection& connection) {
  const std::uint64_t charge = connection.unreported.charge;
  const bool is_urgent = connection.wants_report || charge >= limits_.outbox_bytes / 2;
  const bool can_piggyback =
      charge >= limits_.outbox_bytes / 4 && dispatcher_.is_due(connection.id);
  if (charge > 0 && (is_urgent || can_piggyback)) {
    dispatcher_.add_event(connection.id, take_unreported(connection));
    connection.wants_report = false;
  }
}

/// What is reported to the registry now.
Written Switchboard::take_unreported(Connection& connection) {
  if (connection.protocol != Protocol::One) {
    reported_ += connection.unreported.pushes;
  }
  return std::exchange(connection.unreported, {});
}

/// Reports a half-close to the registry, which logs the connection out.
void Switchboard::report_end(Connection& connection) {
  connection.is_end_reported = true;
  connection.waited_ms = 0;
  framer_.release(connection);
  static_cast<void>(return_pushes(connection, true));
  dispatcher_.add_event(connection.id, Ended{});
}

/// Returns a push for a connection that is closed, or for one that `is_here` and gets nothing more.
void Switchboard::return_push(const Effect& effect, const Push& push, bool is_here) {
  if (push.is_kept) {
    // When a connection is gone, the registry knows that nothing more was written.
    if (is_here) {
      dispatcher_.add_event(
          effect.to, Returned{push.account, push.number, push.time, {}, true, effect.charge});
    }
    return;
  }
  // The encoding is only used on the way to the worker; protocol 1 can carry every text.
  ByteBuffer frame;
  append_effect(frame, Protocol::One, effect.body, limits_.frames.frame_bytes);
  dispatcher_.add_returned(effect.to, {push.account, push.number, push.time, {}}, Protocol::One,
                           frame.view());
}

/// Returns whether there were any.
bool Switchboard::return_pushes(Connection& connection, bool waiting_live) {
  const std::vector<Outbox::Unwritten> pushes = writer_.take_pushes(connection, waiting_live);
  for (const Outbox::Unwritten& push : pushes) {
    const Outbox::Frame& frame = push.frame;
    if (frame.is_kept) {
      dispatcher_.add_event(
          connection.id, Returned{frame.account, frame.number, frame.time, {}, true, frame.charge});
    } else {
      dispatcher_.add_returned(connection.id, {frame.account, frame.number, frame.time, {}},
                               connection.protocol, push.bytes);
    }
  }
  return !pushes.empty();
}

void Switchboard::watch(Connection& connection) {
  if (!connection.is_watched) {
    connection.is_watched = true;
    watched_.push_back(connection.id);
  }
}

/// Whether `connection` must be checked again; false also if it was dropped.
bool Switchboard::check_deadlines(Connection& connection, std::uint64_t elapsed_ms) {
  const auto elapsed = static_cast<std::uint32_t>(elapsed_ms);
  if (connection.is_shut) {
    connection.waited_ms += elapsed;
    if (connection.waited_ms >= kLingerMs) {
      drop(connection, "did not end");
      return false;
    }
    return true;
  }
  const bool awaits_login = !connection.is_logged_in && !connection.is_finishing &&
                            !connection.is_expired && !connection.is_end_reported;
  if (awaits_login && limits_.login_ms > 0) {
    connection.waited_ms += elapsed;
    if (connection.waited_ms >= limits_.login_ms) {
      connection.is_expired = true;
      dispatcher_.add_event(
          connection.id,
          LoginExpired{{RefusalCode::LoginTimeout, 0, limits_.login_ms}, connection.logins});
    }
  }
  if (connection.held && !connection.held->is_blocked && connection.is_reading &&
      limits_.frame_ms > 0) {
    connection.held->waited_ms += elapsed;
    if (connection.held->waited_ms >= limits_.frame_ms) {
      framer_.lose(connection, {RefusalCode::FrameTimeout, 0, limits_.frame_ms});
      update_reading(connection);
    }
  }
  if (connection.outbox) {
    writer_.note_progress(connection);
    report(connection);
    const std::uint64_t stalled_ms = connection.outbox->wait(elapsed_ms);
    if (stalled_ms == 0) {
      // It reads, and may not have come to our ping yet.
      connection.silent_ms = 0;
      connection.is_pinged = false;
    }
    if (const char* why = why_stalled(connection, stalled_ms, elapsed)) {
      note_leaving(connection, kStalled);
      drop(connection, why);
      return false;
    }
  }
  const bool is_asked = is_pinged_when_silent(connection) && !connection.is_end_reported;
  if (is_asked) {
    count_silence(connection, elapsed);
  }
  return connection.held || connection.outbox || (awaits_login && limits_.login_ms > 0) || is_asked;
}

/// Why a connection that has read nothing of its outbox for `stalled_ms` has no more time; null: it
/// has. What it does not take goes back to the account's queue, and the next session waits for
/// that: so who has left, or was told to go, does not get for ever by reading a little now and
/// then.
const char* Switchboard::why_stalled(Connection& connection, std::uint64_t stalled_ms,
                                     std::uint32_t elapsed_ms) const {
  if (connection.is_finishing && stalled_ms >= kFinishingMs) {
    return "read nothing of its last answers";
  }
  if (limits_.stalled_ms == 0) {
    return nullptr;
  }
  if (stalled_ms >= limits_.stalled_ms) {
    return "read nothing for timeouts.stalled_ms";
  }
  if (connection.is_finishing || connection.is_end_reported) {
    connection.waited_ms += elapsed_ms;
    if (connection.waited_ms >= limits_.stalled_ms) {
      return "did not read all within timeouts.stalled_ms after its end";
    }
  }
  return nullptr;
}

/// A peer that neither sends anything nor takes what it is owed is pinged; when nothing comes after
/// that either, it is disconnected.
void Switchboard::count_silence(Connection& connection, std::uint32_t elapsed_ms) {
  connection.silent_ms = connection.is_reading ? connection.silent_ms + elapsed_ms : 0;
  if (connection.silent_ms < limits_.idle_ms) {
    return;
  }
  connection.silent_ms = 0;
  if (connection.is_pinged) {
    dispatcher_.add_event(connection.id, Dismiss{{RefusalCode::Silent, 0, limits_.idle_ms}});
  } else {
    connection.is_pinged = true;
    dispatcher_.add_event(connection.id, WentSilent{});
  }
}

/// Closes and destroys a connection; returns its unwritten messages to the registry.
void Switchboard::drop(Connection& connection, const char* why) {
  log::debug(kSubject, "{:x}: closed: {}", connection.id.value, why);
  note_leaving(connection, kBroken);  // unless something else was noted before
  const ConnectionId id = connection.id;
  counters_.open_of(connection.protocol).subtract();
  if (connection.is_rejected) {
    rejections_.remove(id);
  } else {
    writer_.note_progress(connection);
    if (connection.unreported.charge > 0) {
      dispatcher_.add_event(id, take_unreported(connection));
    }
    return_pushes(connection, false);
    dispatcher_.add_event(id, Closed{});
    census_.leave(connection.allowance ? connection.allowance->network : PeerNetwork{});
  }
  if (connection.has_checked) {
    checker_.forget(id, connection.transport->network());
  }
  const bool is_finishing = connection.is_finishing;
  if (is_finishing && !connection.is_at_end) {
    connection.transport->discard_input();
  }
  dropped_bytes_ +=
      sizeof(Connection) + held_bytes_of(connection) + connection.transport->memory_bytes();
  framer_.forget(connection);
  writer_.forget(connection);
  const std::size_t at = dispatcher_.place().own_at(id);
  Slot& slot = slots_[at];
  slot.connection.reset();
  --size_;
  finishing_ -= is_finishing ? 1 : 0;
  if (slot.generation + 1 < ConnectionId::kGenerations) {
    free_slots_.push_back(static_cast<std::uint32_t>(at));
  }
}

std::uint64_t Switchboard::buffered_bytes() const {
  return framer_.in_flight_bytes() + framer_.held_bytes() + writer_.held_bytes();
}

/// Updates the budget with the memory in all buffers; starts or stops reading connections if that
/// changes.
void Switchboard::check_budget() {
  const std::uint64_t bytes = buffered_bytes();
  counters_.buffered_bytes.set(bytes);
  if (!budget_.note(bytes, now_ms_)) {
    return;
  }
  for (const Slot& slot : slots_) {
    if (slot.connection) {
      update_reading(*slot.connection);
    }
  }
}

/// Closes the connections with the largest buffers.
void Switchboard::close_largest() {
  std::vector<std::pair<std::uint64_t, ConnectionId>> holders;
  for (const Slot& slot : slots_) {
    if (slot.connection && held_bytes_of(*slot.connection) > 0) {
      holders.emplace_back(held_bytes_of(*slot.connection), slot.connection->id);
    }
  }
  std::sort(holders.rbegin(), holders.rend());
  const std::uint64_t held = buffered_bytes();
  std::uint64_t freed = 0;
  std::size_t closed = 0;
  for (const auto& [bytes, id] : holders) {
    if (held - freed <= budget_.kept_after_closing()) {
      break;
    }
    Connection& connection = *find(id);
    note_leaving(connection, kLargestBuffers);
    drop(connection, "its buffers were the largest when limits.buffered_bytes was exceeded");
    freed += bytes;
    ++closed;
  }
  if (closed > 0) {
    log::warn(kSubject, "closed {} connections with the largest buffers: {} bytes of {}", closed,
              freed, held);
  }
  check_budget();
}

}  // namespace tribar
