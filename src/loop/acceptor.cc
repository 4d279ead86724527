// SPDX-License-Identifier: MIT
//
// See acceptor.h.
#include "loop/acceptor.h"

#include <string_view>
#include <utility>

#include "base/log.h"
#include "uv/error.h"
#include "uv/stream.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "acceptor";
/// Accepted by one listener before what is connected has its turn.
constexpr int kMostPerTurn = 128;
/// The pause after running out of descriptors or memory.
constexpr std::uint64_t kShortageMs = 200;
constexpr std::uint64_t kWarningIntervalMs = 1000;

/// A connection's socket as a transport.
class SocketTransport final : public Transport, private uv::StreamEvents {
 public:
  explicit SocketTransport(uv::Stream::Ptr stream) : stream_(std::move(stream)) {}
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  void bind(TransportEvents& events, Connection& connection) override {
    events_ = &events;
    connection_ = &connection;
  }
  void start_reading() override { stream_->start_reading(this); }
  void stop_reading() override { stream_->stop_reading(); }
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    return stream_->try_write(bytes, more);
  }
  void write(std::string_view bytes) override { stream_->write(bytes, this); }
  std::size_t unwritten_bytes() const override { return stream_->unwritten_bytes(); }
  void discard_input() override { stream_->discard_input(); }
  void shut_down() override { stream_->shut_down(); }
  std::string peer() const override { return stream_->peer(); }
  PeerNetwork network() const override {
    const sockaddr_storage address = stream_->peer_address();
    return network_of(reinterpret_cast<const sockaddr*>(&address));
  }
  bool is_private() const override { return uv::Address{stream_->peer_address()}.is_loopback(); }

 private:
  Space on_space() noexcept override {
    const ReadSpace space = events_->space(*connection_);
    return {space.at, space.size};
  }
  void on_read(std::size_t size) noexcept override { events_->read(*connection_, size); }
  void on_end(int code) noexcept override { events_->end(*connection_, code != 0); }
  void on_written(int code) noexcept override { events_->written(*connection_, code == 0); }

  uv::Stream::Ptr stream_;
  TransportEvents* events_ = nullptr;
  Connection* connection_ = nullptr;
};

}  // namespace

Acceptor::Acceptor(uv::Loop& loop, Destination destination, const AcceptorLimits& limits)
    : loop_(loop),
      destination_(std::move(destination)),
      limits_(limits),
      pace_(limits.new_connections_per_second, loop.now_ms()),
      pause_(loop, [this] { resume(); }) {}

void Acceptor::change(ListenerChanges changes) {
  for (ListenerChanges::Added& added : changes.added) {
    add(std::move(added));
  }
  for (ListenerChanges::Changed& changed : changes.changed) {
    if (const auto place = places_.find(changed.id); place != places_.end()) {
      place->second.options = std::move(changed.options);
    }
  }
  for (const ListenerId id : changes.removed) {
    if (const auto place = places_.find(id); place != places_.end()) {
      accept_last(place->second);
      places_.erase(place);
    }
  }
}

void Acceptor::add(ListenerChanges::Added added) {
  Place& place = places_[added.id];
  place.options = std::move(added.options);
  try {
    place.listener.emplace(loop_, std::move(added.socket),
                           [this, &place](uv::Listener&) { accept(place); });
  } catch (const uv::Error& error) {
    log::error(kSubject, "{}", error.what());
    places_.erase(added.id);
  }
}

void Acceptor::set_limits(const AcceptorLimits& limits) {
  limits_ = limits;
  pace_.set_rate(limits.new_connections_per_second, loop_.now_ms());
  for (auto& [id, place] : places_) {
    place.listener->set_options(socket_options());
  }
}

uv::SocketOptions Acceptor::socket_options() const { return {limits_.keepalive_s, kUnsentBytes}; }

void Acceptor::stop() {
  places_.clear();
  pause_ = uv::Timer{};
}

void Acceptor::accept(Place& place) {
  using Kind = uv::Listener::Waiting::Kind;
  for (int i = 0; i < kMostPerTurn; ++i) {
    if (const std::uint64_t ms = pace_.wait_ms(loop_.now_ms()); ms > 0) {
      pause(ms);
      return;
    }
    const uv::Listener::Waiting waiting = place.listener->accept();
    if (waiting.kind == Kind::None) {
      return;
    }
    if (waiting.kind == Kind::Shortage ||
        (waiting.kind == Kind::Socket && !admit(waiting.socket, place.options))) {
      note_shortage(waiting.code);
      pause(kShortageMs);
      return;
    }
    if (waiting.kind == Kind::Gone) {
      log::debug(kSubject, "a connection was closed before it was accepted");
    }
  }
}

/// Whoever has connected to a place that will be gone, whatever the limits are.
void Acceptor::accept_last(Place& place) {
  using Kind = uv::Listener::Waiting::Kind;
  for (int i = 0; i < kListenBacklog; ++i) {
    const uv::Listener::Waiting waiting = place.listener->accept();
    if (waiting.kind == Kind::None || waiting.kind == Kind::Shortage ||
        (waiting.kind == Kind::Socket && !admit(waiting.socket, place.options))) {
      return;
    }
  }
}

/// False when there is no memory for the connection `socket`, which is closed then.
bool Acceptor::admit(int socket, const ListenerOptions& options) {
  uv::Stream::Ptr stream = uv::Stream::open(loop_, socket);
  if (!stream) {
    return false;
  }
  static_cast<void>(pace_.take(loop_.now_ms()));
  std::unique_ptr<Transport> transport = std::make_unique<SocketTransport>(std::move(stream));
  for (const TransportFilter& filter :
       {std::cref(destination_.filter), std::cref(options.filter)}) {
    if (filter) {
      transport = filter(std::move(transport));
    }
  }
  Switchboard& switchboard = destination_.switchboard;
  switchboard.begin(switchboard.adopt(std::move(transport), options.protocol, destination_.events));
  return true;
}

void Acceptor::pause(std::uint64_t ms) {
  for (auto& [id, place] : places_) {
    place.listener->pause();
  }
  pause_.start(ms, 0);
}

void Acceptor::resume() {
  for (auto& [id, place] : places_) {
    place.listener->resume();
  }
}

void Acceptor::note_shortage(int code) {
  if (loop_.now_ms() >= next_warning_ms_) {
    next_warning_ms_ = loop_.now_ms() + kWarningIntervalMs;
    log::warn(kSubject, "connections have to wait: {}",
              code == 0 ? "no memory" : uv::text_of(code));
  }
}

}  // namespace tribar
