// SPDX-License-Identifier: MIT
//
// The settings of a simulated server: limits so small that a short run meets all of them.
#pragma once

#include <cstddef>

#include "chat/refusal.h"
#include "loop/switchboard.h"
#include "registry/registry.h"
#include "simulation/random.h"
#include "zero/command.h"

namespace tribar::simulation {

struct Settings {
  SwitchboardLimits loop;
  RegistryLimits registry;
  CommandLimits commands;
  std::size_t loops = 1;
  std::size_t workers = 1;
  bool is_durable = false;
  bool is_shared = false;      // several servers share the store
  bool is_filtered = false;    // an XorFilter stands over each connection
  unsigned busy_percent = 0;   // of the secrets: there is no room to check them
  unsigned fails_percent = 0;  // of the commits, and those behind it for a while
  unsigned recovers_permille = 0;
  unsigned one_percent = 0;      // of the clients: speak protocol 1
  unsigned clear_percent = 0;    // of their connections: somebody could read along
  unsigned secret_percent = 60;  // of the accounts that they create: have a secret
  std::size_t most_names = 5;
  std::size_t networks = 3;
  bool is_restless = false;  // clients come and go, and change secrets
};

/// What a dismissed session is told, and a command whose check came out wrong: texts that nothing
/// else gives there.
inline constexpr Refusal kDismissal{RefusalCode::ShuttingDown};
inline constexpr Refusal kWrongSecret{RefusalCode::SenderIsNotYou};

/// `is_shared`: of servers that share a store.
[[nodiscard]] inline Settings roll_settings(Random& random, bool is_shared) {
  Settings settings;
  settings.loops = random.chance(50) ? 1 : random.between(2, 3);
  settings.workers = random.between(1, 4);
  settings.is_shared = is_shared;
  settings.is_durable = is_shared || random.chance(60);
  settings.commands.username_bytes = 8;
  SwitchboardLimits& loop = settings.loop;
  loop.frames.frame_bytes = random.between(1024, 3000);
  loop.frames.in_flight_commands = random.chance(50) ? random.between(1, 6) : 1000;
  loop.frames.in_flight_bytes = random.chance(50) ? random.between(60, 2000) : 100'000;
  loop.connections = random.chance(30) ? random.between(2, 6) : 100;
  loop.outbox_bytes = random.chance(70) ? random.between(60, 2000) : 100'000;
  loop.buffered_bytes = random.chance(15) ? random.between(2000, 20'000) : 1'000'000;
  loop.long_frame_bytes =
      random.chance(50) ? static_cast<std::uint32_t>(random.between(60, 1000)) : 100'000;
  loop.login_ms = random.chance(50) ? random.between(300, 5000) : 0;
  loop.frame_ms = random.chance(50) ? random.between(100, 3000) : 0;
  loop.stalled_ms = random.chance(50) ? random.between(100, 5000) : 0;
  loop.commands_per_second = random.chance(15) ? random.between(50, 500) : 0;
  loop.connections_per_address = random.chance(15) ? random.between(2, 4) : 0;
  RegistryLimits& registry = settings.registry;
  registry.accounts = random.chance(15) ? random.between(1, 4) : 1000;
  registry.outbox_bytes = loop.outbox_bytes;
  registry.undelivered_messages = random.chance(40) ? random.between(0, 8) : 10'000;
  registry.undelivered_bytes = random.chance(20) ? random.between(0, 1500) : 1'000'000;
  registry.queued_bytes = random.chance(15) ? random.between(100, 4000) : 10'000'000;
  registry.list_names = random.chance(10) ? random.between(1, 3) : 1000;
  settings.is_filtered = random.chance(25);
  // Protocol 1 is half of it, alone or mixed.
  settings.one_percent = random.chance(30)   ? 0
                         : random.chance(40) ? 100
                                             : static_cast<unsigned>(random.between(20, 80));
  settings.fails_percent =
      settings.is_durable && random.chance(30) ? static_cast<unsigned>(random.between(2, 30)) : 0;
  settings.recovers_permille = static_cast<unsigned>(random.between(2, 30));
  settings.busy_percent = random.chance(20) ? static_cast<unsigned>(random.between(5, 50)) : 0;
  settings.clear_percent = random.chance(20) ? static_cast<unsigned>(random.between(5, 50)) : 0;
  loop.idle_ms = random.chance(30) ? random.between(300, 4000) : 0;
  // A few accounts, for which many contend: by their secrets, or over both protocols.
  if (settings.one_percent > 0 && random.chance(30)) {
    settings.most_names = random.between(1, 2);
    settings.is_restless = random.chance(70);
    settings.secret_percent = random.chance(50) ? 100 : 0;
    settings.one_percent = settings.secret_percent > 0 ? 100 : 50;
    registry.accounts = 1000;
    settings.networks = 100;
  }
  registry.frame_bytes = loop.frames.frame_bytes;
  registry.can_hash_secrets = true;
  registry.needs_secrets = settings.one_percent > 0 && random.chance(5);
  return settings;
}

}  // namespace tribar::simulation
