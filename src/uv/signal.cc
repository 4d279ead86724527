// SPDX-License-Identifier: MIT
//
// See signal.h.
#include "uv/signal.h"

#include "uv/error.h"

namespace tribar::uv {

Signal::Signal(Loop& loop, int number, std::function<void()> callback) {
  auto holder = std::make_unique<Holder>();
  holder->callback = std::move(callback);
  check(uv_signal_init(loop.raw(), &holder->handle), "cannot watch a signal");
  holder->handle.data = holder.get();
  holder_.reset(holder.release());
  check(
      uv_signal_start(
          &holder_->handle,
          [](uv_signal_t* handle, int) noexcept { static_cast<Holder*>(handle->data)->callback(); },
          number),
      "cannot watch a signal");
}

}  // namespace tribar::uv
