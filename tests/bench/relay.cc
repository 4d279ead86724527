// SPDX-License-Identifier: MIT
//
// A bare libuv relay: the floor that a server of this protocol is measured against. It speaks the
// same frames and does nothing else with them: no accounts, no queues, no checks, no limits. A
// frame is cut by the low word of its length, its target is the decimal number at the end of the
// recipient's name (an index, nothing is hashed), and its bytes go to the target and back to the
// sender. What a peer gets in one turn of the loop is one write.
//
// It models the least that any relay on this loop has to do; a peer that sends nonsense is cut
// off, and one that does not read costs memory without bound. For benchmarks only.
//
//   relay [--port P]      prints "listening on 127.0.0.1:PORT" to standard error
#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "zero/command.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr std::uint64_t kMostFrameBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMostIndex = 1'000'000;

class Relay;

struct Peer {
  uv_tcp_t handle{};
  Relay* relay = nullptr;
  std::string out;      // of this turn
  std::string partial;  // of a frame that is not whole yet
  std::size_t name_bytes = 0;
  std::size_t index = kMostIndex;
  bool is_dirty = false;
  bool is_closing = false;
};

struct PendingWrite {
  uv_write_t request{};
  std::string bytes;
};

/// The number at the end of `name`, 0 when there is none.
std::size_t trailing_number(std::string_view name) {
  std::size_t number = 0;
  std::size_t place = 1;
  for (std::size_t i = name.size(); i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9'; --i) {
    number += static_cast<std::size_t>(name[i - 1] - '0') * place;
    place *= 10;
  }
  return number;
}

/// The bytes of the whole frame whose header is at `at`, as far as a sane peer can ask for.
std::size_t frame_bytes_at(const char* at) {
  std::uint64_t low = 0;
  std::memcpy(&low, at + kHeaderBytes - sizeof low, sizeof low);
  return kHeaderBytes + static_cast<std::size_t>(__builtin_bswap64(low));
}

class Relay {
 public:
  explicit Relay(std::uint16_t port);
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

 private:
  void accept_one();
  void close(Peer& peer);
  void take(Peer& peer, std::string_view bytes);
  void handle(Peer& peer, std::string_view whole);
  void append(Peer& peer, std::string_view bytes);
  void flush();

  uv_loop_t loop_{};
  uv_tcp_t listener_{};
  uv_check_t turn_end_{};
  std::array<char, kReadBytes> buffer_{};
  std::string joined_;
  std::vector<Peer*> by_index_;
  std::vector<Peer*> dirty_;
};

Relay::Relay(std::uint16_t port) {
  uv_loop_init(&loop_);
  uv_tcp_init(&loop_, &listener_);
  listener_.data = this;
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", port, &address);
  int status = uv_tcp_bind(&listener_, reinterpret_cast<const sockaddr*>(&address), 0);
  if (status == 0) {
    status = uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), kBacklog,
                       [](uv_stream_t* stream, int error) {
                         if (error == 0) {
                           static_cast<Relay*>(stream->data)->accept_one();
                         }
                       });
  }
  if (status != 0) {
    fmt::print(stderr, "relay: {}\n", uv_strerror(status));
    std::exit(EXIT_FAILURE);
  }
  uv_check_init(&loop_, &turn_end_);
  turn_end_.data = this;
  uv_check_start(&turn_end_, [](uv_check_t* check) { static_cast<Relay*>(check->data)->flush(); });
  int bytes = sizeof address;
  uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address), &bytes);
  fmt::print(stderr, "listening on 127.0.0.1:{}\n", ntohs(address.sin_port));
}

void Relay::accept_one() {
  auto peer = std::make_unique<Peer>();
  peer->relay = this;
  peer->handle.data = peer.get();
  uv_tcp_init(&loop_, &peer->handle);
  auto* stream = reinterpret_cast<uv_stream_t*>(&peer->handle);
  Peer& entered = *peer.release();  // its close callback deletes it
  if (uv_accept(reinterpret_cast<uv_stream_t*>(&listener_), stream) != 0) {
    close(entered);
    return;
  }
  uv_tcp_nodelay(&entered.handle, 1);
  uv_read_start(
      stream,
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        Relay& relay = *static_cast<Peer*>(handle->data)->relay;
        *buffer = uv_buf_init(relay.buffer_.data(), kReadBytes);
      },
      [](uv_stream_t* from, ssize_t count, const uv_buf_t* buffer) {
        Peer& reader = *static_cast<Peer*>(from->data);
        if (count < 0) {
          reader.relay->close(reader);
        } else if (count > 0) {
          reader.relay->take(reader, {buffer->base, static_cast<std::size_t>(count)});
        }
      });
}

