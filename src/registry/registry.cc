// SPDX-License-Identifier: MIT
//
// See registry.h. The order of this file: dispatch, commands, what becomes of connections, the
// flow towards readers.
#include "registry/registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tribar {
namespace {

/// A slice of a LIST: some tens of microseconds. The first one is taken at once, so that a short
/// LIST is answered in its own turn.
constexpr std::uint64_t kSliceSteps = 3000;
/// Freed of a deleted account's queue per Continue.
constexpr std::size_t kTrashPerStep = 2000;
/// Numbers are stored as used in blocks, so that one record serves many messages.
constexpr std::uint64_t kReservedNumbers = 16384;
/// What so many accounts take stays in the cache from one message to the next.
constexpr std::size_t kCachedAccounts = 256;
/// What a short answer counts in the credit: about its bytes.
constexpr std::uint32_t kShortAnswerCharge = 42;

std::uint32_t charge_of(const Message& message) {
  return static_cast<std::uint32_t>(charged_bytes(message));
}

/// Adds an effect and returns its body, which is filled where it stands: put together elsewhere it
/// would be written twice, and read back before the first writing is through.
template <typename Body>
Body& add_effect(Output& out, ConnectionId to, std::uint32_t completes_bytes,
                 std::uint32_t charge) {
  if (out.row_to == to) {
    out.row_to = {};
  }
  Effect& effect = out.effects.emplace_back();
  effect.to = to;
  effect.completes_bytes = completes_bytes;
  effect.charge = charge;
  return effect.body.emplace<Body>();
}

}  // namespace

Registry::Registry(const RegistryLimits& limits, HashKey key, bool keeps_records)
    : limits_(limits), keeps_records_(keeps_records), accounts_(key) {}

void Registry::apply(const Input& input, UnixMs now, Output& out) {
  Turn turn{now, out, input.protocol};
  if (input.command_bytes > 0) {
    Session& session = session_of(input.from);
    if (!session.is_over && (must_wait(session) || session.has_waiting())) {
      session.stalled().waiting.push_back(copy_command(input));
    } else {
      execute(session, input, turn);
    }
    return;
  }
  if (const auto* done = std::get_if<Written>(&input.body)) {
    if (Session* session = find_session(input.from)) {
      written(*session, *done, turn);
    }
  } else if (const auto* back = std::get_if<Returned>(&input.body)) {
    returned(find_session(input.from), *back, turn);
  } else if (std::holds_alternative<Ended>(input.body)) {
    Session& session = session_of(input.from);
    session.has_ended = true;
    resume(session, turn);
  } else if (std::holds_alternative<LoginExpired>(input.body)) {
    Session& session = session_of(input.from);
    if (session.is_listing() || session.has_waiting()) {
      session.stalled().waiting.push_back(copy_command(input));
    } else {
      execute(session, input, turn);
    }
  } else if (std::holds_alternative<Closed>(input.body)) {
    if (Session* session = find_session(input.from)) {
      closed(*session, turn);
    }
  } else if (std::holds_alternative<Continue>(input.body)) {
    go_on(turn);
  } else if (std::holds_alternative<StorageDown>(input.body)) {
    is_storage_up_ = false;
  } else if (std::holds_alternative<StorageUp>(input.body)) {
    is_storage_up_ = true;
  }
}

void Registry::apply_all(std::span<Input> inputs, UnixMs now, Output& out) {
  const bool is_large = accounts_.size() > kCachedAccounts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (is_large) {
      fetch_ahead(inputs.subspan(i));
    }
    apply(inputs[i], now, out);
  }
}

