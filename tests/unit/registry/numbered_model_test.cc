// SPDX-License-Identifier: MIT
//
// Registry: random commands of protocol 1, compared with a small model of what each account must
// still get; and the same inputs twice, which must give the same output.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/registry_bench.h"

namespace tribar {
namespace {

constexpr std::array<std::string_view, 3> kNames{"ann", "bob", "cat"};
constexpr std::array<std::string_view, 3> kClients{"", "phone", "desk"};

class World {
 public:
  World(std::uint32_t seed, HashKey key) : random_(seed), bench_(limits(), true, key) {
    for (const std::string_view name : kNames) {
      const ConnectionId id = ConnectionId::make(kPeers, ++generation_);
      apply(introduced(id));
      apply(create1(id, name));
      take(bench_.close(id));
    }
    for (std::uint32_t slot = 0; slot < kPeers; ++slot) {
      peers_.push_back({ConnectionId::make(slot, ++generation_)});
    }
  }

  void step() {
    Peer& peer = peers_[below(kPeers)];
    if (!peer.is_logged_in) {
      return enter(peer, below(kNames.size()), kClients[below(kClients.size())]);
    }
    switch (below(12)) {
      case 0:
        return leave(peer, false);
      case 1:
        return leave(peer, true);
      case 2:
        take(bench_.write(peer.id, below(4)));
        return;
      case 3:
        return deliver_to(peer);
      case 4:
      case 5:
      case 6:
        return acknowledge_from(peer, peer.pushed.empty() || below(4) == 0
                                          ? below(200)
                                          : peer.pushed[below(peer.pushed.size())]);
      default:
        return send_from(peer);
    }
  }

  /// Has every account get the rest of its messages.
  void drain() {
    for (Peer& peer : peers_) {
      if (peer.is_logged_in) {
        leave(peer, false);
      }
    }
    for (std::size_t account = 0; account < kNames.size(); ++account) {
      Peer& peer = peers_.front();
      enter(peer, account, "");
      while (!held_[account].empty() && !testing::Test::HasFailure()) {
        deliver_to(peer);
        ASSERT_FALSE(peer.pushed.empty()) << "what waits is not pushed";
        acknowledge_from(peer, peer.pushed.back());
      }
      leave(peer, false);
    }
    EXPECT_EQ(bench_.registry().queued_bytes(), 0U);
    EXPECT_TRUE(stored_.empty());
  }

  /// Everything that the registry said.
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  static constexpr std::uint32_t kPeers = 4;

  struct Peer {
    ConnectionId id;
    bool is_logged_in = false;
    std::size_t account = 0;
    std::string client = {};
    std::uint64_t last_pushed = 0;
    std::vector<std::uint64_t> pushed = {};  // and not acknowledged
  };

  static RegistryLimits limits() {
    RegistryLimits limits;
    limits.outbox_bytes = 200;  // about four messages
    return limits;
  }

  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  Effects apply(const Input& input) { return take(bench_.apply(input)); }

  /// Notes what was pushed and stored; returns the other effects.
  Effects take(const Effects& effects) {
    Effects others;
    for (const Effect& effect : effects) {
      said_ += testing::PrintToString(effect);
      const auto* push = std::get_if<Push>(&effect.body);
      if (push == nullptr) {
        others.push_back(effect);
        continue;
      }
      pushes_.emplace_back(effect.to, push->number.value);
      EXPECT_TRUE(push->is_kept);
      texts_of_pushes_[push->number.value] = push->message->text;
    }
    for (const Record& record : bench_.records()) {
      said_ += testing::PrintToString(record);
      if (const auto* kept = std::get_if<MessageKept>(&record)) {
        EXPECT_TRUE(stored_.insert(kept->number.value).second);
      } else if (const auto* handed = std::get_if<HandedOver>(&record)) {
        EXPECT_EQ(stored_.erase(handed->number.value), 1U);
      }
    }
    return others;
  }

  /// Compares what was pushed, and what is held, with the model.
  void check() {
    for (const auto& [to, number] : std::exchange(pushes_, {})) {
      Peer* peer = nullptr;
      for (Peer& each : peers_) {
        peer = each.id == to ? &each : peer;
      }
      ASSERT_NE(peer, nullptr);
      EXPECT_TRUE(peer->is_logged_in);
      EXPECT_GT(number, peer->last_pushed) << "not in ascending order";
      peer->last_pushed = number;
      peer->pushed.push_back(number);
      const auto held = held_[peer->account].find(number);
      ASSERT_NE(held, held_[peer->account].end()) << "pushed though it is acknowledged";
      EXPECT_EQ(held->second, texts_of_pushes_[number]);
    }
    std::uint64_t bytes = 0;
    std::set<std::uint64_t> numbers;
    for (const auto& account : held_) {
      for (const auto& [number, text] : account) {
        bytes += charge_of("ann", "bob", text);  // all names have the same length
        numbers.insert(number);
      }
    }
    EXPECT_EQ(bench_.registry().queued_bytes(), bytes);
    EXPECT_EQ(stored_, numbers);
  }

