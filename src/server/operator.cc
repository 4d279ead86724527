// SPDX-License-Identifier: MIT
//
// See operator.h.
#include "server/operator.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <unordered_map>

#include "chat/text.h"
#include "config/config_table.h"
#include "journal/sqlite/sqlite.h"
#include "secrets/hashing.h"
#include "secrets/vault.h"
#include "zero/wording.h"

namespace tribar {
namespace {

/// How long a station may take for an answer. The registry's waits for the store, too.
constexpr std::chrono::seconds kPatience{10};
/// The most sessions that are listed at once.
constexpr std::uint32_t kMostSessions = 10'000;
constexpr std::uint64_t kMostDrainSeconds = 86'400;

constexpr const char* kNoAnswer = "the server does not answer: it hangs, or is stopping";

std::string text_of(bool is_true) { return is_true ? "yes" : "no"; }

const char* error_of(OperationResult result) {
  switch (result) {
    case OperationResult::Done:
      return "";
    case OperationResult::NoSuchAccount:
      return "there is no such account";
    case OperationResult::NameTaken:
      return "there is such an account already";
    case OperationResult::NotLoggedIn:
      return "nobody is logged in to that account";
    case OperationResult::TooManyAccounts:
      return "there are as many accounts as limits.accounts allows";
    case OperationResult::StorageUnavailable:
      break;
  }
  return "storage is not available, try again later";
}

/// `body` with its views into `bytes`, which gets copies.
template <typename Body>
void own(ByteBuffer& bytes, Body& body) {
  const auto copy = [&bytes](std::string_view& view) {
    const std::size_t at = bytes.size();
    bytes.append(view);
    view = bytes.view().substr(at);
  };
  if constexpr (requires { body.name; }) {
    copy(body.name);
  }
  if constexpr (requires { body.hash; }) {
    copy(body.hash);
  }
  if constexpr (requires { body.pattern; }) {
    copy(body.pattern);
  }
}

}  // namespace

Operator::Operator(Server server) : server_(std::move(server)) {}

ControlAnswer Operator::carry_out(const ControlRequest& request) {
  const std::string first = request.arguments.empty() ? std::string() : request.arguments.front();
  if (request.verb->needs_leader && !server_.has_store()) {
    return {{}, "this server is a standby: ask the one that leads"};
  }
  switch (request.verb->verb) {
    case ControlVerb::Status:
      return show_status();
    case ControlVerb::Sessions:
      return show_sessions(request.arguments.empty() ? "*" : first);
    case ControlVerb::Kick:
      return answer_of(EndSession{first});
    case ControlVerb::UserAdd:
      return add_user(first, request.secret);
    case ControlVerb::UserDelete:
      return answer_of(DeleteAccount{first});
    case ControlVerb::UserSetSecret:
      return set_secret(first, request.secret);
    case ControlVerb::UserShow:
      return show_user(first);
    case ControlVerb::Reload:
      return reload();
    case ControlVerb::Drain:
      return drain(request.arguments.empty() ? "0" : first);
    case ControlVerb::LogLevel:
      return log_level(first);
    case ControlVerb::Backup:
      return backup(first);
    case ControlVerb::Certificate:
      break;
  }
  return show_certificate();
}

void Operator::take(OperationAnswer answer) {
  const std::lock_guard lock(mutex_);
  const auto found = asked_.find(answer.ticket);
  if (found != asked_.end()) {
    found->second->value = std::move(answer);
    changed_.notify_all();
  }
}

void Operator::end() {
  const std::lock_guard lock(mutex_);
  ending_.request_stop();
  changed_.notify_all();
}

template <typename T>
void Operator::answer(Slot<T>& slot, T value) {
  const std::lock_guard lock(mutex_);
  slot.value = std::move(value);
  changed_.notify_all();
}

template <typename T>
std::optional<T> Operator::await(Slot<T>& slot) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return slot.value || ending_.stop_requested(); });
  return std::move(slot.value);
}

/// Nothing: it does not answer.
template <typename T>
std::optional<T> Operator::ask_loop(IoLoop& loop, std::function<T(IoLoop&)> question) {
  auto slot = std::make_shared<Slot<T>>();
  loop.call([this, &loop, slot, question = std::move(question)] { answer(*slot, question(loop)); });
  return await(*slot);
}

