// SPDX-License-Identifier: MIT
//
// See loop.h.
#include "uv/loop.h"

#include <fmt/format.h>

#include "base/log.h"
#include "uv/error.h"

namespace tribar::uv {

struct Loop::Hooks {
  std::function<void()> before;
  std::function<void()> after;
  uv_prepare_t prepare;
  uv_check_t check;
};

Loop::Loop() { check(uv_loop_init(&loop_), "cannot make an event loop"); }

Loop::~Loop() {
  if (!is_closed_) {
    if (const std::string open = close(); !open.empty()) {
      log::error("loop", "still open at the end: {}", open);
    }
  }
}

void Loop::around_poll(std::function<void()> before, std::function<void()> after) {
  hooks_ = std::make_unique<Hooks>();
  hooks_->before = std::move(before);
  hooks_->after = std::move(after);
  uv_prepare_init(&loop_, &hooks_->prepare);
  uv_check_init(&loop_, &hooks_->check);
  hooks_->prepare.data = hooks_.get();
  hooks_->check.data = hooks_.get();
  uv_prepare_start(&hooks_->prepare, [](uv_prepare_t* handle) noexcept {
    static_cast<Hooks*>(handle->data)->before();
  });
  uv_check_start(&hooks_->check,
                 [](uv_check_t* handle) noexcept { static_cast<Hooks*>(handle->data)->after(); });
  // The hooks alone keep no loop running.
  uv_unref(reinterpret_cast<uv_handle_t*>(&hooks_->prepare));
  uv_unref(reinterpret_cast<uv_handle_t*>(&hooks_->check));
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Loop::stop() { uv_stop(&loop_); }

std::string Loop::close() {
  is_closed_ = true;
  if (hooks_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&hooks_->prepare), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&hooks_->check), nullptr);
  }
  // Close callbacks run in a turn each; nothing else is left that could keep the loop.
  while (uv_run(&loop_, UV_RUN_NOWAIT) != 0) {
    bool is_any_closing = false;
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* found) noexcept {
          *static_cast<bool*>(found) |= uv_is_closing(handle) != 0;
        },
        &is_any_closing);
    if (!is_any_closing) {
      break;
    }
  }
  std::string open;
  if (uv_loop_close(&loop_) != 0) {
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* out) noexcept {
          *static_cast<std::string*>(out) += fmt::format("{} ", uv_handle_type_name(handle->type));
        },
        &open);
  }
  return open;
}

Async::Async(Loop& loop, std::function<void()> callback) {
  auto holder = std::make_unique<Holder>();
  holder->callback = std::move(callback);
  check(uv_async_init(
            loop.raw(), &holder->handle,
            [](uv_async_t* handle) noexcept { static_cast<Holder*>(handle->data)->callback(); }),
        "cannot make a wake-up");
  holder->handle.data = holder.get();
  holder_.reset(holder.release());
}

}  // namespace tribar::uv
