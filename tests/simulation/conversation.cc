// SPDX-License-Identifier: MIT
//
// See conversation.h. The order of this file: what the server reads, what it says, answers one by
// one, ends.
#include "simulation/conversation.h"

#include <algorithm>
#include <limits>

#include "chat/glob.h"
#include "loop/framer.h"
#include "registry/batch.h"
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

Conversation::Conversation(Ledger& ledger, std::uint64_t number)
    : ledger_(ledger),
      number_(number),
      login_from_ms_(ledger.diary.now_ms),
      frame_from_ms_(ledger.diary.now_ms),
      last_taken_ms_(ledger.diary.now_ms) {}

// What the server reads.

void Conversation::arrived(std::size_t bytes) {
  arrived_bytes_ += bytes;
  arrivals_.emplace_back(arrived_bytes_, ledger_.diary.step);
}

void Conversation::read(std::string_view bytes) {
  ledger_.diary.tell("#{}: server reads {} bytes", number_, bytes.size());
  if (is_shut_ || has_lost_stream_) {
    return;
  }
  if (input_.empty()) {
    frame_from_ms_ = ledger_.diary.now_ms;
  }
  input_ += bytes;
  cut();
}

/// Makes commands of what was read, as far as what they are is certain.
void Conversation::cut() {
  const std::uint64_t limit = ledger_.settings.loop.frames.frame_bytes;
  const std::uint64_t limit_before = std::min(limit, Framer::kBeforeLoginBytes);
  while (!input_.empty() && !has_lost_stream_) {
    const FrameCut cut = cut_frame(input_, limit);
    if (cut.kind == FrameCut::Kind::BadVersion) {
      return lose({text_of_code(RefusalCode::BadVersion, kVersion0, cut.version)});
    }
    if (cut.kind == FrameCut::Kind::TooLong) {
      return lose({text_of_code(RefusalCode::FrameTooLong, limit),
                   text_of_code(RefusalCode::FrameTooLong, limit_before)});
    }
    const bool is_long =
        input_.size() >= kHeaderBytes && announced_bytes(input_.data()) > limit_before;
    if (cut.kind == FrameCut::Kind::Incomplete) {
      if (is_long && asked_.empty() && account_.empty()) {
        lose({text_of_code(RefusalCode::FrameTooLong, limit_before)});
      }
      return;
    }
    cut_bytes_ += cut.frame_bytes;
    ask(cut.code, cut.data);
    asked_.back().is_long = is_long;
    input_.erase(0, cut.frame_bytes);
    frame_from_ms_ = ledger_.diary.now_ms;
  }
}

void Conversation::lose(std::vector<std::string> texts) {
  Asked asked;
  asked.wrong = std::move(texts);
  asked.is_fatal = true;
  asked_.push_back(std::move(asked));
  has_lost_stream_ = true;
}

void Conversation::ask(std::uint8_t code, std::string_view data) {
  ledger_.longest_frame = std::max(ledger_.longest_frame, kHeaderBytes + data.size());
  Asked asked;
  asked.read_step = ledger_.diary.step;
  asked.read_ms = ledger_.diary.now_ms;
  while (!arrivals_.empty() && arrivals_.front().first < cut_bytes_) {
    arrivals_.pop_front();
  }
  asked.arrived_step = arrivals_.empty() ? 0 : arrivals_.front().second;
  auto parsed = parse_command(code, data, ledger_.settings.commands);
  if (!parsed) {
    asked.wrong.push_back(text_of(parsed.error()));
  } else if (const auto* create = std::get_if<Create>(&parsed.value())) {
    asked.kind = Kind::Create;
    asked.what = create->username;
    ledger_.ask_to_create(asked.what);
  } else if (const auto* login = std::get_if<Login>(&parsed.value())) {
    asked.kind = Kind::Login;
    asked.what = login->username;
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
    asked.kind = Kind::Delete;
    if (!account_.empty()) {
      asked.names.push_back(account_);
    }
    for (const Asked& before : asked_) {
      if (before.kind == Kind::Create || before.kind == Kind::Login) {
        asked.names.push_back(before.what);
      }
    }
    for (const std::string& name : asked.names) {
      ledger_.ask_to_delete(name);
    }
  }
  ledger_.diary.tell("#{}: command {} '{}' is read", number_, code, data.substr(0, 40));
  asked_.push_back(std::move(asked));
}