/// Has the memory fetched that inputs a little further on will touch: with many accounts nearly all
/// of it is out of the cache, and one step leads to the next.
void Registry::fetch_ahead(std::span<Input> inputs) {
  constexpr std::size_t kStep = 4;
  if (3 * kStep < inputs.size()) {
    Input& input = inputs[3 * kStep];
    if (const auto* command = std::get_if<Send>(&input.body)) {
      input.recipient_hash = accounts_.hash_of(command->message.recipient);
      accounts_.fetch(input.recipient_hash);
    }
  }
  if (2 * kStep < inputs.size() && inputs[2 * kStep].recipient_hash != 0) {
    if (const Account* account = accounts_.guess(inputs[2 * kStep].recipient_hash)) {
      __builtin_prefetch(account);
      __builtin_prefetch(account + 1);  // the end of this one, which may be in another line
    }
  }
  if (kStep < inputs.size() && inputs[kStep].recipient_hash != 0) {
    const Account* account = accounts_.guess(inputs[kStep].recipient_hash);
    if (account != nullptr && !account->session.is_none()) {
      const Session* session = sessions_.data() + account->session.slot();
      __builtin_prefetch(session);
      __builtin_prefetch(session + 1);
    }
  }
}

void Registry::execute(Session& session, const Input& input, Turn& turn) {
  const std::uint32_t bytes = input.command_bytes;
  if (const auto* expired = std::get_if<LoginExpired>(&input.body)) {
    login_expired(session, *expired, turn);
  } else if (session.is_over) {
    answer(session, bytes, 0, Done{}, turn);
  } else if (const auto* command = std::get_if<Send>(&input.body)) {
    send(session, input, command->message, turn);
  } else if (const auto* creation = std::get_if<Create>(&input.body)) {
    create(session, bytes, creation->username, turn);
  } else if (const auto* entry = std::get_if<Login>(&input.body)) {
    login(session, bytes, entry->username, turn);
  } else if (const auto* question = std::get_if<List>(&input.body)) {
    list(session, bytes, question->pattern, turn);
  } else if (std::holds_alternative<Deliver>(input.body)) {
    deliver(session, bytes, turn);
  } else if (std::holds_alternative<Delete>(input.body)) {
    remove(session, bytes, turn);
  } else if (const auto* rejected = std::get_if<Rejected>(&input.body)) {
    reject(session, bytes, *rejected, turn);
  }
}

// Commands.

void Registry::create(Session& session, std::uint32_t command_bytes, std::string_view name,
                      Turn& turn) {
  if (accounts_.find(name) != nullptr) {
    return refuse(session, command_bytes, {RefusalCode::UsernameTaken}, turn);
  }
  if (session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::AlreadyLoggedIn}, turn);
  }
  if (!is_storage_up_) {
    return refuse(session, command_bytes, {RefusalCode::StorageUnavailable}, turn);
  }
  if (accounts_.size() >= limits_.accounts) {
    return refuse(session, command_bytes,
                  {RefusalCode::TooManyAccounts, accounts_.size(), limits_.accounts}, turn);
  }
  last_account_ = AccountId{last_account_.value + 1};
  Account& account = accounts_.add(last_account_, name);
  if (keeps_records_) {
    turn.out.records.emplace_back(
        AccountCreated{account.id, turn.now, turn.out.arena.copy(account.name)});
  }
  turn.out.account_changes.push_back({turn.out.arena.copy(account.name), false});
  log_in(session, account);
  answer(session, command_bytes, kShortAnswerCharge, LoggedIn{account.id}, turn);
}

void Registry::login(Session& session, std::uint32_t command_bytes, std::string_view name,
                     Turn& turn) {
  Account* account = accounts_.find(name);
  if (account == nullptr) {
    return refuse(session, command_bytes, {RefusalCode::NoSuchUsername}, turn);
  }
  if (!account->session.is_none()) {
    return refuse(session, command_bytes, {RefusalCode::LoggedInElsewhere}, turn);
  }
  if (session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::AlreadyLoggedIn}, turn);
  }
  log_in(session, *account);
  answer(session, command_bytes, kShortAnswerCharge, LoggedIn{account->id}, turn);
}

