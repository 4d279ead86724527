// SPDX-License-Identifier: MIT
//
// See client1.h. The order of this file: what it asks, what it hears.
#include "simulation/client1.h"

#include <algorithm>
#include <utility>

#include "zero/wording.h"

namespace tribar::simulation {

Client1::Client1(const World& world, Manner manner, Dial dial, Ledger& ledger, Secrets& secrets,
                 std::string installation, unsigned secret_percent)
    : Client(world, manner, std::move(dial), kVersion1),
      ledger_(ledger),
      secrets_(secrets),
      installation_(std::move(installation)),
      secret_percent_(secret_percent) {}

// What it asks.

void Client1::dial() {
  Client::dial();
  asked_.clear();
  received_.clear();
  pongs_.clear();
  has_asked_login_ = false;
  is_logged_in_ = false;
  must_start_again_ = false;
  awaits_deletion_ = false;
  if (installation_.empty() || numbered_name_ != name_) {
    unanswered_.clear();
    highest_ = 0;
    numbered_name_ = name_;
  }
  for (Unanswered& each : unanswered_) {
    each.is_under_way = false;
  }
}

void Client1::ask(std::string& out, Kind kind, const Command1& command, std::string what) {
  append_command1(out, command);
  asked_.push_back({kind, std::move(what)});
}

void Client1::log_in(std::string_view secret) {
  has_asked_login_ = true;
  ask(link_->travelling, Kind::Login, Login{name_, installation_, secret});
}

void Client1::enter(std::string& out) {
  has_asked_login_ = true;
  if (wants_create_) {
    const std::string secret = random_.chance(secret_percent_) ? new_secret() : std::string();
    ask(out, Kind::Create, Create{name_, installation_, secret}, secret);
  } else {
    const std::string secret = some_secret();
    ask(out, Kind::Login, Login{name_, installation_, secret}, secret);
  }
}

/// Mostly the right one, as far as anybody knows.
std::string Client1::some_secret() {
  const std::vector<std::string>& known = secrets_[name_];
  if (random_.chance(5)) {
    return "no secret of anybody";
  }
  if (known.empty()) {
    return {};
  }
  const std::size_t back = random_.chance(65) ? 0 : random_.between(1, 2);
  return known[known.size() - 1 - std::min(back, known.size() - 1)];
}

/// `secret` is the account's, or may be soon.
void Client1::learn(const std::string& secret) {
  std::vector<std::string>& known = secrets_[name_];
  std::erase(known, secret);
  known.push_back(secret);
}

std::string Client1::new_secret() {
  learn(fmt::format("secret {} of {}", ++world_.last_message, name_));
  return secrets_[name_].back();
}

void Client1::write_command(std::string& out) {
  if (!pongs_.empty() && random_.chance(manner_.answers)) {
    out += std::exchange(pongs_, {});
    return;
  }
  if (!received_.empty() && random_.chance(manner_.acknowledges)) {
    return acknowledge(out);
  }
  if (!has_asked_login_) {
    return enter(out);
  }
  if (is_calm_) {
    return;
  }
  if (secret_percent_ > 0 && is_logged_in_ && random_.chance(manner_.changes)) {
    const std::string old_secret = random_.chance(85) ? own_secret_ : some_secret();
    const std::string secret = new_secret();
    return ask(out, Kind::SetSecret, SetSecret{old_secret, secret}, secret);
  }
  switch (random_.below(24)) {
    case 0:
      return ask(out, Kind::List, List{});
    case 1:
      return ask(out, Kind::List, List{random_.chance(50) ? "[a-c]*" : random_.pick(world_.names)});
    case 2:
    case 3:
    case 4:
      // Refused it has an answer, which would be taken for that to another command.
      if (is_logged_in_) {
        append_command1(out, Deliver{});
      }
      return;
    case 5:
      if (random_.chance(30)) {
        const std::string secret = some_secret();
        awaits_deletion_ = true;
        ask(out, Kind::Delete, Delete{secret});
      }
      return;
    case 6:
      return append_command1(out, Ping{"are you there"});
    default:
      return write_message(out);
  }
}

/// The next one that is not under way: an old one, or a new one.
void Client1::write_message(std::string& out) {
  if (must_start_again_) {
    if (has_sends_under_way()) {
      return;
    }
    must_start_again_ = false;
  }
  auto next = std::find_if(unanswered_.begin(), unanswered_.end(),
                           [](const Unanswered& each) { return !each.is_under_way; });
  if (next == unanswered_.end()) {
    const std::size_t padding = random_.chance(5)    ? random_.between(0, 700)
                                : random_.chance(30) ? random_.between(0, 100)
                                                     : 0;
    std::string text = new_text(padding);
    if (random_.chance(20)) {
      text += random_.chance(50) ? " caf\xc3\xa9" : " a|||b";
    }
    unanswered_.push_back({random_.chance(3) ? "nobody" : random_.pick(world_.names), text});
    next = std::prev(unanswered_.end());
  }
  next->n = next == unanswered_.begin() ? highest_ + 1 : std::prev(next)->n + 1;
  next->is_under_way = true;
  append_command1(out, SendNumbered{next->n, next->recipient, next->text});
  asked_.push_back({Kind::Send, next->text});
}

bool Client1::has_sends_under_way() const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [](const Asked& asked) { return asked.kind == Kind::Send; });
}

