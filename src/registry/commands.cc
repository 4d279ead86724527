// SPDX-License-Identifier: MIT
//
// See registry.h. What each command does. SEND and everything that it needs come first, since
// nearly every command is a SEND.
#include <algorithm>
#include <utility>

#include "registry/answer.h"
#include "registry/registry.h"

namespace tribar {
namespace {

/// The work of one slice of a LIST: some tens of microseconds. The first slice runs at once, so
/// that a short LIST is answered immediately.
constexpr std::uint64_t kSliceSteps = 3000;
/// How many messages of deleted accounts are freed per Continue.
constexpr std::size_t kDeferredFreesPerStep = 2000;
/// Message numbers are reserved in the store in blocks, so that one record serves many messages.
constexpr std::uint64_t kReservedNumbers = 16384;

}  // namespace

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
  accept(*recipient, message, charge, true, turn);
  confirm(session, input, message, charge, turn);
}

/// Gives `message` the next number, and hands it to the recipient's connection or keeps it.
MessageNumber Registry::accept(Account& recipient, const Message& message, std::uint32_t charge,
                               bool is_portable, Turn& turn) {
  const MessageNumber number{last_number_.value + 1};
  last_number_ = number;
  recipient.held_bytes += charge;
  recipient.held_messages += 1;
  count_queued(charge);
  counters_.accepted.add();
  if (keeps_records_) {
    keep_record_of(recipient, number, turn.now, message, turn);
  }
  const auto keep = [&] {
    return KeptMessage::make(number, turn.now, message.sender, message.text, is_portable);
  };
  Session* reader = find_session(recipient.session);
  if (reader == nullptr) {
    recipient.kept().push_back(keep());
  } else if (reader->acknowledges) {
    offer(*reader, recipient, keep(), message, turn);
  } else if (reader->has_backlog() || reader->owed >= limits_.outbox_bytes) {
    auto& backlog = reader->stalled().backlog;
    if (backlog.empty() || !backlog.back().is_live) {
      backlog.push_back({true, {}, recipient.name.size()});
    }
    backlog.back().messages.push_back(keep());
  } else {
    if (!is_portable) {
      keep_until_written(*reader, recipient, keep());
    }
    push(*reader, recipient, &message, number, turn.now, true, is_portable, turn);
  }
  return number;
}

/// Hands a message to a connection of protocol 0.
void Registry::push(Session& reader, Account& account, const Message* message, MessageNumber number,
                    UnixMs time, bool is_live, bool is_portable, Turn& turn) {
  const std::uint32_t charge = charge_of(*message);
  reader.owed += charge;
  reader.owed_pushes += 1;
  reader.owed_push_charge += charge;
  if (keeps_records_ && !reader.owed_numbers) {
    reader.owed_numbers = std::make_unique<std::deque<MessageNumber>>();
  }
  if (reader.owed_numbers) {
    reader.owed_numbers->push_back(number);
  }
  // A late report of what was written does no harm far from every limit. Near a limit it would make
  // the registry refuse messages for which there is room.
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
  push.is_kept = !is_portable;
  push.is_portable = is_portable;
  push.came_as = turn.protocol;
}

/// Answers SEND. If the last effect is an Echo to the same connection, and this message's frame
/// directly follows the last one that it confirms, that Echo confirms this message too.
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

/// The reason why no more messages are accepted for `recipient` now; none if they are.
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

void Registry::keep_record_of(const Account& recipient, MessageNumber number, UnixMs time,
                              const Message& message, Turn& turn) {
  if (number >= reserved_) {
    reserved_ = MessageNumber{number.value + kReservedNumbers};
    turn.out.records.emplace_back(NumbersReserved{reserved_});
  }
  turn.out.records.emplace_back(
      MessageKept{number, recipient.id, time, message.sender, message.text});
}

