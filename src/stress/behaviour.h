// SPDX-License-Identifier: MIT
//
// A user's behaviour: what it does when something happens to it. One object serves all users with
// the same behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stress/types.h"

namespace tribar::stress {

class Behaviour {
 public:
  virtual ~Behaviour() = default;

  /// `user` is logged in.
  virtual void on_ready(User /*user*/) {}
  /// `answers` messages of `user` were confirmed or refused, all in one read.
  virtual void on_answers(User /*user*/, std::uint32_t /*answers*/) {}
  /// The answer to a LIST of `user`: the names, joined by the delimiter; none if it was refused.
  virtual void on_list(User /*user*/, std::optional<std::string_view> /*names*/) {}
  /// `user` has left as requested by Crowd::leave().
  virtual void on_left(User /*user*/) {}
  /// Called as time passes: does what is due, and returns when it must be called again at the
  /// latest.
  virtual Nanos on_time(Nanos now) { return now + kSecond; }
};

}  // namespace tribar::stress