std::optional<OperationAnswer> Operator::ask_registry(OperationBody body) {
  auto slot = std::make_shared<Slot<OperationAnswer>>();
  Operate operation{0, body};
  {
    const std::lock_guard lock(mutex_);
    operation.ticket = ++last_ticket_;
    asked_.emplace(operation.ticket, slot);
  }
  auto batch = std::make_unique<Batch>();
  batch->bytes.reserve_tail(2 * kMostControlBytes);  // so that the views stay valid
  std::visit([&](auto& each) { own(batch->bytes, each); }, operation.body);
  batch->inputs.push_back({{}, 0, operation});
  server_.ask_registry(std::move(batch));
  auto answer = await(*slot);
  const std::lock_guard lock(mutex_);
  asked_.erase(operation.ticket);
  return answer;
}

ControlAnswer Operator::answer_of(OperationBody body) {
  const auto answer = ask_registry(body);
  return {{}, answer ? error_of(answer->result) : kNoAnswer};
}

ControlAnswer Operator::show_status() {
  const auto addresses = ask_loop<std::vector<std::string>>(
      *server_.loops.front(), [this](IoLoop&) { return server_.addresses(); });
  if (!addresses) {
    return {{}, kNoAnswer};
  }
  const MetricSources& from = server_.metrics;
  std::uint64_t connections = 0;
  for (const LoopCounters* loop : from.loops) {
    for (const Counter& open : loop->open) {
      connections += open.read();
    }
  }
  ControlAnswer answer;
  const auto add = [&](std::string key, std::string value) {
    answer.rows.push_back({{std::move(key), std::move(value)}});
  };
  add("state", server_.state());
  add("version", from.version);
  add("process", std::to_string(getpid()));
  add("listening", fmt::format("{}", fmt::join(*addresses, ", ")));
  add("connections", fmt::format("{}", connections));
  add("sessions", fmt::format("{}", from.registry->logged_in.read()));
  add("accounts", fmt::format("{}", from.registry->accounts.read()));
  add("messages_accepted", fmt::format("{}", from.registry->accepted.read()));
  add("messages_waiting_bytes", fmt::format("{}", from.registry->waiting_bytes.read()));
  if (from.journal != nullptr) {
    add("storage", from.journal->is_failing.read() == 0 ? "works" : "fails");
    add("commits", fmt::format("{}", from.journal->commits.read()));
  } else {
    add("storage", "none");
  }
  add("log_level", std::string(log::name_of(log::level())));
  return answer;
}

ControlAnswer Operator::show_sessions(const std::string& pattern) {
  const auto found = ask_registry(ShowSessions{pattern, kMostSessions});
  if (!found) {
    return {{}, kNoAnswer};
  }
  std::unordered_map<std::uint64_t, std::string> peers;
  for (IoLoop* loop : server_.loops) {
    const auto of_loop =
        ask_loop<std::vector<Switchboard::Peer>>(*loop, [](IoLoop& io) { return io.peers(); });
    if (!of_loop) {
      return {{}, kNoAnswer};
    }
    for (const Switchboard::Peer& peer : *of_loop) {
      peers.emplace(peer.id.value, peer.address);
    }
  }
  ControlAnswer answer;
  for (const SessionState& session : found->sessions) {
    const auto peer = peers.find(session.id.value);
    answer.rows.push_back({{"name", session.name},
                           {"from", peer == peers.end() ? "gone" : peer->second},
                           {"protocol", session.acknowledges ? "1" : "0"},
                           {"waiting", fmt::format("{}", session.messages)}});
  }
  if (found->unlisted > 0) {
    answer.rows.push_back({{"unlisted", fmt::format("{}", found->unlisted)}});
  }
  return answer;
}

ControlAnswer Operator::show_user(const std::string& name) {
  const auto found = ask_registry(ShowAccount{name});
  if (!found || found->result != OperationResult::Done) {
    return {{}, found ? error_of(found->result) : kNoAnswer};
  }
  const AccountState& account = found->account;
  return {{{{"name", name}},
           {{"id", fmt::format("{}", account.id.value)}},
           {{"online", text_of(!account.session.is_none())}},
           {{"secret", text_of(account.has_secret)}},
           {{"waiting", fmt::format("{}", account.messages)}},
           {{"waiting_bytes", fmt::format("{}", account.bytes)}},
           {{"clients", fmt::format("{}", account.clients)}}},
          {}};
}

