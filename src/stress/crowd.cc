// SPDX-License-Identifier: MIT
//
// See crowd.h.
#include "stress/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "chat/refusal.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar::stress {
namespace {

// What all accounts of a run call the installation that they send from.
constexpr std::string_view kClient = "stress";

/// How many users come back at a time, and when one that could not tries again.
constexpr std::size_t kReturningAtOnce = 128;
constexpr Nanos kReturnPause = 100 * kMillisecond;
/// How long a connection to the next server may take, and all servers may be away.
constexpr Nanos kConnectPatience = 2 * kSecond;
constexpr Nanos kLongestAbsence = 30 * kSecond;

constexpr std::uint8_t code_of(FrameCode code) { return static_cast<std::uint8_t>(code); }

bool has_token(const Response1& response, RefusalCode code) {
  return response.token == token1_of(code);
}

/// Whether a server that is about to end says so.
bool is_farewell(const Response1& response) {
  return response.token.empty() ? response.text == text_of({.code = RefusalCode::ShuttingDown})
                                : has_token(response, RefusalCode::ShuttingDown);
}

/// Whether a server refuses a login because it has too much to do.
bool is_busy(const Response1& response) { return has_token(response, RefusalCode::TooManySecrets); }

/// Whether it refuses one that it, or the next one, will take later.
bool is_passing(const Response1& response) {
  return is_busy(response) || is_farewell(response) ||
         has_token(response, RefusalCode::StorageUnavailable);
}

/// Whether a frame is refused because it is over the server's limit. In protocol 0 the text
/// contains the limit, so only the part before it is compared.
bool is_too_long(const Response1& response) {
  if (!response.token.empty()) {
    return has_token(response, RefusalCode::FrameTooLong);
  }
  const std::string known = text_of({.code = RefusalCode::FrameTooLong, .found = 0, .allowed = 0});
  return response.text.starts_with(std::string_view(known).substr(0, known.find('0')));
}

void add_to(Findings::Finding& finding, std::string_view name, std::string_view why) {
  if (finding.count++ == 0) {
    finding.first = fmt::format("{}: {}", name, log::escaped(why));
  }
}

}  // namespace

Crowd::Crowd(const Server& server, const TrafficSettings& settings, std::string secret,
             const Usernames& names, const Pairing& pairing)
    : server_(server),
      settings_(settings),
      secret_(std::move(secret)),
      names_(names),
      begun_(monotonic_now()),
      swarm_(server, names.count(), *this, settings.protocol),
      traffic_(settings, names, pairing, swarm_),
      players_(names.count()) {}

void Crowd::turn(Nanos until) {
  if (may_return()) {
    bring_back(swarm_.refresh_now());
    until = returning_.empty() ? until : std::min(until, swarm_.now() + kReturnPause);
  }
  swarm_.turn(until);
}

void Crowd::come_back(User user, Nanos pause, bool stays) {
  Player& player = players_[user];
  swarm_.close(user);
  if (!stays) {
    swarm_.leave_place(user);
  }
  player.returns = true;
  player.answers = 0;
  set_state(user, State::Returning);
  if (ready_ == 0 && !all_lost_at_) {
    all_lost_at_ = swarm_.now();
  }
  const Return next{user, swarm_.now() + pause};
  if (pause == 0) {
    returning_.push_front(next);
  } else {
    returning_.push_back(next);
  }
}

void Crowd::bring_back(Nanos now) {
  std::erase_if(connecting_, [this](User user) {
    const State state = players_[user].state;
    return (state != State::Creating && state != State::LoggingIn) || swarm_.has_written(user);
  });
  const std::vector<User> connecting = connecting_;
  for (const User user : connecting) {
    if (now > players_[user].entered + kConnectPatience) {
      come_back(user, kReturnPause);
    }
  }
  while (!returning_.empty() && returning_.front().at <= now &&
         connecting_.size() < kReturningAtOnce) {
    const User user = returning_.front().user;
    returning_.pop_front();
    if (players_[user].state == State::Returning) {
      connecting_.push_back(user);
      enter(user);
    }
  }
  if (all_lost_at_ && now > *all_lost_at_ + kLongestAbsence && !is_over()) {
    give_up_returning();
  }
}

