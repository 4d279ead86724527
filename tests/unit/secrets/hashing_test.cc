// SPDX-License-Identifier: MIT
//
// Hashes of argon2id: what they look like, which secret has which, and which are out of date.
#include "secrets/hashing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tribar {
namespace {

constexpr HashCost kCheap{1, 8192};
const std::string kOfArgon2id =
    "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ4$YL2unkuwdG6FfSN3e4XForv2riT+ByJB531Nop1VI3w";
const std::string kOfArgon2i =
    "$argon2i$v=19$m=64,t=3,p=1$c29tZXNhbHQ4$GnS++eUbGsj4suqmL8C/C3QaLDtepb3V2kY7a73Hzgk";

class Hashing : public testing::Test {
 protected:
  Hashing() { begin_hashing(); }

  static std::string hash_of(std::string_view secret, HashCost cost = kCheap) {
    auto hash = hash_secret(secret, cost);
    EXPECT_TRUE(hash);
    return hash ? hash.value() : std::string();
  }
  static bool is_right(const std::string& hash, std::string_view secret) {
    const auto answer = is_secret_of(hash, secret);
    EXPECT_TRUE(answer) << hash;
    return answer && answer.value();
  }
};

TEST_F(Hashing, CostsWhatIsDocumented) {
  const std::string hash = hash_of("correct horse", kHashCost);
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_TRUE(is_right(hash, "correct horse"));
  EXPECT_FALSE(is_right(hash, "correct house"));
}

TEST_F(Hashing, KnowsTheSecretByAllOfItsBytes) {
  using namespace std::literals;
  const std::string long_secret(512, 's');
  for (const std::string_view secret :
       {"12345678"sv, "a\0b"sv, "\0"sv, "p\xc3\xa4sswort"sv, std::string_view(long_secret)}) {
    const std::string hash = hash_of(secret);
    EXPECT_TRUE(is_right(hash, secret));
    EXPECT_EQ(hash.find('\0'), std::string::npos);
    std::string other(secret);
    other.back() = static_cast<char>(other.back() ^ 1);
    EXPECT_FALSE(is_right(hash, other));
    EXPECT_FALSE(is_right(hash, secret.substr(1)));
    EXPECT_FALSE(is_right(hash, secret.substr(0, secret.size() - 1)));
    EXPECT_FALSE(is_right(hash, std::string(secret) + '\0'));
    EXPECT_FALSE(is_right(hash, {}));
  }
}

TEST_F(Hashing, SaltsEachHash) { EXPECT_NE(hash_of("correct horse"), hash_of("correct horse")); }

TEST_F(Hashing, ChecksHashesThatOthersMade) {
  // printf 'correct horse' | argon2 somesalt8 -id -t 2 -k 64 -p 1 -e
  EXPECT_TRUE(is_right(kOfArgon2id, "correct horse"));
  EXPECT_FALSE(is_right(kOfArgon2id, "correct house"));
  EXPECT_FALSE(needs_rehash(kOfArgon2id, {2, 65536}));
  // The same with -i -t 3: of another kind, so out of date at any cost.
  EXPECT_TRUE(is_right(kOfArgon2i, "correct horse"));
  EXPECT_TRUE(needs_rehash(kOfArgon2i, {3, 65536}));
}

TEST_F(Hashing, ErrsWhenTheHashIsNone) {
  const std::string hash = hash_of("correct horse");
  for (const std::string& damaged :
       {std::string("x"), std::string("$argon2id$"), std::string("correct horse"),
        hash.substr(0, hash.size() - 30), hash + "!", "x" + hash, std::string(1000, '$'),
        std::string("$argon2id$v=19$m=8,t=1,p=1$$")}) {
    const auto answer = is_secret_of(damaged, "correct horse");
    ASSERT_FALSE(answer) << damaged;
    EXPECT_EQ(answer.error().reason, "the stored hash is not one of argon2") << damaged;
    EXPECT_TRUE(needs_rehash(damaged, kCheap)) << damaged;
  }
}

TEST_F(Hashing, ErrsWhenTheCostCannotBe) {
  EXPECT_FALSE(hash_secret("correct horse", {1, 8191}));
  EXPECT_FALSE(hash_secret("correct horse", {0, 8192}));
}

TEST_F(Hashing, KnowsWhatIsOutOfDate) {
  const std::string hash = hash_of("correct horse");
  EXPECT_FALSE(needs_rehash(hash, kCheap));
  EXPECT_TRUE(needs_rehash(hash, {2, 8192}));
  EXPECT_TRUE(needs_rehash(hash, {1, 16384}));
  EXPECT_TRUE(needs_rehash(hash_of("correct horse", {2, 8192}), kCheap));
  EXPECT_TRUE(needs_rehash(hash_of("correct horse", {1, 16384}), kCheap));
}

}  // namespace
}  // namespace tribar
