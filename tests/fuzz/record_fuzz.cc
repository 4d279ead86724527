// SPDX-License-Identifier: MIT
//
// Any bytes as a stored record, under any key. The first 24 bytes are the key's numbers, the next
// two say which bit of the record is flipped; the rest is a record, or what one is made of.
#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz.h"
#include "journal/crc32c.h"
#include "journal/record.h"

namespace tribar {
namespace {

using fuzz::check;

constexpr std::size_t kKeyBytes = 24;

struct Key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
};

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    out += static_cast<char>(number >> (8 * i) & 0xff);
  }
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) {
    number = number << 8 | static_cast<unsigned char>(c);
  }
  return number;
}

/// CRC-32C, bit by bit.
std::uint32_t naive_crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc % 2 == 1 ? 0x82f63b78U : 0U);
    }
  }
  return ~crc;
}

/// A record as record.h describes it, put together by hand.
std::string naive_record(const Key& key, int type, int version, std::string_view payload) {
  std::string numbers;
  append_big_endian(numbers, key.first, 8);
  append_big_endian(numbers, key.second, 8);
  append_big_endian(numbers, key.third, 8);
  std::string front = {static_cast<char>(type), static_cast<char>(version)};
  append_big_endian(front, payload.size(), 4);
  std::string record = front;
  append_big_endian(record, naive_crc32c(numbers + front + std::string(payload)), 4);
  return record + std::string(payload);
}

void check_inside(std::string_view field, std::string_view record) {
  check(field.data() >= record.data() + kRecordHeaderBytes &&
            field.data() + field.size() < record.data() + record.size(),
        "a field stands in its record");
}

/// Whether `record` is taken as a record of any type.
bool is_taken(std::string_view record, const Key& key) {
  const auto account = decode_account(record, AccountId{key.first}, UnixMs{key.second});
  if (account) {
    check_inside(account.value(), record);
    check(!account.value().empty(), "an account has a name");
  } else {
    check(!account.error().text.empty(), "a refused record has a reason");
  }
  const auto message =
      decode_message(record, MessageNumber{key.first}, AccountId{key.second}, UnixMs{key.third});
  if (message) {
    check_inside(message.value().sender, record);
    check_inside(message.value().text, record);
    check(!account, "a record has one type");
  }
  const auto counters = check_counters(record, AccountId{key.first}, MessageNumber{key.second});
  check(counters || (!account && !message), "a record has one type");
  return account || message || !counters;
}

/// `record` is right under `key`: everything a bit away from it is refused.
void check_flips(std::string record, Key key, std::size_t flip, std::size_t numbers) {
  check(is_taken(record, key), "a record is taken");
  const std::size_t place = flip % (8 * (record.size() + 8 * numbers));
  const std::size_t bit = place % 8;
  if (place / 8 < record.size()) {
    record[place / 8] = static_cast<char>(record[place / 8] ^ 1 << bit);
  } else {
    std::uint64_t* const key_numbers[] = {&key.first, &key.second, &key.third};
    const std::size_t at = place - 8 * record.size();
    *key_numbers[at / 64] ^= std::uint64_t{1} << at % 64;
  }
  check(!is_taken(record, key), "a record with a flipped bit is refused");
}

/// What is written is what the description says, is read back as it was, and trusted no further.
void check_encoding(const Key& key, std::size_t flip, std::string_view data) {
  std::string record = "what was there before";
  const std::string_view sender = data.substr(0, data.find('\0'));
  std::string_view text = data.substr(std::min(sender.size() + 1, data.size()));
  text = text.substr(0, text.find('\0'));
  const std::string fields = std::string(sender) + '\0' + std::string(text) + '\0';

  encode_message(record, MessageNumber{key.first}, AccountId{key.second}, UnixMs{key.third}, sender,
                 text);
  check(record == naive_record(key, 2, 1, fields), "a message is written as described");
  const auto message =
      decode_message(record, MessageNumber{key.first}, AccountId{key.second}, UnixMs{key.third});
  check(message && message.value().sender == sender && message.value().text == text,
        "a message is read as it was written");
  check_flips(record, key, flip, 3);

  const Key account_key{key.first, key.second, 0};
  if (!sender.empty()) {
    encode_account(record, AccountId{key.first}, UnixMs{key.second}, sender);
    check(record == naive_record(account_key, 1, 1, std::string(sender) + '\0'),
          "an account is written as described");
    const auto name = decode_account(record, AccountId{key.first}, UnixMs{key.second});
    check(name && name.value() == sender, "an account is read as it was written");
    check_flips(record, account_key, flip, 2);
  }

  encode_counters(record, AccountId{key.first}, MessageNumber{key.second});
  check(record == naive_record(account_key, 3, 1, {}), "counters are written as described");
  check_flips(record, account_key, flip, 2);
}

/// Any payload, of any type and version, whose checksum is right.
void check_payload(const Key& key, std::string_view data) {
  if (data.size() < 2) {
    return;
  }
  const auto type = static_cast<unsigned char>(data[0]);
  const auto version = static_cast<unsigned char>(data[1]);
  const std::string_view payload = data.substr(2);
  const std::string record = naive_record(key, type, version, payload);
  const auto message =
      decode_message(record, MessageNumber{key.first}, AccountId{key.second}, UnixMs{key.third});
  const auto fields = static_cast<std::size_t>(std::count(payload.begin(), payload.end(), '\0'));
  check(message.is_ok() == (type == 2 && version == 1 && fields >= 2),
        "a message is taken when it has its fields, and more");
  check(message || message.error().is_unknown == (type != 2 || version != 1),
        "what another program wrote is told from damage");
  (void)is_taken(naive_record({key.first, key.second, 0}, type, version, payload),
                 {key.first, key.second, 0});
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tribar;
  if (size < kKeyBytes + 2) {
    return 0;
  }
  const std::string_view input = fuzz::as_text(data, size);
  const Key key{read_big_endian(input.substr(0, 8)), read_big_endian(input.substr(8, 8)),
                read_big_endian(input.substr(16, 8))};
  const std::size_t flip = read_big_endian(input.substr(kKeyBytes, 2));
  const std::string_view rest = input.substr(kKeyBytes + 2);
  fuzz::check(crc32c(rest) == naive_crc32c(rest), "a checksum is what it is bit by bit");
  (void)is_taken(rest, key);
  check_encoding(key, flip, rest);
  check_payload(key, rest);
  return 0;
}
