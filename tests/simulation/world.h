// SPDX-License-Identifier: MIT
//
// One run: a server with its lives, its clients, the network and the store between and under them,
// and the schedule that decides who acts next. All of it follows from the seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simulation/client.h"
#include "simulation/client0.h"
#include "simulation/client1.h"
#include "simulation/conversation.h"
#include "simulation/credit.h"
#include "simulation/diary.h"
#include "simulation/ledger.h"
#include "simulation/life.h"
#include "simulation/random.h"
#include "simulation/settings.h"
#include "simulation/storage.h"

namespace tribar::simulation {

class World {
 public:
  World(std::uint64_t seed, bool is_telling);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Runs to the end. Empty, or which promise was broken.
  std::string run();

  /// Differs as soon as two runs do.
  [[nodiscard]] std::uint64_t fingerprint() { return random_.next() ^ diary_.step; }

 private:
  /// How often who acts: so that in some runs one is slow and in some another.
  struct Weights {
    std::size_t loop, worker, journal, client, network, time, trouble, checks;
  };

  void act();
  void act_trouble();
  void run_server();
  void run_journal();
  void carry();
  void crash();
  void restart();
  void begin_life();
  void note_visible_end(const Link& link);
  void look();
  /// A connection to a listener of this protocol, by a client of that.
  std::shared_ptr<Link> connect(Protocol listener, Protocol client);
  std::unique_ptr<Client> make_client(std::size_t index);

  void calm_down();
  void run_until_idle();
  bool run_everything();
  void check_idle();
  void collect();
  void fill_queues();
  std::unique_ptr<Client0> log_in(const std::string& name);
  std::unique_ptr<Client1> log_in_with_secret(const std::string& name);
  void fetch(const std::string& name);

  Diary diary_;
  Random random_;
  Settings settings_;
  bool is_calm_ = false;
  Weights weights_;
  Ledger ledger_;
  Credit credit_;
  Storage storage_;
  std::vector<std::unique_ptr<Conversation>> conversations_;
  std::vector<std::shared_ptr<Link>> links_;
  std::unique_ptr<Life> life_;
  std::vector<std::string> names_;
  std::uint64_t last_message_ = 0;
  Client1::Secrets secrets_;
  std::uint64_t last_network_ = 1000;  // of those who fetch in the end
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace tribar::simulation
