// SPDX-License-Identifier: MIT
//
// See conversation1.h. The order of this file: what the server reads, what the registry decides,
// what the connection is told.
#include "simulation/conversation1.h"

#include <algorithm>
#include <set>
#include <utility>

#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar::simulation {
namespace {

std::string answer_of(std::string_view token, std::optional<std::uint64_t> third) {
  return third ? fmt::format("{} {}", token, *third) : std::string(token);
}

std::string answer_of(std::uint64_t waiting, std::uint64_t highest) {
  return fmt::format("ok {} {}", waiting, highest);
}

std::string accepted(std::uint64_t n, std::uint64_t number) {
  return fmt::format("accepted {} {}", n, number);
}

constexpr std::string_view kList = "list";

/// What a client must be told of `body`, an answer.
std::string answer_of(const EffectBody& body) {
  if (const auto* entry = std::get_if<LoggedIn>(&body); entry != nullptr && !entry->is_new) {
    return answer_of(entry->waiting, entry->highest);
  }
  if (const auto* refuse = std::get_if<Refuse>(&body)) {
    const auto third = third_field_of(refuse->refusal);
    return answer_of(token1_of(refuse->refusal.code), third ? third : refuse->n);
  }
  if (const auto* done = std::get_if<Accepted>(&body)) {
    return accepted(done->n, done->number.value);
  }
  return std::string(std::holds_alternative<Names>(body) ? kList : kOk);
}

/// Whether it is the answer to a command.
bool is_answer(const Effect& effect) {
  const EffectBody& body = effect.body;
  return effect.completes_bytes > 0 && !std::holds_alternative<Done>(body) &&
         !std::holds_alternative<Pong>(body);
}

/// Whether the server says it unasked, and nothing more after it.
bool is_last_word(RefusalCode code) {
  return code == RefusalCode::LoginTimeout || code == RefusalCode::FrameTimeout ||
         code == RefusalCode::Silent || code == RefusalCode::Replaced || code == kDismissal.code;
}

}  // namespace

Conversation1::Conversation1(Ledger& ledger, std::uint64_t number)
    : Conversation(ledger, number, kVersion1) {}

std::string Conversation1::said(const Refusal& refusal) const {
  return std::string(token1_of(refusal.code));
}

// What the server reads.

void Conversation1::ask(std::uint8_t code, std::string_view data) {
  Asked asked = new_asked();
  auto parsed = parse_command1(code, data, ledger_.settings.commands);
  if (!parsed) {
    asked.wrong.push_back(said(parsed.error().refusal));
  } else if (const auto* create = std::get_if<Create>(&parsed.value())) {
    asked.kind = Kind::Create;
    asked.what = create->username;
    asked.client = create->client;
    asked.secret = create->secret;
    ledger_.ask_to_create(asked.what);
    ledger_.account(asked.what).may_have_secret |= !asked.secret.empty();
  } else if (const auto* login = std::get_if<Login>(&parsed.value())) {
    asked.kind = Kind::Login;
    asked.what = login->username;
    asked.client = login->client;
    asked.secret = login->secret;
  } else if (const auto* list = std::get_if<List>(&parsed.value())) {
    asked.kind = Kind::List;
    asked.what = list->pattern;
  } else if (const auto* send = std::get_if<SendNumbered>(&parsed.value())) {
    asked.kind = Kind::Send;
    asked.what = send->text;
    asked.n = send->n;
    asked.names = {std::string(send->recipient)};
    ledger_.add_numbered(send->recipient, send->text);
  } else if (const auto* deletion = std::get_if<Delete>(&parsed.value())) {
    asked.secret = deletion->secret;
    ask_to_delete(asked);
  } else if (const auto* change = std::get_if<SetSecret>(&parsed.value())) {
    asked.kind = Kind::SetSecret;
    asked.secret = change->old_secret;
    asked.new_secret = change->new_secret;
    for (const auto& [name, facts] : ledger_.accounts()) {
      if (claims(name)) {
        ledger_.account(name).may_have_secret = true;
      }
    }
  } else if (std::holds_alternative<Deliver>(parsed.value())) {
    asked.kind = Kind::Deliver;
  } else {
    if (const auto* ping = std::get_if<Ping>(&parsed.value())) {
      pings_.emplace_back(ping->data);
    }
    return;  // It has no answer, or one that does not wait for others.
  }
  asked_.push_back(std::move(asked));
}