void Crowd::give_up_returning() {
  is_server_gone_ = true;
  end_run("Every server gone");
  returning_.clear();
  for (User user = 0; user < count(); ++user) {
    const State state = players_[user].state;
    if (state == State::Returning || state == State::Creating || state == State::LoggingIn) {
      break_login(user, "no server takes it");
    }
  }
}

void Crowd::enter(User user) {
  Player& player = players_[user];
  player.entered = swarm_.refresh_now();
  player.answers = 0;
  set_state(user, player.has_account ? State::LoggingIn : State::Creating);
  const int error = swarm_.open(user);
  if (error != 0) {
    if (may_return() && !is_over()) {
      come_back(user, kReturnPause);
    } else {
      break_login(user, std::strerror(error));
    }
    return;
  }
  if (player.has_account) {
    write_login(user);
  } else if (is_numbered()) {
    write(user, Create{names_.name(user), kClient, secret_});
  } else {
    write(user, code_of(FrameCode::Create), names_.name(user));
  }
}

void Crowd::write_login(User user) {
  if (is_numbered()) {
    write(user, Login{names_.name(user), kClient, secret_});
  } else {
    write(user, code_of(FrameCode::Login), names_.name(user));
  }
}

void Crowd::leave(User user, bool is_for_good) {
  Player& player = players_[user];
  set_state(user, State::Leaving);
  swarm_.set_reading(user, true);
  if (is_for_good) {
    player.has_account = false;
    player.is_deleting = is_numbered();
    if (player.is_deleting) {
      write(user, Delete{secret_});
      return;  // until it is answered
    }
    write(user, code_of(FrameCode::Delete), {});
  }
  swarm_.finish(user);
}

void Crowd::cut(User user) {
  Player& player = players_[user];
  open_lists_ -= player.lists;
  lost_lists_ += std::exchange(player.lists, 0);
  player.answers = 0;
  set_state(user, State::Away);
  swarm_.close(user);
}

void Crowd::list(User user, std::string_view pattern) {
  ++players_[user].lists;
  ++open_lists_;
  if (is_numbered()) {
    write(user, List{pattern});
  } else {
    write(user, code_of(FrameCode::List), pattern);
  }
}

void Crowd::ask_for_undelivered(User user) {
  if (is_numbered()) {
    write(user, Deliver{});
  } else {
    write(user, code_of(FrameCode::Deliver), {});
  }
}

void Crowd::write(User user, const Command1& command) {
  std::string frame;
  append_command1(frame, command);
  std::copy(frame.begin(), frame.end(), swarm_.write(user, frame.size()));
}

void Crowd::write(User user, std::uint8_t code, std::string_view data) {
  char* out = swarm_.write(user, kHeaderBytes + data.size());
  put_header(out, code, data.size());
  if (!data.empty()) {
    std::memcpy(out + kHeaderBytes, data.data(), data.size());
  }
}

void Crowd::set_state(User user, State state) {
  const auto counter = [this](State of) -> User* {
    switch (of) {
      case State::Returning:
      case State::Creating:
      case State::LoggingIn:
        return &entering_;
      case State::Ready:
        return &ready_;
      case State::Leaving:
        return &leaving_;
      case State::Away:
        break;
    }
    return nullptr;
  };
  if (User* from = counter(players_[user].state)) {
    --*from;
  }
  if (User* to = counter(state)) {
    ++*to;
  }
  players_[user].state = state;
}

void Crowd::fail_login(User user, std::string_view why) {
  add_to(failed_logins_, names_.name(user), why);
  set_state(user, State::Away);
  swarm_.close(user);
}

void Crowd::break_login(User user, std::string_view why) {
  add_to(players_[user].has_account ? broken_logins_ : failed_logins_, names_.name(user), why);
  set_state(user, State::Away);
  swarm_.close(user);
  look_for_end(false);
}

void Crowd::give_up_entering(std::string_view why) {
  for (User user = 0; user < count(); ++user) {
    const State state = players_[user].state;
    if (state == State::Returning || state == State::Creating || state == State::LoggingIn) {
      fail_login(user, why);
    }
  }
}

Findings::Finding Crowd::failed_logins() const {
  Findings::Finding all = failed_logins_;
  if (!is_server_gone_ && broken_logins_.count > 0) {
    all.first = all.count > 0 ? all.first : broken_logins_.first;
    all.count += broken_logins_.count;
  }
  return all;
}

