// SPDX-License-Identifier: MIT
//
// See live_settings.h.
#include "server/live_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "operate/service.h"
#include "server/listeners.h"
#include "server/station_limits.h"
#include "tls/tls_filter.h"
#include "uv/error.h"
#include "uv/listener.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "server";

/// The value of `result` goes to `place`, or its mistakes to `mistakes`.
template <typename T, typename Place>
void take(Result<T, std::vector<std::string>> result, Place& place,
          std::vector<std::string>& mistakes) {
  if (result) {
    place = std::move(result.value());
  } else {
    mistakes.insert(mistakes.end(), result.error().begin(), result.error().end());
  }
}

/// Logs those of `lines` that are not in `former`, each behind `words`.
void log_new(const std::vector<std::string>& lines, const std::vector<std::string>& former,
             log::Level level, std::string_view words) {
  for (const std::string& line : lines) {
    if (log::is_on(level) && std::find(former.begin(), former.end(), line) == former.end()) {
      log::write(level, kSubject, fmt::format("{}{}", words, line));
    }
  }
}

/// A standby should find out early what would keep it from serving.
void warn_of_taken_addresses(const std::vector<ListenerSettings>& listeners) {
  for (const ListenerSettings& listener : listeners) {
    if (!listener.socket.empty()) {
      continue;
    }
    for (const uv::Address& address : uv::resolve(listener.host, listener.port)) {
      if (const int code = uv::try_bind(address); code != 0) {
        log::warn(kSubject, "{}: {}: this standby could not serve there now",
                  uv::address_text(address.raw()), uv::text_of(code));
      }
    }
  }
}

}  // namespace

LiveSettings::LiveSettings(Server server, std::vector<uv::SharedSocket> passed)
    : server_(std::move(server)),
      tls_(std::make_shared<TlsWatch>()),
      tls_clock_(server_.loops.front()->loop(), [this] { look_at_tls(); }),
      background_(server_.loops.front()->loop()),
      listeners_(
          server_.loops.size(),
          [this](const ListenerSettings& listener, std::size_t loop) {
            return options_of(listener, *server_.loops[loop]);
          },
          std::move(passed)) {}

void LiveSettings::start() {
  if (server_.is_standby()) {
    listeners_.use_loops(1);
  }
  const Config& asked = server_.settings.asked();
  auto prepared = prepare(asked, load_tls(asked, *tls_));
  if (!prepared) {
    throw std::runtime_error(fmt::format("{}", fmt::join(prepared.error(), "; ")));
  }
  put_into_effect(std::move(prepared.value()));
  if (is_closed(asked)) {
    warn_of_taken_addresses(asked.listen);
  } else {
    refuse_idle_sockets();
  }
}

void LiveSettings::lead() {
  listeners_.use_loops(server_.loops.size());
  auto plan = plan_listeners(server_.settings.asked());
  if (!plan) {
    throw std::runtime_error(fmt::format("{}", fmt::join(plan.error(), "; ")));
  }
  tell_stations(std::move(plan.value()));
  refuse_idle_sockets();
}

std::string LiveSettings::state() const {
  if (server_.is_standby()) {
    return "Standby";
  }
  return fmt::format("Listening on {}", fmt::join(addresses(), ", "));
}

void LiveSettings::end() {
  tls_clock_ = uv::Timer{};
  if (!background_.end()) {
    log::warn(kSubject, "the settings or the files of TLS are still being read: ends without them");
  }
}

