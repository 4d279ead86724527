// SPDX-License-Identifier: MIT
//
// See world.h. The order of this file: set-up, the schedule, troubles, the end.
#include "simulation/world.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "loop/connection.h"
#include "simulation/bounds.h"
#include "simulation/conversation0.h"
#include "simulation/conversation1.h"

namespace tribar::simulation {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
/// Longer than anything that the server waits for when nobody does anything.
constexpr std::uint64_t kIdleMs = 4000;
/// More rounds than any end needs.
constexpr int kMostRounds = 200'000;

}  // namespace

World::World(std::uint64_t seed, bool is_telling)
    : diary_(is_telling),
      random_(seed),
      settings_(roll_settings(random_)),
      weights_{random_.between(5, 40), random_.between(5, 40),
               random_.between(2, 30), random_.between(10, 40),
               random_.between(5, 40), random_.between(1, 10),
               random_.between(0, 2),  settings_.one_percent > 0 ? random_.between(1, 20) : 0},
      ledger_(settings_, diary_),
      credit_(settings_.registry.outbox_bytes, diary_) {
  storage_.on_stored = [this](const Record& record) { ledger_.note_stored(record); };
  names_ = {"ann", "bob", "cat", "dan", "eve"};
  names_.resize(settings_.most_names < 2 ? 1 : random_.between(2, settings_.most_names));
  begin_life();
  for (std::size_t left = random_.between(2, 8); left > 0; --left) {
    clients_.push_back(make_client(left));
  }
}

std::unique_ptr<Client> World::make_client(std::size_t index) {
  const Client::World shared{names_, last_message_, diary_, random_};
  Manner manner = roll_manner(random_);
  if (settings_.is_restless) {
    manner.leaves = static_cast<unsigned>(random_.between(1, 15));
    manner.changes = 30;
  }
  if (random_.chance(settings_.one_percent)) {
    // An undecided listener learns the protocol from the first byte.
    const Protocol protocol = random_.chance(70) ? Protocol::One : Protocol::Undecided;
    std::string installation = random_.chance(90) ? fmt::format("c{}", index) : "";
    return std::make_unique<Client1>(
        shared, manner, [this, protocol] { return connect(protocol, Protocol::One); }, ledger_,
        secrets_, std::move(installation), settings_.secret_percent);
  }
  // Who means harm may say 1.
  const Protocol protocol =
      manner.harms == 0 && random_.chance(30) ? Protocol::Undecided : Protocol::Zero;
  return std::make_unique<Client0>(shared, manner,
                                   [this, protocol] { return connect(protocol, Protocol::Zero); });
}

World::~World() { ledger_.is_ending = true; }

std::string World::run() {
  const std::size_t most = settings_.one_percent > 0 ? 2500 : 900;
  for (std::size_t left = random_.between(150, most); left > 0 && !diary_.has_failed(); --left) {
    ++diary_.step;
    act();
  }
  calm_down();
  return diary_.failure();
}

// The schedule.

void World::act() {
  if (settings_.fails_percent > 0 && random_.below(1000) < settings_.recovers_permille) {
    storage_.is_failing = false;
  }
  std::size_t at =
      random_.below(weights_.loop + weights_.worker + weights_.journal + weights_.client +
                    weights_.network + weights_.time + weights_.trouble + weights_.checks);
  const auto is = [&at](std::size_t weight) {
    if (at < weight) {
      at = kAll;
      return true;
    }
    at -= weight;
    return false;
  };
  if (is(weights_.loop)) {
    Loop& loop = *random_.pick(life_->loops());
    if (loop.can_run()) {
      loop.run();
      look();
    }
  } else if (is(weights_.worker)) {
    const std::size_t worker = random_.below(settings_.workers);
    if (life_->can_run_worker(worker)) {
      life_->run_worker(worker);
    }
  } else if (is(weights_.journal)) {
    run_journal();
  } else if (is(weights_.client)) {
    clients_[random_.below(clients_.size())]->act();
  } else if (is(weights_.network)) {
    carry();
  } else if (is(weights_.time)) {
    diary_.now_ms += random_.chance(5) ? random_.between(100, 1500) : random_.between(1, 30);
  } else if (is(weights_.checks)) {
    if (life_->can_answer_check()) {
      life_->answer_check(random_.chance(75));
    }
  } else {
    act_trouble();
  }
}

