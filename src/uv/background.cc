// SPDX-License-Identifier: MIT
//
// See background.h.
#include "uv/background.h"

#include <utility>

#include "base/thread_name.h"
#include "base/thread_priority.h"

namespace tribar::uv {

Background::Background(Loop& loop) : finished_(loop, [this] { finish(); }) {}

void Background::start(std::function<void()> work, std::function<void()> done) {
  thread_ = std::thread([this, work = std::move(work)] {
    name_thread("background");
    lower_thread_priority("background");
    work();
    finished_.send();
  });
  done_ = std::move(done);
}

/// `done` may start more.
void Background::finish() {
  thread_.join();
  const std::function<void()> done = std::exchange(done_, {});
  done();
}

void Background::end() {
  if (thread_.joinable()) {
    thread_.join();
  }
  finished_ = Async{};
}

}  // namespace tribar::uv