/// Does all that can fail about `asked`, or finds what is wrong with it. With mistakes nothing is
/// other than before.
Result<LiveSettings::Prepared, LiveSettings::Mistakes> LiveSettings::prepare(const Config& asked,
                                                                             LoadedTls tls) const {
  Mistakes mistakes;
  Prepared prepared;
  if (const auto problem = secrets_problem(asked)) {
    mistakes.push_back(*problem);
  }
  if (const auto problem = frame_problem(asked)) {  // its store is the one of before
    mistakes.push_back(*problem);
  }
  auto fit = server_.settings.fit(asked);
  if (fit) {
    prepared.fit = std::move(fit.value());
  } else {
    mistakes.push_back(fit.error());
  }
  if (asked.log.file != server_.settings.asked().log.file) {
    auto opened = log::open(asked.log.file);
    if (opened) {
      prepared.log = std::move(opened.value());
    } else {
      mistakes.push_back("log.file: " + opened.error());
    }
  }
  if (tls) {
    take(std::move(*tls), prepared.tls, mistakes);
  }
  take(plan_listeners(asked), prepared.listeners, mistakes);
  if (mistakes.empty()) {
    // Last, since this takes effect: nothing can fail any more.
    if (const auto error = server_.set_vault_threads(vault_thread_count(asked))) {
      mistakes.push_back("secrets.threads: cannot start a thread: " + error.message());
    }
  }
  if (!mistakes.empty()) {
    return mistakes;
  }
  return prepared;
}

/// Cannot fail. Workers and loops but the first hear of it within their next turn.
void LiveSettings::put_into_effect(Prepared prepared) {
  if (prepared.log) {
    log::write_to(std::move(*prepared.log));
  }
  // The level may be another one meanwhile, which stays unless the settings change.
  const Config::Log& log = prepared.fit.asked.log;
  const Config::Log& former = server_.settings.asked().log;
  if (log.level != former.level || log.format != former.format) {
    log::configure(log.level, log.format);
  }
  server_.settings.use(std::move(prepared.fit));
  if (prepared.tls) {
    tls_->use(std::move(*prepared.tls));
    tls_clock_.start(TlsWatch::kLookMs, TlsWatch::kLookMs);
  } else {
    tls_clock_.stop();
  }
  tell_stations(std::move(prepared.listeners));
}

void LiveSettings::reload(std::function<void(const ReloadResult&)> done) {
  server_.loops.front()->call([this, done = std::move(done)] {
    next_reload_.push_back(done);
    begin_reload();
  });
}

/// What asks while settings are read may come after a change of theirs, so they are read once more
/// then.
void LiveSettings::begin_reload() {
  if (background_.is_busy() || next_reload_.empty()) {
    return;
  }
  this_reload_ = std::exchange(next_reload_, {});
  if (!server_.is_leaving()) {
    service::tell_reloading();
  }
  reopen_log();
  auto reading = std::make_shared<Reading>();
  try {
    background_.start([reading, file = file_, in_effect = server_.settings.asked(),
                       tls = tls_] { *reading = read(file, in_effect, *tls); },
                      [this, reading] { end_reload(std::move(*reading)); });
  } catch (const std::system_error& error) {
    reading->result.mistakes.emplace_back(error.what());
    end_reload(std::move(*reading));
  }
}

void LiveSettings::end_reload(Reading reading) {
  const std::vector<std::string> former = addresses();
  const ReloadResult result = apply(std::move(reading));
  for (const std::string& line : describe(result)) {
    log::write(result.mistakes.empty() ? log::Level::Info : log::Level::Error, kSubject, line);
  }
  log_new(addresses(), former, log::Level::Info, "listening on ");
  log_new(former, addresses(), log::Level::Info, "not listening any more on ");
  if (!server_.is_leaving()) {
    service::tell_ready(state());
  }
  for (const auto& done : std::exchange(this_reload_, {})) {
    if (done) {
      done(result);
    }
  }
  begin_reload();
}

/// In the background.
LiveSettings::Reading LiveSettings::read(const std::optional<std::string>& file,
                                         const Config& in_effect, const TlsWatch& tls) {
  Reading reading;
  Config wanted = in_effect;
  reading.result.has_file = file.has_value();
  if (file) {
    auto loaded = load_config(*file);
    if (!loaded) {
      reading.result.mistakes = loaded.error();
      return reading;
    }
    wanted = std::move(loaded.value());
  }
  reading.asked = merge(in_effect, wanted, reading.result);
  reading.tls = load_tls(reading.asked, tls);
  return reading;
}

