// SPDX-License-Identifier: MIT
//
// Work that would hold up a loop, such as reading files, on a thread of its own, which runs at a
// lower priority than those that serve. Belongs to the loop's thread.
#pragma once

#include <functional>
#include <thread>

#include "uv/loop.h"

namespace tribar::uv {

class Background {
 public:
  explicit Background(Loop& loop);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  /// As end().
  ~Background() { end(); }

  /// Calls `work` on a new thread, and then `done` on the loop. Neither may throw. Not while it
  /// is_busy(), nor after end(). Throws std::system_error if the system has no thread left; then
  /// neither is called.
  void start(std::function<void()> work, std::function<void()> done);

  /// From start() until `done` is called.
  [[nodiscard]] bool is_busy() const { return thread_.joinable(); }

  /// Waits until the work that is under way has ended; its `done` is not called any more.
  void end();

 private:
  void finish();

  std::thread thread_;
  std::function<void()> done_;
  Async finished_;
};

}  // namespace tribar::uv