void World::run_journal() {
  if (!life_->can_run_journal()) {
    return;
  }
  storage_.is_failing |= random_.chance(settings_.fails_percent);
  try {
    life_->run_journal();
  } catch (const Crash&) {
    crash();
  }
}

/// Some bytes of some connection move on.
void World::carry() {
  std::erase_if(links_, [](const auto& link) { return link->server_is_gone && link->is_at_end(); });
  if (links_.empty()) {
    return;
  }
  Link& link = *random_.pick(links_);
  if (random_.chance(50)) {
    link.carry_up(random_.chance(30) ? random_.between(1, 60) : kAll);
  } else {
    link.carry_down(random_.chance(30) ? random_.between(1, 60) : kAll, random_);
  }
  look();
}

void World::note_visible_end(const Link& link) {
  const Connection* connection = link.connection;
  const bool is_end_visible = connection != nullptr && link.end_arrived && link.arrived.empty() &&
                              link.is_reading && connection->in_flight_commands == 0 &&
                              !connection->held && !connection->outbox;
  const bool is_break_visible = connection != nullptr && link.break_arrived && link.is_reading &&
                                connection->in_flight_commands == 0;
  if (is_end_visible || is_break_visible) {
    static_cast<Conversation*>(link.witness)->note_end_visible();
  }
}

/// What is to be seen when something came to rest.
void World::look() {
  check_bounds(*life_, settings_, ledger_.longest_frame, diary_);
  // Short of buffers nothing is read, ends neither.
  if (settings_.loop.buffered_bytes < 100'000) {
    return;
  }
  for (const auto& loop : life_->loops()) {
    for (const auto& link : loop->links()) {
      note_visible_end(*link);
    }
  }
}

std::shared_ptr<Link> World::connect(Protocol listener, Protocol client) {
  const std::uint64_t number = conversations_.size() + 1;
  if (client == Protocol::One) {
    conversations_.push_back(std::make_unique<Conversation1>(ledger_, number));
  } else {
    conversations_.push_back(std::make_unique<Conversation0>(ledger_, number));
  }
  Conversation& conversation = *conversations_.back();
  auto link = std::make_shared<Link>(conversation);
  link->network = PeerNetwork{random_.between(1, settings_.networks)};
  link->protocol = listener;
  link->is_private = !random_.chance(settings_.clear_percent);
  link->capacity = random_.chance(50) ? random_.between(1, 300) : 100'000;
  conversation.link = link;
  diary_.tell("#{}: a client connects", conversation.number());
  links_.push_back(link);
  life_->connect(link);
  return link;
}

// Troubles.

void World::act_trouble() {
  switch (random_.below(8)) {
    case 0:
    case 1:
      storage_.is_failing = settings_.is_durable && !storage_.is_failing;
      diary_.tell("storage {}", storage_.is_failing ? "fails" : "works");
      break;
    case 2:
      if (settings_.is_durable) {
        crash();
      }
      break;
    case 3:
      if (settings_.is_durable) {
        storage_.crash_at = random_.chance(50) ? Storage::CrashAt::Before : Storage::CrashAt::After;
      }
      break;
    case 4:
      if (settings_.is_durable) {
        restart();
      }
      break;
    case 5:
    case 6:
      if (!links_.empty()) {
        const auto& session = static_cast<Conversation&>(*random_.pick(links_)->witness);
        diary_.tell("#{}: is dismissed, if it is there", session.number());
        life_->dismiss(session.id);
      }
      break;
    default:
      if (!links_.empty()) {
        random_.pick(links_)->is_failing = true;
      }
  }
}

void World::crash() {
  diary_.tell("the server crashes");
  ledger_.is_ending = true;
  life_.reset();
  storage_.close();  // by the system
  begin_life();
}

/// A stop in order, with little patience.
void World::restart() {
  diary_.tell("the server stops");
  life_->begin_stop();
  for (std::size_t left = random_.between(0, 100); left > 0 && !life_->is_quiet(); --left) {
    try {
      run_everything();
    } catch (const Crash&) {
      return crash();
    }
  }
  ledger_.is_ending = true;
  try {
    life_->end();
  } catch (const Crash&) {
    storage_.close();  // The end is the same.
  }
  life_.reset();
  begin_life();
}