void Registry::list(Session& session, std::uint32_t command_bytes, std::string_view pattern,
                    Turn& turn) {
  if (session.is_gone) {
    return;
  }
  if (pattern.empty()) {
    pattern = "*";
  }
  if (pattern.find_first_of("*?[") == std::string_view::npos) {
    const Account* account = accounts_.find(pattern);
    const std::string_view names =
        account == nullptr ? std::string_view() : turn.out.keep(account->name + '\n');
    return answer(session, command_bytes,
                  kShortAnswerCharge + static_cast<std::uint32_t>(names.size()),
                  Names{names, account == nullptr ? 0U : 1U}, turn);
  }
  Listing listing(session.id, command_bytes, pattern, accounts_);
  // Answers that nobody has read yet, and those in the making, are bounded: the next waits.
  if (owed_names_ + listings_.names_bytes() >= limits_.listing_bytes) {
    session.stalled().is_listing = true;
    listings_.add(std::move(listing));
    return;
  }
  const Listing::State state = listing.step(accounts_, kSliceSteps, limits_.list_names);
  if (state == Listing::State::Unfinished) {
    session.stalled().is_listing = true;
    listings_.add(std::move(listing));
    return;
  }
  answer_listing(session, listing, state, turn);
}

void Registry::send(Session& session, const Input& input, const Message& message, Turn& turn) {
  const std::uint32_t command_bytes = input.command_bytes;
  if (!session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::SendBeforeLogin}, turn);
  }
  if (accounts_.at(session.account.place).name != message.sender) {
    return refuse(session, command_bytes, {RefusalCode::SenderIsNotYou}, turn);
  }
  Account* recipient = input.recipient_hash == 0
                           ? accounts_.find(message.recipient)
                           : accounts_.find(message.recipient, input.recipient_hash);
  if (recipient == nullptr) {
    return refuse(session, command_bytes, {RefusalCode::NoSuchRecipient}, turn);
  }
  const std::uint32_t charge = charge_of(message);
  if (const auto refusal = refuse_message_for(*recipient, charge)) {
    return refuse(session, command_bytes, *refusal, turn);
  }
  const MessageNumber number{last_number_.value + 1};
  last_number_ = number;
  recipient->held_bytes += charge;
  recipient->held_messages += 1;
  queued_bytes_ += charge;
  if (keeps_records_) {
    keep_record_of(*recipient, number, message, turn);
  }
  Session* reader = find_session(recipient->session);
  if (reader == nullptr) {
    recipient->kept().push_back(KeptMessage::make(number, turn.now, message.sender, message.text));
  } else if (reader->has_backlog() || reader->owed >= limits_.outbox_bytes) {
    auto& backlog = reader->stalled().backlog;
    if (backlog.empty() || !backlog.back().is_live) {
      backlog.push_back({true, {}, recipient->name.size()});
    }
    backlog.back().messages.push_back(
        KeptMessage::make(number, turn.now, message.sender, message.text));
  } else {
    push(*reader, *recipient, &message, number, turn.now, true, turn);
  }
  confirm(session, input, message, charge, turn);
}

void Registry::deliver(Session& session, std::uint32_t command_bytes, Turn& turn) {
  if (!session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::DeliverBeforeLogin}, turn);
  }
  answer(session, command_bytes, 0, Done{}, turn);
  Account& account = accounts_.at(session.account.place);
  if (!account.undelivered || account.undelivered->is_empty() || session.is_gone) {
    return;
  }
  session.stalled().backlog.push_back(
      {false, std::move(*account.undelivered), account.name.size()});
  account.undelivered.reset();
  drain(session, turn);
}

