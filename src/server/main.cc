// SPDX-License-Identifier: MIT
//
// tribard: arguments, config, log, Server; the only catch-all for exceptions.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/core_dumps.h"
#include "base/log.h"
#include "base/output.h"
#include "base/standard_descriptors.h"
#include "config/config.h"
#include "journal/move_store.h"
#include "operate/service.h"
#include "secrets/vault.h"
#include "server/make_store.h"
#include "server/options.h"
#include "server/server.h"
#include "server/signals.h"
#include "server/start_check.h"
#include "uv/background.h"

namespace tribar {
namespace {

int code(ExitCode exit_code) { return static_cast<int>(exit_code); }

int complain(const std::string& text, ExitCode exit_code) {
  fmt::print(stderr, "{}tribard: {}\n", log::priority_of(log::Level::Error), text);
  return code(exit_code);
}

/// Prints `text`; returns `exit_code`, or OutputFailed if that failed.
int print(const std::string& text, ExitCode exit_code = ExitCode::Fine) {
  const auto failure = write_output(text);
  return failure ? complain(*failure, ExitCode::OutputFailed) : code(exit_code);
}

/// The exit code if a store cannot be used, see StoreOpenError::is_io.
ExitCode exit_code_of(bool is_io) { return is_io ? ExitCode::StorageFailed : ExitCode::BadConfig; }

int complain(const StoreOpenError& error) {
  return complain(error.text, exit_code_of(error.is_io));
}

ExitCode exit_code_of(Ending ending) {
  switch (ending) {
    case Ending::Fine:
      return ExitCode::Fine;
    case Ending::StorageFailed:
      return ExitCode::StorageFailed;
    case Ending::CannotListen:
      return ExitCode::CannotListen;
    case Ending::Deposed:
    case Ending::LeftOpen:
      break;
  }
  return ExitCode::Bug;
}

/// Loads the chosen config; prints all mistakes and exits if there are any.
Config config_or_exit(const ConfigChoice& choice) {
  if (!choice.file) {
    return Config{};
  }
  auto config = load_config(*choice.file);
  if (!config) {
    for (const std::string& mistake : config.error()) {
      complain(mistake, ExitCode::BadConfig);
    }
    std::exit(code(ExitCode::BadConfig));
  }
  return config.value();
}

/// Checks whether a server could start, and prints the result.
int check(const Config& config, const ConfigChoice& choice) {
  const auto store = make_store(config);
  if (!store) {
    return complain(store.error());
  }
  ExitCode result = ExitCode::Fine;
  ListenCheck listen = check_listen(config);
  const ListenCheck tls = check_tls(config);
  listen.remarks.insert(listen.remarks.end(), tls.remarks.begin(), tls.remarks.end());
  listen.problems.insert(listen.problems.end(), tls.problems.begin(), tls.problems.end());
  const std::vector<std::string> means = check_means(config);
  listen.problems.insert(listen.problems.end(), means.begin(), means.end());
  for (const std::string& problem : listen.problems) {
    result = ExitCode::CannotListen;
    complain(problem, result);
  }
  if (store.value() != nullptr) {
    if (const auto obstacle = store.value()->find_obstacle()) {
      result = exit_code_of(obstacle->is_io);
      complain(*obstacle);
    }
  }
  if (const auto obstacle = check_log(config)) {
    result = ExitCode::OutputFailed;
    complain(*obstacle, result);
  }
  if (result != ExitCode::Fine) {
    return code(result);
  }
  std::string text;
  for (const std::string& remark : listen.remarks) {
    text += remark + '\n';
  }
  return print(fmt::format("{}{}: the settings are valid\n", text, choice.description));
}

/// Freed blocks of this size or more return to the system at once. Otherwise long answers, which
/// one thread allocates and another frees, would leave gaps of several times their size.
constexpr int kReturnedBytes = 1 << 20;
/// Up to this much free memory at the end of the heap is kept for the next turn: returning and
/// requesting it in each turn would cost more than everything else that a turn with large messages
/// does.
constexpr int kKeptFreeBytes = 32 << 20;

int serve(const Config& first, const ConfigChoice& choice) {
  mallopt(M_MMAP_THRESHOLD, kReturnedBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptFreeBytes);
  log::configure(first.log.level, first.log.format);
  ignore_signals();
  auto log_file = log::open(first.log.file);
  if (!log_file) {
    return complain("log.file: " + log_file.error(), ExitCode::OutputFailed);
  }
  log::write_to(std::move(log_file.value()));
  const log::Background background;
  if (can_hash_secrets()) {
    forbid_core_dumps();
  }
  log::info("server", "tribard {}: {}", TRIBAR_VERSION, choice.description);
  const auto passed = take_passed_sockets();
  if (!passed) {
    log::error("server", "{}", passed.error());
    return code(ExitCode::CannotListen);
  }
  Config config = first;
  for (Beginning beginning = Beginning::WithStore;; beginning = Beginning::AsStandby) {
    std::unique_ptr<Server> server;
    try {
      server = std::make_unique<Server>(config, TransportFilter{}, passed.value(), beginning);
    } catch (const StorageError& error) {
      log::error("server", "{}", error.what());
      return code(exit_code_of(error.is_io));
    } catch (const std::runtime_error& error) {
      log::error("server", "{}", error.what());
      return code(ExitCode::CannotListen);
    }
    if (choice.file && *choice.file != kStandardInput) {
      server->set_config_file(*choice.file);
    }
    const Ending ending = server->run(true);
    if (ending != Ending::Deposed) {
      return code(exit_code_of(ending));
    }
    if (SignalWatch::is_stop_left()) {
      log::info("server", "stopped");
      return code(ExitCode::Fine);
    }
    config = server->settings();
  }
}

/// Checks a store and prints what it contains.
int verify_storage(const std::string& name) {
  const auto store = make_named_store(name);
  if (!store) {
    return complain(store.error());
  }
  const auto report = store.value()->verify();
  if (!report) {
    return complain(report.error());
  }
  const StoreReport& found = report.value();
  std::string text;
  for (const std::string& damage : found.damage) {
    text += fmt::format("damaged: {}\n", damage);
  }
  for (const std::string& leftover : found.leftovers) {
    text += fmt::format("removed at the next start: {}\n", leftover);
  }
  const char* verdict = !found.damage.empty()      ? "damaged"
                        : !found.leftovers.empty() ? "usable, with leftovers"
                                                   : "all is well";
  text += fmt::format("{}: {} accounts, {} with a secret, {} messages with {} bytes of text: {}\n",
                      store.value()->name(), found.accounts, found.secrets, found.messages,
                      found.message_bytes, verdict);
  return print(text, found.damage.empty() ? ExitCode::Fine : ExitCode::StorageFailed);
}

/// Copies a store into an empty one, and prints what it contains.
int move_storage(const std::string& from_name, const std::string& to_name) {
  const auto from = make_named_store(from_name);
  if (!from) {
    return complain(from.error());
  }
  const auto to = make_named_store(to_name);
  if (!to) {
    return complain(to.error());
  }
  const auto moved = move_store(*from.value(), *to.value());
  if (!moved) {
    return complain(moved.error());
  }
  std::string text;
  for (const std::string& warning : moved.value().warnings) {
    text += fmt::format("not copied: {}\n", warning);
  }
  text += fmt::format(
      "{0}: copied to {1}, and compared: {2} accounts, {3} with a secret, {4} messages; {0} is as "
      "it "
      "was: serve only one of them from now on\n",
      from.value()->name(), to.value()->name(), moved.value().accounts, moved.value().secrets,
      moved.value().messages);
  return print(text);
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (!options) {
    return complain(options.error().text, ExitCode::WrongUsage);
  }
  if (options.value().action == Options::Action::VerifyStorage) {
    return verify_storage(options.value().storage);
  }
  if (options.value().action == Options::Action::MoveStorage) {
    return move_storage(options.value().storage, options.value().move_to);
  }
  const ConfigChoice choice = choose_config(options.value(), std::getenv(kConfigVariable));
  switch (options.value().action) {
    case Options::Action::PrintHelp:
      return print(help_text());
    case Options::Action::PrintVersion:
      return print(fmt::format("tribard {}\n", TRIBAR_VERSION));
    case Options::Action::CheckConfig:
      return check(config_or_exit(choice), choice);
    case Options::Action::PrintConfig:
      return print(print_config(config_or_exit(choice)));
    case Options::Action::VerifyStorage:
    case Options::Action::MoveStorage:
    case Options::Action::Serve:
      break;
  }
  return serve(config_or_exit(choice), choice);
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  tribar::log::detect_journal(std::getenv("JOURNAL_STREAM"));
  int exit_code = 0;
  try {
    exit_code = tribar::run(argc, argv);
  } catch (const std::exception& error) {
    exit_code = tribar::complain(fmt::format("a bug: {}", error.what()), tribar::ExitCode::Bug);
  }
  if (tribar::uv::Background::is_work_left()) {
    std::_Exit(exit_code);  // all is written; see there
  }
  return exit_code;
}