// What the registry decides.

void Conversation1::note_effect(const Effect& effect) {
  if (const auto* push = std::get_if<Push>(&effect.body)) {
    note_push(*push, effect.charge);
  } else if (std::holds_alternative<Close>(effect.body)) {
    is_closing_ = true;
    end_session();
  } else if (const auto* refuse = std::get_if<Refuse>(&effect.body);
             refuse != nullptr && is_last_word(refuse->refusal.code)) {
    note_last_word(refuse->refusal);
  } else if (is_answer(effect)) {
    decide(effect.body);
  }
}

void Conversation1::note_push(const Push& push, std::uint64_t charge) {
  const std::uint64_t number = push.number.value;
  const std::string text(push.message->text);
  const MessageFacts* message = ledger_.message(text);
  if (message == nullptr) {
    return fail("a message that nobody sent: {}", text);
  }
  if (!is_logged_in_ || message->recipient != name_) {
    fail("message {} to {} is pushed to '{}'", text, message->recipient, name_);
  }
  if (number <= last_pushed_) {
    fail("message number {} is pushed behind {}", number, last_pushed_);
  }
  if (message->is_acknowledged && !message->is_doubled) {
    fail("message {} is pushed again, and was acknowledged", text);
  }
  // Of one to oneself the confirmation may have been taken for it.
  if (message->taken_now > (message->sender == message->recipient ? 1 : 0) &&
      !message->is_doubled) {
    fail("message {} is pushed again, and was taken by a client of protocol 0", text);
  }
  if (pushed_charge_ >= ledger_.settings.registry.outbox_bytes) {
    fail("message {} is pushed behind {} bytes that are not acknowledged", text, pushed_charge_);
  }
  last_pushed_ = number;
  most_pushed_ = std::max(most_pushed_, number);
  pushed_[number] = {text, charge};
  pushed_charge_ += charge;
}

std::vector<std::uint64_t> Conversation1::note_acknowledged(MessageNumber number) {
  std::vector<std::uint64_t> arrived;
  if (!is_logged_in_ || !pushed_.contains(number.value)) {
    return arrived;
  }
  while (!pushed_.empty() && pushed_.begin()->first <= number.value) {
    arrived.push_back(pushed_.begin()->first);
    pushed_charge_ -= pushed_.begin()->second.charge;
    pushed_.erase(pushed_.begin());
  }
  return arrived;
}

void Conversation1::note_last_word(const Refusal& refusal) {
  const SwitchboardLimits& limits = ledger_.settings.loop;
  const std::uint64_t silent_ms = ledger_.diary.now_ms + ledger_.longest_tick_ms - last_read_ms_;
  const bool is_due =
      refusal.code == RefusalCode::LoginTimeout   ? limits.login_ms > 0 && !is_logged_in_
      : refusal.code == RefusalCode::FrameTimeout ? limits.frame_ms > 0
      : refusal.code == RefusalCode::Silent ? limits.idle_ms > 0 && silent_ms >= limits.idle_ms
                                            : true;
  if (!is_due) {
    fail("it is told to go without a reason: '{}'", text_of(refusal));
  }
  last_word_ = said(refusal);
}

/// Commands that waited are still executed, and nobody is told: what is accepted of the messages is
/// seen later, if at all.
void Conversation1::note_closed(const Batch& batch) {
  std::size_t left = 0;  // answers that this batch brings still
  bool is_closing = is_closing_;
  for (const Effect& effect : batch.output.effects) {
    if (effect.to == id) {
      left += is_answer(effect) ? 1 : 0;
      is_closing |= std::holds_alternative<Close>(effect.body);
    }
  }
  std::set<std::pair<std::string, std::string>> clients;  // that it may be
  if (is_logged_in_) {
    clients.emplace(name_, client_);
  }
  for (std::size_t at = decided_; at < asked_.size() && !is_closing; ++at) {
    const Asked& asked = asked_[at];
    if (asked.kind == Kind::Create || asked.kind == Kind::Login) {
      clients.emplace(asked.what, asked.client);
    } else if (asked.kind == Kind::Send && left == 0) {
      for (const auto& client : clients) {
        ledger_.note_unseen(client, asked.n, *ledger_.message(asked.what));
      }
    }
    left -= left > 0 && asked.kind != Kind::Deliver ? 1 : 0;
  }
  Conversation::note_closed(batch);
}