void Crowd::look_for_end(bool was_ready) {
  const bool has_begun = login_times_.total() > 0;
  if (is_over() || !has_begun || ready_ + entering_ + leaving_ > 0) {
    return;
  }
  if (!accepts(server_.places.front().address)) {
    is_server_gone_ = true;
    end_run("Server gone");
  } else if (was_ready) {
    end_run("The server had ended every connection");
  }
}

void Crowd::end_run(std::string_view why) {
  if (!is_over()) {
    end_ = fmt::format("{} at {:.1f} s", why, seconds(difference(swarm_.now(), begun_)));
  }
}

void Crowd::on_frame(User user, std::uint8_t code, std::string_view data) {
  if (is_numbered()) {
    on_reply(user, code, data);
    return;
  }
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Send:
      if (traffic_.receive(user, data) == Traffic::Came::Confirmation) {
        ++players_[user].answers;
      }
      return;
    case FrameCode::Response:
      on_response(user, {.token = data.empty() ? kOk : std::string_view(), .text = data});
      return;
    case FrameCode::ListResponse:
      on_list(user, data);
      return;
    case FrameCode::Create:
    case FrameCode::List:
    case FrameCode::Deliver:
    case FrameCode::Delete:
    case FrameCode::Login:
    case FrameCode::Accepted:
    case FrameCode::Acknowledge:
    case FrameCode::Secret:
    case FrameCode::Ping:
    case FrameCode::Pong:
      break;
  }
  traffic_.ledger().note_damage(user, fmt::format("a frame with command {}", code));
}

void Crowd::on_reply(User user, std::uint8_t code, std::string_view data) {
  const auto parsed = parse_reply1(code, data);
  if (!parsed) {
    traffic_.ledger().note_damage(user, parsed.error().text);
    return;
  }
  const Reply1& reply = parsed.value();
  if (const auto* delivery = std::get_if<Delivery1>(&reply)) {
    traffic_.receive(user, *delivery);
  } else if (const auto* accepted = std::get_if<Accepted1>(&reply)) {
    players_[user].answers +=
        traffic_.receive(user, *accepted) == Traffic::Came::Confirmation ? 1 : 0;
  } else if (const auto* response = std::get_if<Response1>(&reply)) {
    on_response(user, *response);
  } else if (const auto* list = std::get_if<ListResponse1>(&reply)) {
    std::string names;
    for (const ListResponse1::User& listed : list->users) {
      names += names.empty() ? "" : kDelimiter;
      names += listed.name;
    }
    on_list(user, names);
  } else if (const auto* ping = std::get_if<Ping>(&reply)) {
    write(user, Pong{ping->data});
  } else {
    traffic_.ledger().note_damage(user, "a PONG without a PING");
  }
}

void Crowd::on_response(User user, const Response1& response) {
  Player& player = players_[user];
  const bool is_entering = player.state == State::Creating || player.state == State::LoggingIn;
  if (is_entering && may_return() && is_passing(response)) {
    come_back(user, kReturnPause, is_busy(response));
    return;
  }
  switch (player.state) {
    case State::Creating:
      if (!response.is_ok()) {
        create_refusal_ = response.text;
        set_state(user, State::LoggingIn);
        write_login(user);
        return;
      }
      on_ready(user, response);
      return;
    case State::LoggingIn:
      if (player.has_account && has_token(response, RefusalCode::LoggedInElsewhere)) {
        write_login(user);  // the server has not noticed yet that the last connection ended
      } else if (player.returns && player.is_deleting &&
                 has_token(response, RefusalCode::NoSuchUsername)) {
        player.is_deleting = player.has_account = false;  // the server that was lost has done it
        set_state(user, State::Leaving);
        swarm_.finish(user);
      } else if (!response.is_ok()) {
        fail_login(user, response.text);
      } else {
        if (is_numbered() && !response.waiting) {
          traffic_.ledger().note_damage(user, "an answer to a login without figures");
        }
        on_ready(user, response);
      }
      return;
    case State::Leaving:
      if (player.is_deleting && !is_farewell(response)) {
        player.is_deleting = false;
        if (!response.is_ok()) {
          traffic_.ledger().note_refused(user, response.text);
        }
        swarm_.finish(user);
        return;
      }
      [[fallthrough]];
    case State::Ready:
      if (response.is_ok()) {
        traffic_.ledger().note_damage(user, "an unexpected answer");
      } else {
        on_refusal(user, response);
      }
      return;
    case State::Returning:
    case State::Away:
      return;
  }
}

