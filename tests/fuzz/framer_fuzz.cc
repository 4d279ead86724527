// SPDX-License-Identifier: MIT
//
// Any stream from a peer through the stations of the loop, a worker and the registry, on streams in
// memory: split anywhere, in small windows, with a kernel that takes little, in every order that
// the loop's turns allow. What the peer is told must be what a reader so naive that it cannot be
// wrong makes of the whole stream, one command after the other; and what a second peer gets, too.
//
// The first bytes are the limits; then come events, a byte each and what belongs to it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz.h"
#include "fuzz_bytes.h"
#include "loop/switchboard.h"
#include "registry/registry.h"
#include "support/fake_transport.h"
#include "workers/decoder.h"
#include "zero/command.h"
#include "zero/effects.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar {
namespace {

using fuzz::Bytes;
using fuzz::check;

constexpr std::size_t kMostStreamBytes = std::size_t{1} << 20;
constexpr std::array<std::uint64_t, 8> kFrameBytes{1024, 1025, 1100,  2000,
                                                   5000, 9000, 20000, 70000};
/// One that speaks, and one that is spoken to.
constexpr ConnectionId kReader = ConnectionId::make(0, 1);
constexpr ConnectionId kPeer = ConnectionId::make(1, 1);

struct Settings {
  SwitchboardLimits board;
  RegistryLimits registry;
  std::size_t workers = 1;
  std::size_t room_bytes = 0;  // that the kernel has for each at first
};

struct Event {
  enum class Kind {
    Bytes,  // of the peer's stream
    Submit,
    Apply,    // one batch
    Replies,  // of what was applied
    AdmitLogins,
    Turn,    // all of these, until nothing moves
    Take,    // the kernel takes something
    Report,  // time passes
    Break,   // the peer's connection; the last event
  } kind = Kind::Bytes;
  std::string bytes{};
  std::size_t count = 0;
  bool is_reader = false;  // whom it is about
};

std::string bytes_of(const Command& command) {
  std::string bytes;
  append_command(bytes, command);
  return bytes;
}

std::string known_frame(std::uint32_t choice) {
  switch (choice % 13) {
    case 0:
      return bytes_of(Create{"ann"});
    case 1:
      return bytes_of(Login{"ann"});
    case 2:
      return bytes_of(Login{"bob"});
    case 3:
      return bytes_of(List{});
    case 4:
      return bytes_of(List{"a*"});
    case 5:
      return bytes_of(List{"cat"});
    case 6:
      return bytes_of(Deliver{});
    case 7:
      return bytes_of(Delete{});
    case 8:
      return bytes_of(Send{{"ann", "ann", "to myself"}});
    case 9:
      return bytes_of(Send{{"bob", "ann", "as somebody else"}});
    case 10:
      return bytes_of(Send{{"ann", "nobody", "hi"}});
    case 11:
      return bytes_of(Create{"bad name"});
    default:
      return bytes_of(Send{{"ann", "bob", "hi"}});
  }
}

Event take_event(Bytes& input) {
  switch (input.take() % 16) {
    case 0:
    case 1:
      return {.bytes = known_frame(input.take())};
    case 2: {
      std::string frame;
      const auto code = static_cast<std::uint8_t>(input.take() % 10);
      append_frame(frame, code, input.take(input.take()));
      return {.bytes = frame};
    }
    case 3:
      return {.bytes = std::string(input.take(input.take()))};
    case 4: {
      std::string header(kHeaderBytes, '\0');
      header[1] = static_cast<char>(input.take());
      const std::uint32_t shift = input.take() * 2 % 320;
      header[kHeaderBytes - 1 - shift / 8] = static_cast<char>(1 << shift % 8);
      return {.bytes = header};
    }
    case 5: {
      const std::size_t size = std::size_t{64} * input.take();
      const std::string text(size + input.take() % 64, 'x');
      return {.bytes = bytes_of(Send{{"ann", input.take() % 2 == 0 ? "ann" : "bob", text}})};
    }
    case 6:
      return {.kind = Event::Kind::Submit};
    case 7:
      return {.kind = Event::Kind::Apply};
    case 8:
      return {.kind = Event::Kind::Replies};
    case 9:
      return {.kind = Event::Kind::AdmitLogins};
    case 10:
    case 11:
      return {.kind = Event::Kind::Turn};
    case 12:
    case 13: {
      const std::uint32_t choice = input.take();
      return {.kind = Event::Kind::Take,
              .count = std::size_t{choice / 2} * 8 + 1,
              .is_reader = choice % 2 == 1};
    }
    case 14:
      return {.kind = Event::Kind::Report};
    default:
      return input.take() == 0xff ? Event{.kind = Event::Kind::Break}
                                  : Event{.bytes = known_frame(12)};
  }
}

/// What both were told.
struct Told {
  std::string peer;
  std::string reader;
};

/// What a stream must lead to.
struct Expected {
  Told told;
  bool is_lost = false;  // the stream
  /// What `told.peer` may be instead: a length over every limit is refused at once, and which limit
  /// is named depends on whether the login or the deletion before it is done.
  std::string peer_otherwise;
  /// A frame that is too long without a login came behind a deletion: it passes if that is not
  /// done.
  bool is_unsure = false;
};

/// Executes a stream by hand: one command after the other, each answer read at once.
class Naive {
 public:
  explicit Naive(const Settings& settings)
      : settings_(settings), registry_({.outbox_bytes = std::uint64_t{1} << 40}, {1, 2}, false) {
    apply(kReader, Create{"bob"});
  }

