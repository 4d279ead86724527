// SPDX-License-Identifier: MIT
//
// Result<T, E>: a value, or the reason why there is none. The caller must handle both.
#pragma once

#include <utility>
#include <variant>

namespace tribar {

template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  // Both are implicit, so that a function can return either.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool is_ok() const { return state_.index() == 0; }
  explicit operator bool() const { return is_ok(); }

  /// Requires is_ok().
  [[nodiscard]] const T& value() const { return *std::get_if<0>(&state_); }
  [[nodiscard]] T& value() { return *std::get_if<0>(&state_); }
  /// Requires !is_ok().
  [[nodiscard]] const E& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, E> state_;
};

}  // namespace tribar
