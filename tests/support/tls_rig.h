// SPDX-License-Identifier: MIT
//
// A server's TlsFilter between a stream in memory and an owner that a test looks at, and a client
// of it. One thread.
#pragma once

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/connection.h"
#include "support/tls_files.h"
#include "tls/tls_engine.h"
#include "tls/tls_filter.h"

namespace tribar::test {

/// What must hold wherever a rig is used.
inline void must(bool holds, const char* what) {
  if (!holds) {
    throw std::logic_error(what);
  }
}

/// Throws the mistakes, if there are any.
[[nodiscard]] inline std::shared_ptr<const TlsContext> loaded(const TlsSettings& settings,
                                                              const TlsContext* former = nullptr) {
  auto context = TlsContext::load(settings, former);
  if (!context) {
    std::string mistakes;
    for (const std::string& mistake : context.error()) {
      mistakes += mistake + "\n";
    }
    throw std::runtime_error(mistakes);
  }
  return context.value();
}

/// What a test sees of the stream under a filter; outlives it.
struct Wire {
  TransportEvents* events = nullptr;
  Connection* connection = nullptr;
  std::string taken;                                           // by the kernel, in all
  std::size_t room = std::numeric_limits<std::size_t>::max();  // what the kernel still takes
  std::string_view writing;                                    // not taken yet
  std::size_t most_read = std::numeric_limits<std::size_t>::max();
  bool is_failed = false;        // nothing more is taken at once
  bool fails_when_full = false;  // so it is when there is no room
  bool is_reading = false;
  bool is_shut = false;
  bool is_closed = false;
  int discards = 0;

  /// `bytes` arrive, as far as they are read; returns how many were.
  std::size_t bring(std::string_view bytes) {
    std::size_t read = 0;
    while (read < bytes.size() && !is_closed && is_reading) {
      const ReadSpace space = events->space(*connection);
      if (space.size == 0) {
        break;
      }
      const std::size_t size = std::min({space.size, bytes.size() - read, most_read});
      std::copy_n(bytes.data() + read, size, space.at);
      read += size;
      events->read(*connection, size);
    }
    return read;
  }
  void end(bool is_broken = false) { events->end(*connection, is_broken); }
  /// The kernel takes up to `most` bytes of what is under way.
  void take(std::size_t most = std::numeric_limits<std::size_t>::max()) {
    const std::size_t size = std::min(most, writing.size());
    if (size == 0 || is_closed) {
      return;
    }
    taken += writing.substr(0, size);
    writing.remove_prefix(size);
    if (writing.empty()) {
      events->written(*connection, true);
    }
  }
};

class WireTransport final : public Transport {
 public:
  explicit WireTransport(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  WireTransport(const WireTransport&) = delete;
  WireTransport& operator=(const WireTransport&) = delete;
  ~WireTransport() override { wire_->is_closed = true; }

  void bind(TransportEvents& events, Connection& connection) override {
    wire_->events = &events;
    wire_->connection = &connection;
  }
  void start_reading() override { wire_->is_reading = true; }
  void stop_reading() override { wire_->is_reading = false; }
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    must(wire_->writing.empty(), "one write at a time");
    if (wire_->is_failed || wire_->is_shut || (wire_->fails_when_full && wire_->room == 0)) {
      return -1;
    }
    return static_cast<std::ptrdiff_t>(take(bytes) + take(more));
  }
  void write(std::string_view bytes) override {
    must(wire_->writing.empty(), "one write at a time");
    wire_->writing = bytes;
  }
  std::size_t unwritten_bytes() const override { return wire_->writing.size(); }
  void discard_input() override { ++wire_->discards; }
  void shut_down() override {
    must(wire_->writing.empty(), "with nothing being written");
    wire_->is_shut = true;
  }
  std::string peer() const override { return "a test"; }
  PeerNetwork network() const override { return {42}; }

 private:
  std::size_t take(std::string_view bytes) {
    const std::size_t size = std::min(wire_->room, bytes.size());
    wire_->room -= size;
    wire_->taken += bytes.substr(0, size);
    return size;
  }

  std::shared_ptr<Wire> wire_;
};

/// What stands over a filter: takes all in, as far as it has room.
class Owner final : public TransportEvents {
 public:
  ReadSpace space(Connection&) override { return {buffer_.data(), std::min(room, buffer_.size())}; }
  void read(Connection&, std::size_t size) override {
    got.append(buffer_.data(), size);
    reads.push_back(size);
    if (on_read) {
      on_read();
    }
  }
  void end(Connection&, bool is_failed) override {
    ++ends;
    has_failed = is_failed;
    if (on_end) {
      on_end();
    }
  }
  void written(Connection&, bool is_ok) override {
    ++writes;
    is_written = is_ok;
  }
  void hold_back(Connection&) override { is_held_back = true; }

