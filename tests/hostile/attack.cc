// SPDX-License-Identifier: MIT
//
// See attack.h.
#include "hostile/attack.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "support/memory.h"

namespace tribar::test {
namespace {

double mib(std::size_t bytes) { return static_cast<double>(bytes) / kMiB; }

}  // namespace

Attack::Attack(const Options& options)
    : target_(options.settings, options.engine),
      crowd_(target_.port()),
      bystanders_(target_.port(), options.bystanders_pause) {
  crowd_.on_turn = [this] { look(); };
}

void Attack::begin() {
  static_cast<void>(bystanders_.take_times());
  crowd_.turn_for(sized(milliseconds(200), milliseconds(4000)));
  before_ = bystanders_.take_times();
  before_bytes_ = target_.resident_bytes();
  most_bytes_ = before_bytes_;
  before_descriptors_ = target_.descriptors();
  before_cpu_ = target_.cpu_seconds();
  begin_ = Crowd::Clock::now();
}

std::size_t Attack::grown_bytes() {
  looked_ = {};
  look();
  return kIsMemoryExact ? most_bytes_ - before_bytes_ : 0;
}

std::ptrdiff_t Attack::grown_bytes_now() const {
  return kIsMemoryExact ? static_cast<std::ptrdiff_t>(target_.resident_bytes()) -
                              static_cast<std::ptrdiff_t>(before_bytes_)
                        : 0;
}

double Attack::cpu_share() const {
  const std::chrono::duration<double> time = Crowd::Clock::now() - begin_;
  return (target_.cpu_seconds() - before_cpu_) / time.count();
}

std::ptrdiff_t Attack::more_descriptors() const {
  return static_cast<std::ptrdiff_t>(target_.descriptors()) -
         static_cast<std::ptrdiff_t>(before_descriptors_);
}

void Attack::wait_for_descriptors(std::ptrdiff_t more, milliseconds most) {
  EXPECT_TRUE(crowd_.turn_until(most, [&] { return more_descriptors() <= more; }))
      << more_descriptors() << " more than before";
}

Bystanders::Times Attack::end(std::string_view name, std::string_view what_happened) {
  const Bystanders::Times during = bystanders_.take_times();
  const std::string row =
      fmt::format("| {} | {} | {:.1f} + {:.1f} | {:.0f} % | {} / {} | {} |\n", name, what_happened,
                  mib(before_bytes_), mib(grown_bytes()), cpu_share() * 100, before_.p99.count(),
                  during.p99.count(), during.worst.count());
  std::fputs(row.c_str(), stdout);
  if (const char* table = std::getenv("TRIBAR_ATTACK_TABLE")) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(table, "a"), std::fclose);
    EXPECT_TRUE(file != nullptr && std::fputs(row.c_str(), file.get()) >= 0) << table;
  }
  return during;
}

/// Not with every turn: reading it costs the server nothing, but the attack time.
void Attack::look() {
  constexpr milliseconds kBetween{20};
  const auto now = Crowd::Clock::now();
  if (now - looked_ >= kBetween) {
    looked_ = now;
    most_bytes_ = std::max(most_bytes_, target_.resident_bytes());
  }
}

std::string populated_name(std::string_view prefix, std::size_t number, std::size_t name_bytes) {
  std::string name = fmt::format("{}{}", prefix, number);
  name.resize(std::max(name.size(), name_bytes), '-');
  return name;
}

void populate(Crowd& crowd, std::string_view prefix, std::size_t count, std::size_t name_bytes) {
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t at = 0; at < count; at += kAtOnce) {
    std::vector<Crowd::Peer*> peers;
    for (std::size_t i = at; i < std::min(at + kAtOnce, count); ++i) {
      peers.push_back(&crowd.connect({.address = 2 + static_cast<std::uint32_t>(at / 20'000)}));
      crowd.send(*peers.back(), bytes_of(Create{populated_name(prefix, i, name_bytes)}));
    }
    for (Crowd::Peer* peer : peers) {
      ASSERT_TRUE(crowd.turn_until(milliseconds(20'000),
                                   [&] { return peer->heard == bytes_of(response()); }));
      crowd.reset(*peer);
    }
  }
  crowd.close_all();
}

}  // namespace tribar::test