/// The next command is answered by `body`. DELIVER has no answer, unless it is refused.
void Conversation1::decide(const EffectBody& body) {
  const auto* refuse = std::get_if<Refuse>(&body);
  const bool is_of_deliver =
      refuse != nullptr && refuse->refusal.code == RefusalCode::DeliverBeforeLogin;
  while (!is_of_deliver && decided_ < asked_.size() && asked_[decided_].kind == Kind::Deliver) {
    if (!is_logged_in_) {
      fail("DELIVER before a login is not refused");
    }
    ++decided_;
  }
  if (decided_ == asked_.size()) {
    return fail("an answer to nothing is decided on: '{}'", answer_of(body));
  }
  Asked& asked = asked_[decided_++];
  asked.answer = answer_of(body);
  ledger_.diary.tell("#{}: the registry answers '{}'", number_, *asked.answer);
  if (!may_decide(asked, body)) {
    fail("'{}' is no answer to '{}'", *asked.answer, asked.what);
  }
  asked.account = account_id_;
  if (asked.kind == Kind::Send) {
    asked.client = client_;
  }
}

/// Also keeps what follows from it.
bool Conversation1::may_decide(Asked& asked, const EffectBody& body) {
  const auto* refuse = std::get_if<Refuse>(&body);
  const Refusal refusal = refuse == nullptr ? Refusal{} : refuse->refusal;
  const RefusalCode code = refusal.code;
  if (!asked.wrong.empty()) {
    return refuse != nullptr &&
           std::find(asked.wrong.begin(), asked.wrong.end(), said(refusal)) != asked.wrong.end();
  }
  if (code == RefusalCode::StorageUnavailable) {
    if (asked.kind == Kind::Send) {
      return is_logged_in_ && ledger_.may_have_been_down(asked.read_step);
    }
    return ledger_.may_have_been_down(asked.read_step);
  }
  switch (asked.kind) {
    case Kind::Create:
      return may_create(asked, body);
    case Kind::Login:
      return may_log_in(asked, body);
    case Kind::Send:
      return may_accept(asked, body);
    case Kind::List:
      return refuse == nullptr ? std::holds_alternative<Names>(body)
             : code == RefusalCode::ListBeforeLogin
                 ? ledger_.settings.registry.needs_secrets && !is_logged_in_
                 : code == RefusalCode::ListTooLong && ledger_.most_accounts(asked.read_step) >
                                                           ledger_.settings.registry.list_names;
    case Kind::SetSecret:
      if (std::holds_alternative<SecretChanged>(body)) {
        std::string& secret = ledger_.secret_of(name_);
        const bool is_due = is_logged_in_ && asked.secret == secret;
        secret = asked.new_secret;
        ledger_.secret_step_of(name_) = ledger_.diary.step;
        return is_due;
      }
      return code == RefusalCode::SecretBeforeLogin ? !is_logged_in_
             : code == RefusalCode::SecretLength
                 ? asked.new_secret.size() < 8
                 : may_refuse_proof(asked, refusal, name_, account_id_);
    case Kind::Delete:
      if (std::holds_alternative<LoggedOut>(body)) {
        const bool is_due = is_logged_in_ && asked.secret == ledger_.secret_of(name_);
        ledger_.secret_of(name_).clear();
        end_session();
        return is_due;
      }
      return code == RefusalCode::DeleteBeforeLogin
                 ? !is_logged_in_
                 : may_refuse_proof(asked, refusal, name_, account_id_);
    case Kind::Deliver:
      return code == RefusalCode::DeliverBeforeLogin && !is_logged_in_;
    case Kind::Wrong:
      break;
  }
  return false;
}

/// What may become of any command with a secret in it; `name`: the account's.
bool Conversation1::may_refuse_proof(const Asked& asked, const Refusal& refusal,
                                     const std::string& name, std::uint64_t account) {
  switch (refusal.code) {
    case RefusalCode::SecretNeedsTls:
      return !link->is_private && !(asked.secret.empty() && asked.new_secret.empty());
    case RefusalCode::WrongSecret:
      return asked.secret != ledger_.secret_of(name) ||
             ledger_.secret_step_of(name) >= asked.read_step;
    case RefusalCode::Throttled:
      return refusal.found > 0 && ledger_.attempts(account) >= 5;
    case RefusalCode::TooManySecrets:
      return !(asked.secret.empty() && asked.new_secret.empty());
    default:
      return false;
  }
}

