// SPDX-License-Identifier: MIT
//
// What a message costs in each station's own code: all of them in one thread, without sockets. The
// users write to each other as they do in `scripts/bench`, so that the same memory is in the cache
// and out of it; the copies that the kernel would make are made, and counted apart.
//
//   stations [USERS [WINDOW [BYTES [ROUNDS]]]]
//
// Prints nanoseconds a message, the median over the rounds.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/switchboard.h"
#include "registry/registry.h"
#include "workers/decoder.h"
#include "zero/command.h"

namespace tribar {
namespace {

using Clock = std::chrono::steady_clock;

enum Station : std::size_t { Kernel, Frame, Decode, Apply, Replies, Write, kStations };
constexpr std::array<std::string_view, kStations> kNames = {
    "copies in and out", "frame", "decode", "registry", "deliver", "write"};

/// Says of each stretch of time whose it was.
class Meter {
 public:
  void charge(Station station) {
    const Clock::time_point now = Clock::now();
    spent_[station] += now - last_;
    last_ = now;
  }
  [[nodiscard]] std::array<double, kStations> take(std::size_t messages) {
    std::array<double, kStations> each{};
    for (std::size_t i = 0; i < kStations; ++i) {
      each[i] = std::chrono::duration<double, std::nano>(spent_[i]).count() /
                static_cast<double>(messages);
    }
    spent_ = {};
    last_ = Clock::now();
    return each;
  }

 private:
  std::array<Clock::duration, kStations> spent_{};
  Clock::time_point last_ = Clock::now();
};

/// What sockets' buffers take of the cache.
class Sink {
 public:
  void take(std::string_view bytes) {
    if (at_ + bytes.size() > memory_.size()) {
      at_ = 0;
    }
    std::memcpy(memory_.data() + at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

 private:
  std::vector<char> memory_ = std::vector<char>(std::size_t{32} << 20);
  std::size_t at_ = 0;
};

/// A peer that takes everything at once.
class OpenMouth : public Transport {
 public:
  OpenMouth(Sink& sink, Meter& meter) : sink_(sink), meter_(meter) {}
  void bind(TransportEvents&, Connection&) override {}
  void start_reading() override {}
  void stop_reading() override {}
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    meter_.charge(Write);
    sink_.take(bytes);
    sink_.take(more);
    meter_.charge(Kernel);
    return static_cast<std::ptrdiff_t>(bytes.size() + more.size());
  }
  void write(std::string_view) override {}
  [[nodiscard]] std::size_t unwritten_bytes() const override { return 0; }
  void discard_input() override {}
  void shut_down() override {}
  [[nodiscard]] std::string peer() const override { return "a peer"; }

 private:
  Sink& sink_;
  Meter& meter_;
};

struct Bench {
  explicit Bench(std::size_t users) {
    for (std::size_t i = 0; i < users; ++i) {
      connections.push_back(&board.adopt(std::make_unique<OpenMouth>(sink, meter), Protocol::Zero));
      board.begin(*connections.back());
      std::string bytes;
      append_command(bytes, Create{name(i)});
      arrive(i, bytes);
      go_round();
      board.finish_turn();
    }
  }

  static std::string name(std::size_t user) { return fmt::format("stress-{:07}", user); }

  void arrive(std::size_t user, std::string_view bytes) {
    while (!bytes.empty()) {
      meter.charge(Frame);
      const Framer::Space space = board.space(*connections[user]);
      const std::size_t size = std::min(space.size, bytes.size());
      meter.charge(Frame);
      std::memcpy(space.at, bytes.data(), size);
      meter.charge(Kernel);
      board.read(*connections[user], size);
      meter.charge(Frame);
      bytes.remove_prefix(size);
      if (dispatcher.is_full()) {
        dispatcher.submit_full(UnixMs{1});
        go_round();
      }
    }
  }

  void go_round() {
    dispatcher.submit(UnixMs{1});
    for (BatchPtr& batch : sent) {
      meter.charge(Frame);
      decode(*batch, {});
      inbox.note_passed();
      meter.charge(Decode);
      registry.apply_all(batch->inputs, batch->now, batch->output);
      meter.charge(Apply);
      board.deliver_replies(*batch);
      dispatcher.recycle(std::move(batch));
      meter.charge(Replies);
    }
    sent.clear();
  }

  Sink sink;
  Meter meter;
  Registry registry{{}, {1, 2}, false};
  LoopInbox inbox{[] {}};
  std::vector<BatchPtr> sent;
  std::atomic<std::uint64_t> last_number{0};
  Dispatcher dispatcher{1, inbox, last_number,
                        [this](BatchPtr batch) { sent.push_back(std::move(batch)); }};
  Census census;
  Switchboard board{{}, dispatcher, census};
  std::vector<Connection*> connections;
};

void run(std::size_t users, std::size_t window, std::size_t bytes, std::size_t rounds) {
  Bench bench(users);
  std::mt19937_64 random(1);
  const std::string text(bytes, 'x');
  std::vector<std::string> turns(users);
  for (std::size_t user = 0; user < users; ++user) {
    for (std::size_t i = 0; i < window; ++i) {
      append_message(turns[user], {Bench::name(user), Bench::name(random() % users), text});
    }
  }
  std::vector<std::array<double, kStations>> costs;
  static_cast<void>(bench.meter.take(1));
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t user = 0; user < users; ++user) {
      bench.arrive(user, turns[user]);
    }
    bench.go_round();
    bench.board.finish_turn();
    bench.meter.charge(Write);
    costs.push_back(bench.meter.take(users * window));
  }
  double all = 0;
  for (std::size_t station = 0; station < kStations; ++station) {
    std::vector<double> of;
    for (const auto& cost : costs) {
      of.push_back(cost[station]);
    }
    std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
    const double median = of[of.size() / 2];
    all += station == Kernel ? 0 : median;
    fmt::print("{:<18} {:6.1f}\n", kNames[station], median);
  }
  fmt::print("{:<18} {:6.1f}\n", "all but copies", all);
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  std::array<std::size_t, 4> numbers = {100, 64, 64, 200};
  for (std::size_t i = 0; i < numbers.size() && static_cast<int>(i) + 1 < argc; ++i) {
    const std::string_view value = argv[i + 1];
    const auto end = value.data() + value.size();
    if (std::from_chars(value.data(), end, numbers[i]).ptr != end || numbers[i] == 0) {
      fmt::print(stderr, "usage: stations [USERS [WINDOW [BYTES [ROUNDS]]]]\n");
      return 64;
    }
  }
  tribar::run(numbers[0], numbers[1], numbers[2], numbers[3]);
}
