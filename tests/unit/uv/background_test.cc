// SPDX-License-Identifier: MIT
//
// Work on a thread of its own, and its end on the loop.
#include "uv/background.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <thread>

namespace tribar::uv {
namespace {

TEST(Background, WorksOnAnotherThreadAndEndsOnTheLoop) {
  Loop loop;
  {
    Background background(loop);
    std::thread::id worked;
    std::thread::id ended;
    background.start([&] { worked = std::this_thread::get_id(); },
                     [&] {
                       ended = std::this_thread::get_id();
                       loop.stop();
                     });
    EXPECT_TRUE(background.is_busy());
    loop.run();
    EXPECT_FALSE(background.is_busy());
    EXPECT_NE(worked, std::thread::id());
    EXPECT_NE(worked, std::this_thread::get_id());
    EXPECT_EQ(ended, std::this_thread::get_id());
  }
  EXPECT_EQ(loop.close(), "");
}

TEST(Background, TheLoopTurnsMeanwhile) {
  Loop loop;
  {
    Background background(loop);
    std::latch has_turned(1);
    background.start([&] { has_turned.wait(); }, [&] { loop.stop(); });
    Async turn(loop, [&] { has_turned.count_down(); });
    turn.send();
    loop.run();
  }
  EXPECT_EQ(loop.close(), "");
}

TEST(Background, DoesOneThingAfterAnother) {
  Loop loop;
  {
    Background background(loop);
    int count = 0;
    std::function<void()> next = [&] {
      if (count == 3) {
        loop.stop();
      } else {
        background.start([&] { ++count; }, [&] { next(); });
      }
    };
    next();
    loop.run();
    EXPECT_EQ(count, 3);
  }
  EXPECT_EQ(loop.close(), "");
}

TEST(Background, WaitsForItsWorkAtTheEnd) {
  Loop loop;
  bool is_worked = false;
  bool is_done = false;
  {
    Background background(loop);
    background.start([&] { is_worked = true; }, [&] { is_done = true; });
    EXPECT_TRUE(background.end());
    EXPECT_TRUE(is_worked);
    EXPECT_FALSE(background.is_busy());
  }
  EXPECT_EQ(loop.close(), "");
  EXPECT_FALSE(is_done);
}

// As of a file on a file system that hangs.
TEST(Background, LeavesWorkThatDoesNotEnd) {
  const auto may_end = std::make_shared<std::latch>(1);
  const auto is_over = std::make_shared<std::promise<void>>();
  bool is_done = false;
  {
    Loop loop;
    {
      Background background(loop);
      background.start(
          [may_end, is_over] {
            may_end->wait();
            is_over->set_value();
          },
          [&] { is_done = true; });
      EXPECT_FALSE(background.end());
      EXPECT_FALSE(background.is_busy());
      EXPECT_TRUE(Background::is_work_left());
    }
    EXPECT_EQ(loop.close(), "");
  }
  may_end->count_down();
  EXPECT_EQ(is_over->get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_FALSE(is_done);
}

#if defined(__linux__)
TEST(Background, WorksAtALowerPriority) {
  const auto niceness = [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); };
  Loop loop;
  {
    Background background(loop);
    int seen = 0;
    background.start([&] { seen = niceness(); }, [&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(seen, std::min(niceness() + 5, 19));
  }
  EXPECT_EQ(loop.close(), "");
}
#endif

}  // namespace
}  // namespace tribar::uv
