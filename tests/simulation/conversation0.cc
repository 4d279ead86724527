// SPDX-License-Identifier: MIT
//
// See conversation0.h. The order of this file: what the server reads, what it says, answers one by
// one.
#include "simulation/conversation0.h"

#include <algorithm>

#include "loop/framer.h"
#include "registry/batch.h"
#include "zero/command.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar::simulation {
namespace {

std::string text_of_code(RefusalCode code, std::uint64_t allowed = 0, std::uint64_t found = 0) {
  return text_of(Refusal{code, found, allowed});
}

const std::string& storage_refusal() {
  static const std::string text = text_of_code(RefusalCode::StorageUnavailable);
  return text;
}

}  // namespace

Conversation0::Conversation0(Ledger& ledger, std::uint64_t number)
    : Conversation(ledger, number, kVersion0) {}

std::string Conversation0::said(const Refusal& refusal) const { return text_of(refusal); }

// What the server reads.

void Conversation0::ask(std::uint8_t code, std::string_view data) {
  Asked asked = new_asked();
  auto parsed = parse_command(code, data, ledger_.settings.commands);
  if (!parsed) {
    asked.wrong.push_back(text_of(parsed.error()));
  } else if (const auto* create = std::get_if<Create>(&parsed.value())) {
    asked.kind = Kind::Create;
    asked.what = create->username;
    ledger_.ask_to_create(asked.what);
    ledger_.account(asked.what).was_with_zero = true;
  } else if (const auto* login = std::get_if<Login>(&parsed.value())) {
    asked.kind = Kind::Login;
    asked.what = login->username;
    ledger_.account(asked.what).was_with_zero = true;
  } else if (const auto* list = std::get_if<List>(&parsed.value())) {
    asked.kind = Kind::List;
    asked.what = list->pattern;
  } else if (const auto* send = std::get_if<Send>(&parsed.value())) {
    asked.kind = Kind::Send;
    asked.what = send->message.text;
    MessageFacts& message = ledger_.add_message(asked.what);
    message.sender = send->message.sender;
    message.recipient = send->message.recipient;
    message.text = asked.what;
    message.from = this;
    message.is_excused = ledger_.account(message.recipient).unsettled_deletes > 0;
  } else if (std::holds_alternative<Deliver>(parsed.value())) {
    asked.kind = Kind::Deliver;
  } else {
    ask_to_delete(asked);
  }
  asked_.push_back(std::move(asked));
}

// What the server says.

void Conversation0::hear(const FrameCut& cut) {
  const auto parsed = parse_reply(cut.code, cut.data);
  if (!parsed) {
    return fail("the server says {}", parsed.error().text);
  }
  const Reply& reply = parsed.value();
  if (const auto* response = std::get_if<Response>(&reply)) {
    ledger_.diary.tell("#{}: server answers '{}'", number_, response->error);
    hear_response(std::string(response->error));
  } else if (const auto* list = std::get_if<ListResponse>(&reply)) {
    ledger_.diary.tell("#{}: server lists {} names", number_, list->usernames.size());
    hear_list(*list);
  } else {
    const Message& message = std::get<Delivery>(reply).message;
    ledger_.diary.tell("#{}: server says '{}' from {} to {}", number_, message.text.substr(0, 20),
                       message.sender, message.recipient);
    hear_message(message);
  }
}

/// An answer does not say when it was decided on, so only messages are judged.
void Conversation0::hear_late(const FrameCut& cut) {
  const auto parsed = parse_reply(cut.code, cut.data);
  const auto* delivery = parsed ? std::get_if<Delivery>(&parsed.value()) : nullptr;
  if (delivery == nullptr) {
    return;
  }
  ledger_.diary.tell("#{}: a replaced server says '{}'", number_,
                     delivery->message.text.substr(0, 20));
  MessageFacts* message = ledger_.message_told_as(delivery->message.text);
  if (message == nullptr || message->sender != delivery->message.sender ||
      message->recipient != delivery->message.recipient || !was_stored_in_time(*message)) {
    return fail("a server that was replaced says '{}' from {} to {}", delivery->message.text,
                delivery->message.sender, delivery->message.recipient);
  }
  message->taken += message->sender == account_ ? 0 : 1;
}

