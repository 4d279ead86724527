// SPDX-License-Identifier: MIT
//
// See standby.h.
#include "journal/standby.h"

#include <utility>

namespace tribar {

Standby::State Standby::look(Store& store) {
  if (const auto error = store.open()) {
    if (!error->holder) {
      if (!std::exchange(is_in_trouble_, true)) {
        events_.on_trouble(*error);
      }
      return State::Waits;
    }
    const bool is_other = !holder_ || holder_->epoch != error->holder->epoch ||
                          holder_->address != error->holder->address;
    if (std::exchange(is_in_trouble_, false) || is_other) {
      holder_ = error->holder;
      events_.on_holder(*holder_);
    }
    return follow(store);
  }
  const auto restored = restorer_.load(store);
  events_.on_end(restored);
  return restored ? State::Leads : State::Failed;
}

Standby::State Standby::follow(Store& store) {
  if (looks_++ % kLooksPerFollow != 0) {
    return State::Waits;
  }
  if (auto error = restorer_.follow(store)) {
    events_.on_end(*std::move(error));
    store.close();
    return State::Failed;
  }
  return State::Waits;
}

}  // namespace tribar