void Registry::create(Session& session, const Input& input, const Create& command, Turn& turn) {
  if (const auto refusal = refuse_creation(session, command, turn)) {
    return refuse(session, input.command_bytes, *refusal, turn);
  }
  if (!command.secret.empty()) {
    return check(session, input, {.new_secret = command.secret}, 0, turn);
  }
  Account& account = add_account(
      command.username, turn.proof != nullptr ? turn.proof->new_hash : std::string_view(), turn);
  log_in(session, account, command.client);
  answer(session, input.command_bytes, kShortAnswerCharge,
         LoggedIn{.account = account.id,
                  .is_new = session.acknowledges,
                  .name = turn.out.arena.copy(account.name)},
         turn);
}

/// `hash`: of its secret; empty: it has none.
Account& Registry::add_account(std::string_view name, std::string_view hash, Turn& turn) {
  last_account_ = AccountId{last_account_.value + 1};
  Account& account = accounts_.add(last_account_, name);
  if (keeps_records_) {
    turn.out.records.emplace_back(
        AccountCreated{account.id, turn.now, turn.out.arena.copy(account.name)});
  }
  if (!hash.empty()) {
    keep_hash(account, hash, turn);
  }
  turn.out.account_changes.push_back({turn.out.arena.copy(account.name), false});
  return account;
}

/// Removes an account to which nobody is logged in, but for one whose own DELETE that is. Messages
/// that it held count against queued_bytes until they are freed, written or returned.
void Registry::erase(Account& account, Turn& turn) {
  if (keeps_records_) {
    turn.out.records.emplace_back(AccountDeleted{account.id});
  }
  turn.out.account_changes.push_back({turn.out.arena.copy(account.name), true});
  turn.out.released_bytes += account.held_bytes;
  if (account.undelivered && !account.undelivered->is_empty()) {
    deferred_frees_.push_back({std::move(*account.undelivered), account.name.size()});
  }
  listings_.pass(account);
  accounts_.remove(account);
}

void Registry::login(Session& session, const Input& input, const Login& command, Turn& turn) {
  Account* account = accounts_.find(command.username);
  if (const auto refusal = refuse_login(session, account, command, turn)) {
    return refuse(session, input.command_bytes, *refusal, turn);
  }
  const bool has_certificate = is_certified(session, command, turn);
  if (account->has_secret() && !has_certificate) {
    if (turn.proof == nullptr) {
      return check_secret(session, input, *account, command.secret, {}, turn);
    }
    // While nothing can be stored the login would wait for it in vain; the old hash is as right.
    if (!turn.proof->new_hash.empty() && is_storage_up_) {
      keep_hash(*account, turn.proof->new_hash, turn);
    }
  }
  if (account->has_secret() || has_certificate) {
    if (Session* replaced = find_session(account->session)) {
      dismiss(*replaced, {RefusalCode::Replaced}, turn);
    }
  }
  log_in(session, *account, command.client);
  LoggedIn entry{.account = account->id, .name = turn.out.arena.copy(account->name)};
  if (session.acknowledges) {
    entry.waiting = account->has_undelivered() ? account->undelivered->size() : 0;
    entry.highest = account->details ? account->details->highest_of(command.client) : 0;
  }
  answer(session, input.command_bytes, kShortAnswerCharge, entry, turn);
}

void Registry::list(Session& session, std::uint32_t command_bytes, std::string_view pattern,
                    Turn& turn) {
  if (session.is_gone) {
    return;
  }
  if (limits_.needs_secrets && !session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::ListBeforeLogin}, turn);
  }
  if (pattern.empty()) {
    pattern = "*";
  }
  if (pattern.find_first_of("*?[") == std::string_view::npos) {
    const Account* account = accounts_.find(pattern);
    std::string line;
    if (account != nullptr) {
      append_listed(line, *account, session.acknowledges);
    }
    const std::string_view names = line.empty() ? line : turn.out.keep(std::move(line));
    return answer(
        session, command_bytes, kShortAnswerCharge + static_cast<std::uint32_t>(names.size()),
        Names{names, count_listed(account == nullptr ? 0 : 1, session.acknowledges)}, turn);
  }
  Listing listing(session.id, command_bytes, pattern, session.acknowledges, accounts_);
  // Answers that are not read yet, and those being built, are bounded together: above the limit the
  // next LIST waits.
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
  answer(session, listing.command_bytes(), charge,
         Names{names, count_listed(listing.count(), session.acknowledges)}, turn);
}

