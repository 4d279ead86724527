// SPDX-License-Identifier: MIT
//
// What users of the crowd do when something happens to them. One object serves all users that do
// the same.
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
  /// `answers` of the messages of `user` were confirmed or refused, in one read.
  virtual void on_answers(User /*user*/, std::uint32_t /*answers*/) {}
  /// The answer to a LIST of `user`: the names, joined by the delimiter, or none: it was refused.
  virtual void on_list(User /*user*/, std::optional<std::string_view> /*names*/) {}
  /// `user` has left, as it was told to.
  virtual void on_left(User /*user*/) {}
  /// Time passes: does what is due and returns when it wants to be asked again, at the latest.
  virtual Nanos on_time(Nanos now) { return now + kSecond; }
};

}  // namespace tribar::stress
