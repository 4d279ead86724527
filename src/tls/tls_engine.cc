// SPDX-License-Identifier: MIT
//
// See tls_engine.h.
#include "tls/tls_engine.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace tribar::tls {

TlsEngine::TlsEngine(SSL_CTX* context, bool is_server, Gate* gate)
    : gate_(gate), ssl_(SSL_new(context)) {
  BIO* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) {
    ssl_.reset();
    error_ = take_error();
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  is_server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

BIO_METHOD* TlsEngine::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made_method =
        made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tribar"));
    BIO_meth_set_read_ex(made_method, &TlsEngine::bio_read);
    BIO_meth_set_write_ex(made_method, &TlsEngine::bio_write);
    BIO_meth_set_ctrl(made_method, &TlsEngine::bio_control);
    return made_method;
  }();
  return method;
}

int TlsEngine::bio_read(BIO* bio, char* at, std::size_t size, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  *read = static_cast<TlsEngine*>(BIO_get_data(bio))->take_input(at, size);
  if (*read == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  return 1;
}

int TlsEngine::bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  auto& engine = *static_cast<TlsEngine*>(BIO_get_data(bio));
  engine.output_.append({bytes, size});
  engine.output_bytes_ += size;
  *written = size;
  return 1;
}

long TlsEngine::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void TlsEngine::ask_gates(SSL_CTX* context) {
  SSL_CTX_set_client_hello_cb(context, &TlsEngine::on_hello, nullptr);
}

int TlsEngine::on_hello(SSL* ssl, int*, void*) {
  const auto* engine = static_cast<const TlsEngine*>(SSL_get_app_data(ssl));
  return engine->gate_ == nullptr || engine->gate_->may_begin() ? SSL_CLIENT_HELLO_SUCCESS
                                                                : SSL_CLIENT_HELLO_RETRY;
}

int TlsEngine::note_verdict(int is_good, X509_STORE_CTX* store) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (is_good == 0 && certificate != nullptr && X509_up_ref(certificate) == 1) {
    auto& engine = *static_cast<TlsEngine*>(SSL_get_app_data(ssl));
    engine.rejected_.reset(certificate);
    engine.is_rejected_above_ = X509_STORE_CTX_get_error_depth(store) > 0;
  }
  return is_good;
}

void TlsEngine::give(std::string_view bytes) {
  if (!fresh_.empty()) {
    keep_input();
  }
  fresh_ = bytes;
}

void TlsEngine::keep_input() {
  if (used_ == kept_.size()) {
    kept_.clear(0);
    used_ = 0;
  }
  kept_.append(fresh_);
  fresh_ = {};
}

void TlsEngine::drop_input() {
  fresh_ = {};
  kept_.clear(0);
  used_ = 0;
}

std::size_t TlsEngine::take_input(char* at, std::size_t size) {
  const std::size_t from_kept = std::min(size, kept_.size() - used_);
  if (from_kept > 0) {
    std::memcpy(at, kept_.data() + used_, from_kept);
    used_ += from_kept;
    return from_kept;
  }
  const std::size_t from_fresh = std::min(size, fresh_.size());
  if (from_fresh > 0) {
    std::memcpy(at, fresh_.data(), from_fresh);
    fresh_.remove_prefix(from_fresh);
  }
  return from_fresh;
}

bool TlsEngine::can_read() const { return has_input() || SSL_pending(ssl_.get()) > 0; }

TlsEngine::Step TlsEngine::step_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Step::Done;
    case SSL_ERROR_WANT_READ:
      return Step::NeedsInput;
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
      return Step::Paused;
    case SSL_ERROR_ZERO_RETURN:
      return Step::Ended;
    default: {
      const unsigned long code = ERR_peek_last_error();
      error_reason_ = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
      error_ = take_error();
      return Step::Failed;
    }
  }
}

TlsEngine::Step TlsEngine::handshake() {
  if (!ssl_) {
    return Step::Failed;
  }
  ERR_clear_error();
  const Step step = step_of(SSL_do_handshake(ssl_.get()));
  is_open_ = step == Step::Done;
  return step;
}

TlsEngine::Read TlsEngine::read(char* at, std::size_t size) {
  ERR_clear_error();
  Read read;
  read.step = step_of(SSL_read_ex(ssl_.get(), at, size, &read.size));
  return read;
}

bool TlsEngine::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t written = 0;
  return step_of(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written)) == Step::Done;
}

void TlsEngine::close() {
  if (is_open_ && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0) {
    ERR_clear_error();
    // It says more when the peer has ended, too, which read() tells.
    static_cast<void>(SSL_shutdown(ssl_.get()));
    ERR_clear_error();
  }
}

std::string TlsEngine::terms() const {
  return fmt::format("{}, {}{}", SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()),
                     SSL_session_reused(ssl_.get()) == 1 ? ", resumed" : "");
}

std::string TlsEngine::peer_name() const {
  const X509* certificate = ssl_ ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  return certificate != nullptr && SSL_get_verify_result(ssl_.get()) == X509_V_OK
             ? common_name_of(certificate)
             : std::string();
}

}  // namespace tribar::tls
