// SPDX-License-Identifier: MIT
//
// See acceptor.h.
#include "server/acceptor.h"

#include <string_view>
#include <utility>

#include "base/log.h"
#include "uv/error.h"
#include "uv/stream.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "acceptor";
constexpr int kListenBacklog = 4096;
/// Accepted by one listener before what is connected has its turn.
constexpr int kMostPerTurn = 128;
/// Until a descriptor or memory is asked for again.
constexpr std::uint64_t kShortageMs = 200;
constexpr std::uint64_t kComplaintMs = 1000;
/// What waits unsent in the kernel is lost with the peer: no more than keeps the line busy.
constexpr unsigned kUnsentBytes = 65536;

/// A socket under a connection.
class SocketTransport final : public Transport, private uv::StreamEvents {
 public:
  SocketTransport(uv::Owned<uv::Stream> stream, Switchboard& switchboard,
                  const std::function<void()>& after_read)
      : stream_(std::move(stream)), switchboard_(switchboard), after_read_(after_read) {}
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;
  ~SocketTransport() override { stream_->detach(); }

  void start_reading() override { stream_->start_reading(this); }
  void stop_reading() override { stream_->stop_reading(); }
  std::ptrdiff_t try_write(std::string_view bytes) override { return stream_->try_write(bytes); }
  bool write(std::string_view bytes) override { return stream_->write(bytes, this) == 0; }
  std::size_t unwritten_bytes() const override { return stream_->unwritten_bytes(); }
  void discard_input() override { stream_->discard_input(); }
  void shut_down() override { stream_->shut_down(); }
  std::string peer() const override { return stream_->peer(); }
  PeerNetwork network() const override {
    const sockaddr_storage address = stream_->peer_address();
    return network_of(reinterpret_cast<const sockaddr*>(&address));
  }

  /// Set once the switchboard has it.
  Connection* connection = nullptr;

 private:
  Space on_space() noexcept override {
    const Framer::Space space = switchboard_.space(*connection);
    return {space.at, space.size};
  }
  void on_read(std::size_t size) noexcept override {
    const std::function<void()>& after_read = after_read_;
    switchboard_.read(*connection, size);  // which may be the end of us
    after_read();
  }
  void on_end(int code) noexcept override { switchboard_.end(*connection, code != 0); }
  void on_written(int code) noexcept override { switchboard_.written(*connection, code == 0); }

  uv::Owned<uv::Stream> stream_;
  Switchboard& switchboard_;
  const std::function<void()>& after_read_;
};

}  // namespace

Acceptor::Acceptor(uv::Loop& loop, Switchboard& switchboard, const AcceptorLimits& limits,
                   std::function<void()> after_read)
    : loop_(loop),
      switchboard_(switchboard),
      limits_(limits),
      after_read_(std::move(after_read)),
      pace_(limits.new_connections_per_second, loop.now_ms()),
      pause_(loop, [this] { resume(); }) {}

std::string Acceptor::listen(const uv::Address& address, bool is_shared) {
  listeners_.push_back(
      std::make_unique<uv::Listener>(loop_, address, is_shared, kListenBacklog,
                                     [this](uv::Listener& listener) { accept(listener); }));
  return listeners_.back()->bound_address();
}

void Acceptor::stop() {
  listeners_.clear();
  pause_ = uv::Timer{};
}

void Acceptor::accept(uv::Listener& listener) {
  using Kind = uv::Listener::Waiting::Kind;
  for (int i = 0; i < kMostPerTurn; ++i) {
    if (const std::uint64_t ms = pace_.wait_ms(loop_.now_ms()); ms > 0) {
      pause(ms);
      return;
    }
    const uv::Listener::Waiting waiting = listener.accept();
    if (waiting.kind == Kind::None) {
      return;
    }
    if (waiting.kind == Kind::Shortage ||
        (waiting.kind == Kind::Socket && !admit(waiting.socket))) {
      note_shortage(waiting.code);
      pause(kShortageMs);
      return;
    }
    if (waiting.kind == Kind::Gone) {
      log::debug(kSubject, "a connection was gone before it was accepted");
    }
  }
}

/// False when there is no memory for the connection `socket`, which is closed then.
bool Acceptor::admit(int socket) {
  uv::Owned<uv::Stream> stream = uv::Stream::open(loop_, socket);
  if (!stream) {
    return false;
  }
  static_cast<void>(pace_.take(loop_.now_ms()));
  stream->tune(limits_.keepalive_s, kUnsentBytes);
  auto transport = std::make_unique<SocketTransport>(std::move(stream), switchboard_, after_read_);
  SocketTransport& owned = *transport;
  owned.connection = &switchboard_.adopt(std::move(transport));
  switchboard_.begin(*owned.connection);
  return true;
}

void Acceptor::pause(std::uint64_t ms) {
  for (const auto& listener : listeners_) {
    listener->pause();
  }
  pause_.start(ms, 0);
}

void Acceptor::resume() {
  for (const auto& listener : listeners_) {
    listener->resume();
  }
}

void Acceptor::note_shortage(int code) {
  if (loop_.now_ms() >= may_complain_ms_) {
    may_complain_ms_ = loop_.now_ms() + kComplaintMs;
    log::warn(kSubject, "connections have to wait: {}",
              code == 0 ? "no memory" : uv::text_of(code));
  }
}

}  // namespace tribar