  [[nodiscard]] Expected read(std::string_view stream) {
    const std::uint64_t frame_bytes = settings_.board.frames.frame_bytes;
    while (!stream.empty() && !expected_.is_lost) {
      if (stream[0] != '\0') {
        lose({RefusalCode::BadVersion, static_cast<unsigned char>(stream[0]), kVersion0});
        break;
      }
      if (stream.size() < kHeaderBytes) {
        break;
      }
      std::uint64_t length = 0;
      for (std::size_t i = 2; i < kHeaderBytes && length <= frame_bytes; ++i) {
        length = length * 256 + static_cast<unsigned char>(stream[i]);
      }
      const std::uint64_t limit = is_logged_in_ ? frame_bytes : Framer::kBeforeLoginBytes;
      if (length > limit) {
        expected_.is_unsure = was_deleted_ && length <= frame_bytes;
        const std::uint64_t other = is_logged_in_ ? Framer::kBeforeLoginBytes : frame_bytes;
        append_frame(otherwise_, static_cast<std::uint8_t>(FrameCode::Response),
                     text_of({RefusalCode::FrameTooLong, 0, other}));
        otherwise_ = told().peer + otherwise_;
        lose({RefusalCode::FrameTooLong, 0, limit});
        break;
      }
      if (stream.size() < kHeaderBytes + length) {
        break;
      }
      execute(static_cast<std::uint8_t>(stream[1]), stream.substr(kHeaderBytes, length));
      stream.remove_prefix(kHeaderBytes + length);
    }
    expected_.peer_otherwise = expected_.is_lost ? otherwise_ : told().peer;
    return std::move(expected_);
  }

 private:
  [[nodiscard]] Told& told() { return expected_.told; }

  void execute(std::uint8_t code, std::string_view data) {
    const auto command = parse_command(code, data, {});
    if (!command) {
      apply(kPeer, Rejected{command.error(), false});
      return;
    }
    std::visit([this](const auto& body) { apply(kPeer, body); }, command.value());
  }

  void lose(const Refusal& refusal) {
    apply(kPeer, Rejected{refusal, true});
    expected_.is_lost = true;
  }