void Registry::remove(Session& session, std::uint32_t command_bytes, Turn& turn) {
  if (!session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::DeleteBeforeLogin}, turn);
  }
  if (!is_storage_up_) {
    return refuse(session, command_bytes, {RefusalCode::StorageUnavailable}, turn);
  }
  Account& account = accounts_.at(session.account.place);
  if (keeps_records_) {
    turn.out.records.emplace_back(AccountDeleted{account.id});
  }
  turn.out.account_changes.push_back({turn.out.arena.copy(account.name), true});
  turn.out.released_bytes += account.held_bytes;
  // What it held counts until it is freed, written or back.
  if (account.undelivered && !account.undelivered->is_empty()) {
    trash_.push_back({std::move(*account.undelivered), account.name.size()});
  }
  listings_.pass(account);
  accounts_.remove(account);
  session.is_logged_in = false;
  session.account = {};
  session.orphan_pushes += std::exchange(session.owed_pushes, 0);
  session.orphan_push_charge += std::exchange(session.owed_push_charge, 0);
  if (session.owed_numbers) {
    for (const MessageNumber number : *session.owed_numbers) {
      turn.out.records.emplace_back(HandedOver{number});
    }
    session.owed_numbers.reset();
  }
  answer(session, command_bytes, 0, LoggedOut{}, turn);
}

void Registry::reject(Session& session, std::uint32_t command_bytes, const Rejected& rejected,
                      Turn& turn) {
  refuse(session, command_bytes, rejected.refusal, turn);
  if (rejected.is_fatal) {
    log_out(session);
    finish(session, turn);
  }
}

// What becomes of connections.

void Registry::written(Session& session, const Written& written, Turn& turn) {
  session.owed -= written.charge;
  queued_bytes_ -= written.push_charge;
  note_written_names(session, session.owed);
  // What was pushed for an account that is deleted came first, and is counted nowhere any more.
  const std::uint32_t orphans = std::min(session.orphan_pushes, written.pushes);
  const std::uint32_t pushes = written.pushes - orphans;
  const std::uint32_t orphan_charge = pushes > 0 ? session.orphan_push_charge : written.push_charge;
  session.orphan_pushes -= orphans;
  session.orphan_push_charge -= orphan_charge;
  if (pushes > 0) {
    const std::uint32_t charge = written.push_charge - orphan_charge;
    session.owed_pushes -= pushes;
    session.owed_push_charge -= charge;
    Account* account = accounts_.get(session.account);
    if (account != nullptr) {
      account->held_messages -= pushes;
      account->held_bytes -= charge;
    }
    if (session.owed_numbers) {
      auto& numbers = *session.owed_numbers;
      for (std::uint32_t i = 0; i < pushes; ++i) {
        turn.out.records.emplace_back(HandedOver{numbers.front()});
        numbers.pop_front();
      }
      if (numbers.empty()) {
        session.owed_numbers.reset();
      }
    }
  }
  resume(session, turn);
}

void Registry::returned(Session* session, const Returned& returned, Turn& turn) {
  if (session != nullptr) {
    const std::uint32_t charge = charge_of(returned.message);
    session->owed -= charge;
    if (session->account.id == returned.account) {
      session->owed_pushes -= 1;
      session->owed_push_charge -= charge;
      if (session->owed_numbers) {
        auto& numbers = *session->owed_numbers;
        // The newest come back first.
        numbers.erase(
            std::next(std::find(numbers.rbegin(), numbers.rend(), returned.number)).base());
      }
    } else {
      session->orphan_pushes -= 1;
      session->orphan_push_charge -= charge;
    }
  }
  Account* account = accounts_.find(returned.message.recipient);
  if (account != nullptr && account->id == returned.account) {
    account->kept().insert(KeptMessage::make(returned.number, returned.time,
                                             returned.message.sender, returned.message.text));
  } else {
    queued_bytes_ -= charge_of(returned.message);
    if (keeps_records_) {
      turn.out.records.emplace_back(HandedOver{returned.number});
    }
  }
  // What waits goes on when all are back, with a report: a DELIVER in between would give the newer
  // ones before the older ones.
}

