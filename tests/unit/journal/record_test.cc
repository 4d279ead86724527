// SPDX-License-Identifier: MIT
//
// Stored records: what goes in comes out, and nothing else is taken for it.
#include "journal/record.h"

#include <gtest/gtest.h>

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

std::string number_bytes(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i > 0; number >>= 8) {
    bytes[--i] = static_cast<char>(number & 0xff);
  }
  return bytes;
}

/// A message's record with these parts, its checksum right: what another program could have
/// written.
std::string message_record_of(std::uint8_t type, std::uint8_t version, const std::string& payload) {
  std::string head{static_cast<char>(type), static_cast<char>(version)};
  head += number_bytes(payload.size(), 4);
  std::uint32_t crc = crc32c(number_bytes(kNumber.value, 8) + number_bytes(kAccount.value, 8) +
                             number_bytes(kTime.value, 8));
  crc = crc32c(payload, crc32c(head, crc));
  return head + number_bytes(crc, 4) + payload;
}

auto decode(std::string_view record) { return decode_message(record, kNumber, kAccount, kTime); }

TEST(Record, HasTheBytesThatAreDocumented) {
  const std::string payload = std::string(kSender) + '\0' + std::string(kText) + '\0';
  EXPECT_EQ(message_record(), message_record_of(2, 1, payload));
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
}

TEST(Record, DetectsEveryFlippedBitOfItsKey) {
  const std::string record = message_record();
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    EXPECT_FALSE(decode_message(record, MessageNumber{kNumber.value ^ flip}, kAccount, kTime));
    EXPECT_FALSE(decode_message(record, kNumber, AccountId{kAccount.value ^ flip}, kTime));
    EXPECT_FALSE(decode_message(record, kNumber, kAccount, UnixMs{kTime.value ^ flip}));
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
}

TEST(Record, MissesFieldsThatAreNotThere) {
  for (const std::string& payload :
       {std::string(), std::string("ann"), std::string("ann\0", 4), std::string("ann\0hi", 6)}) {
    EXPECT_FALSE(decode(message_record_of(2, 1, payload)));
  }
  std::string nameless;
  encode_account(nameless, kAccount, kTime, "");
  EXPECT_FALSE(decode_account(nameless, kAccount, kTime));
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
  }
}

}  // namespace
}  // namespace tribar
