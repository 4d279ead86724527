// SPDX-License-Identifier: MIT
//
// A build without libsodium says that it cannot hash.
#include <gtest/gtest.h>

#include <stdexcept>

#include "secrets/vault.h"

namespace tribar {
namespace {

TEST(NoVault, SaysSo) {
  EXPECT_FALSE(can_hash_secrets());
  EXPECT_THROW(Vault({}, [](SecretResult) {}), std::runtime_error);
}

}  // namespace
}  // namespace tribar
