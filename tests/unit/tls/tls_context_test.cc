// SPDX-License-Identifier: MIT
//
// What is read of files, and what is said of each mistake in them.
#include "tls/tls_context.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/tls_rig.h"

namespace tribar {
namespace {

using test::TestCa;
using test::TlsFiles;
using ClientCertificates = TlsSettings::ClientCertificates;

/// What is wrong with `settings`, or nothing.
std::vector<std::string> mistakes_of(const TlsSettings& settings) {
  const auto context = TlsContext::load(settings);
  return context ? std::vector<std::string>{} : context.error();
}

/// The only mistake of `settings`.
std::string mistake_of(const TlsSettings& settings) {
  const std::vector<std::string> mistakes = mistakes_of(settings);
  EXPECT_EQ(mistakes.size(), 1U);
  for (const std::string& mistake : mistakes) {
    if (mistake != mistakes.front()) {
      ADD_FAILURE() << mistake;
    }
  }
  return mistakes.empty() ? "" : mistakes.front();
}

TEST(TlsContext, IsMadeOfGoodFiles) {
  const TlsFiles files;
  const auto context = TlsContext::load(files.settings());
  ASSERT_TRUE(context);
  EXPECT_EQ(context.value()->warnings(), std::vector<std::string>{});
  EXPECT_TRUE(context.value()->description().starts_with(files.path("server.pem") +
                                                         ": CN = localhost, good until 2"))
      << context.value()->description();
}

TEST(TlsContext, NeedsCertificateAndKey) {
  EXPECT_EQ(mistakes_of({}),
            (std::vector<std::string>{
                "tls.certificate: a file is needed where a listener has \"tls\": true",
                "tls.key: a file is needed where a listener has \"tls\": true"}));
}

TEST(TlsContext, NamesTheFileThatCannotBeRead) {
  const TlsFiles files;
  TlsSettings settings = files.settings();
  settings.key = files.path("none.key");
  EXPECT_EQ(mistake_of(settings),
            "tls.key: cannot read " + files.path("none.key") + ": No such file or directory");
  settings.key = files.folder.path();
  EXPECT_EQ(mistake_of(settings),
            "tls.key: cannot read " + files.folder.path() + ": it is not a regular file");
}

TEST(TlsContext, NamesEveryMistakeAtOnce) {
  const TlsFiles files;
  TlsSettings settings = files.settings(ClientCertificates::Optional);
  settings.certificate = files.path("no.pem");
  settings.key = files.path("no.key");
  settings.client_ca = files.path("no-ca.pem");
  settings.client_crl = files.path("no-crl.pem");
  EXPECT_EQ(mistakes_of(settings).size(), 4U);
}

TEST(TlsContext, ReadsPemAndNothingElse) {
  const TlsFiles files;
  const TlsSettings good = files.settings(ClientCertificates::Optional);
  files.write("text", "no PEM at all");
  files.write("empty", "");
  files.write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  for (const char* name : {"text", "empty"}) {
    TlsSettings settings = good;
    settings.certificate = files.path(name);
    EXPECT_EQ(mistake_of(settings),
              "tls.certificate: " + files.path(name) + ": holds no certificate in PEM");
    settings = good;
    settings.key = files.path(name);
    EXPECT_EQ(mistake_of(settings),
              "tls.key: " + files.path(name) + ": holds no private key in PEM");
    settings = good;
    settings.client_ca = files.path(name);
    EXPECT_EQ(mistake_of(settings),
              "tls.client_ca: " + files.path(name) + ": holds no certificate in PEM");
    settings = good;
    settings.client_crl = files.path(name);
    EXPECT_EQ(mistake_of(settings),
              "tls.client_crl: " + files.path(name) + ": holds no CRL in PEM");
  }
  TlsSettings settings = good;
  settings.certificate = files.path("broken");
  EXPECT_TRUE(mistake_of(settings).starts_with("tls.certificate: " + files.path("broken")));
}

TEST(TlsContext, TheKeyMustFit) {
  TlsFiles files;
  files.write("other.key", files.ca.issue().key_pem);
  TlsSettings settings = files.settings();
  settings.key = files.path("other.key");
  EXPECT_EQ(mistake_of(settings), "tls.key: " + files.path("other.key") +
                                      ": does not fit the certificate in " +
                                      files.path("server.pem"));
}

TEST(TlsContext, AKeyWithAPassphraseIsNoGood) {
  TlsFiles files;
  const auto made = files.ca.issue();
  files.put(made);
  const tls::BioPtr in = tls::reader_of(made.key_pem);
  const tls::KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  const tls::BioPtr out(BIO_new(BIO_s_mem()));
  unsigned char passphrase[] = "secret";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(),
                                          reinterpret_cast<char*>(passphrase), 6, nullptr, nullptr),
            1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  files.write("server.key", {bytes, static_cast<std::size_t>(size)});
  EXPECT_TRUE(mistake_of(files.settings())
                  .starts_with("tls.key: " + files.path("server.key") + ": has a passphrase"));
}

TEST(TlsContext, AnExpiredCertificateIsAMistakeAndOneThatSoonWillBeAWarning) {
  TlsFiles files;
  files.put(files.ca.issue({.begin_s = -7200, .end_s = -3600}));
  const std::string mistake = mistake_of(files.settings());
  EXPECT_TRUE(mistake.starts_with("tls.certificate: " + files.path("server.pem") +
                                  ": CN = localhost expired on 2"))
      << mistake;
  files.put(files.ca.issue({.begin_s = 3600}));
  EXPECT_NE(mistake_of(files.settings()).find("is not good before 2"), std::string::npos);
  constexpr long kDay = 24L * 3600;
  files.put(files.ca.issue({.end_s = TlsContext::kWarningDays * kDay - 60}));
  const auto soon = test::loaded(files.settings());
  ASSERT_EQ(soon->warnings().size(), 1U);
  EXPECT_TRUE(soon->warnings().front().starts_with("tls.certificate: " + files.path("server.pem") +
                                                   ": expires on 2"));
  files.put(files.ca.issue({.end_s = TlsContext::kWarningDays * kDay + 60}));
  EXPECT_EQ(test::loaded(files.settings())->warnings().size(), 0U);
}

TEST(TlsContext, ACertificateForClientsIsNotAServers) {
  TlsFiles files;
  files.put(files.ca.issue({.usage = "clientAuth"}));
  EXPECT_EQ(mistake_of(files.settings()), "tls.certificate: " + files.path("server.pem") +
                                              ": is not for servers, its extended key usage says");
}

TEST(TlsContext, AChainOutOfOrderIsAWarning) {
  TlsFiles files;
  TestCa other("another CA");
  const auto leaf = files.ca.issue();
  files.put(leaf);
  files.write("server.pem", leaf.pem + files.ca.pem());
  EXPECT_EQ(test::loaded(files.settings())->warnings().size(), 0U);
  files.write("server.pem", leaf.pem + other.pem());
  const auto context = test::loaded(files.settings());
  ASSERT_EQ(context->warnings().size(), 1U);
  EXPECT_NE(context->warnings().front().find("certificate 2 (CN = another CA) did not sign"),
            std::string::npos);
}

TEST(TlsContext, AKeyThatEverybodyCanReadIsAWarning) {
  const TlsFiles files;
  std::filesystem::permissions(files.path("server.key"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(test::loaded(files.settings())->warnings(),
            (std::vector<std::string>{"tls.key: " + files.path("server.key") +
                                      ": can be read by everybody on this machine"}));
}

TEST(TlsContext, ClientsCertificatesNeedACa) {
  const TlsFiles files;
  TlsSettings settings = files.settings();
  settings.client_certificates = ClientCertificates::Required;
  EXPECT_EQ(mistake_of(settings), "tls.client_certificates: \"required\" needs tls.client_ca");
  settings.client_certificates = ClientCertificates::Optional;
  EXPECT_EQ(mistakes_of(settings).size(), 0U);
  settings.client_crl = files.path("ca.pem");
  EXPECT_EQ(mistakes_of(settings).front(),
            "tls.client_crl: " + files.path("ca.pem") + ": means nothing without tls.client_ca");
}

TEST(TlsContext, RequiredCertificatesDoNotSpoilTheHandshakeThatIsTried) {
  const TlsFiles files;
  EXPECT_EQ(mistakes_of(files.settings(ClientCertificates::Required)).size(), 0U);
}

TEST(TlsContext, AnExpiredCrlIsAMistake) {
  const TlsFiles files;
  files.write("crl.pem", files.ca.crl({}, -60));
  TlsSettings settings = files.settings(ClientCertificates::Optional);
  settings.client_crl = files.path("crl.pem");
  EXPECT_NE(mistake_of(settings).find("crl.pem: has expired, on 2"), std::string::npos);
}

}  // namespace
}  // namespace tribar