/// The first command is done if it has no answer and something behind it has.
bool Conversation0::pass_silent(bool is_storage_refusal) {
  if (asked_.empty() || account_.empty()) {
    return false;
  }
  const std::uint64_t read_ms = asked_.front().read_ms;
  if (asked_.front().kind == Kind::Deliver) {
    blocks_ -= std::min<std::size_t>(blocks_, 1);
  } else if (asked_.front().kind == Kind::Delete && !is_storage_refusal) {
    ledger_.account(account_).claim_end = ledger_.diary.step;
    ledger_.confirm_deleted(std::exchange(account_, {}), asked_.front().read_step);
    login_from_ms_ = read_ms;
  } else {
    return false;
  }
  settle(asked_.front());
  asked_.pop_front();
  return true;
}

/// Of a message to oneself, behind a half-close, the copy to the recipient may have returned to the
/// queue: what was heard was the confirmation then.
bool Conversation0::pass_echo_heard() {
  if (asked_.empty() || !is_echo_heard(asked_.front())) {
    return false;
  }
  MessageFacts& message = *ledger_.message(asked_.front().what);
  --message.taken;
  message.is_promised = true;
  message.promised_step = ledger_.diary.step;
  asked_.pop_front();
  return true;
}

void Conversation0::settle_silent(bool is_storage_refusal) {
  do {
    cut();
  } while (pass_silent(is_storage_refusal) || pass_echo_heard());
}