  /// The peer reads all, so that its next command does not wait.
  void read_all(Peer& peer) {
    while (true) {
      const Effects more = bench_.write(peer.id);
      take(more);
      check();
      if (more.empty()) {
        return;
      }
    }
  }

  void enter(Peer& peer, std::size_t account, std::string_view client) {
    bool is_in_use = false;
    for (const Peer& each : peers_) {
      is_in_use |= each.is_logged_in && each.account == account;
    }
    apply(introduced(peer.id));
    const Effects effects = apply(login1(peer.id, kNames[account], client));
    if (is_in_use) {
      EXPECT_EQ(effects, (Effects{refused(peer.id, RefusalCode::LoggedInElsewhere)}));
    } else {
      EXPECT_EQ(effects, (Effects{logged_in1(peer.id, account + 1, held_[account].size(),
                                             highest_[{account, std::string(client)}])}));
      peer.is_logged_in = true;
      peer.account = account;
      peer.client = client;
    }
    check();
    read_all(peer);
  }

  void leave(Peer& peer, bool ends_first) {
    if (ends_first) {
      EXPECT_EQ(bench_.give_back(peer.id, true), Effects{});
      take(bench_.apply(event(peer.id, Ended{})));
    }
    take(bench_.close(peer.id));
    check();
    peer = {ConnectionId::make(peer.id.slot(), ++generation_)};
  }

  void deliver_to(Peer& peer) {
    read_all(peer);
    EXPECT_EQ(apply(one(deliver(peer.id))), (Effects{done(peer.id)}));
    check();
    read_all(peer);
  }

  void acknowledge_from(Peer& peer, std::uint64_t number) {
    const bool was_pushed =
        std::find(peer.pushed.begin(), peer.pushed.end(), number) != peer.pushed.end();
    if (was_pushed) {
      std::erase_if(peer.pushed, [number](std::uint64_t each) { return each <= number; });
      std::erase_if(held_[peer.account],
                    [number](const auto& each) { return each.first <= number; });
    }
    EXPECT_EQ(apply(acknowledge(peer.id, number)), (Effects{done(peer.id)}));
    check();
  }

  void send_from(Peer& peer) {
    read_all(peer);
    std::uint64_t& highest = highest_[{peer.account, peer.client}];
    const std::uint64_t n = below(4) == 0 ? below(highest + 3) : highest + 1;
    const std::size_t recipient = below(kNames.size() + 1);
    const std::string text = std::to_string(++texts_);
    const bool has_recipient = recipient < kNames.size();
    const std::string_view name = has_recipient ? kNames[recipient] : "nobody";
    Effect expected = accepted(peer.id, n, last_number_ + 1);
    const bool is_numbered = !peer.client.empty();
    if (is_numbered && n > 0 && n <= highest) {
      expected = accepted(peer.id, n, 0);
    } else if (is_numbered && n != highest + 1) {
      expected = refused_n(peer.id, {RefusalCode::NumberAhead, highest}, n);
    } else if (!has_recipient) {
      expected = refused_n(peer.id, {RefusalCode::NoSuchRecipient}, n);
    } else {
      held_[recipient].emplace(++last_number_, text);
      highest = is_numbered ? n : 0;
    }
    EXPECT_EQ(apply(send1(peer.id, n, name, text)), (Effects{expected}));
    check();
  }

  std::mt19937 random_;
  RegistryBench bench_;
  std::vector<Peer> peers_;
  std::uint32_t generation_ = 0;
  std::array<std::map<std::uint64_t, std::string>, kNames.size()> held_;  // text by number
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> highest_;
  std::set<std::uint64_t> stored_;
  std::vector<std::pair<ConnectionId, std::uint64_t>> pushes_;  // not compared yet
  std::map<std::uint64_t, std::string> texts_of_pushes_;
  std::uint64_t last_number_ = 0;
  std::uint64_t texts_ = 0;
  std::string said_;
};

TEST(RegistryNumberedModel, AgreesWithTheRegistry) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed, {1, 2});
    for (int i = 0; i < 200 && !HasFailure(); ++i) {
      world.step();
    }
    world.drain();
    if (HasFailure()) {
      return;
    }
  }
}

TEST(RegistryNumberedModel, GivesTheSameOutputForTheSameInputs) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    World first(seed, {1, 2});
    World second(seed, {3, 4});
    for (int i = 0; i < 300; ++i) {
      first.step();
      second.step();
    }
    EXPECT_FALSE(first.said().empty());
    ASSERT_EQ(first.said(), second.said()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tribar
