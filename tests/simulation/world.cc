// SPDX-License-Identifier: MIT
//
// See world.h. The order of this file: set-up, the schedule, troubles, the end.
#include "simulation/world.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "journal/fenced_store.h"
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

World::World(std::uint64_t seed, bool is_shared, bool is_telling)
    : diary_(is_telling),
      random_(seed),
      settings_(roll_settings(random_, is_shared)),
      weights_{random_.between(5, 40), random_.between(5, 40),
               random_.between(2, 30), random_.between(10, 40),
               random_.between(5, 40), random_.between(1, 10),
               random_.between(0, 2),  settings_.one_percent > 0 ? random_.between(1, 20) : 0},
      ledger_(settings_, diary_),
      credit_(settings_.registry.outbox_bytes, diary_),
      database_(storage_, diary_, random_) {
  const auto note_stored = [this](const Record& record) { ledger_.note_stored(record); };
  if (is_shared) {
    database_.on_stored = note_stored;
    database_.on_taken = [this](Host& host) { note_taken(host); };
    database_.meanwhile = [this] { act_meanwhile(); };
    database_.trouble_percent = random_.chance(70) ? static_cast<unsigned>(random_.below(30)) : 0;
  } else {
    storage_.on_stored = note_stored;
  }
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
  const std::size_t most = settings_.is_shared ? 4000 : settings_.one_percent > 0 ? 2500 : 900;
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
    database_.is_down = false;
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
  if (settings_.is_shared && random_.chance(20)) {
    database_.act();
  }
  Server& server = pick_server();
  if (is(weights_.loop)) {
    Loop& loop = *random_.pick(server.life->loops());
    if (loop.can_run()) {
      loop.run();
      look();
    }
  } else if (is(weights_.worker)) {
    const std::size_t worker = random_.below(settings_.workers);
    if (server.life->can_run_worker(worker)) {
      server.life->run_worker(worker);
    }
  } else if (is(weights_.journal)) {
    run_journal(server);
  } else if (is(weights_.client)) {
    clients_[random_.below(clients_.size())]->act();
  } else if (is(weights_.network)) {
    carry();
  } else if (is(weights_.time)) {
    diary_.now_ms += random_.chance(5) ? random_.between(100, 1500) : random_.between(1, 30);
  } else if (is(weights_.checks)) {
    if (server.life->can_answer_check()) {
      server.life->answer_check(random_.chance(75));
    }
  } else if (settings_.is_shared && random_.chance(70)) {
    act_trouble_with_others();
  } else {
    act_trouble();
  }
}

/// A server waits for the database, and its journal with it; everything else goes on.
void World::act_meanwhile() {
  if (is_calm_ || acts_meanwhile_ == 2) {
    return;
  }
  ++acts_meanwhile_;
  for (std::size_t left = random_.between(1, 60); left > 0 && !diary_.has_failed(); --left) {
    ++diary_.step;
    act();
  }
  --acts_meanwhile_;
}

/// Mostly the one that leads. Of those that were replaced, one that is not paused.
World::Server& World::pick_server() {
  if (!replaced_.empty() && random_.chance(40)) {
    Server& server = replaced_[random_.below(replaced_.size())];
    if (server.paused_until <= diary_.step) {
      return server;
    }
  }
  return server_;
}

