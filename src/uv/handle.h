// SPDX-License-Identifier: MIT
//
// Ownership of handles. The memory of a handle may be freed only in its close callback, so the
// deleter closes the handle and the callback frees it.
#pragma once

#include <uv.h>

#include <memory>

namespace tribar::uv {

/// Closes and frees a T with a member `handle` of a uv type whose `data` points to the T.
struct CloseThenFree {
  template <typename T>
  void operator()(T* object) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&object->handle),
             [](uv_handle_t* handle) noexcept { delete static_cast<T*>(handle->data); });
  }
};

template <typename T>
using Owned = std::unique_ptr<T, CloseThenFree>;

}  // namespace tribar::uv