// What the server says.

void Conversation::taken(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  last_taken_ms_ = ledger_.diary.now_ms;
  if (is_shut_ || is_closed_) {
    return fail("{} bytes behind the last word", bytes.size());
  }
  output_ += bytes;
  constexpr std::uint64_t kAnyLength = std::numeric_limits<std::int64_t>::max();
  while (!output_.empty() && !ledger_.diary.has_failed()) {
    const FrameCut cut = cut_frame(output_, kAnyLength);
    if (cut.kind == FrameCut::Kind::Incomplete) {
      return;
    }
    if (cut.kind != FrameCut::Kind::Whole) {
      return fail("what the server says is no frame");
    }
    const auto reply = parse_reply(cut.code, cut.data);
    if (!reply) {
      return fail("the server says {}", reply.error().text);
    }
    if (is_over_) {
      return fail("another frame, of {} bytes, behind the last word", cut.frame_bytes);
    }
    ledger_.longest_frame = std::max(ledger_.longest_frame, cut.frame_bytes);
    hear(reply.value());
    output_.erase(0, cut.frame_bytes);
  }
}

void Conversation::hear(const Reply& reply) {
  if (const auto* response = std::get_if<Response>(&reply)) {
    ledger_.diary.tell("#{}: server answers '{}'", number_, response->error);
    hear_response(std::string(response->error));
  } else if (const auto* list = std::get_if<ListResponse>(&reply)) {
    ledger_.diary.tell("#{}: server lists {} names", number_, list->usernames.size());
    hear_names(*list);
  } else {
    const Message& message = std::get<Delivery>(reply).message;
    ledger_.diary.tell("#{}: server says '{}' from {} to {}", number_, message.text.substr(0, 20),
                       message.sender, message.recipient);
    hear_message(message);
  }
}