bool Conversation1::may_create(Asked& asked, const EffectBody& body) {
  if (const auto* entry = std::get_if<LoggedIn>(&body)) {
    const bool is_due = !is_logged_in_ && entry->is_new &&
                        !ledger_.must_have_existed(asked.what, asked.read_step) &&
                        (asked.secret.empty() || asked.secret.size() >= 8);
    ledger_.secret_of(asked.what) = asked.secret;
    ledger_.secret_step_of(asked.what) = ledger_.diary.step;
    begin_session(asked, entry->account);
    return is_due;
  }
  const auto* refuse = std::get_if<Refuse>(&body);
  const RegistryLimits& limits = ledger_.settings.registry;
  switch (refuse == nullptr ? RefusalCode{} : refuse->refusal.code) {
    case RefusalCode::UsernameTaken:
      return ledger_.may_have_existed(asked.what, asked.read_step);
    case RefusalCode::AlreadyLoggedIn:
      return is_logged_in_;
    case RefusalCode::NeedsSecret:
      return limits.needs_secrets && asked.secret.empty();
    case RefusalCode::SecretLength:
      return !asked.secret.empty() && asked.secret.size() < 8;
    case RefusalCode::SecretNeedsTls:
      return !link->is_private && !asked.secret.empty();
    case RefusalCode::TooManySecrets:
      return !asked.secret.empty();
    case RefusalCode::TooManyAccounts:
      return ledger_.most_accounts(asked.read_step) >= limits.accounts;
    default:
      return false;
  }
}

bool Conversation1::may_log_in(Asked& asked, const EffectBody& body) {
  const std::string& name = asked.what;
  if (const auto* entry = std::get_if<LoggedIn>(&body)) {
    if (!asked.client.empty()) {
      ledger_.see_unseen({name, asked.client}, entry->account, entry->highest);
    }
    const auto& sent = ledger_.accepted_from({entry->account.value, asked.client});
    if (asked.secret != ledger_.secret_of(name)) {
      fail("a login to {} with '{}', and the secret is '{}'", name, asked.secret,
           ledger_.secret_of(name));
    }
    if (entry->waiting < ledger_.waiting_at_least(name)) {
      fail("{} messages wait for {}, and not {}", ledger_.waiting_at_least(name), name,
           entry->waiting);
    }
    if (!asked.client.empty() && entry->highest != sent.highest) {
      fail("{} has sent {} as {}, not {}", asked.client, sent.highest, name, entry->highest);
    }
    const bool is_due =
        !is_logged_in_ && !entry->is_new && ledger_.may_have_existed(name, asked.read_step);
    begin_session(asked, entry->account);
    return is_due;
  }
  const auto* refuse = std::get_if<Refuse>(&body);
  if (refuse == nullptr) {
    return false;
  }
  switch (refuse->refusal.code) {
    case RefusalCode::NoSuchUsername:
      return !ledger_.must_have_existed(name, asked.read_step);
    case RefusalCode::LoggedInElsewhere:
      return ledger_.secret_of(name).empty() &&
             ((is_logged_in_ && name_ == name) ||
              ledger_.may_have_been_logged_in(name, asked.arrived_step, *this));
    case RefusalCode::AlreadyLoggedIn:
      return is_logged_in_;
    case RefusalCode::NeedsSecret:
      return ledger_.settings.registry.needs_secrets && ledger_.secret_of(name).empty();
    case RefusalCode::Throttled:
      return refuse->refusal.found > 0;  // whose id it has is not known here
    default:
      return may_refuse_proof(asked, refuse->refusal, name, 0);
  }
}

void Conversation1::begin_session(const Asked& asked, AccountId account) {
  is_logged_in_ = true;
  account_id_ = account.value;
  name_ = asked.what;
  client_ = asked.client;
  last_pushed_ = 0;
  pushed_.clear();
  pushed_charge_ = 0;
}

