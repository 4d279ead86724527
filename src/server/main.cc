// SPDX-License-Identifier: MIT
//
// tribard: arguments, config, log, Server; the one catch-all.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "base/log.h"
#include "base/standard_descriptors.h"
#include "journal/sqlite.h"
#include "server/config.h"
#include "server/options.h"
#include "server/server.h"

namespace tribar {
namespace {

int code(ExitCode exit_code) { return static_cast<int>(exit_code); }

/// The config that is meant; prints every mistake and exits if there is one.
Config config_or_exit(const ConfigChoice& choice) {
  if (!choice.file) {
    return Config{};
  }
  auto config = load_config(*choice.file);
  if (!config) {
    for (const std::string& mistake : config.error()) {
      fmt::print(stderr, "tribard: {}\n", mistake);
    }
    std::exit(code(ExitCode::BadConfig));
  }
  return config.value();
}

/// From this size on memory that is freed goes back to the system at once. Otherwise long answers,
/// made by one thread and freed by another, would leave holes that are several times as large.
constexpr int kReturnedBytes = 1 << 20;
/// What is free at the end of the heap stays for the next turn up to this: giving it back and
/// taking it again with each turn costs more than all else that a turn of large messages does.
constexpr int kKeptFreeBytes = 32 << 20;

int serve(const Config& config, const ConfigChoice& choice) {
  mallopt(M_MMAP_THRESHOLD, kReturnedBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptFreeBytes);
  log::configure(config.log.level, config.log.format);
  const log::Background background;
  log::info("server", "tribard {}: {}", TRIBAR_VERSION, choice.description);
  std::unique_ptr<Server> server;
  try {
    server = std::make_unique<Server>(config);
  } catch (const StorageError& error) {
    log::error("server", "{}", error.what());
    return code(error.is_io ? ExitCode::StorageFailed : ExitCode::BadConfig);
  } catch (const std::runtime_error& error) {
    log::error("server", "{}", error.what());
    return code(ExitCode::CannotListen);
  }
  return code(server->run(true) ? ExitCode::Fine : ExitCode::Bug);
}

/// Checks a store and prints what it holds.
int verify_storage(const std::string& path) {
  const auto report = verify_sqlite(path);
  if (!report) {
    fmt::print(stderr, "tribard: {}\n", report.error().text);
    return code(report.error().is_io ? ExitCode::StorageFailed : ExitCode::BadConfig);
  }
  const StoreReport& found = report.value();
  for (const std::string& damage : found.damage) {
    fmt::print("damaged: {}\n", damage);
  }
  fmt::print("{}: {} accounts, {} messages with {} bytes of text: {}\n", path, found.accounts,
             found.messages, found.message_bytes, found.damage.empty() ? "all is well" : "damaged");
  return code(found.damage.empty() ? ExitCode::Fine : ExitCode::StorageFailed);
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (!options) {
    fmt::print(stderr, "tribard: {}\n", options.error().text);
    return code(ExitCode::WrongUsage);
  }
  if (options.value().action == Options::Action::VerifyStorage) {
    return verify_storage(options.value().storage_file);
  }
  const ConfigChoice choice = choose_config(options.value(), std::getenv(kConfigVariable));
  switch (options.value().action) {
    case Options::Action::PrintHelp:
      fmt::print("{}", help_text());
      return code(ExitCode::Fine);
    case Options::Action::PrintVersion:
      fmt::print("tribard {}\n", TRIBAR_VERSION);
      return code(ExitCode::Fine);
    case Options::Action::CheckConfig:
      static_cast<void>(config_or_exit(choice));
      return code(ExitCode::Fine);
    case Options::Action::PrintConfig:
      fmt::print("{}\n", print_config(config_or_exit(choice)));
      return code(ExitCode::Fine);
    case Options::Action::VerifyStorage:
    case Options::Action::Serve:
      break;
  }
  return serve(config_or_exit(choice), choice);
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  try {
    return tribar::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tribard: a bug: {}\n", error.what());
    return static_cast<int>(tribar::ExitCode::Bug);
  }
}
