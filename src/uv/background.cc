// SPDX-License-Identifier: MIT
//
// See background.h.
#include "uv/background.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/thread_name.h"
#include "base/thread_priority.h"

namespace tribar::uv {
namespace {

constexpr std::chrono::seconds kPatience{1};

std::atomic<bool> g_is_work_left{false};

}  // namespace

/// What the thread shares with the Background, which it may outlive.
struct Background::Progress {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;       // of mutex
  Async* finished = nullptr;  // of mutex; null: nobody waits any more
};

Background::Background(Loop& loop) : finished_(loop, [this] { finish(); }) {}

void Background::start(std::function<void()> work, std::function<void()> done) {
  progress_ = std::make_shared<Progress>();
  progress_->finished = &finished_;
  thread_ = std::thread([progress = progress_, work = std::move(work)] {
    name_thread("background");
    lower_thread_priority("background");
    work();
    const std::lock_guard lock(progress->mutex);
    progress->is_over = true;
    if (progress->finished != nullptr) {
      progress->finished->send();
    }
    progress->changed.notify_all();
  });
  done_ = std::move(done);
}

/// `done` may start more.
void Background::finish() {
  thread_.join();
  const std::function<void()> done = std::exchange(done_, {});
  done();
}

bool Background::end() {
  bool is_over = true;
  if (thread_.joinable()) {
    std::unique_lock lock(progress_->mutex);
    is_over = progress_->changed.wait_for(lock, kPatience, [this] { return progress_->is_over; });
    progress_->finished = nullptr;
    lock.unlock();
    if (is_over) {
      thread_.join();
    } else {
      g_is_work_left.store(true);
      thread_.detach();
    }
  }
  finished_ = Async{};
  return is_over;
}

bool Background::is_work_left() { return g_is_work_left.load(); }

}  // namespace tribar::uv