void Crowd::on_ready(User user, const Response1& response) {
  Player& player = players_[user];
  player.has_account = true;
  login_times_.record(swarm_.now() - player.entered);
  set_state(user, State::Ready);
  if (is_numbered()) {
    traffic_.log_in(user, response.third.value_or(0));
  }
  if (all_lost_at_) {
    longest_absence_ = std::max(longest_absence_, difference(swarm_.now(), *all_lost_at_));
    all_lost_at_.reset();
  }
  if (std::exchange(player.returns, false)) {
    ++returns_;
    player.is_deleting = false;
    ask_for_undelivered(user);  // it was not there for what came meanwhile
    for (std::uint32_t lists = player.lists; lists > 0; --lists) {
      on_list(user, std::nullopt);
    }
  }
  if (player.behaviour != nullptr) {
    player.behaviour->on_ready(user);
  }
}

void Crowd::on_refusal(User user, const Response1& response) {
  Player& player = players_[user];
  const std::string_view text = response.text;
  if (is_farewell(response)) {
    return;  // an answer to no command: the connection is about to end
  }
  if (may_return() && has_token(response, RefusalCode::StorageUnavailable)) {
    come_back(user, kReturnPause);  // and sends what it could not
    return;
  }
  if (has_token(response, RefusalCode::NumberAhead) &&
      traffic_.numbered().return_one(user, response.third.value_or(0))) {
    return;
  }
  if (is_numbered() ? traffic_.refuse(user, text) : traffic_.ledger().refuse(user, text)) {
    ++player.answers;
    if (is_too_long(response)) {
      end_run(fmt::format("--bytes {}: refused by the server (\"{}\")", settings_.most_bytes,
                          log::escaped(text)));
    }
  } else if (player.lists > 0) {
    traffic_.ledger().note_refused(user, text);
    on_list(user, std::nullopt);
  } else {
    traffic_.ledger().note_damage(user,
                                  fmt::format("an unexpected answer, \"{}\",", log::escaped(text)));
  }
}

void Crowd::on_list(User user, std::optional<std::string_view> names) {
  Player& player = players_[user];
  if (player.lists == 0) {
    traffic_.ledger().note_damage(user, "an unexpected list");
    return;
  }
  --player.lists;
  --open_lists_;
  ++answered_lists_;
  if (player.behaviour != nullptr) {
    player.behaviour->on_list(user, names);
  }
}

void Crowd::on_read(User user) {
  Player& player = players_[user];
  if (is_numbered() && player.state == State::Ready) {
    traffic_.acknowledge(user);
  }
  if (player.answers > 0 && player.behaviour != nullptr) {
    player.behaviour->on_answers(user, player.answers);
  }
  player.answers = 0;
}

void Crowd::on_gone(User user, std::string_view why) {
  Player& player = players_[user];
  if (may_return() && !is_over()) {
    const bool is_entering = player.state == State::Creating || player.state == State::LoggingIn;
    if (player.state == State::Ready) {
      come_back(user, 0);
      return;
    }
    if (is_entering || (player.state == State::Leaving && player.is_deleting)) {
      player.has_account = player.has_account || player.is_deleting;
      come_back(user, kReturnPause);
      return;
    }
  }
  open_lists_ -= player.lists;
  lost_lists_ += std::exchange(player.lists, 0);
  switch (player.state) {
    case State::Creating:
    case State::LoggingIn:
      // A server at its limit sends an error and closes the connection.
      break_login(user, player.has_account || create_refusal_.empty() ? why : create_refusal_);
      return;
    case State::Ready:
      set_state(user, State::Away);
      traffic_.ledger().note_disconnected(user, why);
      look_for_end(true);
      return;
    case State::Leaving:
      set_state(user, State::Away);
      // A server that is lost takes acknowledgements with it.
      if (is_numbered() && !may_return()) {
        traffic_.numbered().trust_acknowledgements(user);
      }
      if (player.behaviour != nullptr) {
        player.behaviour->on_left(user);
      }
      return;
    case State::Returning:
    case State::Away:
      return;
  }
}

}  // namespace tribar::stress
