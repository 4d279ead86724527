// SPDX-License-Identifier: MIT
//
// See tls_context.h.
#include "tls/tls_context.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string_view>
#include <utility>

#include "tls/file.h"
#include "tls/openssl.h"
#include "tls/protocol.h"
#include "tls/ticket_keys.h"
#include "tls/tls_engine.h"

namespace tribar {

using tls::CertificatePtr;
using tls::File;
using tls::take_error;
using tls::text_of;
using tls::TicketKeys;

namespace {

/// A file that was named: which setting, where, and what was read.
struct Named {
  std::string setting;
  std::string path;
  File file;

  [[nodiscard]] bool is_given() const { return !path.empty(); }
  [[nodiscard]] std::string says(std::string_view what) const {
    return fmt::format("{}: {}: {}", setting, path, what);
  }
};

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Of the next object of a PEM file: none is left, which is no error.
bool is_end_of_pem() {
  const unsigned long code = ERR_peek_last_error();
  const bool is_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (is_end) {
    ERR_clear_error();
  }
  return is_end;
}

/// All certificates of a PEM file, up to the first that cannot be read: then see take_error().
std::vector<CertificatePtr> read_certificates(std::string_view bytes, bool& is_good) {
  ERR_clear_error();
  std::vector<CertificatePtr> certificates;
  const tls::BioPtr bio = tls::reader_of(bytes);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(next);
  }
  is_good = is_end_of_pem();
  return certificates;
}

/// -1, 0 or 1: `time` is over, now, or to come. What is no time is over.
int compare_with_now(const ASN1_TIME* time, std::time_t from_now_s = 0) {
  std::time_t moment = std::time(nullptr) + from_now_s;
  const int order = X509_cmp_time(time, &moment);
  return order == 0 ? -1 : order;
}

/// What is asked for a passphrase: nobody is. Notes that it was.
int refuse_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

struct TlsContext::Parts {
  tls::SslContextPtr context;
  TlsSettings settings;
  std::vector<std::string> warnings;  // that do not change with time
  std::string certificate_says;       // how a warning of it begins
  CertificatePtr certificate;
  std::string description;
  std::string clients_bytes;  // of the files by which clients are judged
  std::shared_ptr<TicketKeys> tickets;
};

/// Puts a context together, and collects what is wrong.
class TlsContext::Loader {
 public:
  explicit Loader(const TlsSettings& settings)
      : certificate_{"tls.certificate", settings.certificate, {}},
        key_{"tls.key", settings.key, {}},
        ca_{"tls.client_ca", settings.client_ca, {}},
        crl_{"tls.client_crl", settings.client_crl, {}},
        parts_(std::make_unique<Parts>()) {
    parts_->settings = settings;
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader() { OPENSSL_cleanse(key_.file.bytes.data(), key_.file.bytes.size()); }

  [[nodiscard]] std::unique_ptr<Parts> load(const TlsContext* former) {
    parts_->context.reset(tls::made(SSL_CTX_new(TLS_server_method())));
    if (!tls::set_protocol(raw(), parts_->settings.min_version == TlsSettings::Version::Tls12)) {
      mistakes_.push_back(fmt::format("tls: {}", take_error()));
    }
    SSL_CTX_set_max_early_data(raw(), 0);
    SSL_CTX_set_options(raw(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    read_files();
    use_certificate();
    judge_clients();
    resume(former);
    tls::TlsEngine::ask_gates(raw());
    if (mistakes_.empty()) {
      try_handshake();
    }
    return mistakes_.empty() ? std::move(parts_) : nullptr;
  }
  [[nodiscard]] std::vector<std::string>& mistakes() { return mistakes_; }

 private:
  [[nodiscard]] SSL_CTX* raw() const { return parts_->context.get(); }

  void complain(const Named& named, std::string_view what) {
    mistakes_.push_back(named.says(what));
  }

  void read_files() {
    for (Named* named : {&certificate_, &key_}) {
      if (!named->is_given()) {
        mistakes_.push_back(
            fmt::format("{}: a file is needed where a listener has \"tls\": true", named->setting));
      }
    }
    if (crl_.is_given() && !ca_.is_given()) {
      complain(crl_, "means nothing without tls.client_ca");
    }
    if (parts_->settings.client_certificates == TlsSettings::ClientCertificates::Required &&
        !ca_.is_given()) {
      mistakes_.push_back("tls.client_certificates: \"required\" needs tls.client_ca");
    }
    for (Named* named : {&certificate_, &key_, &ca_, &crl_}) {
      if (!named->is_given()) {
        continue;
      }
      auto file = tls::read_file(named->path);
      if (!file) {
        mistakes_.push_back(
            fmt::format("{}: cannot read {}: {}", named->setting, named->path, file.error()));
        named->path.clear();
        continue;
      }
      named->file = std::move(file.value());
    }
    if (key_.is_given() && key_.file.is_readable_by_all) {
      parts_->warnings.push_back(key_.says("can be read by everybody on this machine"));
    }
  }

  /// The server's own.
  void use_certificate() {
    const tls::KeyPtr key = read_key();
    if (!certificate_.is_given()) {
      return;
    }
    bool is_good = false;
    std::vector<CertificatePtr> chain = read_certificates(certificate_.file.bytes, is_good);
    if (!is_good) {
      complain(certificate_, take_error());
      return;
    }
    if (chain.empty()) {
      complain(certificate_, "holds no certificate in PEM");
      return;
    }
    for (std::size_t i = 0; i < chain.size(); ++i) {
      check_times(*chain[i]);
      if (i > 0 && X509_check_issued(chain[i].get(), chain[i - 1].get()) != X509_V_OK) {
        parts_->warnings.push_back(
            certificate_.says(fmt::format("certificate {} ({}) did not sign the one before it",
                                          i + 1, tls::subject_of(chain[i].get()))));
      }
    }
    X509* const leaf = chain.front().get();
    if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1) {
      complain(certificate_, "is not for servers, its extended key usage says");
    }
    if (SSL_CTX_use_certificate(raw(), leaf) != 1) {
      complain(certificate_, take_error());
    }
    for (std::size_t i = 1; i < chain.size(); ++i) {
      if (SSL_CTX_add1_chain_cert(raw(), chain[i].get()) != 1) {
        complain(certificate_, take_error());
      }
    }
    if (key && X509_check_private_key(leaf, key.get()) != 1) {
      complain(key_, fmt::format("does not fit the certificate in {}", certificate_.path));
    } else if (key && SSL_CTX_use_PrivateKey(raw(), key.get()) != 1) {
      complain(key_, take_error());
    }
    ERR_clear_error();
    parts_->description = fmt::format("{}: {}, good until {}", certificate_.path,
                                      tls::subject_of(leaf), text_of(X509_get0_notAfter(leaf)));
    parts_->certificate_says = certificate_.says("");
    parts_->certificate = std::move(chain.front());
  }

  [[nodiscard]] tls::KeyPtr read_key() {
    if (!key_.is_given()) {
      return nullptr;
    }
    ERR_clear_error();
    bool is_encrypted = false;
    const tls::BioPtr bio = tls::reader_of(key_.file.bytes);
    tls::KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &is_encrypted));
    if (!key) {
      // The library tries all there is and says only that nothing fits.
      const bool has_none = key_.file.bytes.find("PRIVATE KEY-----") == std::string::npos;
      complain(key_, is_encrypted ? "has a passphrase, and nobody can be asked for it: store the "
                                    "key without one, readable for tribard alone"
                     : has_none   ? "holds no private key in PEM"
                                  : take_error());
      ERR_clear_error();
    }
    return key;
  }