/// The logout of a half-closed connection, once its commands are executed.
void Registry::end_when_done(Session& session) {
  if (!session.has_ended || session.is_over || session.has_waiting()) {
    return;
  }
  log_out(session);
  return_runs(session, true);
  session.is_over = true;
}

void Registry::login_expired(Session& session, const LoginExpired& expired, Turn& turn) {
  // After a logout the time to log in begins anew.
  if (session.is_logged_in || session.logins != expired.logins || session.is_over) {
    return;
  }
  refuse(session, 0, expired.refusal, turn);
  finish(session, turn);
}

void Registry::closed(Session& session, Turn& turn) {
  session.is_gone = true;
  listings_.cancel(session.id);
  return_runs(session, false);
  if (session.is_logged_in) {
    accounts_.at(session.account.place).session = {};
  }
  // What was read before the end is done, in order, though nobody hears of it.
  while (session.has_waiting()) {
    execute_front(session, turn);
  }
  note_written_names(session, 0);
  session = Session{};
}

void Registry::go_on(Turn& turn) {
  for (std::size_t i = 0; i < kTrashPerStep && !trash_.empty(); ++i) {
    Trash& trash = trash_.front();
    const KeptMessage::Ptr kept = trash.messages.pop_front();
    queued_bytes_ -= charged_bytes({kept->sender(), {}, kept->text()}) + trash.recipient_bytes;
    if (keeps_records_) {
      turn.out.records.emplace_back(HandedOver{kept->number()});
    }
    if (trash.messages.is_empty()) {
      trash_.pop_front();
    }
  }
  if (!may_go_on_listing()) {
    return;
  }
  Listing& listing = listings_.current();
  const std::size_t found_before = listing.names_bytes();
  const Listing::State state = listing.step(accounts_, kSliceSteps, limits_.list_names);
  if (state == Listing::State::Unfinished) {
    listings_.rotate(listing.names_bytes() - found_before);
    return;
  }
  Session& session = *find_session(listing.asker());
  session.stall->is_listing = false;
  answer_listing(session, listing, state, turn);
  listings_.drop_current(found_before);
  resume(session, turn);
}

/// Of what the connection is owed, no more than `still_owed` can be long answers to LIST.
void Registry::note_written_names(Session& session, std::uint64_t still_owed) {
  const std::uint64_t left = std::min(session.owed_names, still_owed);
  owed_names_ -= session.owed_names - left;
  session.owed_names = left;
}

Session* Registry::find_session(ConnectionId id) {
  const std::size_t slot = id.slot();
  return !id.is_none() && slot < sessions_.size() && sessions_[slot].id == id ? &sessions_[slot]
                                                                              : nullptr;
}

Session& Registry::session_of(ConnectionId id) {
  if (id.slot() >= sessions_.size()) {
    sessions_.resize(id.slot() + 1);
  }
  Session& session = sessions_[id.slot()];
  if (session.id != id) {
    session = Session{};
    session.id = id;
  }
  return session;
}

void Registry::log_in(Session& session, Account& account) {
  session.account = {account.place, account.id};
  session.is_logged_in = true;
  session.logins += 1;
  // Of a connection that is gone the commands that waited are still done, but nobody reads there.
  account.session = session.is_gone ? ConnectionId{} : session.id;
}

void Registry::log_out(Session& session) {
  if (session.is_logged_in) {
    accounts_.at(session.account.place).session = {};
    session.is_logged_in = false;
  }
}

/// The last word to a connection.
void Registry::finish(Session& session, Turn& turn) {
  session.is_over = true;
  session.is_closing = true;
  answer(session, 0, 0, Close{}, turn);
}

/// The last word to a connection that is over, once it has all its answers.
void Registry::finish_when_idle(Session& session, Turn& turn) {
  if (session.is_over && !session.is_closing && !session.is_busy()) {
    finish(session, turn);
  }
}

