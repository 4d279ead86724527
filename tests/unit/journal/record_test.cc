// SPDX-License-Identifier: MIT
//
// Stored records: what goes in comes out, and nothing else is taken for it.
#include "journal/record.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "journal/crc32c.h"
#include "support/printers.h"

namespace tribar {
namespace {

constexpr MessageNumber kNumber{0x0102030405060708};
constexpr AccountId kAccount{42};
constexpr UnixMs kTime{1700000000000};
constexpr std::string_view kSender = "ann";
constexpr std::string_view kText = "hi\n|| there";

std::string message_record() {
  std::string record;
  encode_message(record, kNumber, kAccount, kTime, kSender, kText);
  return record;
}

std::string account_record() {
  std::string record;
  encode_account(record, kAccount, kTime, kSender);
  return record;
}

constexpr std::string_view kHash = "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA";
constexpr std::string_view kClient = "home-7.x_Z";
constexpr std::uint64_t kN = 0x1122334455667788;

std::string secret_record() {
  std::string record;
  encode_secret(record, kAccount, kHash);
  return record;
}

std::string client_record() {
  std::string record;
  encode_client(record, kAccount, kClient, kN, kNumber);
  return record;
}

std::string number_bytes(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i > 0; number >>= 8) {
    bytes[--i] = static_cast<char>(number & 0xff);
  }
  return bytes;
}

/// A record with these parts, its checksum right: what another program could have written.
std::string record_of(std::uint8_t type, std::uint8_t version,
                      const std::array<std::uint64_t, 3>& key, const std::string& payload) {
  std::string head{static_cast<char>(type), static_cast<char>(version)};
  head += number_bytes(payload.size(), 4);
  std::uint32_t crc =
      crc32c(number_bytes(key[0], 8) + number_bytes(key[1], 8) + number_bytes(key[2], 8));
  crc = crc32c(payload, crc32c(head, crc));
  return head + number_bytes(crc, 4) + payload;
}

/// A message's.
std::string message_record_of(std::uint8_t type, std::uint8_t version, const std::string& payload) {
  return record_of(type, version, {kNumber.value, kAccount.value, kTime.value}, payload);
}

auto check_kept_client(std::string_view record) {
  return check_client(record, kAccount, kClient, kN, kNumber);
}

auto decode(std::string_view record) { return decode_message(record, kNumber, kAccount, kTime); }

TEST(Record, HasTheBytesThatAreDocumented) {
  const std::string payload = std::string(kSender) + '\0' + std::string(kText) + '\0';
  EXPECT_EQ(message_record(), message_record_of(2, 1, payload));
  EXPECT_EQ(secret_record(), record_of(4, 1, {kAccount.value, 0, 0}, std::string(kHash) + '\0'));
  EXPECT_EQ(client_record(),
            record_of(5, 1, {kAccount.value, kN, kNumber.value}, std::string(kClient) + '\0'));
  std::string counters;
  encode_counters(counters, AccountId{3}, MessageNumber{9});
  EXPECT_EQ(counters.substr(0, 6), std::string("\3\1\0\0\0\0", 6));
  EXPECT_EQ(counters.size(), kRecordHeaderBytes);
}

TEST(Record, KeepsAMessage) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(kText), std::string(70000, 'y')}) {
    std::string record = "what was there before";
    encode_message(record, kNumber, kAccount, kTime, kSender, text);
    const auto message = decode(record);
    ASSERT_TRUE(message) << message.error().text;
    EXPECT_EQ(message.value().sender, kSender);
    EXPECT_EQ(message.value().text, text);
  }
}

TEST(Record, KeepsAnAccount) {
  const std::string record = account_record();
  const auto name = decode_account(record, kAccount, kTime);
  ASSERT_TRUE(name) << name.error().text;
  EXPECT_EQ(name.value(), kSender);
}

TEST(Record, KeepsASecretsHash) {
  const std::string record = secret_record();
  const auto hash = decode_secret(record, kAccount);
  ASSERT_TRUE(hash) << hash.error().text;
  EXPECT_EQ(hash.value(), kHash);
  EXPECT_FALSE(decode_secret(record, AccountId{43})) << "it is another account's";
}

TEST(Record, KeepsAClient) {
  const std::string record = client_record();
  EXPECT_FALSE(check_kept_client(record));
  EXPECT_TRUE(check_client(record, AccountId{43}, kClient, kN, kNumber));
  EXPECT_TRUE(check_client(record, kAccount, kClient, kN + 1, kNumber));
  EXPECT_TRUE(check_client(record, kAccount, kClient, kN, MessageNumber{kNumber.value + 1}));
  for (const std::string_view other : {"", "home", "home-7.x_Zz"}) {
    const auto error = check_client(record, kAccount, other, kN, kNumber);
    ASSERT_TRUE(error) << other;
    EXPECT_EQ(error->text, "it is another client's");
  }
}

TEST(Record, KeepsCounters) {
  std::string record;
  encode_counters(record, kAccount, kNumber);
  EXPECT_FALSE(check_counters(record, kAccount, kNumber));
  EXPECT_TRUE(check_counters(record, AccountId{43}, kNumber));
  EXPECT_TRUE(check_counters(record, kAccount, MessageNumber{kNumber.value - 1}));
}