ReloadResult LiveSettings::apply(Reading reading) {
  if (server_.is_leaving()) {
    return {{}, {}, {"the server is stopping"}, reading.result.has_file};
  }
  if (!reading.result.mistakes.empty()) {
    return std::move(reading.result);
  }
  auto prepared = prepare(reading.asked, std::move(reading.tls));
  if (!prepared) {
    return {{}, {}, prepared.error(), reading.result.has_file};
  }
  put_into_effect(std::move(prepared.value()));
  if (!server_.is_standby()) {
    server_.tell_registry();  // a standby's is being loaded, and hears of it then
    if (const auto idle = listeners_.find_idle()) {
      log::warn(kSubject,
                "the service manager passes a socket at {}, where no listener of the settings is "
                "any more: who connects there waits",
                *idle);
    }
  }
  return std::move(reading.result);
}

/// The file may have been renamed, to be kept, so this does not depend on whether the settings are
/// good.
void LiveSettings::reopen_log() const {
  auto opened = log::open(server_.settings.asked().log.file);
  if (opened) {
    log::write_to(std::move(opened.value()));
  } else {
    log::error(kSubject, "log.file: {}; lines still go where they went", opened.error());
  }
}

/// Any thread. May take long.
LiveSettings::LoadedTls LiveSettings::load_tls(const Config& asked, const TlsWatch& tls) {
  return needs_tls(asked) ? LoadedTls(tls.load(tls_settings(asked))) : std::nullopt;
}

/// Once a minute: a file of TLS may have changed.
void LiveSettings::look_at_tls() {
  if (background_.is_busy() || !tls_->look()) {
    return;
  }
  auto loaded = std::make_shared<LoadedTls>();
  try {
    background_.start(
        [loaded, tls = tls_, settings = tls_->settings()] { *loaded = tls->load(settings); },
        [this, loaded] {
          tls_->renew(std::move(**loaded));
          begin_reload();  // if somebody has asked meanwhile
        });
  } catch (const std::system_error& error) {
    log::error(kSubject, "the files of TLS have changed, and cannot be read: {}", error.what());
  }
}

ListenerOptions LiveSettings::options_of(const ListenerSettings& listener, IoLoop& io) const {
  const Protocol protocol = protocol_of(listener);
  if (!listener.tls) {
    return {protocol, {}};
  }
  return {protocol, [this, &pacer = io.handshakes()](std::unique_ptr<Transport> under) {
            return make_tls_filter(std::move(under), tls_->current(), pacer);
          }};
}

/// It listens nowhere, with such settings.
bool LiveSettings::is_closed(const Config& asked) const {
  return server_.is_standby() && asked.standby_listeners == StandbyListeners::Closed;
}

Result<ListenerSet::Plan, LiveSettings::Mistakes> LiveSettings::plan_listeners(
    const Config& asked) const {
  return listeners_.plan(is_closed(asked) ? std::vector<ListenerSettings>{} : asked.listen,
                         {asked.tcp_keepalive_s, kUnsentBytes});
}

/// Of the limits in effect, and of `listeners`.
void LiveSettings::tell_stations(ListenerSet::Plan listeners) {
  server_.tell_stations(listeners_.adopt(std::move(listeners)));
  warn_of_exposure();
}

/// Throws if a socket was passed that no listener has taken.
void LiveSettings::refuse_idle_sockets() const {
  if (const auto idle = listeners_.find_idle()) {
    throw std::runtime_error(
        fmt::format("the service manager passes a socket at {}, where no listener of the settings "
                    "is: make them agree",
                    *idle));
  }
}

/// Of what can be reached from other machines; once, while nothing changes.
void LiveSettings::warn_of_exposure() {
  std::vector<std::string> warnings;
  for (const ListenerSet::Entry& entry : listeners_.entries()) {
    for (const ListenerSet::Place& place : entry.places) {
      if (place.address.is_loopback()) {
        continue;
      }
      for (const std::string& sentence :
           exposure_of(entry.settings, server_.settings.in_effect())) {
        warnings.push_back(fmt::format("{} can be reached from other machines, and {}",
                                       uv::address_text(place.address.raw()), sentence));
      }
    }
  }
  log_new(warnings, warnings_, log::Level::Warn, "");
  warnings_ = std::move(warnings);
}

}  // namespace tribar