/// All that was received, or a part of it.
void Client1::acknowledge(std::string& out) {
  const std::size_t count =
      is_calm_ || random_.chance(60) ? received_.size() : random_.between(1, received_.size());
  append_command1(out, Acknowledge{{received_[count - 1]}});
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(count));
}

/// What a client may do by mistake.
void Client1::write_mistake(std::string& out) {
  const auto frame = [&](FrameCode code, std::string_view data) {
    append_frame(out, static_cast<std::uint8_t>(code), data, kVersion1);
    asked_.push_back({});
  };
  switch (random_.below(14)) {
    case 0:
      return ask(out, Kind::Wrong, Create{random_.pick(world_.names), installation_, "short"});
    case 1:
      return ask(out, Kind::Wrong,
                 Login{random_.pick(world_.names), installation_, "not that one"});
    case 2: {
      const std::string text = new_text(0);
      return ask(out, Kind::Wrong, SendNumbered{0, name_, text});
    }
    case 3: {
      const std::string text = new_text(0);
      return ask(out, Kind::Wrong, SendNumbered{highest_ + 1000, name_, text});
    }
    case 4:
      return ask(out, Kind::Wrong, SetSecret{"not that one", "neither this one"});
    case 5:
      return ask(out, Kind::Wrong, Create{"far.too.long", "", ""});
    case 6:
      return append_command1(out, Acknowledge{{1'000'000'000}});
    case 7:
      return append_command1(out, Acknowledge{{0}});
    case 8:
      return append_command1(out, Pong{"of no ping"});
    case 9:
      return frame(FrameCode::Acknowledge, "many");
    case 10:
      return frame(FrameCode::Send, "1|||two");
    case 11:
      return frame(FrameCode::List, "\xff");
    case 12:
      return frame(FrameCode::Login, "one|||two");
    default:
      return frame(static_cast<FrameCode>(random_.between(13, 255)), "what");
  }
}

/// What no client should do.
void Client1::harm() {
  std::string& out = link_->travelling;
  is_spoilt_ = true;
  switch (random_.below(3)) {
    case 0:
      // Not as the first byte, which decides on the protocol.
      append_command1(out, Ping{});
      for (std::size_t left = random_.between(1, 200); left > 0; --left) {
        out += static_cast<char>(random_.below(256));
      }
      break;
    case 1:
      append_command1(out, Ping{});
      append_frame(out, 2, "another protocol");
      break;
    default: {
      // A frame that never ends.
      std::string front;
      append_frame(front, 2, std::string(1000, 'x'), kVersion1);
      out += front.substr(0, random_.between(1, front.size() - 1));
    }
  }
}

/// From now on it acknowledges and answers, and asks nothing more.
void Client1::calm_down() {
  is_calm_ = true;
  if (!is_connected() || has_hung_up() || is_spoilt_) {
    return;
  }
  link_->travelling += std::exchange(pongs_, {});
  if (!received_.empty() && manner_.acknowledges > 0) {
    acknowledge(link_->travelling);
  }
}

// What it hears.

void Client1::take_frame(const FrameCut& cut) {
  const auto parsed = parse_reply1(cut.code, cut.data);
  if (!parsed) {
    return;  // the checker of the connection knows
  }
  const Reply1& reply = parsed.value();
  if (const auto* response = std::get_if<Response1>(&reply)) {
    hear(*response);
  } else if (const auto* accepted = std::get_if<Accepted1>(&reply)) {
    hear_accepted(*accepted);
  } else if (const auto* delivery = std::get_if<Delivery1>(&reply)) {
    show(*delivery);
  } else if (const auto* ping = std::get_if<Ping>(&reply)) {
    append_command1(pongs_, Pong{ping->data});
  } else if (std::holds_alternative<ListResponse1>(reply)) {
    ++lists;
    if (!asked_.empty()) {
      asked_.pop_front();
    }
  }
}

void Client1::hear(const Response1& response) {
  refusals += response.is_ok() ? 0 : 1;
  if (asked_.empty()) {
    return;  // it is told to go
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  const bool is_of_secret =
      asked.kind == Kind::Create || asked.kind == Kind::Login || asked.kind == Kind::SetSecret;
  if (is_of_secret && response.is_ok()) {
    learn(asked.what);
    own_secret_ = asked.what;
  } else if (is_of_secret && asked.kind != Kind::Login) {
    std::erase(secrets_[name_], asked.what);
  }
  switch (asked.kind) {
    case Kind::Create:
    case Kind::Login:
      return hear_login(response);
    case Kind::Send:
      return hear_refused(asked.what, response);
    case Kind::Delete:
      awaits_deletion_ = false;
      if (response.is_ok()) {
        is_logged_in_ = false;
        has_asked_login_ = false;
        wants_create_ = random_.chance(80);
        unanswered_.clear();
        highest_ = 0;
      }
      return;
    case Kind::List:
    case Kind::SetSecret:
    case Kind::Wrong:
      return;
  }
}

void Client1::hear_login(const Response1& response) {
  if (!response.is_ok()) {
    if (!is_logged_in_) {
      wants_create_ = response.token == token1_of(RefusalCode::NoSuchUsername);
      has_asked_login_ = false;
    }
    return;
  }
  is_logged_in_ = true;
  const std::uint64_t highest = response.third.value_or(0);
  if (highest < highest_) {
    // Another account by now, or this one counts anew.
    unanswered_.clear();
    must_start_again_ = true;
  }
  while (!unanswered_.empty() && unanswered_.front().n != 0 && unanswered_.front().n <= highest) {
    unanswered_.pop_front();
  }
  highest_ = highest;
}

void Client1::hear_accepted(const Accepted1& accepted) {
  if (!asked_.empty()) {
    asked_.pop_front();
  }
  std::erase_if(unanswered_,
                [&](const Unanswered& each) { return each.is_under_way && each.n == accepted.n; });
  highest_ = std::max(highest_, installation_.empty() ? 0 : accepted.n);
}

/// Those behind a refused one come back, too, and are sent again with the numbers that follow.
void Client1::hear_refused(const std::string& text, const Response1& response) {
  must_start_again_ = true;
  const bool is_to_be_sent_again = response.token == token1_of(RefusalCode::NumberAhead) ||
                                   response.token == token1_of(RefusalCode::SendBeforeLogin) ||
                                   response.token == token1_of(RefusalCode::StorageUnavailable);
  const auto at = std::find_if(unanswered_.begin(), unanswered_.end(),
                               [&](const Unanswered& each) { return each.text == text; });
  if (at == unanswered_.end()) {
    return;
  }
  if (is_to_be_sent_again && !installation_.empty()) {
    at->is_under_way = false;
  } else {
    unanswered_.erase(at);
  }
}

/// Drops what it must have shown already. What it drops somebody has seen.
void Client1::show(const Delivery1& delivery) {
  ++messages;
  const std::uint64_t number = delivery.number.value;
  received_.push_back(number);
  const std::string text(delivery.message.text);
  MessageFacts* message = ledger_.message(text);
  if (message == nullptr) {
    return;
  }
  std::uint64_t& last = last_shown_[std::string(delivery.message.recipient)];
  if (number <= last) {
    if (!message->is_shown && message->taken == 0) {
      ledger_.diary.fail("message {} is dropped for its number {} behind {}, and nobody saw it",
                         text, number, last);
    }
    return;
  }
  last = number;
  if (!shown_.insert(text).second && !message->is_doubled) {
    ledger_.diary.fail("message {} is shown twice by {}", text, installation_);
  }
  message->is_shown = true;
}

}  // namespace tribar::simulation
