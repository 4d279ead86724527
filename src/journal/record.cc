// SPDX-License-Identifier: MIT
//
// See record.h.
#include "journal/record.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

#include "journal/crc32c.h"

namespace tribar {
namespace {

enum class RecordType : std::uint8_t {
  Account = 1,
  Message = 2,
  Counters = 3,
  Secret = 4,
  Client = 5
};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLengthOffset = 2;
constexpr std::size_t kChecksumOffset = 6;

template <typename Number>
void put(char* at, Number number) {
  for (std::size_t i = sizeof number; i > 0; number = static_cast<Number>(number >> 8)) {
    at[--i] = static_cast<char>(number & 0xff);
  }
}

std::uint32_t get32(const char* at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(at[i]);
  }
  return number;
}

using Key = std::array<std::uint64_t, 3>;

std::uint32_t checksum(std::string_view record, const Key& key) {
  std::array<char, sizeof(Key)> numbers{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    put(numbers.data() + 8 * i, key[i]);
  }
  std::uint32_t crc = crc32c({numbers.data(), numbers.size()});
  crc = crc32c(record.substr(0, kChecksumOffset), crc);
  return crc32c(record.substr(kRecordHeaderBytes), crc);
}

void encode(std::string& out, RecordType type, const Key& key,
            std::initializer_list<std::string_view> fields) {
  out.assign(kRecordHeaderBytes, '\0');
  for (const std::string_view field : fields) {
    out += field;
    out += '\0';
  }
  out[0] = static_cast<char>(type);
  out[1] = static_cast<char>(kVersion);
  put(out.data() + kLengthOffset, static_cast<std::uint32_t>(out.size() - kRecordHeaderBytes));
  put(out.data() + kChecksumOffset, checksum(out, key));
}

/// Returns the payload of `record`, or what is wrong with the record.
Result<std::string_view, RecordError> payload_of(std::string_view record, RecordType type,
                                                 const Key& key) {
  if (record.size() < kRecordHeaderBytes ||
      get32(record.data() + kLengthOffset) != record.size() - kRecordHeaderBytes) {
    return RecordError{"its length is wrong"};
  }
  if (get32(record.data() + kChecksumOffset) != checksum(record, key)) {
    return RecordError{"its checksum is wrong"};
  }
  if (record[0] != static_cast<char>(type)) {
    return RecordError{fmt::format("its type is {}", static_cast<unsigned char>(record[0])), true};
  }
  if (record[1] != static_cast<char>(kVersion)) {
    return RecordError{fmt::format("its version is {}, and this program knows {}",
                                   static_cast<unsigned char>(record[1]), kVersion),
                       true};
  }
  return record.substr(kRecordHeaderBytes);
}

/// Removes the next field from `payload` and returns it; none if its end is missing.
std::optional<std::string_view> take_field(std::string_view& payload) {
  const std::size_t end = payload.find('\0');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view field = payload.substr(0, end);
  payload.remove_prefix(end + 1);
  return field;
}

}  // namespace

void encode_account(std::string& out, AccountId account, UnixMs created, std::string_view name) {
  encode(out, RecordType::Account, {account.value, created.value, 0}, {name});
}

Result<std::string_view, RecordError> decode_account(std::string_view record, AccountId account,
                                                     UnixMs created) {
  auto payload = payload_of(record, RecordType::Account, {account.value, created.value, 0});
  if (!payload) {
    return payload.error();
  }
  const auto name = take_field(payload.value());
  if (!name || name->empty()) {
    return RecordError{"it has no name"};
  }
  return *name;
}

void encode_message(std::string& out, MessageNumber number, AccountId account, UnixMs time,
                    std::string_view sender, std::string_view text) {
  encode(out, RecordType::Message, {number.value, account.value, time.value}, {sender, text});
}

Result<StoredMessage, RecordError> decode_message(std::string_view record, MessageNumber number,
                                                  AccountId account, UnixMs time) {
  auto payload = payload_of(record, RecordType::Message, {number.value, account.value, time.value});
  if (!payload) {
    return payload.error();
  }
  const auto sender = take_field(payload.value());
  const auto text = take_field(payload.value());
  if (!sender || !text) {
    return RecordError{"a field is missing"};
  }
  return StoredMessage{*sender, *text};
}

void encode_counters(std::string& out, AccountId last_account, MessageNumber below) {
  encode(out, RecordType::Counters, {last_account.value, below.value, 0}, {});
}

std::optional<RecordError> check_counters(std::string_view record, AccountId last_account,
                                          MessageNumber below) {
  const auto payload =
      payload_of(record, RecordType::Counters, {last_account.value, below.value, 0});
  if (!payload) {
    return payload.error();
  }
  return std::nullopt;
}

void encode_secret(std::string& out, AccountId account, std::string_view hash) {
  encode(out, RecordType::Secret, {account.value, 0, 0}, {hash});
}

Result<std::string_view, RecordError> decode_secret(std::string_view record, AccountId account) {
  auto payload = payload_of(record, RecordType::Secret, {account.value, 0, 0});
  if (!payload) {
    return payload.error();
  }
  const auto hash = take_field(payload.value());
  if (!hash || hash->empty()) {
    return RecordError{"it has no hash"};
  }
  return *hash;
}

void encode_client(std::string& out, AccountId account, std::string_view client, std::uint64_t n,
                   MessageNumber number) {
  encode(out, RecordType::Client, {account.value, n, number.value}, {client});
}

std::optional<RecordError> check_client(std::string_view record, AccountId account,
                                        std::string_view client, std::uint64_t n,
                                        MessageNumber number) {
  auto payload = payload_of(record, RecordType::Client, {account.value, n, number.value});
  if (!payload) {
    return payload.error();
  }
  if (take_field(payload.value()) != client) {
    return RecordError{"it is another client's"};
  }
  return std::nullopt;
}

}  // namespace tribar
