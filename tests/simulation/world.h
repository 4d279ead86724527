// SPDX-License-Identifier: MIT
//
// One run: a server with its lives, its clients, the network and the store between and under them,
// and the schedule that decides who acts next. All of it follows from the seed.
//
// Or several servers, which share a database: one leads, and those that it replaced may not know
// it yet. To what the checker knows a takeover is the end of one life and the beginning of the
// next; the servers that were replaced go on beside that, and may say only what was decided before.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation/client.h"
#include "simulation/client0.h"
#include "simulation/client1.h"
#include "simulation/conversation.h"
#include "simulation/credit.h"
#include "simulation/database.h"
#include "simulation/diary.h"
#include "simulation/ledger.h"
#include "simulation/life.h"
#include "simulation/random.h"
#include "simulation/settings.h"
#include "simulation/storage.h"

namespace tribar::simulation {

class World {
 public:
  /// `is_shared`: several servers share a database.
  World(std::uint64_t seed, bool is_shared, bool is_telling);
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

  struct Server {
    std::shared_ptr<Host> host = std::make_shared<Host>();
    std::unique_ptr<Store> store;  // null: storage_, or nothing is stored
    std::unique_ptr<Life> life;
    std::uint64_t paused_until = 0;  // step, of one that was replaced
  };

  void act();
  void act_meanwhile();
  void act_trouble();
  void act_trouble_with_others();
  [[nodiscard]] Server& pick_server();
  void run_journal(Server& server);
  void carry();
  void crash();
  void restart();
  void take_over();
  void bury(Server& server);
  void begin_life();
  void start(Server& server);
  [[nodiscard]] Life::Listener listener_of(const std::shared_ptr<Host>& host);
  void note_taken(Host& host);
  void note_passed(const Host& host, const Batch& batch);
  void note_released(const Host& host, const Batch& batch);
  void end_replaced();
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
  Database database_;
  Server server_;                                             // that leads
  std::vector<Server> replaced_;                              // and not gone yet
  int acts_meanwhile_ = 0;                                    // one within the other
  std::set<std::pair<std::uint64_t, std::uint64_t>> closed_;  // by a journal: life, connection
  // When the registry of a life was done with a batch: see Database::moment.
  std::map<std::pair<std::uint64_t, const Batch*>, std::uint64_t> passed_;
  std::vector<std::string> names_;
  std::uint64_t last_message_ = 0;
  Client1::Secrets secrets_;
  std::uint64_t last_network_ = 1000;  // of those who fetch in the end
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace tribar::simulation
