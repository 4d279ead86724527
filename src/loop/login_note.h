// SPDX-License-Identifier: MIT
//
// Who is logged in on a connection, and from where: what the log says of it at its end. A pointer
// and one small block, since every session has one.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "loop/peer_network.h"

namespace tribar {

class LoginNote {
 public:
  /// Nobody.
  LoginNote() = default;
  /// `name`: an account's, so it is short.
  LoginNote(std::string_view name, PeerNetwork network)
      : bytes_(std::make_unique<char[]>(sizeof(Head) + name.size())) {
    const Head head{network.value, static_cast<std::uint16_t>(name.size())};
    std::memcpy(bytes_.get(), &head, sizeof head);
    std::memcpy(bytes_.get() + sizeof head, name.data(), head.name_bytes);
  }

  [[nodiscard]] explicit operator bool() const { return bytes_ != nullptr; }
  // Of somebody:
  [[nodiscard]] std::string_view name() const {
    return {bytes_.get() + sizeof(Head), head().name_bytes};
  }
  [[nodiscard]] PeerNetwork network() const { return {head().network}; }

 private:
  struct [[gnu::packed]] Head {
    std::uint64_t network;
    std::uint16_t name_bytes;
  };
  [[nodiscard]] Head head() const {
    Head head;
    std::memcpy(&head, bytes_.get(), sizeof head);
    return head;
  }

  std::unique_ptr<char[]> bytes_;  // a Head, and the name
};

}  // namespace tribar
