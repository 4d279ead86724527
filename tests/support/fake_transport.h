// SPDX-License-Identifier: MIT
//
// A transport in memory: the test decides what the kernel accepts, and sees what happened. One
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "loop/transport.h"

namespace tribar::test {

/// The test's side of a FakeTransport; must outlive it.
struct FakeStream {
  std::string taken;                                           // accepted by the kernel, in total
  std::size_t room = std::numeric_limits<std::size_t>::max();  // how much more the kernel accepts
  std::string_view writing;  // not yet accepted bytes of the current write
  bool is_failed = false;    // from now on writes fail
  bool is_reading = false;
  bool is_shut = false;
  bool is_closed = false;
  int discards = 0;
  PeerNetwork network;
  std::string certificate_name;
  std::size_t memory_bytes = 0;

  /// The kernel accepts up to `most` bytes of the current write; true if that was all of it, and
  /// written() must be called.
  bool take(std::size_t most = std::numeric_limits<std::size_t>::max()) {
    const std::size_t size = std::min(most, writing.size());
    taken += writing.substr(0, size);
    writing.remove_prefix(size);
    return writing.empty();
  }
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(std::shared_ptr<FakeStream> stream) : stream_(std::move(stream)) {}
  FakeTransport(const FakeTransport&) = delete;
  FakeTransport& operator=(const FakeTransport&) = delete;
  ~FakeTransport() override { stream_->is_closed = true; }

  void bind(TransportEvents&, Connection&) override {}
  void start_reading() override { stream_->is_reading = true; }
  void stop_reading() override { stream_->is_reading = false; }
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    if (stream_->is_failed) {
      return -1;
    }
    return static_cast<std::ptrdiff_t>(take(bytes) + take(more));
  }
  void write(std::string_view bytes) override { stream_->writing = bytes; }
  std::size_t unwritten_bytes() const override { return stream_->writing.size(); }
  void discard_input() override { ++stream_->discards; }
  void shut_down() override { stream_->is_shut = true; }
  std::string peer() const override { return "a test"; }
  PeerNetwork network() const override { return stream_->network; }
  std::size_t memory_bytes() const override { return stream_->memory_bytes; }
  std::string certificate_name() const override { return stream_->certificate_name; }

 private:
  std::size_t take(std::string_view bytes) {
    const std::size_t size = std::min(stream_->room, bytes.size());
    stream_->room -= size;
    stream_->taken += bytes.substr(0, size);
    return size;
  }

  std::shared_ptr<FakeStream> stream_;
};

}  // namespace tribar::test
