// SPDX-License-Identifier: MIT
//
// Connections and a registry, with transports in memory and a clock that the test sets. One thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/switchboard.h"
#include "registry/registry.h"
#include "support/fake_transport.h"
#include "support/test_peer.h"
#include "workers/decoder.h"

namespace tribar::test {

/// A connection as its peer sees it.
struct Peer {
  Connection* connection = nullptr;
  std::shared_ptr<FakeStream> stream;
  std::size_t seen = 0;

  /// Whole frames that were written since the last call.
  std::vector<WireFrame> frames() {
    std::vector<WireFrame> frames;
    const std::string_view taken = stream->taken;
    for (FrameCut cut = cut_frame(taken.substr(seen), 1 << 30); cut.kind == FrameCut::Kind::Whole;
         cut = cut_frame(taken.substr(seen), 1 << 30)) {
      frames.push_back({cut.code, std::string(cut.data)});
      seen += cut.frame_bytes;
    }
    return frames;
  }
};
using Frames = std::vector<WireFrame>;

/// Switchboard, workers and registry, driven by calls.
struct Rig {
  explicit Rig(const SwitchboardLimits& board_limits = {}, const RegistryLimits& limits = {},
               SessionLog* session_log = nullptr, LoopPlace place = {})
      : registry(limits, {1, 2}, false),
        dispatcher(
            1, inbox, last_number, [this](BatchPtr batch) { sent.push_back(std::move(batch)); },
            place),
        board(board_limits, dispatcher, census, {}, session_log) {}

  Peer connect(PeerNetwork from = {}, Protocol protocol = Protocol::Zero) {
    Peer peer;
    peer.stream = std::make_shared<FakeStream>();
    peer.stream->network = from;
    peer.connection = &board.adopt(std::make_unique<FakeTransport>(peer.stream), protocol);
    board.begin(*peer.connection);
    return peer;
  }
  Peer created(std::string_view name, PeerNetwork from = {}) {
    Peer peer = connect(from);
    send(peer, bytes_of(Create{name}));
    turn();
    EXPECT_EQ(peer.frames(), Frames{response()});
    return peer;
  }

  /// `bytes` arrive, as far as the connection is being read; returns how many did.
  std::size_t send(const Peer& peer, std::string_view bytes) {
    std::size_t read = 0;
    while (read < bytes.size() && !peer.stream->is_closed && peer.stream->is_reading) {
      const Framer::Space space = board.space(*peer.connection);
      if (space.size == 0) {
        break;
      }
      const std::size_t size = std::min(space.size, bytes.size() - read);
      std::copy_n(bytes.data() + read, size, space.at);
      board.read(*peer.connection, size);
      read += size;
    }
    return read;
  }

  /// The kernel accepts the whole current write, and the following ones.
  void take_all(const Peer& peer) {
    while (!peer.stream->is_closed && !peer.stream->writing.empty()) {
      static_cast<void>(peer.stream->take());
      board.written(*peer.connection, true);
    }
  }

  /// Runs all batches through all stations, until none is left.
  void turn() {
    board.finish_turn();
    do {
      dispatcher.submit(UnixMs{1});
      for (BatchPtr& batch : std::exchange(sent, {})) {
        apply(std::move(batch));
      }
      while (registry.has_more_to_do()) {
        auto batch = std::make_unique<Batch>();
        batch->inputs.push_back({{}, 0, Continue{}});
        apply(std::move(batch));
      }
      board.finish_turn();
      if (board.defer_logins()) {
        board.admit_logins();
      }
    } while (!dispatcher.is_idle());
  }

  /// Tells the registry its limits, and nobody else.
  void reconfigure(const RegistryLimits& limits) {
    auto batch = std::make_unique<Batch>();
    batch->limits = std::make_unique<const RegistryLimits>(limits);
    batch->inputs.push_back({{}, 0, Reconfigured{batch->limits.get()}});
    apply(std::move(batch));
  }

  /// Runs what was read through the stations, and delivers replies in the middle of a poll: only
  /// long frames are written.
  void come_back() {
    dispatcher.submit(UnixMs{1});
    for (BatchPtr& batch : std::exchange(sent, {})) {
      apply(std::move(batch));
    }
  }

  void apply(BatchPtr batch) {
    if (batch->number != 0) {
      decode(*batch, {});
      inbox.note_passed();
    }
    registry.apply_all(batch->inputs, batch->now, batch->output);
    board.deliver_replies(*batch);
    dispatcher.recycle(std::move(batch));
  }

  Registry registry;
  LoopInbox inbox{[] {}};
  std::vector<BatchPtr> sent;
  std::atomic<std::uint64_t> last_number{0};
  Dispatcher dispatcher;
  Census census;
  Switchboard board;
};

}  // namespace tribar::test