void World::begin_life() {
  for (const auto& link : links_) {
    link->server_is_gone = true;
  }
  ledger_.begin_life(storage_);
  credit_.begin_life();
  Life::Listener listener;
  listener.accepted = [this](Link& link, ConnectionId id) {
    auto& conversation = static_cast<Conversation&>(*link.witness);
    conversation.id = id;
    ledger_.note_accepted(conversation);
  };
  listener.passed = [this](const Batch& batch) {
    ledger_.note_passed(batch);
    credit_.note_passed(batch);
  };
  listener.storage_state = [this](bool is_up) {
    diary_.tell("the journal says that storage {}", is_up ? "works" : "fails");
    ledger_.note_storage_state(is_up);
  };
  listener.ticked = [this](std::uint64_t elapsed_ms) {
    ledger_.longest_tick_ms = std::max(ledger_.longest_tick_ms, elapsed_ms);
  };
  life_ = std::make_unique<Life>(settings_, settings_.is_durable ? &storage_ : nullptr,
                                 std::move(listener), diary_, random_);
}

// The end: everything works, everybody reads, and what was promised is there.

void World::calm_down() {
  if (diary_.has_failed()) {
    return;
  }
  diary_.tell("everything calms down");
  is_calm_ = true;
  settings_.busy_percent = 0;
  settings_.fails_percent = 0;
  storage_.is_failing = false;
  storage_.crash_at = Storage::CrashAt::Never;
  for (const auto& client : clients_) {
    if (!client->behaves()) {
      client->hang_up(random_.chance(50));
    }
  }
  run_until_idle();
  check_idle();
  for (const auto& client : clients_) {
    client->hang_up(random_.chance(50));
  }
  run_until_idle();
  if (life_->connections() > 0) {
    diary_.fail("{} connections stay", life_->connections());
  }
  collect();
  fill_queues();
  ledger_.check_pairs();
}

void World::run_until_idle() {
  // A connection that may say little in a second takes longer.
  const std::uint64_t end_ms =
      diary_.now_ms + (settings_.loop.commands_per_second > 0 ? 10 * kIdleMs : kIdleMs);
  for (int round = 0; !diary_.has_failed(); ++round) {
    if (round == kMostRounds) {
      diary_.fail("it never comes to rest");
      return;
    }
    ++diary_.step;
    if (run_everything()) {
      continue;
    }
    const auto due_ms = life_->next_due_ms();
    if (!due_ms || diary_.now_ms >= end_ms) {
      return;
    }
    diary_.now_ms = std::max(*due_ms, diary_.now_ms + 1);
  }
}

/// Whoever can do something does; false when nobody could.
bool World::run_everything() {
  bool has_moved = false;
  for (const auto& link : links_) {
    const std::size_t before = link->travelling.size() + link->kernel.size() +
                               link->writing.size() + (link->break_arrived ? 0 : 1) +
                               (link->end_arrived ? 0 : 1);
    link->carry_up(kAll);
    link->carry_down(kAll, random_);
    has_moved |= before != link->travelling.size() + link->kernel.size() + link->writing.size() +
                               (link->break_arrived ? 0 : 1) + (link->end_arrived ? 0 : 1);
  }
  for (const auto& client : clients_) {
    if (client->is_connected()) {
      client->receive(kAll);
      if (is_calm_) {
        client->calm_down();
      }
    }
  }
  for (const auto& loop : life_->loops()) {
    if (loop->can_run()) {
      loop->run();
      look();
      has_moved = true;
    }
  }
  for (std::size_t worker = 0; worker < settings_.workers; ++worker) {
    if (life_->can_run_worker(worker)) {
      life_->run_worker(worker);
      has_moved = true;
    }
  }
  if (life_->can_answer_check()) {
    life_->answer_check(true);
    has_moved = true;
  }
  if (life_->can_run_journal()) {
    life_->run_journal();
    has_moved = true;
  }
  return has_moved;
}

