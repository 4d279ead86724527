// SPDX-License-Identifier: MIT
//
// Counts the connections of all loops, in total and per network. Thread-safe; used when a
// connection opens or closes, never for a message.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "chat/refusal.h"
#include "loop/peer_network.h"

namespace tribar {

class Census {
 public:
  /// Counts one more from `network`, or says why there is no room: past `most` in all, or past
  /// `most_of_network`, 0 being no limit there. Who has no address is limited in all only.
  [[nodiscard]] std::optional<Refusal> enter(PeerNetwork network, std::uint64_t most,
                                             std::uint64_t most_of_network) {
    const std::lock_guard lock(mutex_);
    if (size_ >= most) {
      return Refusal{RefusalCode::TooManyConnections, 0, most};
    }
    if (most_of_network > 0 && network != PeerNetwork{}) {
      std::uint64_t& count = by_network_[network];
      if (count >= most_of_network) {
        return Refusal{RefusalCode::TooManyFromAddress, 0, most_of_network};
      }
      ++count;
    }
    ++size_;
    return std::nullopt;
  }

  /// One that entered when nobody asked for its `network` is counted there, too, from now on.
  void note(PeerNetwork network) {
    const std::lock_guard lock(mutex_);
    ++by_network_[network];
  }

  /// A counted connection closed.
  void leave(PeerNetwork network) {
    const std::lock_guard lock(mutex_);
    --size_;
    if (const auto counted = by_network_.find(network);
        counted != by_network_.end() && --counted->second == 0) {
      by_network_.erase(counted);
    }
  }

  [[nodiscard]] std::uint64_t size() {
    const std::lock_guard lock(mutex_);
    return size_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t size_ = 0;
  std::map<PeerNetwork, std::uint64_t> by_network_;  // empty if there never was such a limit
};

}  // namespace tribar
