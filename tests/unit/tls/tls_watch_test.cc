// SPDX-License-Identifier: MIT
//
// Files that change under a server.
#include "tls/tls_watch.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "support/tls_rig.h"

namespace tribar {
namespace {

using test::TlsFiles;
using test::TlsRig;
enum class Outcome { Unchanged, Renewed, Failed };

/// As the server does once a minute.
Outcome look(TlsWatch& watch) {
  if (!watch.look()) {
    return Outcome::Unchanged;
  }
  auto loaded = watch.load(watch.settings());
  const bool is_good = static_cast<bool>(loaded);
  watch.renew(std::move(loaded));
  return is_good ? Outcome::Renewed : Outcome::Failed;
}

/// The serial of the certificate that new connections see.
long served(const TlsWatch& watch) {
  TlsRig rig(watch.current());
  rig.settle();
  const X509* certificate = SSL_get0_peer_certificate(rig.client.ssl());
  EXPECT_NE(certificate, nullptr);
  return certificate == nullptr ? -1 : ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
}

TEST(TlsWatch, DoesNothingWhileNothingChanges) {
  const TlsFiles files;
  TlsWatch watch;
  watch.use(watch.load(files.settings()).value());
  const auto before = watch.current();
  EXPECT_EQ(look(watch), Outcome::Unchanged);
  EXPECT_EQ(watch.current(), before);
  watch.use(watch.load(files.settings()).value());
  EXPECT_NE(watch.current(), before) << "it was told to";
}

TEST(TlsWatch, UsesANewCertificateForNewConnections) {
  TlsFiles files;
  TlsWatch watch;
  watch.use(watch.load(files.settings()).value());
  TlsRig old(watch.current());
  old.settle();
  const auto renewed = files.ca.issue();
  files.put(renewed);
  EXPECT_EQ(look(watch), Outcome::Renewed);
  EXPECT_EQ(served(watch), renewed.serial);
  EXPECT_EQ(look(watch), Outcome::Unchanged);
  old.send("still here");
  old.settle();
  EXPECT_EQ(old.owner.got, "still here");
}

TEST(TlsWatch, KeepsWhatWasGoodUntilAllIsGoodAgain) {
  TlsFiles files;
  TlsWatch watch;
  watch.use(watch.load(files.settings()).value());
  const long first = served(watch);
  const auto renewed = files.ca.issue();
  files.write("server.pem", renewed.pem);  // and the key comes later
  EXPECT_EQ(look(watch), Outcome::Failed);
  EXPECT_EQ(served(watch), first);
  EXPECT_EQ(look(watch), Outcome::Unchanged) << "it is said once";
  EXPECT_FALSE(watch.load(files.settings()));
  files.write("server.key", renewed.key_pem);
  EXPECT_EQ(look(watch), Outcome::Renewed);
  EXPECT_EQ(served(watch), renewed.serial);
}

TEST(TlsWatch, AFileThatIsGoneIsAFailureToo) {
  TlsFiles files;
  TlsWatch watch;
  watch.use(watch.load(files.settings()).value());
  std::filesystem::remove(files.path("server.key"));
  EXPECT_EQ(look(watch), Outcome::Failed);
  EXPECT_GT(served(watch), 0);
}

TEST(TlsWatch, HasNoContextBeforeOneIsGood) {
  const TlsWatch watch;
  EXPECT_FALSE(watch.load({}));
  EXPECT_EQ(watch.current(), nullptr);
}

}  // namespace
}  // namespace tribar
