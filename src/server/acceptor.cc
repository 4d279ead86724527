// SPDX-License-Identifier: MIT
//
// See acceptor.h.
#include "server/acceptor.h"

#include <utility>

#include "base/log.h"
#include "uv/stream.h"

namespace tribar {
namespace {

constexpr int kListenBacklog = 4096;
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

Acceptor::Acceptor(uv::Loop& loop, Switchboard& switchboard, unsigned keepalive_s,
                   std::function<void()> after_read)
    : loop_(loop),
      switchboard_(switchboard),
      keepalive_s_(keepalive_s),
      after_read_(std::move(after_read)) {}

std::string Acceptor::listen(const uv::Address& address) {
  listeners_.push_back(std::make_unique<uv::Listener>(
      loop_, address, kListenBacklog, [this](uv::Listener& listener) { accept(listener); }));
  return listeners_.back()->bound_address();
}

void Acceptor::accept(uv::Listener& listener) {
  uv::Owned<uv::Stream> stream = uv::Stream::make(loop_);
  if (const int code = stream->accept(listener.raw()); code != 0) {
    log::debug("acceptor", "a connection was gone before it was accepted");
    return;
  }
  stream->tune(keepalive_s_, kUnsentBytes);
  auto transport = std::make_unique<SocketTransport>(std::move(stream), switchboard_, after_read_);
  SocketTransport& socket = *transport;
  socket.connection = &switchboard_.adopt(std::move(transport));
  switchboard_.begin(*socket.connection);
}

}  // namespace tribar
