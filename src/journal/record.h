// SPDX-License-Identifier: MIT
//
// The byte format of stored records, the same for all stores; described in docs/storage.md.
//
//   offset 0, 1 byte   type: 1 account, 2 message, 3 counters, 4 secret, 5 client
//   offset 1, 1 byte   version, now 1
//   offset 2, 4 bytes  length of the payload, big endian
//   offset 6, 4 bytes  CRC-32C, big endian, of the key's numbers (8 bytes each, big endian), the
//                      first six bytes and the payload
//   offset 10          the payload: fields, each ended by a zero byte, which no field can hold
//
// A store keeps the key's numbers beside the record, to find and order records by them. Fields
// after those that this version knows are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace tribar {

inline constexpr std::size_t kRecordHeaderBytes = 10;

/// Why bytes are not a valid record.
struct RecordError {
  std::string text;
  bool is_unknown = false;  // its type or version is not known to this program
};

struct StoredMessage {
  std::string_view sender;
  std::string_view text;
};

// Each encode_ function replaces `out`. Each decode_ function takes the record and the numbers of
// its key, and returns views into `record`. The bytes are not trusted.

void encode_account(std::string& out, AccountId account, UnixMs created, std::string_view name);
[[nodiscard]] Result<std::string_view, RecordError> decode_account(std::string_view record,
                                                                   AccountId account,
                                                                   UnixMs created);

void encode_message(std::string& out, MessageNumber number, AccountId account, UnixMs time,
                    std::string_view sender, std::string_view text);
[[nodiscard]] Result<StoredMessage, RecordError> decode_message(std::string_view record,
                                                                MessageNumber number,
                                                                AccountId account, UnixMs time);

/// Counters have no payload: both numbers are in the key.
void encode_counters(std::string& out, AccountId last_account, MessageNumber below);
[[nodiscard]] std::optional<RecordError> check_counters(std::string_view record,
                                                        AccountId last_account,
                                                        MessageNumber below);

/// `hash` is not empty and has no zero byte.
void encode_secret(std::string& out, AccountId account, std::string_view hash);
[[nodiscard]] Result<std::string_view, RecordError> decode_secret(std::string_view record,
                                                                  AccountId account);

/// `client` has no zero byte. It is part of the row's key too, and must be the same there.
void encode_client(std::string& out, AccountId account, std::string_view client, std::uint64_t n,
                   MessageNumber number);
[[nodiscard]] std::optional<RecordError> check_client(std::string_view record, AccountId account,
                                                      std::string_view client, std::uint64_t n,
                                                      MessageNumber number);

}  // namespace tribar
