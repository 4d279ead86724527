// SPDX-License-Identifier: MIT
//
// The client's side of TLS, without a socket: the caller brings what its socket read and sends what
// this makes. One TlsClient belongs to one thread; settings are shared by all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace tribar {

/// Files in PEM; an empty path: none.
struct TlsClientSettings {
  std::string ca;           // whom to trust; none: whom this machine trusts
  std::string certificate;  // to show to a server that asks for one
  std::string key;          // of that, without a passphrase
};

/// What all connections of a client have in common; never changed. Any thread.
class TlsClientContext {
 public:
  /// Reads the files, or says what is wrong with which.
  [[nodiscard]] static Result<std::shared_ptr<const TlsClientContext>, std::string> load(
      const TlsClientSettings& settings);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  [[nodiscard]] ssl_ctx_st* raw() const { return context_; }

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class TlsClient {
 public:
  enum class State {
    Connecting,
    Open,
    Ended,   // the server sends no more, and said so
    Failed,  // see error(); what output() holds, if anything, tells the server why
  };

  /// For a connection to `host`, a name or an address: its certificate must be for that. Begins
  /// the handshake: output() has something to send.
  TlsClient(std::shared_ptr<const TlsClientContext> context, const std::string& host);
  ~TlsClient();
  TlsClient(TlsClient&&) noexcept;
  TlsClient& operator=(TlsClient&&) noexcept;

  /// Takes what the socket read, and appends the plaintext to `plain`.
  State receive(std::string_view ciphertext, ByteBuffer& plain);
  /// The connection under it has ended: that is a failure, unless the server said so before.
  State receive_end();
  /// Has `plain` sent; when the handshake is not over yet, after it. Nothing after close().
  void send(std::string_view plain);
  /// Says that no more comes from here; after what was sent.
  void close();

  /// What the socket is to send; the caller takes out what it took, from the front.
  [[nodiscard]] ByteBuffer& output();
  [[nodiscard]] State state() const;
  /// Why it failed, in words for a person: what is wrong with whose certificate, and what to do.
  [[nodiscard]] const std::string& error() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tribar
