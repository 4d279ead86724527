// SPDX-License-Identifier: MIT
//
// Numbers for metrics: one thread at a time changes them, any thread may read them. A change costs
// as much as one of a plain word: no lock, no atomic instruction.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tribar {

class Counter {
 public:
  Counter() = default;
  /// Nobody else may use either meanwhile.
  Counter(const Counter& other) : value_(other.read()) {}
  Counter& operator=(const Counter& other) {
    set(other.read());
    return *this;
  }
  ~Counter() = default;

  void add(std::uint64_t count = 1) { set(read() + count); }
  void subtract(std::uint64_t count = 1) { set(read() - count); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How often a whole number was how large, by powers of two.
class Histogram {
 public:
  /// Bucket i counts numbers of up to bound(i); the last one, all that are larger.
  static constexpr std::size_t kBuckets = 25;

  void note(std::uint64_t value) {
    const auto bits = static_cast<std::size_t>(std::bit_width(value > 0 ? value - 1 : 0));
    buckets_[bits < kBuckets ? bits : kBuckets - 1].add();
    sum_.add(value);
  }
  /// In microseconds.
  void note(std::chrono::steady_clock::duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    note(us > 0 ? static_cast<std::uint64_t>(us) : 0);
  }

  /// Not for the last bucket.
  [[nodiscard]] static constexpr std::uint64_t bound(std::size_t bucket) {
    return std::uint64_t{1} << bucket;
  }
  [[nodiscard]] std::uint64_t read(std::size_t bucket) const { return buckets_[bucket].read(); }
  /// Of all numbers.
  [[nodiscard]] std::uint64_t sum() const { return sum_.read(); }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace tribar