  void apply(ConnectionId from, const InputBody& body) {
    const Input input{from, 42, body};
    Output output;
    registry_.apply(input, UnixMs{1}, output);
    const Input go_on{{}, 0, Continue{}};
    while (registry_.has_more_to_do()) {
      registry_.apply(go_on, UnixMs{1}, output);
    }
    std::array<Written, 2> written{};
    for (const Effect& effect : output.effects) {
      const bool is_reader = effect.to == kReader;
      ByteBuffer bytes;
      append_effect(bytes, effect.body, settings_.board.frames.frame_bytes);
      (is_reader ? told().reader : told().peer) += bytes.view();
      Written& report = written[is_reader ? 0 : 1];
      report.charge += effect.charge;
      if (std::holds_alternative<Push>(effect.body)) {
        report.push_charge += effect.charge;
        report.pushes += 1;
      }
      is_logged_in_ |= !is_reader && std::holds_alternative<LoggedIn>(effect.body);
      is_logged_in_ &= is_reader || !std::holds_alternative<LoggedOut>(effect.body);
      was_deleted_ |= !is_reader && std::holds_alternative<LoggedOut>(effect.body);
    }
    for (const ConnectionId id : {kReader, kPeer}) {
      const Written& report = written[id == kReader ? 0 : 1];
      if (report.charge > 0) {
        Output nothing;
        const Input input_of_report{id, 0, report};
        registry_.apply(input_of_report, UnixMs{1}, nothing);
        check(nothing.effects.empty(), "who reads at once is owed nothing");
      }
    }
  }

  Settings settings_;
  Registry registry_;
  bool is_logged_in_ = false;
  bool was_deleted_ = false;
  std::string otherwise_;
  Expected expected_;
};

/// The stations, driven by events.
class Stations {
 public:
  Stations(const Settings& settings, std::string_view lengths)
      : settings_(settings),
        lengths_(lengths),
        registry_(settings.registry, {1, 2}, false),
        dispatcher_(settings.workers, inbox_, last_number_,
                    [this](BatchPtr batch) { sent_.push_back(std::move(batch)); }),
        board_(settings.board, dispatcher_, census_) {
    reader_.stream = std::make_shared<test::FakeStream>();
    peer_.stream = std::make_shared<test::FakeStream>();
    for (End* end : {&reader_, &peer_}) {
      end->connection =
          &board_.adopt(std::make_unique<test::FakeTransport>(end->stream), Protocol::Zero);
      board_.begin(*end->connection);
    }
    check(reader_.connection->id == kReader && peer_.connection->id == kPeer, "ids are as known");
    const std::string creation = bytes_of(Create{"bob"});
    feed(reader_, creation);
    turn();
    for (End* end : {&reader_, &peer_}) {
      end->stream->room = settings.room_bytes;
    }
  }

  void take(const Event& event) {
    End& end = event.is_reader ? reader_ : peer_;
    switch (event.kind) {
      case Event::Kind::Bytes:
        coming_ += event.bytes;
        break;
      case Event::Kind::Submit:
        dispatcher_.submit(UnixMs{1});
        break;
      case Event::Kind::Apply:
        apply_one();
        break;
      case Event::Kind::Replies:
        deliver_replies();
        break;
      case Event::Kind::AdmitLogins:
        if (board_.defer_logins()) {
          board_.admit_logins();
        }
        break;
      case Event::Kind::Turn:
        turn();
        break;
      case Event::Kind::Take:
        let_write(end, event.count);
        break;
      case Event::Kind::Report:
        pass_time(100);
        break;
      case Event::Kind::Break:
        break;
    }
    bring();
    check_bounds();
  }

  /// Lets everything move until nothing is left to be done.
  void settle() {
    std::size_t to_come = 0;
    std::size_t taken = 0;
    const auto has_moved = [&] {
      const bool moved = to_come != coming_.size() || taken != taken_bytes();
      to_come = coming_.size();
      taken = taken_bytes();
      return moved;
    };
    do {
      for (End* end : {&reader_, &peer_}) {
        let_write(*end, std::size_t{1} << 30);
      }
      // What the kernel took so far is looked at with the clock; in a second there is something
      // that every peer may do.
      pass_time(1000);
      turn();
      bring();
    } while (has_moved() || (!peer_.stream->is_closed && peer_.connection->awaits_allowance));
  }

