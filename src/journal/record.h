// SPDX-License-Identifier: MIT
//
// The bytes of a stored record, whatever store holds them; described in docs/storage.md.
//
//   offset 0, 1 byte   type: 1 account, 2 message, 3 counters
//   offset 1, 1 byte   version, now 1
//   offset 2, 4 bytes  length of the payload, big endian
//   offset 6, 4 bytes  CRC-32C, big endian, of the key's numbers (8 bytes each, big endian), the
//                      first six bytes and the payload
//   offset 10          the payload: fields, each ended by a zero byte, which no field can hold
//
// The key's numbers stand beside the record, so that a store can find and order by them. Fields
// behind those that this version knows are skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace tribar {

inline constexpr std::size_t kRecordHeaderBytes = 10;

/// Why bytes are not the record that they should be.
struct RecordError {
  std::string text;
  bool is_unknown = false;  // of a type or version that this program does not know
};

struct StoredMessage {
  std::string_view sender;
  std::string_view text;
};

// Each encode_ replaces `out`; each decode_ takes the record and the numbers of its key, and
// returns views into `record`. Any bytes may come.

void encode_account(std::string& out, AccountId account, UnixMs created, std::string_view name);
[[nodiscard]] Result<std::string_view, RecordError> decode_account(std::string_view record,
                                                                   AccountId account,
                                                                   UnixMs created);

void encode_message(std::string& out, MessageNumber number, AccountId account, UnixMs time,
                    std::string_view sender, std::string_view text);
[[nodiscard]] Result<StoredMessage, RecordError> decode_message(std::string_view record,
                                                                MessageNumber number,
                                                                AccountId account, UnixMs time);

/// The counters have no payload: they are all key.
void encode_counters(std::string& out, AccountId last_account, MessageNumber below);
[[nodiscard]] std::optional<RecordError> check_counters(std::string_view record,
                                                        AccountId last_account,
                                                        MessageNumber below);

}  // namespace tribar