  void check_times(const X509& certificate) {
    const ASN1_TIME* begin = X509_get0_notBefore(&certificate);
    const ASN1_TIME* end = X509_get0_notAfter(&certificate);
    if (compare_with_now(begin) > 0) {
      complain(certificate_, fmt::format("{} is not good before {}", tls::subject_of(&certificate),
                                         text_of(begin)));
    }
    if (compare_with_now(end) < 0) {
      complain(certificate_,
               fmt::format("{} expired on {}", tls::subject_of(&certificate), text_of(end)));
    }
  }

  /// Which certificates of clients are good.
  void judge_clients() {
    using ClientCertificates = TlsSettings::ClientCertificates;
    const bool are_asked = parts_->settings.client_certificates != ClientCertificates::Off;
    int mode = SSL_VERIFY_NONE;
    if (ca_.is_given()) {
      X509_STORE* const store = SSL_CTX_get_cert_store(raw());
      use_ca(*store, are_asked);
      if (crl_.is_given()) {
        use_crl(*store);
      }
      if (are_asked) {
        mode = SSL_VERIFY_PEER;
        if (parts_->settings.client_certificates == ClientCertificates::Required) {
          mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        }
      }
    }
    SSL_CTX_set_verify(raw(), mode, nullptr);
    parts_->clients_bytes = fmt::format("{} {} {} {}{}", mode, ca_.file.bytes.size(),
                                        crl_.file.bytes.size(), ca_.file.bytes, crl_.file.bytes);
  }

