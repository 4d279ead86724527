// SPDX-License-Identifier: MIT
//
// What one pair of servers needs for so many people, and which part gives out first: a model for
// what is too large to be run. It multiplies costs that were measured one by one; each says by
// what. docs/scale.md has the tables and what follows from them.
//
//   scale [PEOPLE [MESSAGES_A_DAY [ONLINE_PERCENT [WAITING [TEXT_BYTES [CORES]]]]]]
//
// PEOPLE: 0 is for 1, 10 and 100 million. The others are for each person, at the busiest time of
// the day: messages sent, the share that is connected, messages that wait. CORES: of the server's
// machine.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// What things cost. Seconds of a core, bytes.
constexpr double kAccountBytes = 106;           // scripts/bench-growth
constexpr double kConnectionBytes = 431 - 106;  // the same
constexpr double kTlsBytes = 14.2 * 1024;       // tests/bench/tls
constexpr double kWaitingBytes = 49;            // scripts/bench-growth: of a message, but its text
constexpr double kMessageS = 3e-6;              // scripts/two-machines measure, 100 users x 16
constexpr double kTlsMessageS = 7e-6;           // tests/bench/tls: a record of its own
constexpr double kRegistryS = 60e-9;            // tests/bench/stations: one thread at a time
constexpr double kHandshakeS = 350e-6;          // tests/bench/tls
constexpr double kSecretS = 28e-3;              // the same: checked at each login
constexpr double kRowBytes = 150;         // on disk, but the text: scripts/two-machines measure
constexpr double kWalBytes = 240;         // the same: inserted and deleted, but the text
constexpr double kFrameBytes = 42 + 70;   // docs/protocol.md: header, names, number, time
constexpr double kLoadAccountS = 0.4e-6;  // tests/bench/takeover
constexpr double kLoadMessageS = 0.5e-6;  // the same

// What one of each can do.
constexpr double kDatabaseRows = 228e3;   // a second, in groups: scripts/two-machines measure
constexpr double kMostConnections = 1e6;  // limits.connections
constexpr double kNetworkBytes = 1.25e9;  // 10 Gbit/s
constexpr double kMemoryBytes = 64e9;     // of the machine
constexpr double kLongestTakeoverS = 10;  // that people accept
constexpr double kLongestReturnS = 120;   // until all are logged in again

struct World {
  double people = 1e6;
  double messages_a_day = 100;
  double online = 0.1;
  double waiting = 10;
  double text_bytes = 64;
  double cores = 16;
};

/// `load` of what is there: above 1 the part has given out.
struct Part {
  std::string name;
  std::string need;
  double load = 0;
};

std::string seconds(double s) {
  return s < 120 ? fmt::format("{:.1f} s", s) : fmt::format("{:.0f} min", s / 60);
}

std::vector<Part> parts_of(const World& world) {
  constexpr double kPeak = 5;  // the busiest second of a day to the mean
  constexpr double kDayS = 86'400;
  const double rate = world.people * world.messages_a_day / kDayS * kPeak;
  const double online = world.people * world.online;
  const double waiting = world.people * world.waiting;
  const double memory = world.people * kAccountBytes + online * (kConnectionBytes + kTlsBytes) +
                        waiting * (kWaitingBytes + world.text_bytes);
  const double cores = rate * (kMessageS + kTlsMessageS);
  const double network = rate * 2 * (kFrameBytes + world.text_bytes);
  const double load = world.people * kLoadAccountS + waiting * kLoadMessageS;
  const double handshakes = online * kHandshakeS / world.cores;
  const double secrets = online * kSecretS / world.cores;
  const double disk = waiting * (kRowBytes + world.text_bytes);
  return {
      {"messages at the peak", fmt::format("{:.0f}/s", rate), 0},
      {"registry, one thread", fmt::format("{:.1f} %", 100 * rate * kRegistryS), rate * kRegistryS},
      {"cores, with TLS", fmt::format("{:.2f} of {:.0f}", cores, world.cores), cores / world.cores},
      {"memory, with TLS", fmt::format("{:.1f} GB", memory / 1e9), memory / kMemoryBytes},
      {"connections", fmt::format("{:.2f} M", online / 1e6), online / kMostConnections},
      {"network, each way", fmt::format("{:.0f} MB/s", network / 1e6), network / kNetworkBytes},
      {"rows of the database", fmt::format("{:.0f}/s", 2 * rate), 2 * rate / kDatabaseRows},
      {"its WAL", fmt::format("{:.0f} MB/s", rate * (kWalBytes + world.text_bytes) / 1e6),
       rate * (kWalBytes + world.text_bytes) / kNetworkBytes},
      {"its size", fmt::format("{:.1f} GB", disk / 1e9), 0},
      {"loading at a takeover", seconds(load), load / kLongestTakeoverS},
      {"all connect again: handshakes", seconds(handshakes), handshakes / kLongestReturnS},
      {"all log in again: secrets", seconds(secrets), secrets / kLongestReturnS},
  };
}

void print(const World& first, const std::vector<double>& people) {
  std::vector<std::vector<Part>> columns;
  for (const double count : people) {
    World world = first;
    world.people = count;
    columns.push_back(parts_of(world));
  }
  std::string head = "| part |";
  std::string line = "|---|";
  for (const double count : people) {
    head += fmt::format(" {:g} M people | load |", count / 1e6);
    line += "---|---|";
  }
  fmt::print("{}\n{}\n", head, line);
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    std::string text = fmt::format("| {} |", columns.front()[row].name);
    for (const std::vector<Part>& column : columns) {
      const Part& part = column[row];
      text += part.load == 0 ? fmt::format(" {} | |", part.need)
                             : fmt::format(" {} | {:.3g} |", part.need, part.load);
    }
    fmt::print("{}\n", text);
  }
}

}  // namespace

int main(int argc, char** argv) {
  World world;
  double people = 0;
  double online_percent = 100 * world.online;
  const std::array<double*, 6> values{&people,        &world.messages_a_day, &online_percent,
                                      &world.waiting, &world.text_bytes,     &world.cores};
  for (int i = 1; i < argc && i <= static_cast<int>(values.size()); ++i) {
    char* end = nullptr;
    *values[static_cast<std::size_t>(i - 1)] = std::strtod(argv[i], &end);
    if (*end != '\0' || end == argv[i]) {
      fmt::print(stderr, "scale: {} is not a number\n", argv[i]);
      return 64;
    }
  }
  world.online = online_percent / 100;
  print(world, people > 0 ? std::vector<double>{people} : std::vector<double>{1e6, 1e7, 1e8});
  return 0;
}