/// Backlogged pushes go back to the queue; with `live_only`, what DELIVER asked for stays.
void Registry::return_runs(Session& session, bool live_only) {
  if (!session.has_backlog()) {
    return;
  }
  Account* account = accounts_.get(session.account);
  std::erase_if(session.stall->backlog, [&](BacklogRun& run) {
    if (live_only && !run.is_live) {
      return false;
    }
    if (account != nullptr) {
      account->kept().merge(std::move(run.messages));
    } else {
      trash_.push_back({std::move(run.messages), run.recipient_bytes});
    }
    return true;
  });
}

// The flow towards readers.

bool Registry::must_wait(const Session& session) const {
  return session.owed >= limits_.outbox_bytes || session.is_busy();
}

/// Hands over what the credit allows of the backlog.
void Registry::drain(Session& session, Turn& turn) {
  if (!session.has_backlog()) {
    return;
  }
  auto& backlog = session.stall->backlog;
  Account* account = accounts_.get(session.account);
  if (account == nullptr) {
    // Deleted by another session, after the logout of a half-close.
    return_runs(session, false);
    return;
  }
  const std::string_view name = turn.out.arena.copy(account->name);
  while (!backlog.empty() && session.owed < limits_.outbox_bytes) {
    BacklogRun& run = backlog.front();
    KeptMessage::Ptr kept = run.messages.pop_front();
    const Message* message = turn.out.arena.make(Message{kept->sender(), name, kept->text()});
    push(session, *account, message, kept->number(), kept->time(), run.is_live, turn);
    turn.out.released_bytes += kept->text().size();
    turn.out.messages.push_back(std::move(kept));
    if (run.messages.is_empty()) {
      backlog.pop_front();
    }
  }
}

/// Hands over and executes what there is room for, and drops an idle Stall.
void Registry::resume(Session& session, Turn& turn) {
  end_when_done(session);
  drain(session, turn);
  while (session.has_waiting() && (session.is_over || !must_wait(session))) {
    execute_front(session, turn);
  }
  end_when_done(session);
  finish_when_idle(session, turn);
  if (!session.is_busy() && !session.has_waiting()) {
    session.stall.reset();
  }
}

/// Executes the first waiting command; its bytes live on in the output.
void Registry::execute_front(Session& session, Turn& turn) {
  WaitingCommand command = std::move(session.stall->waiting.front());
  session.stall->waiting.pop_front();
  const Input* input = turn.out.arena.make(command.input);
  turn.out.texts.push_back(std::move(command.bytes));
  execute(session, *input, turn);
}

/// Why nothing more is kept for `recipient` now, if so.
std::optional<Refusal> Registry::refuse_message_for(const Account& recipient,
                                                    std::uint64_t charge) const {
  if (!is_storage_up_) {
    return Refusal{RefusalCode::StorageUnavailable};
  }
  if (recipient.held_messages >= limits_.undelivered_messages ||
      recipient.held_bytes + charge > limits_.undelivered_bytes) {
    return Refusal{RefusalCode::RecipientQueueFull};
  }
  if (queued_bytes_ + charge > limits_.queued_bytes) {
    return Refusal{RefusalCode::ServerQueuesFull};
  }
  return std::nullopt;
}

void Registry::keep_record_of(const Account& recipient, MessageNumber number,
                              const Message& message, Turn& turn) {
  if (number >= reserved_) {
    reserved_ = MessageNumber{number.value + kReservedNumbers};
    turn.out.records.emplace_back(NumbersReserved{reserved_});
  }
  turn.out.records.emplace_back(
      MessageKept{number, recipient.id, turn.now, message.sender, message.text});
}