void Relay::close(Peer& peer) {
  if (peer.is_closing) {
    return;
  }
  peer.is_closing = true;
  if (peer.index < by_index_.size() && by_index_[peer.index] == &peer) {
    by_index_[peer.index] = nullptr;
  }
  if (peer.is_dirty) {
    std::erase(dirty_, &peer);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&peer.handle),
           [](uv_handle_t* handle) { delete static_cast<Peer*>(handle->data); });
}

void Relay::take(Peer& peer, std::string_view bytes) {
  if (!peer.partial.empty()) {
    joined_.swap(peer.partial);
    peer.partial.clear();
    bytes = joined_.append(bytes);
  }
  while (bytes.size() >= kHeaderBytes) {
    const std::size_t frame_bytes = frame_bytes_at(bytes.data());
    if (bytes[0] != kVersion0 || frame_bytes > kMostFrameBytes) {
      return close(peer);
    }
    if (bytes.size() < frame_bytes) {
      break;
    }
    handle(peer, bytes.substr(0, frame_bytes));
    bytes.remove_prefix(frame_bytes);
  }
  peer.partial.assign(bytes);
}

void Relay::handle(Peer& peer, std::string_view whole) {
  const std::string_view data = whole.substr(kHeaderBytes);
  switch (static_cast<FrameCode>(whole[1])) {
    case FrameCode::Send: {
      // The sender's name is as long as the one it came with.
      const std::size_t start = peer.name_bytes + kDelimiter.size();
      // And so is the recipient's: the load generator gives all names one length.
      if (data.size() < start + peer.name_bytes) {
        return;
      }
      const std::size_t target = trailing_number(data.substr(start, peer.name_bytes));
      if (target < by_index_.size() && by_index_[target] != nullptr) {
        append(*by_index_[target], whole);
      }
      append(peer, whole);
      return;
    }
    case FrameCode::Create:
    case FrameCode::Login: {
      const std::size_t index = trailing_number(data);
      if (index < kMostIndex) {
        by_index_.resize(std::max(by_index_.size(), index + 1));
        by_index_[index] = &peer;
        peer.index = index;
        peer.name_bytes = data.size();
      }
      std::string answer;
      append_frame(answer, static_cast<std::uint8_t>(FrameCode::Response), {});
      append(peer, answer);
      return;
    }
    case FrameCode::List: {
      std::string answer;
      append_frame(answer, static_cast<std::uint8_t>(FrameCode::ListResponse), {});
      append(peer, answer);
      return;
    }
    case FrameCode::Deliver:
    case FrameCode::Delete:
    case FrameCode::Response:
    case FrameCode::ListResponse:
    case FrameCode::Accepted:
    case FrameCode::Acknowledge:
    case FrameCode::Secret:
    case FrameCode::Ping:
    case FrameCode::Pong:
      return;
  }
}

void Relay::append(Peer& peer, std::string_view bytes) {
  peer.out.append(bytes);
  if (!peer.is_dirty) {
    peer.is_dirty = true;
    dirty_.push_back(&peer);
  }
}

void Relay::flush() {
  for (Peer* peer : dirty_) {
    peer->is_dirty = false;  // so that close() leaves the list alone
    auto* stream = reinterpret_cast<uv_stream_t*>(&peer->handle);
    const uv_buf_t all = uv_buf_init(peer->out.data(), static_cast<unsigned int>(peer->out.size()));
    // Says UV_EAGAIN as long as earlier bytes are queued.
    const int written = uv_try_write(stream, &all, 1);
    if (written < 0 && written != UV_EAGAIN) {
      close(*peer);
      continue;
    }
    const auto taken = static_cast<std::size_t>(std::max(written, 0));
    if (taken < peer->out.size()) {
      auto pending = std::make_unique<PendingWrite>();
      pending->bytes.assign(peer->out, taken);
      const uv_buf_t rest =
          uv_buf_init(pending->bytes.data(), static_cast<unsigned int>(pending->bytes.size()));
      pending->request.data = pending.get();
      if (uv_write(&pending->request, stream, &rest, 1, [](uv_write_t* request, int) {
            delete static_cast<PendingWrite*>(request->data);
          }) == 0) {
        static_cast<void>(pending.release());  // its callback deletes it
      }
    }
    peer->out.clear();
  }
  dirty_.clear();
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  const std::string_view option = argc > 1 ? argv[1] : "--port";
  const std::string_view value = argc > 2 ? argv[2] : "0";
  if (argc > 3 || option != "--port" ||
      std::from_chars(value.data(), value.data() + value.size(), port).ptr !=
          value.data() + value.size()) {
    fmt::print(stderr, "usage: relay [--port P]\n");
    return 64;
  }
  std::signal(SIGPIPE, SIG_IGN);
  auto relay = std::make_unique<tribar::Relay>(port);
  relay->run();
  return EXIT_SUCCESS;
}