/// The first command is done if it has no answer and something behind it has.
bool Conversation::pass_silent(bool is_storage_refusal) {
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
bool Conversation::pass_echo_heard() {
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

void Conversation::settle_silent(bool is_storage_refusal) {
  do {
    cut();
  } while (pass_silent(is_storage_refusal) || pass_echo_heard());
}

void Conversation::hear_response(const std::string& text) {
  if (text == text_of_code(RefusalCode::TooManyConnections, ledger_.settings.loop.connections, 0)) {
    if (ledger_.open_connections <= ledger_.settings.loop.connections) {
      fail("refused among {} connections", ledger_.open_connections);
    }
    is_over_ = true;
    has_lost_stream_ = true;
    return;
  }
  const std::uint64_t per_address = ledger_.settings.loop.connections_per_address;
  if (per_address > 0 && text == text_of_code(RefusalCode::TooManyFromAddress, per_address, 0)) {
    if (ledger_.open_by_network[link->network] <= per_address) {
      fail("refused among {} connections of its address", ledger_.open_by_network[link->network]);
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
void Conversation::hear_dismissal() {
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
bool Conversation::hear_timeout(const std::string& text) {
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

void Conversation::hear_names(const ListResponse& list) {
  settle_silent(false);
  if (asked_.empty() || asked_.front().kind != Kind::List) {
    return fail("a list that is not asked for");
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  const Glob glob(asked.what.empty() ? "*" : asked.what);
  std::uint64_t steps = 0;
  std::set<std::string> listed;
  const AccountFacts* before = nullptr;
  for (const std::string_view each : list.usernames) {
    const std::string name(each);
    const AccountFacts& facts = ledger_.account(name);
    if (!listed.insert(name).second || !glob.matches(name, steps) ||
        !ledger_.may_have_existed(name, asked.read_step)) {
      fail("{} is listed and must not be", name);
    }
    // Of these two the other one is certainly older.
    if (before != nullptr && facts.exists_since && before->may_exist &&
        before->gone_since < asked.read_step && *facts.exists_since < before->may_since) {
      fail("{} is listed too late", name);
    }
    before = &facts;
  }
  for (const auto& [name, facts] : ledger_.accounts()) {
    if (glob.matches(name, steps) && ledger_.must_have_existed(name, asked.read_step) &&
        !listed.contains(name)) {
      fail("{} is not listed", name);
    }
  }
  if (list.usernames.size() > ledger_.settings.registry.list_names) {
    fail("{} names are listed", list.usernames.size());
  }
  settle(asked);
  cut();
}

void Conversation::hear_message(const Message& said) {
  MessageFacts* message = ledger_.message(said.text);
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

bool Conversation::is_echo_heard(const Asked& asked) const {
  return link->end_arrived && asked.kind == Kind::Send && pushed_.contains(asked.what);
}

/// Whether `message` is what the first command that has an answer gets. A message to oneself comes
/// to the recipient first.
bool Conversation::is_echo_due(const MessageFacts& message) const {
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

void Conversation::hear_push(MessageFacts& message) {
  if (account_.empty() || account_ != message.recipient) {
    fail("message {} to {} comes to '{}'", message.text, message.recipient, account_);
  }
  if (message.is_dead && message.dead_since < accepted_step) {
    fail("message {} comes to another account of that name", message.text);
  }
  // Of one to oneself the confirmation may have been taken for it: see pass_echo_heard().
  if (message.taken_now > (message.sender == message.recipient ? 1 : 0)) {
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

void Conversation::judge(const Asked& asked, const std::string& text) {
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
      break;
    case Kind::Deliver:
      is_due = is(RefusalCode::DeliverBeforeLogin) && account_.empty();
      break;
    case Kind::Delete:
      is_due = account_.empty() ? is(RefusalCode::DeleteBeforeLogin) : text == storage_refusal();
      break;
    case Kind::Wrong:
      break;
  }
  if (!is_due) {
    fail("'{}' is no answer to that", text);
  }
}

/// `asked` was the last thing that the server listened to.
void Conversation::stop_listening(const Asked& asked) {
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

void Conversation::judge_create(const Asked& asked, const std::string& text) {
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
    log_in(asked.what, asked.read_step);
  } else if (text == text_of_code(RefusalCode::UsernameTaken)) {
    is_due = ledger_.may_have_existed(asked.what, asked.read_step);
  } else if (text == text_of_code(RefusalCode::AlreadyLoggedIn)) {
    is_due = !account_.empty();
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

void Conversation::judge_login(const Asked& asked, const std::string& text) {
  const std::string& name = asked.what;
  bool is_due = false;
  if (text.empty()) {
    is_due = account_.empty() && ledger_.may_have_existed(name, asked.read_step);
    if (ledger_.settings.is_durable && !ledger_.was_down() &&
        ledger_.account(name).created_stored == 0) {
      fail("a login to {}, which is not stored", name);
    }
    log_in(name, asked.read_step);
  } else if (text == text_of_code(RefusalCode::NoSuchUsername)) {
    is_due = !ledger_.must_have_existed(name, asked.read_step);
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

void Conversation::judge_send(const Asked& asked, const std::string& text) {
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

void Conversation::log_in(const std::string& name, std::uint64_t asked_step) {
  account_ = name;
  pushed_.clear();
  AccountFacts& facts = ledger_.account(name);
  facts.may_exist = true;
  if (has_logged_out_ || has_pending_delete()) {
    return;
  }
  // A DELETE that was read, perhaps since, may have followed.
  if (!facts.exists_since && facts.unsettled_deletes == 0 && facts.delete_step < asked_step) {
    facts.exists_since = ledger_.diary.step;
  }
  for (const Conversation* other : ledger_.conversations()) {
    if (other != this && other->is_surely_logged_in_as(name)) {
      fail("{} is logged in on #{} too", name, other->number_);
    }
  }
}

/// It no longer matters whether `asked` is executed.
void Conversation::settle(const Asked& asked) {
  if (asked.kind == Kind::Create) {
    --ledger_.account(asked.what).unsettled_creates;
  } else if (asked.kind == Kind::Delete) {
    for (const std::string& name : asked.names) {
      --ledger_.account(name).unsettled_deletes;
    }
    if (!account_.empty() && !has_pending_delete() && !has_logged_out_) {
      // It was refused.
      ledger_.account(account_).exists_since = ledger_.diary.step;
    }
  }
}

bool Conversation::has_pending_delete() const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [](const Asked& asked) { return asked.kind == Kind::Delete; });
}

bool Conversation::claims(const std::string& name) const {
  return account_ == name || std::any_of(asked_.begin(), asked_.end(), [&](const Asked& asked) {
           return (asked.kind == Kind::Create || asked.kind == Kind::Login) && asked.what == name;
         });
}

bool Conversation::is_surely_logged_in_as(const std::string& name) const {
  return account_ == name && !has_logged_out_ && !has_pending_delete();
}

// Ends.

void Conversation::note_closed() {
  has_logged_out_ = true;
  is_settled_ = true;
  if (!released_step_) {
    released_step_ = ledger_.diary.step;
  }
  for (const Asked& asked : asked_) {
    if (asked.kind == Kind::Create) {
      AccountFacts& facts = ledger_.account(asked.what);
      --facts.unsettled_creates;
      // Perhaps.
      facts.created_step = ledger_.diary.step;
    } else if (asked.kind == Kind::Delete) {
      for (const std::string& name : asked.names) {
        --ledger_.account(name).unsettled_deletes;
      }
    }
  }
}

void Conversation::note_end_visible() {
  if (!released_step_) {
    released_step_ = ledger_.diary.step;
  }
}

bool Conversation::is_complete() {
  // Nothing comes any more, so what has no answer is done.
  settle_silent(false);
  return asked_.empty() && output_.empty();
}

bool Conversation::has_read_all() const { return link->end_arrived && link->arrived.empty(); }

void Conversation::shut() {
  ledger_.diary.tell("#{}: server ends", number_);
  is_shut_ = true;
  const bool may_break_off = is_over_ || is_rejected_ || ledger_.was_down();
  if (!may_break_off && !(has_read_all() && is_complete())) {
    fail("the server ends it: {}", describe());
  }
  is_over_ = true;
}

void Conversation::closed() {
  ledger_.diary.tell("#{}: server closes", number_);
  is_closed_ = true;
  if (ledger_.open_connections > 0) {
    --ledger_.open_connections;
    --ledger_.open_by_network[link->network];
  }
  const SwitchboardLimits& limits = ledger_.settings.loop;
  const bool has_stalled =
      limits.stalled_ms > 0 && !link->writing.empty() &&
      ledger_.diary.now_ms + ledger_.longest_tick_ms - last_taken_ms_ >= limits.stalled_ms;
  const bool may_be_short_of_buffers = limits.buffered_bytes < 100'000;
  if (ledger_.is_ending || link->is_broken() || is_over_ || is_rejected_ || has_stalled ||
      may_be_short_of_buffers || ledger_.was_down()) {
    return;
  }
  if (!(has_read_all() && is_complete())) {
    fail("the server closes it: {}", describe());
  }
}

std::string Conversation::describe() const {
  return fmt::format(
      "{} commands unanswered, the first one '{}', {} bytes of a frame, logged in as "
      "'{}', {} bytes not cut",
      asked_.size(), asked_.empty() ? "" : asked_.front().what.substr(0, 20), output_.size(),
      account_, input_.size());
}

}  // namespace tribar::simulation