void Conversation1::end_session() {
  is_logged_in_ = false;
  pushed_.clear();
  pushed_charge_ = 0;
}

bool Conversation1::may_accept(Asked& asked, const EffectBody& body) {
  const std::string& recipient = asked.names.front();
  const auto* done = std::get_if<Accepted>(&body);
  if (done == nullptr) {
    const auto* refuse = std::get_if<Refuse>(&body);
    return refuse != nullptr && may_refuse_message(asked, *refuse);
  }
  if (!is_logged_in_ || done->n != asked.n) {
    return false;
  }
  auto& sent = ledger_.accepted_from({account_id_, client_});
  if (done->number.value == 0) {
    sent.texts.emplace(asked.n, asked.what);
    return !client_.empty() && asked.n > 0 && asked.n <= sent.highest;
  }
  if (!client_.empty() && asked.n != sent.highest + 1) {
    fail("message {} is accepted behind {}", asked.n, sent.highest);
  }
  if (done->number.value <= sent.last_number) {
    fail("message {} has number {}, and the one before it {}", asked.n, done->number.value,
         sent.last_number);
  }
  ledger_.accept_numbered(*ledger_.message(asked.what), name_, AccountId{account_id_},
                          done->number);
  sent.last_number = done->number.value;
  if (!client_.empty()) {
    sent.highest = asked.n;
    sent.texts[asked.n] = asked.what;
  }
  return ledger_.may_have_existed(recipient, asked.read_step);
}

bool Conversation1::may_refuse_message(const Asked& asked, const Refuse& refuse) {
  const std::string& recipient = asked.names.front();
  const RegistryLimits& limits = ledger_.settings.registry;
  if (refuse.n != asked.n) {
    return false;
  }
  const RefusalCode code = refuse.refusal.code;
  if (!is_logged_in_) {
    return code == RefusalCode::SendBeforeLogin;
  }
  if (code == RefusalCode::NumberAhead) {
    const std::uint64_t highest = ledger_.accepted_from({account_id_, client_}).highest;
    return !client_.empty() && (asked.n == 0 || asked.n > highest + 1) &&
           refuse.refusal.found == highest;
  }
  std::size_t bytes = MessageFacts{name_, recipient, asked.what}.bytes();
  if (code == RefusalCode::NoSuchRecipient) {
    return !ledger_.must_have_existed(recipient, asked.read_step);
  }
  if (code == RefusalCode::RecipientQueueFull) {
    return ledger_.queued_at_most(recipient, bytes) >= limits.undelivered_messages ||
           bytes > limits.undelivered_bytes;
  }
  static_cast<void>(ledger_.queued_at_most({}, bytes));
  return code == RefusalCode::ServerQueuesFull && bytes > limits.queued_bytes;
}

// What it is told.

void Conversation1::taken(std::string_view bytes) {
  // As long as the server has read nothing it may not know the protocol.
  if (!bytes.empty() && !has_heard_ && link->protocol == Protocol::Undecided) {
    output_version_ = static_cast<std::uint8_t>(bytes.front());
  }
  has_heard_ |= !bytes.empty();
  Conversation::taken(bytes);
}

void Conversation1::hear(const FrameCut& cut) {
  if (output_version_ != version_) {
    // That there is no room, or was no time: nothing else is said before the first byte is read.
    const auto parsed = parse_reply(cut.code, cut.data);
    const auto* response = parsed ? std::get_if<Response>(&parsed.value()) : nullptr;
    if (response == nullptr || response->error.empty()) {
      return fail("the server speaks protocol {}", output_version_);
    }
    ledger_.diary.tell("#{}: server answers '{}'", number_, response->error);
    is_over_ = true;
    has_lost_stream_ = true;
    return;
  }
  const auto parsed = parse_reply1(cut.code, cut.data);
  if (!parsed) {
    return fail("the server says {}", parsed.error().text);
  }
  if (const auto* delivery = std::get_if<Delivery1>(&parsed.value())) {
    hear_message(*delivery);
  } else if (const auto* pong = std::get_if<Pong>(&parsed.value())) {
    if (pings_.empty() || pings_.front() != pong->data) {
      return fail("an answer to no ping");
    }
    pings_.pop_front();
  } else if (const auto* response = std::get_if<Response1>(&parsed.value())) {
    hear_answer(response->waiting ? answer_of(*response->waiting, *response->third)
                                  : answer_of(response->token, response->third),
                nullptr);
  } else if (const auto* done = std::get_if<Accepted1>(&parsed.value())) {
    hear_answer(accepted(done->n, done->number.value), nullptr);
  } else if (const auto* list = std::get_if<ListResponse1>(&parsed.value())) {
    hear_answer(std::string(kList), list);
  }
}