ControlAnswer Operator::add_user(const std::string& name, const std::string& secret) {
  const auto settings =
      ask_loop<Config>(*server_.loops.front(), [this](IoLoop&) { return server_.settings(); });
  if (!settings) {
    return {{}, kNoAnswer};
  }
  if (const auto refusal = refuse_username(name, settings->limits.username_bytes)) {
    return {{}, text_of(*refusal)};
  }
  if (secret.empty()) {
    if (settings->secrets.policy == SecretsPolicy::Required) {
      return {{}, "every account needs a secret: secrets.policy is \"required\""};
    }
    return answer_of(AddAccount{name, {}});
  }
  return with_hash_of(secret, [&](const std::string& hash) {
    return answer_of(AddAccount{name, hash});
  });
}

ControlAnswer Operator::set_secret(const std::string& name, const std::string& secret) {
  return with_hash_of(secret, [&](const std::string& hash) {
    return answer_of(ReplaceHash{name, hash});
  });
}

/// Hashes on this thread: whoever operates the server must not wait behind those who log in.
ControlAnswer Operator::with_hash_of(const std::string& secret,
                                     const std::function<ControlAnswer(const std::string&)>& then) {
  if (!can_hash_secrets()) {
    return {{}, "this tribard was built without libsodium, so it has no secrets"};
  }
  auto refusal = refuse_text(secret);
  if (!refusal) {
    refusal = refuse_secret(secret);
  }
  if (refusal) {
    return {{}, text_of(*refusal)};
  }
  const auto hash = hash_secret(secret, kHashCost);
  return hash ? then(hash.value()) : ControlAnswer{{}, hash.error().reason};
}

ControlAnswer Operator::reload() {
  auto slot = std::make_shared<Slot<ControlAnswer>>();
  server_.reload([this, slot](ControlAnswer result) { answer(*slot, std::move(result)); });
  const auto result = await(*slot);
  return result ? *result : ControlAnswer{{}, kNoAnswer};
}

ControlAnswer Operator::drain(const std::string& text) {
  std::uint64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      seconds > kMostDrainSeconds) {
    return {{}, fmt::format("SECONDS must be a number, 0 to {}", kMostDrainSeconds)};
  }
  const auto begun = ask_loop<bool>(*server_.loops.front(),
                                    [this, seconds](IoLoop&) { return server_.drain(seconds); });
  if (!begun) {
    return {{}, kNoAnswer};
  }
  return {{}, *begun ? "" : "the server is draining or stopping already"};
}

ControlAnswer Operator::log_level(const std::string& name) {
  if (name.empty()) {
    return {{{{"log_level", std::string(log::name_of(log::level()))}}}, {}};
  }
  for (const auto& [known, level] : names_of(log::Level{})) {
    if (known == name) {
      log::set_level(level);
      return {};
    }
  }
  return {{}, "LEVEL must be error, warn, info or debug"};
}

ControlAnswer Operator::backup(const std::string& path) {
  switch (server_.config.storage.engine) {
    case StorageEngine::Memory:
      return {{}, "this server stores nothing"};
    case StorageEngine::Postgresql:
      return {{}, "a PostgreSQL database has its own backups, such as pg_dump"};
    case StorageEngine::Sqlite:
      break;
  }
  if (!path.starts_with('/')) {
    return {{}, "FILE must be an absolute path"};
  }
  const std::stop_token stop = ending_.get_token();
  if (const auto error = backup_sqlite_store(server_.config.storage.path, path, stop)) {
    return {{}, error->text};
  }
  const auto report = verify_sqlite_store(path, stop);
  if (stop.stop_requested()) {
    static_cast<void>(unlink(path.c_str()));
    return {{}, kNoAnswer};
  }
  if (!report) {
    return {{}, report.error().text};
  }
  if (!report.value().damage.empty()) {
    return {{}, fmt::format("the copy is damaged: {}", report.value().damage.front())};
  }
  return {{{{"accounts", fmt::format("{}", report.value().accounts)}},
           {{"messages", fmt::format("{}", report.value().messages)}},
           {{"verified", "yes"}}},
          {}};
}

ControlAnswer Operator::show_certificate() {
  ControlAnswer answer{server_.certificate(), {}};
  if (answer.rows.empty()) {
    answer.error = "no listener has TLS";
  }
  return answer;
}

}  // namespace tribar
