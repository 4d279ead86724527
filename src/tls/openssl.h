// SPDX-License-Identifier: MIT
//
// OpenSSL's objects with owners, and its errors in words. For this folder alone. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace tribar::tls {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};

using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

/// What OpenSSL said last on this thread, in its words; "unknown error" if nothing. Forgets all of
/// it.
[[nodiscard]] std::string take_error();

/// A BIO that reads `bytes`, which stay where they are. Throws std::bad_alloc.
[[nodiscard]] BioPtr reader_of(std::string_view bytes);

/// `time` as in 2026-11-29 06:00 UTC; "?" when it is none.
[[nodiscard]] std::string text_of(const ASN1_TIME* time);

/// The subject of a certificate, in one line.
[[nodiscard]] std::string subject_of(const X509* certificate);

/// The one CN of a certificate's subject in UTF-8; empty when it has none, several, or one with a
/// zero byte.
[[nodiscard]] std::string common_name_of(const X509* certificate);

/// Whether this library's objects can be made; throws std::bad_alloc when `object` is null.
template <typename T>
T* made(T* object) {
  if (object == nullptr) {
    throw std::bad_alloc();
  }
  return object;
}

}  // namespace tribar::tls