  void break_peer() {
    if (!peer_.stream->is_closed) {
      board_.end(*peer_.connection, true);
    }
    check(peer_.stream->is_closed, "a broken connection is closed");
    coming_.clear();
  }

  void end_peer() {
    if (!peer_.stream->is_closed) {
      board_.end(*peer_.connection, false);
      turn();
    }
    check(peer_.stream->is_closed, "who ends is closed when all is said");
  }

  void check_rest() {
    check(board_.size() == 1, "only the reader is left");
    check(board_.is_quiet(), "nothing is under way");
  }

  [[nodiscard]] bool is_peer_done() const { return coming_.empty(); }
  [[nodiscard]] bool is_peer_shut() const { return peer_.stream->is_shut; }
  [[nodiscard]] Told told() const { return {peer_.stream->taken, reader_.stream->taken}; }

 private:
  struct End {
    Connection* connection = nullptr;
    std::shared_ptr<test::FakeStream> stream;
  };

  void pass_time(std::uint64_t ms) {
    now_ms_ += ms;
    board_.set_time(now_ms_);
    board_.tick(ms);
  }

  /// By the kernels, of both.
  [[nodiscard]] std::size_t taken_bytes() const {
    return reader_.stream->taken.size() + peer_.stream->taken.size();
  }

  /// `bytes` arrive, as far as the connection is read from, in pieces.
  void feed(End& end, std::string_view& bytes) {
    while (!bytes.empty() && !end.stream->is_closed && end.stream->is_reading) {
      const Framer::Space space = board_.space(*end.connection);
      if (space.size == 0) {
        break;  // it had its share of this turn
      }
      std::size_t size = std::min(space.size, bytes.size());
      if (!lengths_.empty()) {
        // Long ones in few pieces.
        const auto chosen = static_cast<unsigned char>(lengths_[pieces_++ % lengths_.size()]);
        size = std::min(size, std::max(std::size_t{1} + chosen, bytes.size() / 64));
      }
      std::copy_n(bytes.data(), size, space.at);
      board_.read(*end.connection, size);
      bytes.remove_prefix(size);
    }
  }
  void feed(End& end, const std::string& bytes) {
    std::string_view rest = bytes;
    feed(end, rest);
  }

  /// What the peer sent, as far as it is read.
  void bring() {
    std::string_view rest = coming_;
    feed(peer_, rest);
    coming_.erase(0, coming_.size() - rest.size());
    if (peer_.stream->is_closed) {
      coming_.clear();
    }
  }

  void let_write(End& end, std::size_t count) {
    if (end.stream->is_closed) {
      return;
    }
    if (end.stream->writing.empty()) {
      end.stream->room = std::max(end.stream->room, count);
    } else if (end.stream->take(count)) {
      board_.written(*end.connection, true);
    }
  }

  void apply_one() {
    if (sent_.empty()) {
      return;
    }
    BatchPtr batch = std::move(sent_.front());
    sent_.pop_front();
    decode(*batch, {});
    inbox_.note_passed();
    apply(std::move(batch));
    while (registry_.has_more_to_do()) {
      auto more = std::make_unique<Batch>();
      more->inputs.push_back({{}, 0, Continue{}});
      apply(std::move(more));
    }
  }

  void apply(BatchPtr batch) {
    registry_.apply_all(batch->inputs, batch->now, batch->output);
    applied_.push_back(std::move(batch));
  }

  void deliver_replies() {
    for (BatchPtr& batch : std::exchange(applied_, {})) {
      board_.deliver_replies(*batch);
      dispatcher_.recycle(std::move(batch));
    }
    board_.finish_turn();
  }