void Registry::deliver(Session& session, std::uint32_t command_bytes, Turn& turn) {
  if (!session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::DeliverBeforeLogin}, turn);
  }
  answer(session, command_bytes, 0, Done{}, turn);
  if (session.acknowledges) {
    session.details->wants_messages = true;
    return push_queue(session, turn);
  }
  Account& account = accounts_.at(session.account.place);
  if (!account.undelivered || account.undelivered->is_empty() || session.is_gone) {
    return;
  }
  session.stalled().backlog.push_back(
      {false, std::move(*account.undelivered), account.name.size()});
  account.undelivered.reset();
  drain(session, turn);
}

void Registry::remove(Session& session, const Input& input, const Delete& command, Turn& turn) {
  const std::uint32_t command_bytes = input.command_bytes;
  if (!may_send(session, command.secret)) {
    return refuse(session, command_bytes, {RefusalCode::SecretNeedsTls}, turn);
  }
  if (!session.is_logged_in) {
    return refuse(session, command_bytes, {RefusalCode::DeleteBeforeLogin}, turn);
  }
  if (!is_storage_up_) {
    return refuse(session, command_bytes, {RefusalCode::StorageUnavailable}, turn);
  }
  Account& account = accounts_.at(session.account.place);
  if (account.has_secret()) {
    if (const auto refusal = refuse_proof(account, command.secret, turn)) {
      return refuse(session, command_bytes, *refusal, turn);
    }
    if (turn.proof == nullptr) {
      return check_secret(session, input, account, command.secret, {}, turn);
    }
  } else if (!command.secret.empty()) {
    return refuse(session, command_bytes, {RefusalCode::WrongSecret}, turn);
  }
  const std::size_t name_bytes = account.name.size();
  erase(account, turn);
  free_kept(session, name_bytes);
  session.is_logged_in = false;
  counters_.logged_in.subtract();
  session.account = {};
  if (session.acknowledges) {
    return answer(session, command_bytes, kShortAnswerCharge, LoggedOut{}, turn);
  }
  session.orphan_pushes += std::exchange(session.owed_pushes, 0);
  session.orphan_push_charge += std::exchange(session.owed_push_charge, 0);
  if (session.owed_numbers && keeps_records_) {
    for (const MessageNumber number : *session.owed_numbers) {
      turn.out.records.emplace_back(HandedOver{number});
    }
  }
  session.owed_numbers.reset();
  answer(session, command_bytes, 0, LoggedOut{}, turn);
}

void Registry::reject(Session& session, std::uint32_t command_bytes, const Rejected& rejected,
                      Turn& turn) {
  const bool needs_tls =
      rejected.has_secret && session.details && !session.details->may_send_secrets;
  refuse(session, command_bytes,
         needs_tls ? Refusal{RefusalCode::SecretNeedsTls} : rejected.refusal, turn, rejected.n);
  if (rejected.is_fatal) {
    log_out(session, turn);
    finish(session, turn);
  }
}

void Registry::refuse(Session& session, std::uint32_t completes_bytes, Refusal refusal, Turn& turn,
                      std::optional<std::uint64_t> n) {
  answer(session, completes_bytes, 2 * kShortAnswerCharge, Refuse{refusal, n}, turn);
}

void Registry::go_on(Turn& turn) {
  for (std::size_t i = 0; i < kDeferredFreesPerStep && !deferred_frees_.empty(); ++i) {
    DeferredFree& deferred = deferred_frees_.front();
    const KeptMessage::Ptr kept = deferred.messages.pop_front();
    count_unqueued(charged_bytes({kept->sender(), {}, kept->text()}) + deferred.recipient_bytes);
    if (keeps_records_) {
      turn.out.records.emplace_back(HandedOver{kept->number()});
    }
    if (deferred.messages.is_empty()) {
      deferred_frees_.pop_front();
    }
  }
  resume_some(turn);
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

}  // namespace tribar
