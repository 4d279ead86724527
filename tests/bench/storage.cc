// SPDX-License-Identifier: MIT
//
// What durable storage costs: messages for somebody who is away are stored, the server is killed
// and started again, and hands them out; then a steady flow, while the store's size is watched. A
// whole server ($TRIBARD) and its clients share the machine, so the rates are of both together.
//
//   storage [MESSAGES [SECONDS]]    (1000000, 10)
//   storage probe PORT SECONDS      how long LIST takes on a connection that sends nothing else,
//   while
//                                   the server there is busy with others: once each 2 ms
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/daemon.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kSenders = 8;
/// Under way per sender; the server reads no more than 1024 ahead.
constexpr std::uint64_t kBurst = 512;
constexpr std::size_t kTextBytes = 64;

double seconds_since(Clock::time_point start) { return Seconds(Clock::now() - start).count(); }

std::uint64_t memory_bytes_of(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      std::uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

std::uint64_t store_bytes(const std::string& folder) {
  std::uint64_t sum = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(Daemon::store_in(folder) + suffix, none);
    sum += none ? 0 : size;
  }
  return sum;
}

std::string burst_to(std::string_view sender, std::string_view reader) {
  std::string bytes;
  for (std::uint64_t i = 0; i < kBurst; ++i) {
    bytes += send_bytes(sender, reader, std::string(kTextBytes, 'x'));
  }
  return bytes;
}

/// Takes in `count` frames, and drops them.
void skip(TestPeer& peer, std::uint64_t count) {
  for (; count > 0; --count) {
    static_cast<void>(peer.receive());
  }
}

void fill(Daemon& daemon, std::uint64_t messages) {
  std::deque<TestPeer> senders;
  std::vector<std::string> bursts;
  for (std::size_t i = 0; i < kSenders; ++i) {
    senders.push_back(created(daemon.port(), fmt::format("sender{}", i)));
    bursts.push_back(burst_to(fmt::format("sender{}", i), "reader"));
  }
  const auto start = Clock::now();
  for (std::size_t i = 0; i < kSenders; ++i) {
    senders[i].send_raw(bursts[i]);
  }
  std::uint64_t stored = 0;
  while (stored < messages) {
    for (std::size_t i = 0; i < kSenders; ++i) {
      skip(senders[i], kBurst);
      stored += kBurst;
      senders[i].send_raw(bursts[i]);
    }
  }
  for (TestPeer& sender : senders) {
    skip(sender, kBurst);
  }
  const double took = seconds_since(start);
  stored += kSenders * kBurst;
  fmt::print("stored: {} messages of {} bytes, {:.0f}/s\n", stored, kTextBytes,
             static_cast<double>(stored) / took);
}

void watch_size(Daemon& daemon, const std::string& folder, double seconds) {
  TestPeer reader = logged_in(daemon.port(), "reader");
  TestPeer sender = logged_in(daemon.port(), "sender0");
  const std::string burst = burst_to("sender0", "reader");
  const auto start = Clock::now();
  std::uint64_t passed = 0;
  std::uint64_t largest = 0;
  std::uint64_t after_a_second = 0;
  while (seconds_since(start) < seconds) {
    sender.send_raw(burst);
    skip(sender, kBurst);
    skip(reader, kBurst);
    passed += kBurst;
    largest = std::max(largest, store_bytes(folder));
    if (after_a_second == 0 && seconds_since(start) > 1) {
      after_a_second = largest;
    }
  }
  fmt::print("steady: {} messages in {:.0f} s, store {} bytes after 1 s, {} at most\n", passed,
             seconds, after_a_second, largest);
}

void probe(std::uint16_t port, double seconds) {
  constexpr auto kPause = std::chrono::milliseconds(2);
  TestPeer peer(port);
  std::vector<double> took_ms;
  const auto start = Clock::now();
  for (auto next = start; seconds_since(start) < seconds; next += kPause) {
    std::this_thread::sleep_until(next);
    const auto asked = Clock::now();
    peer.send(List{"no_body"});
    static_cast<void>(peer.receive());
    took_ms.push_back(seconds_since(asked) * 1000);
  }
  std::sort(took_ms.begin(), took_ms.end());
  fmt::print("LIST: p50 {:.2f} ms, p99 {:.2f} ms, max {:.2f} ms of {}\n",
             took_ms[took_ms.size() / 2], took_ms[took_ms.size() * 99 / 100], took_ms.back(),
             took_ms.size());
}

void bench(std::uint64_t messages, double seconds) {
  const TemporaryFolder folder;
  std::uint64_t empty_bytes = 0;
  {
    Daemon daemon(folder.path());
    empty_bytes = memory_bytes_of(daemon.process().pid());
    created(daemon.port(), "reader").close();
    fill(daemon, messages);
    daemon.kill();
  }
  fmt::print("store: {} bytes\n", store_bytes(folder.path()));
  const auto start = Clock::now();
  Daemon daemon(folder.path());
  fmt::print("ready after kill -9: {:.2f} s\n", seconds_since(start));
  const std::uint64_t full_bytes = memory_bytes_of(daemon.process().pid());
  fmt::print("memory: {:.0f} bytes a message, text included\n",
             static_cast<double>(full_bytes - empty_bytes) / static_cast<double>(messages));
  TestPeer reader = logged_in(daemon.port(), "reader");
  const auto deliver = Clock::now();
  reader.send(Deliver{});
  skip(reader, messages);
  fmt::print("handed out: {:.0f}/s\n", static_cast<double>(messages) / seconds_since(deliver));
  reader.send(Deliver{});
  reader.send(List{"no body"});
  while (reader.receive() != names({})) {
  }
  reader.close();
  daemon.stop();
  fmt::print("store when all is handed out: {} bytes\n", store_bytes(folder.path()));
  Daemon again(folder.path());
  watch_size(again, folder.path(), seconds);
  again.stop();
}

}  // namespace
}  // namespace tribar::test

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "probe") {
    tribar::test::probe(static_cast<std::uint16_t>(std::stoul(argv[2])), std::stod(argv[3]));
    return 0;
  }
  tribar::test::bench(argc > 1 ? std::stoull(argv[1]) : 1'000'000,
                      argc > 2 ? std::stod(argv[2]) : 10);
}
