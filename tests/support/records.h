// SPDX-License-Identifier: MIT
//
// Records of a few words, for tests of stores.
#pragma once

#include <cstdint>
#include <string_view>

#include "registry/record.h"

namespace tribar::test {

inline constexpr UnixMs kTime{1700000000000};

inline Record created(std::uint64_t id, std::string_view name) {
  return AccountCreated{AccountId{id}, kTime, name};
}
/// From ann.
inline Record kept(std::uint64_t number, std::uint64_t account, std::string_view text) {
  return MessageKept{MessageNumber{number}, AccountId{account}, kTime, "ann", text};
}
inline Record secret(std::uint64_t account, std::string_view hash) {
  return SecretSet{AccountId{account}, hash};
}
inline Record sent(std::uint64_t account, std::string_view client, std::uint64_t n,
                   std::uint64_t number) {
  return ClientSent{AccountId{account}, client, n, MessageNumber{number}};
}
inline Record forgotten(std::uint64_t account, std::string_view client) {
  return ClientForgotten{AccountId{account}, client};
}
inline Record handed(std::uint64_t number) { return HandedOver{MessageNumber{number}}; }
inline Record reserved(std::uint64_t below) { return NumbersReserved{MessageNumber{below}}; }

}  // namespace tribar::test
