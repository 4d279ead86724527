// SPDX-License-Identifier: MIT
//
// One TLS connection without a socket, for either side: ciphertext in and out, plaintext in and
// out. What the server's filter and the client have in common. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "tls/openssl.h"

namespace tribar::tls {

class TlsEngine {
 public:
  /// The most plaintext that one record holds.
  static constexpr std::size_t kRecordBytes = 16384;

  enum class Step {
    Done,
    NeedsInput,
    Paused,  // see Gate
    Ended,   // the peer sends no more, and said so
    Failed,  // see error(); output() may hold the alert that says why to the peer
  };
  struct Read {
    Step step = Step::NeedsInput;
    std::size_t size = 0;
  };

  /// Asked on a server when a client's first message is whole, before what is expensive.
  class Gate {
   public:
    /// False: handshake() returns Paused, and asks again when it is called again.
    [[nodiscard]] virtual bool may_begin() = 0;

   protected:
    ~Gate() = default;
  };

  /// `context` stays as long as this. One that cannot be made, for want of memory, has failed.
  TlsEngine(SSL_CTX* context, bool is_server, Gate* gate);
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;
  ~TlsEngine() = default;

  /// Has every handshake of a server with this context ask its Gate.
  static void ask_gates(SSL_CTX* context);

  /// More ciphertext: `bytes` stay where they are until all is used or keep_input().
  void give(std::string_view bytes);
  /// Copies what is not used yet.
  void keep_input();
  void drop_input();
  [[nodiscard]] bool has_input() const { return !fresh_.empty() || used_ < kept_.size(); }
  /// Whether read() may bring something without more input.
  [[nodiscard]] bool can_read() const;

  /// Goes on with the handshake; Done: it is over.
  [[nodiscard]] Step handshake();
  [[nodiscard]] bool is_open() const { return is_open_; }

  /// Decrypts up to `size` bytes, from one record, to `at`. After the handshake only. NeedsInput
  /// may also be a record that held nothing for the caller, with more behind it: see can_read().
  [[nodiscard]] Read read(char* at, std::size_t size);
  /// Makes one record of `bytes`, 1 to kRecordBytes. After the handshake only.
  [[nodiscard]] bool write(std::string_view bytes);
  /// Says that this side sends no more, once.
  void close();

  /// Ciphertext for the peer; whoever sends it takes it out.
  [[nodiscard]] ByteBuffer& output() { return output_; }
  [[nodiscard]] const ByteBuffer& output() const { return output_; }
  /// Bytes that came into output() so far.
  [[nodiscard]] std::uint64_t output_bytes() const { return output_bytes_; }

  /// Why it failed.
  [[nodiscard]] const std::string& error() const { return error_; }
  /// The same as OpenSSL's reason, SSL_R_...; 0: another.
  [[nodiscard]] int error_reason() const { return error_reason_; }
  /// Version, cipher, and whether it was resumed.
  [[nodiscard]] std::string terms() const;
  /// The CN of the certificate that the peer has shown and that was found good; else empty.
  [[nodiscard]] std::string peer_name() const;

  /// For SSL_CTX_set_verify: keeps the certificate that is not good.
  static int note_verdict(int is_good, X509_STORE_CTX* store);
  /// The certificate of the peer, or one above it, that was found not to be good, after
  /// note_verdict(); null: none.
  [[nodiscard]] const X509* rejected() const { return rejected_.get(); }
  /// Whether rejected() is above the peer's own.
  [[nodiscard]] bool is_rejected_above() const { return is_rejected_above_; }

  /// Null when there was no memory for it.
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

 private:
  static BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* at, std::size_t size, std::size_t* read);
  static int bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static int on_hello(SSL* ssl, int* alert, void* argument);
  [[nodiscard]] Step step_of(int result);
  [[nodiscard]] std::size_t take_input(char* at, std::size_t size);

  Gate* gate_;
  std::string_view fresh_;  // behind kept_
  ByteBuffer kept_;
  std::size_t used_ = 0;  // of kept_
  ByteBuffer output_;
  std::uint64_t output_bytes_ = 0;
  std::string error_;
  int error_reason_ = 0;
  bool is_open_ = false;
  bool is_rejected_above_ = false;
  CertificatePtr rejected_;
  SslPtr ssl_;  // last, since it uses the rest
};

}  // namespace tribar::tls