/// Nothing is stuck: who stayed has every answer, and every window is open.
void World::check_idle() {
  if (diary_.has_failed()) {
    return;
  }
  for (const auto& link : links_) {
    auto& conversation = static_cast<Conversation&>(*link->witness);
    if (link->connection == nullptr || link->is_broken() || link->connection->is_lost) {
      continue;
    }
    if (!conversation.is_complete()) {
      diary_.fail("#{} waits for ever: {}", conversation.number(), conversation.describe());
    }
    check_rest(*link->connection, diary_);
  }
  if (!life_->is_quiet()) {
    diary_.fail("something is under way for ever");
  }
}

std::unique_ptr<Client0> World::log_in(const std::string& name) {
  auto client =
      std::make_unique<Client0>(Client::World{names_, last_message_, diary_, random_}, Manner{},
                                [this] { return connect(Protocol::Zero, Protocol::Zero); });
  client->dial();
  client->set_name(name);
  client->ask(Login{name});
  return client;
}

/// Over protocol 1, and from a network where nobody has tried other secrets.
std::unique_ptr<Client1> World::log_in_with_secret(const std::string& name) {
  auto client = std::make_unique<Client1>(
      Client::World{names_, last_message_, diary_, random_}, Manner{},
      [this] {
        auto link = connect(Protocol::One, Protocol::One);
        link->network = PeerNetwork{++last_network_};
        link->is_private = true;
        return link;
      },
      ledger_, secrets_, "fetches", 0);
  client->dial();
  client->set_name(name);
  client->log_in(ledger_.secret_of(name));
  return client;
}

void World::fetch(const std::string& name) {
  const bool has_secret = !ledger_.secret_of(name).empty();
  if (has_secret || random_.chance(settings_.one_percent)) {
    auto client = log_in_with_secret(name);
    client->ask(Deliver{});
    client->ask(List{name});
    clients_.push_back(std::move(client));
  } else {
    auto client = log_in(name);
    client->ask(Deliver{});
    client->ask(List{name});
    clients_.push_back(std::move(client));
  }
}

/// Everybody who may be there fetches what waits.
void World::collect() {
  for (const std::string& name : names_) {
    if (diary_.has_failed() || !ledger_.account(name).may_exist) {
      continue;
    }
    fetch(name);
    run_until_idle();
    if (clients_.back()->lists != 1 && ledger_.settings.registry.list_names > 0 &&
        !settings_.registry.needs_secrets) {
      diary_.fail("{} does not get its list", name);
    }
    clients_.back()->hang_up(false);
    run_until_idle();
  }
  if (diary_.has_failed()) {
    return;
  }
  ledger_.check_delivered();
  if (life_->registry().queued_bytes() != 0) {
    diary_.fail("{} bytes count as kept, and nothing is", life_->registry().queued_bytes());
  }
  if (!storage_.messages.empty()) {
    diary_.fail("{} messages stay in the store, such as {}", storage_.messages.size(),
                storage_.messages.begin()->second.text);
  }
}

/// A queue takes exactly what its limits allow, whatever happened before.
void World::fill_queues() {
  std::vector<std::string> there;
  for (const std::string& name : names_) {
    if (ledger_.account(name).exists_since && ledger_.secret_of(name).empty()) {
      there.push_back(name);
    }
  }
  const RegistryLimits& limits = settings_.registry;
  if (diary_.has_failed() || there.size() < 2 || limits.undelivered_messages > 10) {
    return;
  }
  auto owned = log_in(there[0]);
  Client0& sender = *owned;
  clients_.push_back(std::move(owned));
  std::size_t allowed = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < limits.undelivered_messages + 2; ++i) {
    sender.send(there[1], 0);
    bytes += MessageFacts{there[0], there[1], fmt::format("m{}", last_message_)}.bytes();
    allowed += bytes <= limits.undelivered_bytes && bytes <= limits.queued_bytes &&
               allowed < limits.undelivered_messages;
  }
  run_until_idle();
  if (sender.messages != allowed) {
    diary_.fail("{} of {} messages are accepted for an empty queue", sender.messages, allowed);
  }
  sender.hang_up(false);
  run_until_idle();
  collect();
}

}  // namespace tribar::simulation
