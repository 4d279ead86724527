// SPDX-License-Identifier: MIT
//
// What an account has with protocol 1: a secret, and numbers of the messages that its clients have
// sent and got.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace tribar {

/// A client (an installation of a program) numbers the messages that it sends from 1.
struct NumberingClient {
  std::string name;
  std::uint64_t highest = 0;  // number accepted from it
  MessageNumber last;         // the server's number of that message
};

struct AccountDetails {
  /// Only the clients that sent last are remembered.
  static constexpr std::size_t kMostClients = 8;

  std::string hash;              // of the secret; empty: an account by name only
  std::uint64_t generation = 0;  // of the secret: how often it was changed since the start
  std::vector<NumberingClient> clients;

  /// The highest number accepted from `client`; 0 if none is remembered.
  [[nodiscard]] std::uint64_t highest_of(std::string_view client) const {
    for (const NumberingClient& each : clients) {
      if (each.name == client) {
        return each.highest;
      }
    }
    return 0;
  }

  /// Message `n` of `client` was accepted as message `number`. Returns the name of the client that
  /// is forgotten for it; empty: none.
  std::string note_sent(std::string_view client, std::uint64_t n, MessageNumber number) {
    NumberingClient* oldest = nullptr;
    for (NumberingClient& each : clients) {
      if (each.name == client) {
        each.highest = n;
        each.last = number;
        return {};
      }
      if (oldest == nullptr || each.last < oldest->last) {
        oldest = &each;
      }
    }
    if (clients.size() < kMostClients) {
      clients.push_back({std::string(client), n, number});
      return {};
    }
    std::string forgotten = std::move(oldest->name);
    *oldest = {std::string(client), n, number};
    return forgotten;
  }
};

}  // namespace tribar