  void turn() {
    do {
      dispatcher_.submit(UnixMs{1});
      while (!sent_.empty()) {
        apply_one();
      }
      deliver_replies();
      if (board_.defer_logins()) {
        board_.admit_logins();
      }
    } while (!dispatcher_.is_idle());
  }

  /// Of the peer, as long as it is there.
  void check_bounds() {
    if (peer_.stream->is_closed) {
      return;
    }
    const Connection& connection = *peer_.connection;
    const FrameLimits& limits = settings_.board.frames;
    const std::uint64_t frame_bytes = limits.frame_bytes + kHeaderBytes;
    // A fatal refusal stands in no window.
    check(connection.in_flight_commands <= limits.in_flight_commands + 1,
          "the window of commands holds");
    check(connection.in_flight_bytes < limits.in_flight_bytes + frame_bytes + kHeaderBytes,
          "the window of bytes lets one frame pass");
    check(!connection.held || connection.held->bytes.size() < frame_bytes + 65536 + 4096,
          "no more is held than a frame and a read");
  }

  Settings settings_;
  std::string_view lengths_;
  std::size_t pieces_ = 0;
  std::uint64_t now_ms_ = 0;
  Registry registry_;
  LoopInbox inbox_{[] {}};
  std::deque<BatchPtr> sent_;
  std::vector<BatchPtr> applied_;
  std::atomic<std::uint64_t> last_number_{0};
  Dispatcher dispatcher_;
  Census census_;
  Switchboard board_;
  End reader_;
  End peer_;
  std::string coming_;  // sent by the peer and not read yet
};

Settings take_settings(Bytes& input) {
  Settings settings;
  settings.board.frames.frame_bytes = kFrameBytes[input.take() % kFrameBytes.size()];
  settings.board.frames.in_flight_commands = 1 + input.take() % 8;
  settings.board.frames.in_flight_bytes = 1024 + std::uint64_t{input.take()} * 16;
  settings.board.outbox_bytes = 64 + std::uint64_t{input.take()} * 16;
  settings.registry.outbox_bytes = settings.board.outbox_bytes;
  settings.board.login_ms = 0;
  settings.board.frame_ms = 0;
  settings.board.stalled_ms = 0;
  const std::uint32_t choice = input.take();
  settings.workers = 1 + choice % 3;
  settings.room_bytes = choice < 128 ? choice : std::size_t{1} << 30;
  settings.board.commands_per_second = choice < 192 ? 0 : 1 + choice % 16;
  return settings;
}

void run(Bytes& input) {
  const Settings settings = take_settings(input);
  const std::string_view lengths = input.take(input.take() % 8);
  Stations stations(settings, lengths);
  std::string stream;
  bool is_broken = false;
  while (!input.is_empty() && stream.size() < kMostStreamBytes && !is_broken) {
    const Event event = take_event(input);
    is_broken = event.kind == Event::Kind::Break;
    stream += event.bytes;
    stations.take(event);
  }
  const Expected expected = Naive(settings).read(stream);
  const Told& all = expected.told;
  if (is_broken) {
    stations.break_peer();
    stations.settle();
    const Told told = stations.told();
    check(expected.is_unsure || all.peer.starts_with(told.peer) ||
              expected.peer_otherwise.starts_with(told.peer),
          "a broken peer got the front of it");
    check(expected.is_unsure || all.reader.starts_with(told.reader), "and so did who it wrote to");
  } else {
    stations.settle();
    const Told told = stations.told();
    check(stations.is_peer_done(), "everything is read at last");
    if (!expected.is_unsure) {
      check(told.peer == all.peer || told.peer == expected.peer_otherwise,
            "the peer is told what a naive reader makes of its stream");
      check(told.reader == all.reader, "and so is who it wrote to");
      check(stations.is_peer_shut() == expected.is_lost, "only a lost stream is ended");
    }
    stations.end_peer();
  }
  stations.settle();
  stations.check_rest();
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::Bytes input(tribar::fuzz::as_text(data, size));
  tribar::run(input);
  return 0;
}