/// Of a server that was replaced.
void Conversation1::hear_late(const FrameCut& cut) {
  const auto parsed = parse_reply1(cut.code, cut.data);
  if (output_version_ != version_ || !parsed) {
    return;
  }
  if (const auto* delivery = std::get_if<Delivery1>(&parsed.value())) {
    hear_late_message(*delivery);
  } else if (const auto* response = std::get_if<Response1>(&parsed.value())) {
    hear_late_answer(response->waiting ? answer_of(*response->waiting, *response->third)
                                       : answer_of(response->token, response->third));
  } else if (const auto* done = std::get_if<Accepted1>(&parsed.value())) {
    hear_late_answer(accepted(done->n, done->number.value));
  } else if (std::holds_alternative<ListResponse1>(parsed.value())) {
    hear_late_answer(std::string(kList));
  }
}

/// It was decided on, and stored, before the server was replaced. Only that storing fails, and a
/// last word, may be newer.
void Conversation1::hear_late_answer(const std::string& answer) {
  ledger_.diary.tell("#{}: a replaced server answers '{}'", number_, answer);
  if (!has_decided_answer()) {
    const bool is_known = answer.starts_with(token1_of(RefusalCode::StorageUnavailable)) ||
                          answer == token1_of(RefusalCode::TooManyConnections) ||
                          (last_word_ && *last_word_ == answer);
    if (!is_known) {
      fail("a server that was replaced answers '{}'", answer);
    }
    return;
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  --decided_;
  if (*asked.answer != answer) {
    return fail("a server that was replaced answers '{}', and had decided on '{}'", answer,
                *asked.answer);
  }
  bool is_stored = true;
  if (asked.kind == Kind::Send && answer.starts_with("accepted")) {
    is_stored = was_stored_in_time(*ledger_.message(asked.what));
  } else if (asked.kind == Kind::SetSecret && answer == kOk) {
    is_stored = ledger_.was_stored(asked.account, asked.new_secret);
  }
  if (!is_stored) {
    fail("a server that was replaced confirms '{}', and has not stored it", asked.what);
  }
}

void Conversation1::hear_late_message(const Delivery1& delivery) {
  const std::string text(delivery.message.text);
  ledger_.diary.tell("#{}: a replaced server pushes {} '{}'", number_, delivery.number.value,
                     text.substr(0, 20));
  const MessageFacts* message = ledger_.message(text);
  if (message == nullptr || message->recipient != delivery.message.recipient ||
      delivery.number.value > most_pushed_ || !was_stored_in_time(*message)) {
    return fail("a server that was replaced pushes {} '{}'", delivery.number.value, text);
  }
  ledger_.tell_number(delivery.number.value, text);
}

/// Drops the commands before the first one that has an answer.
bool Conversation1::has_decided_answer() {
  while (decided_ > 0 && !asked_.front().answer) {
    asked_.pop_front();
    --decided_;
  }
  return decided_ > 0;
}

/// It is the one that the registry has decided on, and what follows from it may be known now.
void Conversation1::hear_answer(const std::string& answer, const ListResponse1* list) {
  ledger_.diary.tell("#{}: server answers '{}'", number_, answer);
  if (!has_decided_answer()) {
    return hear_last_word(answer);
  }
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  --decided_;
  if (*asked.answer != answer) {
    return fail("is told '{}', and the registry has decided on '{}'", answer, *asked.answer);
  }
  if (list != nullptr) {
    std::vector<std::string_view> names;
    for (const ListResponse1::User& user : list->users) {
      names.push_back(user.name);
    }
    hear_names(asked, names);
  }
  be_told(asked, answer);
  settle(asked);
  is_over_ |= asked.is_fatal;
  cut();
}

void Conversation1::hear_last_word(const std::string& token) {
  const bool is_full =
      token == token1_of(RefusalCode::TooManyConnections) && is_rejected_ && asked_.empty();
  if (!is_full && (!last_word_ || *last_word_ != token)) {
    return fail("is told '{}', and nobody has decided on that", token);
  }
  is_over_ = true;
  has_lost_stream_ = true;
}

void Conversation1::be_told(const Asked& asked, const std::string& answer) {
  const bool is_durable = ledger_.settings.is_durable;
  const bool is_ok = answer.starts_with(kOk);
  const Ledger::Client client{asked.account, asked.client};
  switch (asked.kind) {
    case Kind::Create:
    case Kind::Login: {
      AccountFacts& facts = ledger_.account(asked.what);
      if (!is_ok) {
        facts.claim_end = ledger_.diary.step;
        return;
      }
      if (asked.kind == Kind::Create) {
        ++facts.created_told;
        facts.created_step = ledger_.diary.step;
        facts.is_confirmed = true;
        if (is_durable &&
            (facts.created_told > facts.created_stored ||
             (!asked.secret.empty() && !ledger_.was_stored(asked.account, asked.secret)))) {
          fail("{} is confirmed and not stored", asked.what);
        }
      } else {
        const std::uint64_t highest = std::stoull(answer.substr(answer.rfind(' ')));
        if (is_durable && !asked.client.empty() && ledger_.stored_from(client) < highest) {
          fail("{} is told that {} is accepted, and {} is stored", asked.client, highest,
               ledger_.stored_from(client));
        }
        if (!asked.client.empty()) {
          ledger_.promise_up_to(client, highest);
        }
      }
      last_number_ = 0;
      log_in(asked.what, asked.read_step);
      return;
    }
    case Kind::Send:
      if (answer.starts_with("accepted")) {
        MessageFacts* message = ledger_.message(asked.what);
        const bool is_stored =
            asked.client.empty() ? message->is_stored : ledger_.stored_from(client) >= asked.n;
        if (is_durable && !is_stored) {
          fail("message {} is confirmed before it is stored", asked.what);
        }
        if (!asked.client.empty()) {
          ledger_.promise_up_to(client, asked.n);
        } else {
          message->is_promised = true;
          message->promised_step = ledger_.diary.step;
        }
        if (message->number != 0 && !message->is_doubled) {
          ledger_.tell_number(message->number, message->text);
        }
      }
      return;
    case Kind::SetSecret:
      if (is_ok && is_durable && !ledger_.was_stored(asked.account, asked.new_secret)) {
        fail("a new secret is confirmed and not stored");
      }
      return;
    case Kind::Delete:
      if (is_ok) {
        login_from_ms_ = asked.read_ms;
        ledger_.account(account_).claim_end = ledger_.diary.step;
        ledger_.confirm_deleted(std::exchange(account_, {}), asked.read_step);
      }
      return;
    case Kind::List:
    case Kind::Deliver:
    case Kind::Wrong:
      return;
  }
}

void Conversation1::hear_message(const Delivery1& delivery) {
  const std::string text(delivery.message.text);
  const std::uint64_t number = delivery.number.value;
  ledger_.diary.tell("#{}: server pushes {} '{}'", number_, number, text.substr(0, 20));
  MessageFacts* message = ledger_.message(text);
  if (message == nullptr || message->sender != delivery.message.sender ||
      message->recipient != delivery.message.recipient) {
    return fail("a message that nobody sent: '{}'", text);
  }
  if (account_.empty() || account_ != message->recipient) {
    fail("message {} to {} comes to '{}'", text, message->recipient, account_);
  }
  if (message->is_refused) {
    fail("message {} was refused, or is gone, and is there again", text);
  }
  if (message->is_dead && message->dead_since < accepted_step) {
    fail("message {} comes to another account of that name", text);
  }
  if (ledger_.settings.is_durable && !message->is_stored) {
    fail("message {} is pushed before it is stored", text);
  }
  if (number <= last_number_) {
    fail("number {} comes behind {}", number, last_number_);
  }
  last_number_ = number;
  ledger_.tell_number(number, text);
}

bool Conversation1::is_complete() {
  const bool is_answered = std::all_of(asked_.begin(), asked_.end(), [](const Asked& asked) {
    return asked.kind == Kind::Deliver && !asked.answer;
  });
  return is_answered && pings_.empty() && output_.empty();
}

}  // namespace tribar::simulation
