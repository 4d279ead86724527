// SPDX-License-Identifier: MIT
//
// See ticket_keys.h.
#include "tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

namespace tribar::tls {

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

std::optional<TicketKeys::Key> TicketKeys::current(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  return renew(now_s) ? current_ : std::nullopt;
}

std::optional<TicketKeys::Found> TicketKeys::find(const unsigned char* name, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  if (!renew(now_s)) {
    return std::nullopt;
  }
  const auto has_name = [name](const std::optional<Key>& key) {
    return key && std::equal(key->name.begin(), key->name.end(), name);
  };
  if (has_name(current_)) {
    return Found{*current_, true};
  }
  return has_name(previous_) ? std::optional(Found{*previous_, false}) : std::nullopt;
}

/// Makes what is due by now; false when that cannot be done.
bool TicketKeys::renew(std::int64_t now_s) {
  if (current_ && now_s < born_s_ + kKeySeconds) {
    return true;
  }
  Key key;
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
      RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1) {
    return false;
  }
  // After a longer pause what was current is too old to open anything.
  previous_ = current_ && now_s < born_s_ + 2 * kKeySeconds ? current_ : std::nullopt;
  current_ = key;
  born_s_ = now_s;
  return true;
}

}  // namespace tribar::tls
