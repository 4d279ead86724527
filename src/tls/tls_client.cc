// SPDX-License-Identifier: MIT
//
// See tls_client.h.
#include "tls/tls_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "tls/openssl.h"
#include "tls/protocol.h"
#include "tls/tls_engine.h"

namespace tribar {

using tls::take_error;
using tls::TlsEngine;
using Step = TlsEngine::Step;

namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

int refuse_passphrase(char*, int, int, void*) { return -1; }

/// Has `ssl` accept a certificate for `host` only.
bool expect_host(SSL* ssl, const std::string& host) {
  if (is_address(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

/// Names and addresses that a certificate is for, up to a few.
std::string hosts_of(const X509* certificate) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> hosts;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      hosts.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      const int size = ASN1_STRING_length(name->d.iPAddress);
      if (size == 4 || size == 16) {
        inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
                  text.data(), text.size());
        hosts.emplace_back(text.data());
      }
    }
  }
  GENERAL_NAMES_free(names);
  ERR_clear_error();
  if (hosts.empty()) {
    hosts.push_back(tls::common_name_of(certificate));
  }
  const std::size_t others = hosts.size() > kMost ? hosts.size() - kMost : 0;
  hosts.resize(hosts.size() - others);
  std::string text = fmt::format("{}", fmt::join(hosts, ", "));
  // A server chose them: they are shown to a person.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return others > 0 ? fmt::format("{} and {} more", text, others) : text;
}

/// Why the certificate of `host` is not good, and what to do.
std::string certificate_error(const TlsEngine& engine, long reason, const std::string& host) {
  const X509* certificate = engine.rejected();
  const std::string whose =
      (engine.is_rejected_above() ? "a CA of the certificate of " : "the certificate of ") + host;
  const auto when = [certificate](std::string_view before, const ASN1_TIME* (*time)(const X509*)) {
    return certificate == nullptr ? std::string()
                                  : fmt::format(" {} {}", before, tls::text_of(time(certificate)));
  };
  switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} expired{}: its owner has to renew it", whose,
                         when("on", X509_get0_notAfter));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is not good{}: is the clock of this machine right?", whose,
                         when("before", X509_get0_notBefore));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format(
          "the certificate is not for {} but for {}: connect to that name if it is "
          "the server that you mean",
          host, certificate == nullptr ? "another host" : hosts_of(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format(
          "the certificate of {} is signed by nobody who is trusted here: if it is "
          "the right one, name the file of the CA that signed it (--ca FILE)",
          host);
    default:
      return fmt::format("{} is not good: {}", whose, X509_verify_cert_error_string(reason));
  }
}

/// What a failure that is not about the server's certificate means.
std::string failure_text(const TlsEngine& engine, const std::string& host) {
  switch (engine.error_reason()) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return fmt::format("{} does not speak TLS at this port", host);
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return fmt::format("{} speaks no version of TLS that is good enough: 1.2 or 1.3 is", host);
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return fmt::format("{} wants a certificate of the client, and got none", host);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return fmt::format("{} does not trust the CA of the client's certificate", host);
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return fmt::format("{} refuses the client's certificate: it has expired", host);
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return fmt::format("{} refuses the client's certificate: it was revoked", host);
    default:
      return fmt::format("TLS with {} failed: {}", host, engine.error());
  }
}

}  // namespace

