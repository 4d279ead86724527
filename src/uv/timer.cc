// SPDX-License-Identifier: MIT
//
// See timer.h.
#include "uv/timer.h"

#include "uv/error.h"

namespace tribar::uv {

Timer::Timer(Loop& loop, std::function<void()> callback) {
  auto holder = std::make_unique<Holder>();
  holder->callback = std::move(callback);
  check(uv_timer_init(loop.raw(), &holder->handle), "cannot make a timer");
  holder->handle.data = holder.get();
  holder_.reset(holder.release());
}

void Timer::start(std::uint64_t delay_ms, std::uint64_t repeat_ms) {
  uv_timer_start(
      &holder_->handle,
      [](uv_timer_t* handle) noexcept { static_cast<Holder*>(handle->data)->callback(); }, delay_ms,
      repeat_ms);
}

void Timer::stop() { uv_timer_stop(&holder_->handle); }

}  // namespace tribar::uv