void Conversation0::hear_response(const std::string& text) {
  if (text == text_of_code(RefusalCode::TooManyConnections, ledger_.settings.loop.connections, 0)) {
    if (accepted_among <= ledger_.settings.loop.connections) {
      fail("refused among {} connections", accepted_among);
    }
    is_over_ = true;
    has_lost_stream_ = true;
    return;
  }
  const std::uint64_t per_address = ledger_.settings.loop.connections_per_address;
  if (per_address > 0 && text == text_of_code(RefusalCode::TooManyFromAddress, per_address, 0)) {
    if (accepted_among_network <= per_address) {
      fail("refused among {} connections of its address", accepted_among_network);
    }
    is_over_ = true;
    has_lost_stream_ = true;
    return;
  }
  if (text == text_of(kDismissal)) {
    return hear_dismissal();
  }
  if (hear_timeout(text)) {
    return;
  }
  settle_silent(text == storage_refusal());
  if (asked_.empty()) {
    return fail("an answer to nothing: '{}'", text);
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  if (text == storage_refusal() && !ledger_.may_have_been_down(asked.read_step)) {
    fail("storage is said to fail, and does not");
  }
  judge(asked, text);
  settle(asked);
  cut();
}

/// What was executed is answered before it, and the rest counts as nothing.
void Conversation0::hear_dismissal() {
  if (!is_dismissed_) {
    fail("is dismissed, and nobody asked for that");
  }
  is_over_ = true;
  has_lost_stream_ = true;
  for (const Asked& asked : asked_) {
    if (asked.kind != Kind::Send || is_echo_heard(asked)) {
      continue;
    }
    MessageFacts& message = *ledger_.message(asked.what);
    message.is_refused = true;
    if (message.taken > 0 || message.is_stored) {
      fail("message {} counts as nothing and was accepted", message.text);
    }
  }
}

/// The refusals that the clock brings.
bool Conversation0::hear_timeout(const std::string& text) {
  const SwitchboardLimits& limits = ledger_.settings.loop;
  const std::uint64_t now_ms = ledger_.diary.now_ms + ledger_.longest_tick_ms;
  if (text == text_of_code(RefusalCode::LoginTimeout, limits.login_ms)) {
    if (limits.login_ms == 0 || now_ms - login_from_ms_ < limits.login_ms) {
      fail("no time was left to log in");
    }
  } else if (text == text_of_code(RefusalCode::FrameTimeout, limits.frame_ms)) {
    settle_silent(false);
    if (limits.frame_ms == 0 || input_.empty() || !asked_.empty() ||
        now_ms - frame_from_ms_ < limits.frame_ms) {
      fail("no time was left for a frame");
    }
  } else {
    return false;
  }
  is_over_ = true;
  has_lost_stream_ = true;
  return true;
}

void Conversation0::hear_list(const ListResponse& list) {
  settle_silent(false);
  if (asked_.empty() || asked_.front().kind != Kind::List) {
    return fail("a list that is not asked for");
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  hear_names(asked, list.usernames);
  settle(asked);
  cut();
}

void Conversation0::hear_message(const Message& said) {
  MessageFacts* message = ledger_.message_told_as(said.text);
  if (message == nullptr || message->sender != said.sender ||
      message->recipient != said.recipient) {
    return fail("a message that nobody sent: '{}' from {} to {}", said.text, said.sender,
                said.recipient);
  }
  if (message->is_refused) {
    fail("message {} was refused, or is gone, and is there again", message->text);
  }
  if (!is_echo_due(*message)) {
    return hear_push(*message);
  }
  while (asked_.front().what != message->text && (pass_silent(false) || pass_echo_heard())) {
  }
  if (asked_.empty() || asked_.front().what != message->text) {
    return fail("message {} is confirmed out of turn", message->text);
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  if (account_.empty() || account_ != message->sender) {
    fail("a message of {} is accepted from {}", message->sender, account_);
  }
  if (!ledger_.may_have_existed(message->recipient, asked.read_step)) {
    fail("a message to {}, who is not there, is accepted", message->recipient);
  }
  if (ledger_.settings.is_durable && !message->is_stored) {
    fail("message {} is confirmed before it is stored", message->text);
  }
  message->is_promised = true;
  message->promised_step = ledger_.diary.step;
  const std::size_t queued = ledger_.queued_at_least(message->recipient);
  if (queued > ledger_.settings.registry.undelivered_messages) {
    fail("{} messages are kept for {}", queued, message->recipient);
  }
  settle(asked);
  cut();
}

bool Conversation0::is_echo_heard(const Asked& asked) const {
  return link->end_arrived && asked.kind == Kind::Send && pushed_.contains(asked.what);
}

/// Whether `message` is what the first command that has an answer gets. A message to oneself comes
/// to the recipient first.
bool Conversation0::is_echo_due(const MessageFacts& message) const {
  const auto first = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& asked) {
    return !is_echo_heard(asked) &&
           (account_.empty() || (asked.kind != Kind::Deliver && asked.kind != Kind::Delete));
  });
  if (!asked_.empty() && asked_.front().what == message.text && is_echo_heard(asked_.front())) {
    return true;
  }
  return first != asked_.end() && first->kind == Kind::Send && first->what == message.text &&
         (message.recipient != account_ || pushed_.contains(message.text));
}

void Conversation0::hear_push(MessageFacts& message) {
  if (account_.empty() || account_ != message.recipient) {
    fail("message {} to {} comes to '{}'", message.text, message.recipient, account_);
  }
  if (message.is_dead && message.dead_since < accepted_step) {
    fail("message {} comes to another account of that name", message.text);
  }
  if (message.is_acknowledged && !message.is_doubled) {
    fail("message {} comes again, and was acknowledged", message.text);
  }
  // Of one to oneself the confirmation may have been taken for it: see pass_echo_heard().
  if (message.taken_now > (message.sender == message.recipient ? 1 : 0) && !message.is_doubled) {
    fail("message {} comes twice", message.text);
  }
  ++message.taken;
  ++message.taken_now;
  if (message.sender == account_) {
    pushed_.insert(message.text);
  }
  if (message.sender == message.recipient && link->end_arrived) {
    // Perhaps no push but a confirmation.
    return;
  }
  if (message.number < last_number_) {
    // Only what DELIVER asked for may be older, and what one DELIVER brings is in order.
    const auto leading = std::find_if(asked_.begin(), asked_.end(), [this](const Asked& asked) {
      return asked.kind != Kind::Deliver && !is_echo_heard(asked);
    });
    const auto delivers = std::count_if(
        asked_.begin(), leading, [](const Asked& asked) { return asked.kind == Kind::Deliver; });
    if (++blocks_ > static_cast<std::size_t>(delivers)) {
      fail("message {} comes behind a later one", message.text);
    }
  }
  last_number_ = message.number;
}

// Answers one by one.

void Conversation0::judge(const Asked& asked, const std::string& text) {
  if (asked.is_long && account_.empty()) {
    // Legal on a connection that is logged in only.
    if (text != text_of_code(RefusalCode::FrameTooLong, Framer::kBeforeLoginBytes)) {
      fail("the answer is '{}', to a frame that is too long", text);
    }
    return stop_listening(asked);
  }
  if (!asked.wrong.empty()) {
    if (std::find(asked.wrong.begin(), asked.wrong.end(), text) == asked.wrong.end()) {
      fail("the answer is '{}' and should be '{}'", text, asked.wrong.front());
    }
    is_over_ = asked.is_fatal;
    return;
  }
  const auto is = [&text](RefusalCode code, std::uint64_t allowed = 0) {
    return text == text_of_code(code, allowed);
  };
  if (text == text_of(kWrongSecret) && (asked.kind == Kind::Create || asked.kind == Kind::Login)) {
    ledger_.account(asked.what).claim_end = ledger_.diary.step;
    if (--wrong_secrets_ < 0) {
      fail("the secret for {} was not wrong", asked.what);
    }
    return;
  }
  bool is_due = false;
  switch (asked.kind) {
    case Kind::Create:
      return judge_create(asked, text);
    case Kind::Login:
      return judge_login(asked, text);
    case Kind::Send:
      return judge_send(asked, text);
    case Kind::List:
      is_due = is(RefusalCode::ListTooLong, ledger_.settings.registry.list_names) &&
               ledger_.most_accounts(asked.read_step) > ledger_.settings.registry.list_names;
      is_due |= is(RefusalCode::ListBeforeLogin) && ledger_.settings.registry.needs_secrets &&
                account_.empty();
      break;
    case Kind::Deliver:
      is_due = is(RefusalCode::DeliverBeforeLogin) && account_.empty();
      break;
    case Kind::Delete:
      is_due = account_.empty() ? is(RefusalCode::DeleteBeforeLogin) : text == storage_refusal();
      break;
    case Kind::SetSecret:
    case Kind::Wrong:
      break;
  }
  if (!is_due) {
    fail("'{}' is no answer to that", text);
  }
}

/// `asked` was the last thing that the server listened to.
void Conversation0::stop_listening(const Asked& asked) {
  is_over_ = true;
  has_lost_stream_ = true;
  const auto refuse = [this](const Asked& each) {
    if (each.kind == Kind::Send) {
      ledger_.message(each.what)->is_refused = true;
    }
  };
  refuse(asked);
  for (const Asked& each : std::exchange(asked_, {})) {
    refuse(each);
    settle(each);
  }
}

void Conversation0::judge_create(const Asked& asked, const std::string& text) {
  AccountFacts& facts = ledger_.account(asked.what);
  bool is_due = false;
  if (text.empty()) {
    is_due = account_.empty() && !ledger_.must_have_existed(asked.what, asked.read_step);
    ++facts.created_told;
    facts.created_step = ledger_.diary.step;
    if (ledger_.settings.is_durable && facts.created_told > facts.created_stored) {
      fail("{} is confirmed and not stored", asked.what);
    }
    facts.is_confirmed = true;
    log_in_here(asked.what, asked.read_step);
  } else if (text == text_of_code(RefusalCode::UsernameTaken)) {
    is_due = ledger_.may_have_existed(asked.what, asked.read_step);
  } else if (text == text_of_code(RefusalCode::AlreadyLoggedIn)) {
    is_due = !account_.empty();
  } else if (text == text_of_code(RefusalCode::NeedsSecret)) {
    is_due = ledger_.settings.registry.needs_secrets;
  } else if (text == storage_refusal()) {
    is_due = account_.empty();
  } else {
    const std::uint64_t limit = ledger_.settings.registry.accounts;
    is_due = text == text_of_code(RefusalCode::TooManyAccounts, limit) && account_.empty() &&
             ledger_.most_accounts(asked.read_step) >= limit;
  }
  if (!is_due) {
    fail("CREATE {} is answered with '{}'", asked.what, text);
  }
  if (!text.empty()) {
    facts.claim_end = ledger_.diary.step;
  }
}

void Conversation0::judge_login(const Asked& asked, const std::string& text) {
  const std::string& name = asked.what;
  bool is_due = false;
  if (text.empty()) {
    is_due = account_.empty() && ledger_.may_have_existed(name, asked.read_step);
    if (ledger_.settings.is_durable && !ledger_.was_down() &&
        ledger_.account(name).created_stored == 0) {
      fail("a login to {}, which is not stored", name);
    }
    log_in_here(name, asked.read_step);
  } else if (text == text_of_code(RefusalCode::NoSuchUsername)) {
    is_due = !ledger_.must_have_existed(name, asked.read_step);
  } else if (text == text_of_code(RefusalCode::NeedsSecret)) {
    is_due = ledger_.settings.registry.needs_secrets || ledger_.account(name).may_have_secret;
  } else if (text == text_of_code(RefusalCode::LoggedInElsewhere)) {
    is_due = (!name.empty() && account_ == name) ||
             ledger_.may_have_been_logged_in(name, asked.arrived_step, *this);
  } else {
    is_due =
        text == text_of_code(RefusalCode::AlreadyLoggedIn) && !account_.empty() && account_ != name;
  }
  if (!is_due) {
    fail("LOGIN {} is answered with '{}'", name, text);
  }
  if (!text.empty()) {
    ledger_.account(name).claim_end = ledger_.diary.step;
  }
}

void Conversation0::judge_send(const Asked& asked, const std::string& text) {
  MessageFacts& message = *ledger_.message(asked.what);
  message.is_refused = true;
  const RegistryLimits& limits = ledger_.settings.registry;
  std::size_t bytes = message.bytes();
  bool is_due = false;
  if (account_.empty()) {
    is_due = text == text_of_code(RefusalCode::SendBeforeLogin);
  } else if (account_ != message.sender) {
    is_due = text == text_of_code(RefusalCode::SenderIsNotYou);
  } else if (text == text_of_code(RefusalCode::NoSuchRecipient)) {
    is_due = !ledger_.must_have_existed(message.recipient, asked.read_step);
  } else if (text == text_of_code(RefusalCode::RecipientQueueFull)) {
    is_due = ledger_.queued_at_most(message.recipient, bytes) >= limits.undelivered_messages ||
             bytes > limits.undelivered_bytes;
  } else if (text == text_of_code(RefusalCode::ServerQueuesFull)) {
    static_cast<void>(ledger_.queued_at_most({}, bytes));
    is_due = bytes > limits.queued_bytes;
  } else {
    is_due = text == storage_refusal();
  }
  if (!is_due) {
    fail("SEND to {} is answered with '{}'", message.recipient, text);
  }
  if (message.taken > 0 || message.is_stored) {
    fail("message {} is refused and was accepted", message.text);
  }
}

void Conversation0::log_in_here(const std::string& name, std::uint64_t asked_step) {
  pushed_.clear();
  log_in(name, asked_step);
}

bool Conversation0::is_complete() {
  // Nothing comes any more, so what has no answer is done.
  settle_silent(false);
  return asked_.empty() && output_.empty();
}

}  // namespace tribar::simulation