  std::string got;
  std::vector<std::size_t> reads;
  std::size_t room = 65536;
  int ends = 0;
  bool has_failed = false;
  int writes = 0;
  bool is_written = false;
  bool is_held_back = false;
  std::function<void()> on_read;
  std::function<void()> on_end;

 private:
  std::string buffer_ = std::string(65536, '\0');
};

/// A client's SSL_CTX that believes everything, of which a test may change what it likes.
struct ClientContext {
  ClientContext() : raw(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(raw.get(), SSL_VERIFY_NONE, nullptr);
  }
  void show(const TestCertificate& certificate) const {
    const tls::BioPtr pem = tls::reader_of(certificate.pem);
    const tls::BioPtr key_pem = tls::reader_of(certificate.key_pem);
    const tls::CertificatePtr shown(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
    const tls::KeyPtr key(PEM_read_bio_PrivateKey(key_pem.get(), nullptr, nullptr, nullptr));
    must(SSL_CTX_use_certificate(raw.get(), shown.get()) == 1 &&
             SSL_CTX_use_PrivateKey(raw.get(), key.get()) == 1,
         "a good certificate");
  }
  tls::SslContextPtr raw;
};

/// A filter, what is under and over it, and a client.
struct TlsRig {
  /// `session`: what the client tries to resume, if anything.
  explicit TlsRig(std::shared_ptr<const TlsContext> context,
                  const ClientContext& client_context = {}, SSL_SESSION* session = nullptr)
      : pacer(
            0, [this] { return now_ms; }, [](std::uint64_t) {}),
        client_ssl_context(SSL_CTX_up_ref(client_context.raw.get()) == 1 ? client_context.raw.get()
                                                                         : nullptr),
        client(client_ssl_context.get(), false, nullptr),
        filter(make_tls_filter(std::make_unique<WireTransport>(wire), std::move(context), pacer)) {
    filter->bind(owner, connection);
    filter->start_reading();
    if (session != nullptr) {
      SSL_set_session(client.ssl(), session);
    }
    static_cast<void>(client.handshake());
  }

  /// What the client has to say arrives; what does not is kept.
  void to_server() {
    coming += client.output().view();
    client.output().clear(0);
    coming.erase(0, wire->bring(coming));
  }
  /// What the kernel took arrives at the client, which goes on with the handshake and reads.
  void to_client() {
    client.give(std::string_view(wire->taken).substr(seen));
    seen = wire->taken.size();
    client.keep_input();
    if (!client.is_open() && !has_client_failed) {
      has_client_failed = client.handshake() == tls::TlsEngine::Step::Failed;
    }
    while (client.is_open() && client.can_read() && !has_client_failed) {
      std::array<char, 16384> bytes;
      const tls::TlsEngine::Read read = client.read(bytes.data(), bytes.size());
      client_got.append(bytes.data(), read.size);
      has_client_ended |= read.step == tls::TlsEngine::Step::Ended;
      has_client_failed |= read.step == tls::TlsEngine::Step::Failed;
      if (has_client_ended) {
        break;
      }
    }
  }
  /// A turn of the loop: what was held back goes on.
  void turn() {
    ++now_ms;
    pacer.go_on();
    if (std::exchange(owner.is_held_back, false) && filter) {
      filter->resume();
    }
  }
  /// Until nothing moves.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      to_server();
      wire->take();
      turn();
      to_client();
      if (client.output().is_empty() && coming.empty() && seen == wire->taken.size() &&
          !owner.is_held_back && wire->writing.empty()) {
        return;
      }
    }
  }
  void send(std::string_view plain) {
    for (; !plain.empty(); plain.remove_prefix(std::min<std::size_t>(16384, plain.size()))) {
      must(client.write(plain.substr(0, 16384)), "a client that can write");
    }
  }

  std::uint64_t now_ms = 1;
  HandshakePacer pacer;
  std::shared_ptr<Wire> wire = std::make_shared<Wire>();
  Connection connection;
  Owner owner;
  tls::SslContextPtr client_ssl_context;
  tls::TlsEngine client;
  std::unique_ptr<Transport> filter;
  std::string coming;  // said by the client and not read yet
  std::string client_got;
  std::size_t seen = 0;  // by the client, of what the kernel took
  bool has_client_ended = false;
  bool has_client_failed = false;
};

}  // namespace tribar::test