Result<std::shared_ptr<const TlsClientContext>, std::string> TlsClientContext::load(
    const TlsClientSettings& settings) {
  ERR_clear_error();
  tls::SslContextPtr context(tls::made(SSL_CTX_new(TLS_client_method())));
  SSL_CTX* const raw = context.get();
  const auto says = [](const std::string& path) {
    return fmt::format("{}: {}", path, take_error());
  };
  if (!tls::set_protocol(raw, true)) {
    return take_error();
  }
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, &TlsEngine::note_verdict);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(raw, refuse_passphrase);
  if (settings.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(raw) != 1) {
      return take_error();
    }
  } else if (SSL_CTX_load_verify_file(raw, settings.ca.c_str()) != 1) {
    return says(settings.ca);
  }
  if (settings.certificate.empty() != settings.key.empty()) {
    return std::string("a certificate and its key go together, and one is missing");
  }
  if (!settings.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(raw, settings.certificate.c_str()) != 1) {
      return says(settings.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(raw, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
      const bool is_other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
      const std::string why = take_error();
      return is_other ? fmt::format("{}: does not fit the certificate in {}", settings.key,
                                    settings.certificate)
                      : fmt::format("{}: {}", settings.key, why);
    }
  }
  return std::shared_ptr<const TlsClientContext>(new TlsClientContext(context.release()));
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

struct TlsClient::Parts {
  Parts(std::shared_ptr<const TlsClientContext> of, std::string to)
      : context(std::move(of)), host(std::move(to)), engine(context->raw(), false, nullptr) {}

  State fail(std::string why) {
    error = std::move(why);
    return state = State::Failed;
  }

  void go_on() {
    if (state != State::Connecting) {
      return;
    }
    const Step step = engine.handshake();
    if (step == Step::Failed || step == Step::Ended) {
      const long verdict =
          engine.ssl() == nullptr ? X509_V_OK : SSL_get_verify_result(engine.ssl());
      fail(verdict != X509_V_OK ? certificate_error(engine, verdict, host)
                                : failure_text(engine, host));
    } else if (step == Step::Done) {
      state = State::Open;
      seal(unsent.view());
      unsent.clear(0);
      if (is_closing) {
        engine.close();
      }
    }
  }

  void seal(std::string_view plain) {
    for (; !plain.empty(); plain.remove_prefix(std::min(plain.size(), TlsEngine::kRecordBytes))) {
      if (!engine.write(plain.substr(0, TlsEngine::kRecordBytes))) {
        fail(failure_text(engine, host));
        return;
      }
    }
  }

  std::shared_ptr<const TlsClientContext> context;
  std::string host;
  TlsEngine engine;
  State state = State::Connecting;
  ByteBuffer unsent;  // until the handshake is over
  bool is_closing = false;
  std::string error;
};

TlsClient::TlsClient(std::shared_ptr<const TlsClientContext> context, const std::string& host)
    : parts_(std::make_unique<Parts>(std::move(context), host)) {
  SSL* const ssl = parts_->engine.ssl();
  if (ssl == nullptr || !expect_host(ssl, host)) {
    parts_->fail(
        fmt::format("{}: {}", host, ssl == nullptr ? parts_->engine.error() : take_error()));
    return;
  }
  parts_->go_on();
}

TlsClient::~TlsClient() = default;
TlsClient::TlsClient(TlsClient&&) noexcept = default;
TlsClient& TlsClient::operator=(TlsClient&&) noexcept = default;

TlsClient::State TlsClient::receive(std::string_view ciphertext, ByteBuffer& plain) {
  TlsEngine& engine = parts_->engine;
  if (parts_->state == State::Ended || parts_->state == State::Failed) {
    return parts_->state;
  }
  engine.give(ciphertext);
  parts_->go_on();
  while (parts_->state == State::Open && engine.can_read()) {
    const TlsEngine::Read read =
        engine.read(plain.reserve_tail(TlsEngine::kRecordBytes), TlsEngine::kRecordBytes);
    plain.set_size(plain.size() + read.size);
    if (read.step == Step::Ended) {
      parts_->state = State::Ended;
    } else if (read.step == Step::Failed) {
      parts_->fail(failure_text(engine, parts_->host));
    }
  }
  engine.drop_input();
  return parts_->state;
}

TlsClient::State TlsClient::receive_end() {
  if (parts_->state == State::Connecting) {
    parts_->fail(fmt::format("{} closed the connection during the handshake", parts_->host));
  } else if (parts_->state == State::Open) {
    parts_->fail("the connection was cut: its end did not come from the server");
  }
  return parts_->state;
}

void TlsClient::send(std::string_view plain) {
  if (parts_->state == State::Connecting) {
    parts_->unsent.append(plain);
  } else if (parts_->state != State::Failed && !parts_->is_closing) {
    parts_->seal(plain);
  }
}

void TlsClient::close() {
  parts_->is_closing = true;
  if (parts_->state != State::Failed) {
    parts_->engine.close();
  }
}

ByteBuffer& TlsClient::output() { return parts_->engine.output(); }
TlsClient::State TlsClient::state() const { return parts_->state; }
const std::string& TlsClient::error() const { return parts_->error; }

}  // namespace tribar
