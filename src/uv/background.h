// SPDX-License-Identifier: MIT
//
// Work that would hold up a loop, such as reading files, on a thread of its own, which runs at a
// lower priority than those that serve. Belongs to the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "uv/loop.h"

namespace tribar::uv {

class Background {
 public:
  explicit Background(Loop& loop);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  /// As end().
  ~Background() { static_cast<void>(end()); }

  /// Calls `work` on a new thread, and then `done` on the loop. Neither may throw. `work` must own
  /// all that it uses, since end() may leave it. Not while it is_busy(), nor after end(). Throws
  /// std::system_error if the system has no thread left; then neither is called.
  void start(std::function<void()> work, std::function<void()> done);

  /// From start() until `done` is called.
  [[nodiscard]] bool is_busy() const { return thread_.joinable(); }

  /// Waits until the work that is under way has ended, at most a second: a file system that hangs
  /// would hold it up for ever. Its `done` is not called any more. False: it was left, and its
  /// thread goes on until the work or the process ends; see is_work_left().
  [[nodiscard]] bool end();

  /// Any thread: whether any work was ever left. If so the process must end by std::_Exit: what is
  /// left may use what std::exit destroys, and may hold a stream that it flushes.
  [[nodiscard]] static bool is_work_left();

 private:
  struct Progress;

  void finish();

  std::shared_ptr<Progress> progress_;  // of the work that is under way
  std::thread thread_;
  std::function<void()> done_;
  Async finished_;
};

}  // namespace tribar::uv