  void use_ca(X509_STORE& store, bool are_asked) {
    bool is_good = false;
    const std::vector<CertificatePtr> found = read_certificates(ca_.file.bytes, is_good);
    if (!is_good) {
      complain(ca_, take_error());
    } else if (found.empty()) {
      complain(ca_, "holds no certificate in PEM");
    }
    std::size_t expired = 0;
    for (const CertificatePtr& certificate : found) {
      if (X509_STORE_add_cert(&store, certificate.get()) != 1 ||
          (are_asked && SSL_CTX_add_client_CA(raw(), certificate.get()) != 1)) {
        complain(ca_, take_error());
      }
      if (compare_with_now(X509_get0_notAfter(certificate.get())) < 0) {
        ++expired;
        parts_->warnings.push_back(
            ca_.says(fmt::format("{} expired on {}", tls::subject_of(certificate.get()),
                                 text_of(X509_get0_notAfter(certificate.get())))));
      }
    }
    if (!found.empty() && expired == found.size()) {
      complain(ca_, "holds only CAs that have expired, see openssl x509 -enddate");
    }
  }

  void use_crl(X509_STORE& store) {
    ERR_clear_error();
    std::size_t count = 0;
    const tls::BioPtr bio = tls::reader_of(crl_.file.bytes);
    while (const tls::CrlPtr crl{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
      ++count;
      if (X509_STORE_add_crl(&store, crl.get()) != 1) {
        complain(crl_, take_error());
      }
      const ASN1_TIME* end = X509_CRL_get0_nextUpdate(crl.get());
      if (end != nullptr && compare_with_now(end) < 0) {
        complain(crl_,
                 fmt::format("has expired, on {}: all certificates of clients would be refused",
                             text_of(end)));
      }
    }
    if (!is_end_of_pem()) {
      complain(crl_, take_error());
    } else if (count == 0) {
      complain(crl_, "holds no CRL in PEM");
    }
    X509_STORE_set_flags(&store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }

  /// Resumption: by tickets alone, so that it costs no memory here.
  void resume(const TlsContext* former) {
    static constexpr unsigned char kName[] = "tribard";
    SSL_CTX_set_session_cache_mode(raw(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(raw(), kName, sizeof kName - 1);
    SSL_CTX_set_num_tickets(raw(), 1);
    SSL_CTX_set_timeout(raw(), TicketKeys::kKeySeconds);
    const bool are_same =
        former != nullptr && former->parts_->clients_bytes == parts_->clients_bytes;
    parts_->tickets = are_same ? former->parts_->tickets : std::make_shared<TicketKeys>();
    SSL_CTX_set_app_data(raw(), parts_->tickets.get());
    SSL_CTX_set_tlsext_ticket_key_evp_cb(raw(), &Loader::on_ticket);
    SSL_CTX_set_session_ticket_cb(raw(), nullptr, &Loader::on_opened_ticket, nullptr);
  }

  /// Seals a ticket, or opens one: 1, or 2 when the client is to get a new one; 0: not ours.
  static int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int is_sealing) {
    auto& tickets = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const std::int64_t now_s = steady_seconds();
    if (is_sealing != 0) {
      const auto key = tickets.current(now_s);
      if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
        return -1;
      }
      std::copy(key->name.begin(), key->name.end(), name);
      return use_ticket_key(*key, iv, cipher, mac, true) ? 1 : -1;
    }
    const auto found = tickets.find(name, now_s);
    if (!found) {
      return 0;
    }
    if (!use_ticket_key(found->key, iv, cipher, mac, false)) {
      return -1;
    }
    // In TLS 1.3 a ticket is for one use.
    return found->is_current && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
  }

  static bool use_ticket_key(const TicketKeys::Key& key, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                             EVP_MAC_CTX* mac, bool is_sealing) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(
            OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
           EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv,
                             is_sealing ? 1 : 0) == 1;
  }

  /// A certificate that has expired since is not let in by a ticket.
  static SSL_TICKET_RETURN on_opened_ticket(SSL*, SSL_SESSION* session, const unsigned char*,
                                            std::size_t, SSL_TICKET_STATUS status, void*) {
    X509* const peer = session != nullptr ? SSL_SESSION_get0_peer(session) : nullptr;
    if (peer != nullptr && compare_with_now(X509_get0_notAfter(peer)) < 0) {
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    switch (status) {
      case SSL_TICKET_SUCCESS:
        return SSL_TICKET_RETURN_USE;
      case SSL_TICKET_SUCCESS_RENEW:
        return SSL_TICKET_RETURN_USE_RENEW;
      case SSL_TICKET_EMPTY:
      case SSL_TICKET_NO_DECRYPT:
        return SSL_TICKET_RETURN_IGNORE_RENEW;
      default:
        return SSL_TICKET_RETURN_ABORT;
    }
  }

  /// One with a client of our own, in memory, that believes everything.
  void try_handshake() {
    const tls::SslContextPtr client_context(tls::made(SSL_CTX_new(TLS_client_method())));
    SSL_CTX_set_verify(client_context.get(), SSL_VERIFY_NONE, nullptr);
    tls::TlsEngine server(raw(), true, nullptr);
    tls::TlsEngine client(client_context.get(), false, nullptr);
    if (server.ssl() == nullptr || client.ssl() == nullptr) {
      mistakes_.push_back("tls: not enough memory for a connection");
      return;
    }
    SSL_set_verify(server.ssl(), SSL_VERIFY_NONE, nullptr);  // it has no certificate
    constexpr int kMostFlights = 8;
    for (int flight = 0; flight < kMostFlights && !(client.is_open() && server.is_open());
         ++flight) {
      tls::TlsEngine& side = flight % 2 == 0 ? client : server;
      tls::TlsEngine& other = flight % 2 == 0 ? server : client;
      if (!side.is_open() && side.handshake() == tls::TlsEngine::Step::Failed) {
        mistakes_.push_back(
            certificate_.says(fmt::format("a handshake that was tried fails: {}", side.error())));
        return;
      }
      other.give(side.output().view());
      other.keep_input();
      side.output().clear(0);
    }
    if (!client.is_open() || !server.is_open()) {
      mistakes_.push_back(certificate_.says("a handshake that was tried does not end"));
    }
  }

  Named certificate_;
  Named key_;
  Named ca_;
  Named crl_;
  std::unique_ptr<Parts> parts_;
  std::vector<std::string> mistakes_;
};

TlsContext::TlsContext(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>, std::vector<std::string>> TlsContext::load(
    const TlsSettings& settings, const TlsContext* former) {
  Loader loader(settings);
  std::unique_ptr<Parts> parts = loader.load(former);
  if (!parts) {
    return std::move(loader.mistakes());
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(parts)));
}

std::vector<std::string> TlsContext::warnings() const {
  std::vector<std::string> warnings = parts_->warnings;
  const ASN1_TIME* end = X509_get0_notAfter(parts_->certificate.get());
  if (compare_with_now(end) < 0) {
    warnings.push_back(
        fmt::format("{}expired on {}: clients refuse it", parts_->certificate_says, text_of(end)));
  } else if (compare_with_now(end, std::time_t{kWarningDays} * 24 * 3600) < 0) {
    warnings.push_back(fmt::format("{}expires on {}", parts_->certificate_says, text_of(end)));
  }
  return warnings;
}

const std::string& TlsContext::description() const { return parts_->description; }

std::int64_t TlsContext::expiry() const {
  std::tm end{};
  return ASN1_TIME_to_tm(X509_get0_notAfter(parts_->certificate.get()), &end) == 1 ? timegm(&end)
                                                                                   : 0;
}

ssl_ctx_st* TlsContext::raw() const { return parts_->context.get(); }

bool has_tls() { return true; }

}  // namespace tribar
