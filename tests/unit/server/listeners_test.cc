// SPDX-License-Identifier: MIT
//
// What the settings of a listener mean.
#include "server/listeners.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

TEST(Listeners, AreNamedByTheirSettings) {
  EXPECT_EQ(place_of({"chat.example.org", 9}), "chat.example.org:9");
  EXPECT_EQ(place_of({.socket = "/run/x"}), "unix:/run/x");
}

TEST(Listeners, SpeakWhatTheyAllow) {
  EXPECT_EQ(protocol_of({}), Protocol::Undecided);
  EXPECT_EQ(protocol_of({.allows_one = false}), Protocol::Zero);
  EXPECT_EQ(protocol_of({.allows_zero = false}), Protocol::One);
}

TEST(Listeners, NeedTlsWhenOneSaysSo) {
  Config config;
  EXPECT_FALSE(needs_tls(config));
  config.listen.push_back({.socket = "/a", .tls = true});
  EXPECT_TRUE(needs_tls(config));
}

TEST(Listeners, SayWhatTlsIsMadeOf) {
  Config config;
  EXPECT_EQ(tls_settings(config), TlsSettings{});
  config.tls = {.certificate = "a",
                .key = "b",
                .client_ca = "c",
                .client_crl = "d",
                .client_certificates = ClientCertificates::Required,
                .min_version = TlsVersion::Tls12};
  EXPECT_EQ(tls_settings(config),
            (TlsSettings{"a", "b", "c", "d", TlsSettings::ClientCertificates::Required,
                         TlsSettings::Version::Tls12}));
  config.tls.client_certificates = ClientCertificates::Off;
  EXPECT_EQ(tls_settings(config).client_certificates, TlsSettings::ClientCertificates::Off);
}

TEST(Listeners, SayWhatOtherMachinesCanDo) {
  const std::string names =
      "protocol 0 has no passwords: whoever connects can log in as anyone who has no secret and is "
      "not online";
  const std::string accounts =
      "secrets are optional: whoever connects can log in as anyone who has none and is not online";
  const std::string clear = "nothing is encrypted: whoever sees the traffic reads it";
  const std::string clear_secrets = clear + ", secrets too";
  const std::string nobody =
      "nobody can log in from there: secrets are required, and without TLS they are refused";
  const ListenerSettings both{};
  const ListenerSettings one{.allows_zero = false};
  const ListenerSettings both_tls{.tls = true};
  const ListenerSettings one_tls{.allows_zero = false, .tls = true};
  using Sentences = std::vector<std::string>;
  Config config;
  EXPECT_EQ(exposure_of(both, config), (Sentences{names, clear}));
  EXPECT_EQ(exposure_of(one, config), (Sentences{accounts, clear}));
  EXPECT_EQ(exposure_of(both_tls, config), Sentences{names});
  EXPECT_EQ(exposure_of(one_tls, config), Sentences{accounts});
  config.secrets.policy = SecretsPolicy::Required;
  EXPECT_EQ(exposure_of(both, config), Sentences{nobody});
  EXPECT_EQ(exposure_of(one_tls, config), Sentences{});
  config.allow_clear_secrets = true;
  EXPECT_EQ(exposure_of(one, config), Sentences{clear_secrets});
  EXPECT_EQ(exposure_of(both_tls, config), Sentences{});
  config.secrets.policy = SecretsPolicy::Optional;
  EXPECT_EQ(exposure_of(both, config), (Sentences{names, clear_secrets}));
}

}  // namespace
}  // namespace tribar
