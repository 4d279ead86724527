// SPDX-License-Identifier: MIT
//
// The keys that session tickets are sealed with: a new one every 8 hours, and the one before it
// still opens tickets, until the next. Kept in memory only. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

namespace tribar::tls {

class TicketKeys {
 public:
  /// How long a key seals; it opens for as long again.
  static constexpr std::int64_t kKeySeconds = std::int64_t{8} * 3600;

  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
    Key() = default;
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();  // leaves nothing of it in memory
  };
  struct Found {
    Key key;
    bool is_current = false;
  };

  TicketKeys() = default;
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;
  ~TicketKeys() = default;

  /// The key to seal with, at `now_s` of a clock that only goes forward; nothing when there is no
  /// randomness to make one of.
  [[nodiscard]] std::optional<Key> current(std::int64_t now_s);
  /// The key with the name of 16 bytes at `name`, if it still opens.
  [[nodiscard]] std::optional<Found> find(const unsigned char* name, std::int64_t now_s);

 private:
  [[nodiscard]] bool renew(std::int64_t now_s);

  std::mutex mutex_;  // taken once a handshake
  std::optional<Key> current_;
  std::optional<Key> previous_;
  std::int64_t born_s_ = 0;
};

}  // namespace tribar::tls
