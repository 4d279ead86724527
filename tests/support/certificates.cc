// SPDX-License-Identifier: MIT
//
// See certificates.h.
#include "support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace tribar::test {
namespace {

void check(bool is_good, const char* what) {
  if (!is_good) {
    throw std::runtime_error(std::string("a test's certificate: ") + what);
  }
}

template <typename Write>
std::string pem_of(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  check(write(bio) == 1, "PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, text.c_str());
  check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

X509* unsigned_certificate(EVP_PKEY* key, const std::string& name, long serial, long begin_s,
                           long end_s) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begin_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), end_s);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

TestCa::TestCa(const std::string& name, long end_s)
    : key_(EVP_EC_gen("P-256")),
      certificate_(unsigned_certificate(key_, name, 1, -2L * 24 * 3600, end_s)) {
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  extend(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate_, certificate_, NID_subject_key_identifier, "hash");
  check(X509_sign(certificate_, key_, EVP_sha256()) > 0, "signature");
  pem_ = pem_of([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate_); });
}

TestCa::~TestCa() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestCertificate TestCa::issue(const CertificateText& text) {
  TestCertificate made;
  made.serial = ++last_serial_;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = unsigned_certificate(key, text.name, made.serial, text.begin_s, text.end_s);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  extend(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate, certificate_, NID_authority_key_identifier, "keyid");
  if (!text.usage.empty()) {
    extend(certificate, certificate_, NID_ext_key_usage, text.usage);
  }
  if (!text.hosts.empty()) {
    extend(certificate, certificate_, NID_subject_alt_name, text.hosts);
  }
  check(X509_sign(certificate, key_, EVP_sha256()) > 0, "signature");
  made.pem = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  made.key_pem = pem_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

std::string TestCa::crl(const std::vector<long>& serials, long end_s) const {
  X509_CRL* crl = X509_CRL_new();
  X509_CRL_set_version(crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(certificate_));
  ASN1_TIME* time = ASN1_TIME_new();
  X509_gmtime_adj(time, -24L * 3600);
  X509_CRL_set1_lastUpdate(crl, time);
  X509_gmtime_adj(time, end_s);
  X509_CRL_set1_nextUpdate(crl, time);
  X509_gmtime_adj(time, -3600);
  for (const long serial : serials) {
    X509_REVOKED* revoked = X509_REVOKED_new();
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, serial);
    X509_REVOKED_set_serialNumber(revoked, number);
    X509_REVOKED_set_revocationDate(revoked, time);
    ASN1_INTEGER_free(number);
    check(X509_CRL_add0_revoked(crl, revoked) == 1, "revocation");
  }
  ASN1_TIME_free(time);
  check(X509_CRL_sign(crl, key_, EVP_sha256()) > 0, "signature");
  std::string pem = pem_of([crl](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl); });
  X509_CRL_free(crl);
  return pem;
}

}  // namespace tribar::test
