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
using Outcome = TlsWatch::Outcome;

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
  const auto watch = TlsWatch::start(files.settings());
  ASSERT_TRUE(watch);
  const auto before = watch.value()->current();
  EXPECT_EQ(watch.value()->look(false), Outcome::Unchanged);
  EXPECT_EQ(watch.value()->current(), before);
  EXPECT_EQ(watch.value()->look(true), Outcome::Renewed) << "it was told to";
  EXPECT_NE(watch.value()->current(), before);
}

TEST(TlsWatch, UsesANewCertificateForNewConnections) {
  TlsFiles files;
  const auto watch = TlsWatch::start(files.settings());
  ASSERT_TRUE(watch);
  TlsRig old(watch.value()->current());
  old.settle();
  const auto renewed = files.ca.issue();
  files.put(renewed);
  EXPECT_EQ(watch.value()->look(false), Outcome::Renewed);
  EXPECT_EQ(served(*watch.value()), renewed.serial);
  EXPECT_EQ(watch.value()->look(false), Outcome::Unchanged);
  old.send("still here");
  old.settle();
  EXPECT_EQ(old.owner.got, "still here");
}

TEST(TlsWatch, KeepsWhatWasGoodUntilAllIsGoodAgain) {
  TlsFiles files;
  const auto watch = TlsWatch::start(files.settings());
  ASSERT_TRUE(watch);
  const long first = served(*watch.value());
  const auto renewed = files.ca.issue();
  files.write("server.pem", renewed.pem);  // and the key comes later
  EXPECT_EQ(watch.value()->look(false), Outcome::Failed);
  EXPECT_EQ(served(*watch.value()), first);
  EXPECT_EQ(watch.value()->look(false), Outcome::Unchanged) << "it is said once";
  EXPECT_EQ(watch.value()->look(true), Outcome::Failed);
  files.write("server.key", renewed.key_pem);
  EXPECT_EQ(watch.value()->look(false), Outcome::Renewed);
  EXPECT_EQ(served(*watch.value()), renewed.serial);
}

TEST(TlsWatch, AFileThatIsGoneIsAFailureToo) {
  TlsFiles files;
  const auto watch = TlsWatch::start(files.settings());
  ASSERT_TRUE(watch);
  std::filesystem::remove(files.path("server.key"));
  EXPECT_EQ(watch.value()->look(false), Outcome::Failed);
  EXPECT_GT(served(*watch.value()), 0);
}

TEST(TlsWatch, DoesNotStartWithAMistake) { EXPECT_FALSE(TlsWatch::start({})); }

}  // namespace
}  // namespace tribar