TEST(Record, DetectsEveryFlippedBit) {
  const std::string message = message_record();
  const std::string account = account_record();
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string flipped = message;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(decode(flipped)) << bit;
  }
  for (std::size_t bit = 0; bit < account.size() * 8; ++bit) {
    std::string flipped = account;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(decode_account(flipped, kAccount, kTime)) << bit;
  }
  const std::string secret = secret_record();
  for (std::size_t bit = 0; bit < secret.size() * 8; ++bit) {
    std::string flipped = secret;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(decode_secret(flipped, kAccount)) << bit;
  }
  const std::string client = client_record();
  for (std::size_t bit = 0; bit < client.size() * 8; ++bit) {
    std::string flipped = client;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ASSERT_TRUE(check_kept_client(flipped)) << bit;
  }
}

TEST(Record, DetectsEveryFlippedBitOfItsKey) {
  const std::string record = message_record();
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    EXPECT_FALSE(decode_message(record, MessageNumber{kNumber.value ^ flip}, kAccount, kTime));
    EXPECT_FALSE(decode_message(record, kNumber, AccountId{kAccount.value ^ flip}, kTime));
    EXPECT_FALSE(decode_message(record, kNumber, kAccount, UnixMs{kTime.value ^ flip}));
    EXPECT_FALSE(decode_secret(secret_record(), AccountId{kAccount.value ^ flip}));
    EXPECT_TRUE(
        check_client(client_record(), AccountId{kAccount.value ^ flip}, kClient, kN, kNumber));
    EXPECT_TRUE(check_client(client_record(), kAccount, kClient, kN ^ flip, kNumber));
    EXPECT_TRUE(
        check_client(client_record(), kAccount, kClient, kN, MessageNumber{kNumber.value ^ flip}));
  }
}

TEST(Record, RefusesEveryOtherLength) {
  const std::string record = message_record();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto message = decode(std::string_view(record).substr(0, size));
    ASSERT_FALSE(message) << size;
    EXPECT_EQ(message.error().text, "its length is wrong");
  }
  EXPECT_FALSE(decode(record + '\0'));
}

TEST(Record, NamesAnUnknownTypeAndVersion) {
  const std::string payload("ann\0hi\0", 7);
  const auto type = decode(message_record_of(7, 1, payload));
  ASSERT_FALSE(type);
  EXPECT_TRUE(type.error().is_unknown);
  EXPECT_EQ(type.error().text, "its type is 7");
  const auto version = decode(message_record_of(2, 2, payload));
  ASSERT_FALSE(version);
  EXPECT_TRUE(version.error().is_unknown);
  EXPECT_EQ(version.error().text, "its version is 2, and this program knows 1");
  EXPECT_FALSE(decode(account_record()));
  const auto secret =
      decode_secret(record_of(5, 1, {kAccount.value, 0, 0}, std::string(kHash) + '\0'), kAccount);
  ASSERT_FALSE(secret);
  EXPECT_TRUE(secret.error().is_unknown);
  const auto client = check_kept_client(
      record_of(5, 2, {kAccount.value, kN, kNumber.value}, std::string(kClient) + '\0'));
  ASSERT_TRUE(client);
  EXPECT_TRUE(client->is_unknown);
}

TEST(Record, DoesNotTakeDamageForAnUnknownType) {
  std::string record = message_record();
  record[0] = 7;
  const auto message = decode(record);
  ASSERT_FALSE(message);
  EXPECT_FALSE(message.error().is_unknown);
}

TEST(Record, SkipsFieldsThatItDoesNotKnow) {
  const std::string record = message_record_of(2, 1, std::string("ann\0hi\0more\0\0", 13));
  const auto message = decode(record);
  ASSERT_TRUE(message) << message.error().text;
  EXPECT_EQ(message.value().sender, "ann");
  EXPECT_EQ(message.value().text, "hi");
  const std::string more("\0more\0", 6);
  const std::string secret = record_of(4, 1, {kAccount.value, 0, 0}, std::string(kHash) + more);
  const auto hash = decode_secret(secret, kAccount);
  ASSERT_TRUE(hash) << hash.error().text;
  EXPECT_EQ(hash.value(), kHash);
  EXPECT_FALSE(check_kept_client(
      record_of(5, 1, {kAccount.value, kN, kNumber.value}, std::string(kClient) + more)));
}

TEST(Record, MissesFieldsThatAreNotThere) {
  for (const std::string& payload :
       {std::string(), std::string("ann"), std::string("ann\0", 4), std::string("ann\0hi", 6)}) {
    EXPECT_FALSE(decode(message_record_of(2, 1, payload)));
  }
  std::string nameless;
  encode_account(nameless, kAccount, kTime, "");
  EXPECT_FALSE(decode_account(nameless, kAccount, kTime));
  for (const std::string& payload : {std::string(), std::string("\0", 1), std::string(kHash)}) {
    EXPECT_FALSE(decode_secret(record_of(4, 1, {kAccount.value, 0, 0}, payload), kAccount));
  }
  for (const std::string& payload : {std::string(), std::string(kClient)}) {
    EXPECT_TRUE(check_kept_client(record_of(5, 1, {kAccount.value, kN, kNumber.value}, payload)));
  }
}

TEST(Record, RefusesGarbage) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    if (bytes.size() >= 6 && round % 2 == 0) {
      // So that more than the length is looked at.
      bytes.replace(0, 6, std::string("\2\1\0\0\0", 5) + static_cast<char>(bytes.size() - 10));
    }
    EXPECT_FALSE(decode(bytes));
    EXPECT_FALSE(decode_account(bytes, kAccount, kTime));
    EXPECT_TRUE(check_counters(bytes, kAccount, kNumber));
    EXPECT_FALSE(decode_secret(bytes, kAccount));
    EXPECT_TRUE(check_kept_client(bytes));
  }
}

}  // namespace
}  // namespace tribar
