// SPDX-License-Identifier: MIT
//
// libuv's error codes as text, and the exception for failures at start-up.
#pragma once

#include <uv.h>

#include <stdexcept>
#include <string>

namespace tribar::uv {

[[nodiscard]] inline std::string text_of(int code) { return uv_strerror(code); }

/// A call at start-up failed; what() says which one and why.
class Error : public std::runtime_error {
 public:
  Error(const std::string& what_failed, int code)
      : std::runtime_error(what_failed + ": " + text_of(code)) {}
};

/// Throws Error when `code` is negative.
inline void check(int code, const char* what_failed) {
  if (code < 0) {
    throw Error(what_failed, code);
  }
}

}  // namespace tribar::uv