void Registry::push(Session& reader, Account& account, const Message* message, MessageNumber number,
                    UnixMs time, bool is_live, Turn& turn) {
  const std::uint32_t charge = charge_of(*message);
  reader.owed += charge;
  reader.owed_pushes += 1;
  reader.owed_push_charge += charge;
  if (keeps_records_) {
    if (!reader.owed_numbers) {
      reader.owed_numbers = std::make_unique<std::deque<MessageNumber>>();
    }
    reader.owed_numbers->push_back(number);
  }
  // Far from every limit a late report costs nothing; near one it would refuse what there is
  // room for.
  const bool wants_report =
      keeps_records_ || account.held_messages * std::uint64_t{2} >= limits_.undelivered_messages ||
      account.held_bytes * 2 >= limits_.undelivered_bytes ||
      queued_bytes_ * 2 >= limits_.queued_bytes;
  Push& push = add_effect<Push>(turn.out, reader.id, 0, charge);
  push.message = message;
  push.account = account.id;
  push.number = number;
  push.time = time;
  push.is_live = is_live;
  push.wants_report = wants_report;
  push.came_as = turn.protocol;
}

/// Tells a connection something, unless nobody is there to read it.
template <typename Body>
void Registry::answer(Session& session, std::uint32_t completes_bytes, std::uint32_t charge,
                      const Body& body, Turn& turn) {
  if (session.is_gone) {
    return;
  }
  session.owed += charge;
  add_effect<Body>(turn.out, session.id, completes_bytes, charge) = body;
}

/// Answers SEND. Joins the Echo before it when that is the connection's last effect: then the input
/// before this one, whose frame is next to this one's, is what it confirmed last.
void Registry::confirm(Session& session, const Input& input, const Message& message,
                       std::uint32_t charge, Turn& turn) {
  Output& out = turn.out;
  if (input.is_next && out.row_to == session.id) {
    Effect& row = out.effects[out.row_at];
    if (row.charge < kRowCharge) {
      session.owed += charge;
      row.charge += charge;
      row.completes_bytes += input.command_bytes;
      auto& echo = *std::get_if<Echo>(&row.body);
      echo.more += 1;
      echo.more_bytes += input.command_bytes;
      return;
    }
  }
  answer(session, input.command_bytes, charge, Echo{&message}, turn);
  if (!session.is_gone) {
    out.row_to = session.id;
    out.row_at = out.effects.size() - 1;
  }
}

void Registry::refuse(Session& session, std::uint32_t completes_bytes, Refusal refusal,
                      Turn& turn) {
  answer(session, completes_bytes, 2 * kShortAnswerCharge, Refuse{refusal}, turn);
}

void Registry::answer_listing(Session& session, Listing& listing, Listing::State state,
                              Turn& turn) {
  if (state == Listing::State::TooLong) {
    return refuse(session, listing.command_bytes(),
                  {RefusalCode::ListTooLong, 0, limits_.list_names}, turn);
  }
  const std::string_view names = turn.out.keep(listing.take_names());
  const auto charge = kShortAnswerCharge + static_cast<std::uint32_t>(names.size());
  if (charge >= kLongAnswerCharge && !session.is_gone) {
    session.owed_names += charge;
    owed_names_ += charge;
  }
  answer(session, listing.command_bytes(), charge, Names{names, listing.count()}, turn);
}

bool Registry::restore_account(AccountId id, std::string_view name) {
  if (accounts_.find(name) != nullptr || restored_.contains(id.value)) {
    return false;
  }
  restored_.emplace(id.value, accounts_.add(id, name).place);
  return true;
}

bool Registry::restore_message(AccountId recipient, KeptMessage::Ptr message) {
  const auto found = restored_.find(recipient.value);
  if (found == restored_.end()) {
    return false;
  }
  Account& account = accounts_.at(found->second);
  const std::uint32_t charge = charge_of({message->sender(), account.name, message->text()});
  account.held_bytes += charge;
  account.held_messages += 1;
  queued_bytes_ += charge;
  account.kept().push_back(std::move(message));
  return true;
}

void Registry::restore_counters(AccountId last, MessageNumber below) {
  last_account_ = last;
  reserved_ = below;
  last_number_ = MessageNumber{below.value == 0 ? 0 : below.value - 1};
  restored_ = {};
}

}  // namespace tribar
