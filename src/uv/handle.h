// SPDX-License-Identifier: MIT
//
// Ownership of handles: a handle's memory is ours again only in its close callback, so the deleter
// closes and the callback frees.
#pragma once

#include <uv.h>

#include <memory>

namespace tribar::uv {

/// Frees a T that has a member `handle` of some uv type whose `data` points to the T.
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