/// `server` may be another one, or gone, when this returns.
void World::run_journal(Server& server) {
  const std::shared_ptr<Host> host = server.host;
  Life& life = *server.life;
  const bool is_check = settings_.is_shared && random_.chance(20);
  if (host->is_waiting || !(is_check || life.can_run_journal())) {
    return;
  }
  if (random_.chance(settings_.fails_percent)) {
    (settings_.is_shared ? database_.is_down : storage_.is_failing) = true;
  }
  host->is_waiting = true;
  try {
    if (is_check) {
      life.check_journal();
    } else {
      life.run_journal();
    }
    host->is_waiting = false;
    return;
  } catch (const Crash&) {
    host->is_waiting = false;
  }
  if (host == server_.host) {
    return crash();
  }
  const auto found = std::find_if(replaced_.begin(), replaced_.end(),
                                  [&host](const Server& each) { return each.host == host; });
  bury(*found);
  replaced_.erase(found);
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
  check_bounds(*server_.life, settings_, ledger_.longest_frame, diary_);
  // Short of buffers nothing is read, ends neither.
  if (settings_.loop.buffered_bytes < 100'000) {
    return;
  }
  for (const auto& loop : server_.life->loops()) {
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
  Server& server = pick_server();
  conversation.life = server.host->life;
  if (conversation.life != ledger_.life) {
    conversation.note_replaced();
  }
  server.life->connect(link);
  return link;
}

// Troubles.

void World::act_trouble() {
  switch (random_.below(8)) {
    case 0:
    case 1: {
      bool& is_failing = settings_.is_shared ? database_.is_down : storage_.is_failing;
      is_failing = settings_.is_durable && !is_failing;
      diary_.tell("storage {}", is_failing ? "fails" : "works");
      break;
    }
    case 2:
      if (settings_.is_durable) {
        crash();
      }
      break;
    case 3:
      if (settings_.is_durable && !settings_.is_shared) {
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
        server_.life->dismiss(session.id);
      }
      break;
    default:
      if (!links_.empty()) {
        random_.pick(links_)->is_failing = true;
      }
  }
}

void World::act_trouble_with_others() {
  switch (random_.below(6)) {
    case 0:
      database_.break_down(random_.chance(50));
      break;
    case 1:
      if (!replaced_.empty() && !replaced_.back().host->is_waiting) {
        bury(replaced_.back());
        replaced_.pop_back();
      }
      break;
    case 2:
    case 3:
      database_.trouble_percent = random_.chance(50) ? static_cast<unsigned>(random_.below(40)) : 0;
      break;
    default:
      take_over();
  }
}

/// While its journal waits for the database: as soon as that is on.
void World::crash() {
  if (server_.host->is_waiting) {
    server_.host->must_crash = true;
    return;
  }
  diary_.tell("the server crashes");
  ledger_.is_ending = true;
  bury(server_);
  storage_.close();  // by the system
  begin_life();
}

/// The process is gone, and its connections with it.
void World::bury(Server& server) {
  server.host->is_dead = true;
  server.life.reset();
  server.store.reset();
  for (const auto& link : links_) {
    if (static_cast<Conversation&>(*link->witness).life == server.host->life) {
      link->server_is_gone = true;
    }
  }
}

/// A stop in order, with little patience.
void World::restart() {
  if (server_.host->is_waiting) {
    return;
  }
  diary_.tell("the server stops");
  server_.life->begin_stop();
  for (std::size_t left = random_.between(0, 100); left > 0 && !server_.life->is_quiet(); --left) {
    try {
      run_everything();
    } catch (const Crash&) {
      return crash();
    }
  }
  ledger_.is_ending = true;
  try {
    server_.life->end();
  } catch (const Crash&) {
    storage_.close();  // The end is the same.
  }
  bury(server_);
  begin_life();
}

/// Another server leads from now on, and the one that does now has yet to learn it.
void World::take_over() {
  if (replaced_.size() == 2) {
    return;
  }
  diary_.tell("another server takes over");
  server_.paused_until = random_.chance(50) ? diary_.step + random_.between(1, 300) : 0;
  replaced_.push_back(std::move(server_));
  begin_life();
}

void World::begin_life() {
  if (!settings_.is_shared) {
    server_ = Server{};
    note_taken(*server_.host);
    return start(server_);
  }
  const unsigned trouble_percent = database_.trouble_percent;
  database_.trouble_percent = std::min(trouble_percent, 5U);
  for (int tries = 0; !diary_.has_failed(); ++tries) {
    if (tries == 10) {
      database_.trouble_percent = 0;
      database_.is_down = false;
    }
    Server server;
    StoreOptions options;
    options.waits_for_holder = false;
    server.store = std::make_unique<FencedStore>(
        std::make_unique<DatabaseClient>(database_, server.host), options);
    start(server);
    if (server.life->start_error().empty()) {
      server_ = std::move(server);
      break;
    }
    diary_.tell("a server does not start: {}", server.life->start_error());
    diary_.now_ms += 100;
    bury(server);
  }
  database_.trouble_percent = trouble_percent;
}

void World::start(Server& server) {
  Store* const own = settings_.is_durable ? &storage_ : nullptr;
  server.life = std::make_unique<Life>(settings_, server.store ? server.store.get() : own,
                                       listener_of(server.host), diary_, random_);
  if (!server.store && !server.life->start_error().empty()) {
    diary_.fail("{}", server.life->start_error());
  }
}

Life::Listener World::listener_of(const std::shared_ptr<Host>& host) {
  // Of servers that were replaced the checker is told nothing.
  const auto leads = [this, host] { return host->life == ledger_.life; };
  Life::Listener listener;
  listener.accepted = [this, leads](Link& link, ConnectionId id) {
    auto& conversation = static_cast<Conversation&>(*link.witness);
    conversation.id = id;
    if (leads()) {
      ledger_.note_accepted(conversation);
    }
  };
  listener.passed = [this, leads, host](const Batch& batch) {
    if (leads()) {
      ledger_.note_passed(batch);
      credit_.note_passed(batch);
    }
    note_passed(*host, batch);
  };
  listener.storage_state = [this, leads](bool is_up) {
    if (leads()) {
      diary_.tell("the journal says that storage {}", is_up ? "works" : "fails");
      ledger_.note_storage_state(is_up);
    }
  };
  listener.ticked = [this](std::uint64_t elapsed_ms) {
    ledger_.longest_tick_ms = std::max(ledger_.longest_tick_ms, elapsed_ms);
  };
  if (settings_.is_shared) {
    listener.released = [this, host](const Batch& batch) { note_released(*host, batch); };
    listener.lost = [this, leads, host] {
      diary_.tell("server {} learns that it was replaced", host->life);
      host->has_lost = true;
      if (leads()) {
        diary_.fail("server {} gives its store up, and nobody has taken it", host->life);
      }
    };
  }
  return listener;
}

/// From now on `host` leads: whoever did is replaced.
void World::note_taken(Host& host) {
  ledger_.begin_life(storage_);
  credit_.begin_life();
  host.life = ledger_.life;
  for (const auto& conversation : conversations_) {
    if (conversation->life != host.life) {
      conversation->note_replaced();
    }
  }
}

void World::note_passed(const Host& host, const Batch& batch) {
  if (settings_.is_shared) {
    passed_[{host.life, &batch}] = ++database_.moment;
  }
}

/// A server says only what a commit of its own confirms that began later: it did not know before
/// that nobody had replaced it. Whoever it does not say something to is closed, and what comes
/// behind that returns.
void World::note_released(const Host& host, const Batch& batch) {
  const auto found = passed_.find({host.life, &batch});
  const bool is_whole = found != passed_.end();
  const std::uint64_t passed = is_whole ? found->second : 0;
  for (const Effect& effect : batch.output.effects) {
    const auto* refuse = std::get_if<Refuse>(&effect.body);
    const bool is_storage_refusal =
        refuse != nullptr && refuse->refusal.code == RefusalCode::StorageUnavailable;
    if (std::holds_alternative<Close>(effect.body)) {
      closed_.insert({host.life, effect.to.value});
    } else if (!is_storage_refusal && !closed_.contains({host.life, effect.to.value}) &&
               (!is_whole || host.confirmed <= passed)) {
      diary_.fail("server {} says something that no later commit of it confirms", host.life);
    }
  }
  if (is_whole) {
    passed_.erase(found);
  }
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
  end_replaced();
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
  if (server_.life->connections() > 0) {
    diary_.fail("{} connections stay", server_.life->connections());
  }
  collect();
  fill_queues();
  ledger_.check_pairs();
}

/// Each server that was replaced learns it, at the latest when it looks.
void World::end_replaced() {
  database_.trouble_percent = 0;
  database_.is_down = false;
  while (database_.has_under_way()) {
    database_.act();
  }
  for (Server& server : replaced_) {
    server.life->run_journal();
    diary_.now_ms += 1000;
    server.life->run_journal();
    server.life->check_journal();
    if (!server.host->has_lost) {
      diary_.fail("server {} does not learn that it was replaced", server.host->life);
    }
    bury(server);
  }
  replaced_.clear();
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
    const auto due_ms = server_.life->next_due_ms();
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
  for (const auto& loop : server_.life->loops()) {
    if (loop->can_run()) {
      loop->run();
      look();
      has_moved = true;
    }
  }
  for (std::size_t worker = 0; worker < settings_.workers; ++worker) {
    if (server_.life->can_run_worker(worker)) {
      server_.life->run_worker(worker);
      has_moved = true;
    }
  }
  if (server_.life->can_answer_check()) {
    server_.life->answer_check(true);
    has_moved = true;
  }
  if (server_.life->can_run_journal()) {
    server_.life->run_journal();
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
  if (!server_.life->is_quiet()) {
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
  if (server_.life->registry().queued_bytes() != 0) {
    diary_.fail("{} bytes count as kept, and nothing is", server_.life->registry().queued_bytes());
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
