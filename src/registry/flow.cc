// SPDX-License-Identifier: MIT
//
// See registry.h. Flow control towards readers: credit, backlogs, waiting commands, and the loop's
// reports of what was written or returned.
#include <algorithm>
#include <iterator>
#include <utility>

#include "registry/answer.h"
#include "registry/registry.h"

namespace tribar {
namespace {

/// How many sessions a step resumes after a change of the credit, and after how many bytes for them
/// it leaves the others to the next one.
constexpr std::size_t kResumedPerStep = 1000;
constexpr std::uint64_t kResumedBytesPerStep = 1 << 20;

}  // namespace

/// A message counts against limits_.queued_bytes from now on.
void Registry::count_queued(std::uint64_t charge) {
  queued_bytes_ += charge;
  counters_.waiting.add();
  counters_.waiting_bytes.set(queued_bytes_);
}

void Registry::count_unqueued(std::uint64_t charge, std::uint32_t messages) {
  queued_bytes_ -= charge;
  counters_.waiting.subtract(messages);
  counters_.waiting_bytes.set(queued_bytes_);
}

bool Registry::must_wait(const Session& session) const {
  return session.owed >= limits_.outbox_bytes || session.is_busy();
}

void Registry::written(Session& session, const Written& written, Turn& turn) {
  session.owed -= written.charge;
  note_written_names(session, session.owed);
  if (session.acknowledges) {
    // The messages count until they are acknowledged.
    session.owed_pushes -= written.pushes;
    session.owed_push_charge -= written.push_charge;
    return resume(session, turn);
  }
  count_unqueued(written.push_charge, written.pushes);
  counters_.delivered.add(written.pushes);
  // Pushes for an account that this connection has deleted were written first; they count nowhere
  // any more.
  const std::uint32_t orphans = std::min(session.orphan_pushes, written.pushes);
  const std::uint32_t pushes = written.pushes - orphans;
  const std::uint32_t orphan_charge = pushes > 0 ? session.orphan_push_charge : written.push_charge;
  session.orphan_pushes -= orphans;
  session.orphan_push_charge -= orphan_charge;
  if (session.details && !session.details->orphan_charges.empty()) {
    auto& charges = session.details->orphan_charges;
    charges.erase(charges.begin(), charges.begin() + orphans);
  }
  if (pushes > 0) {
    const std::uint32_t charge = written.push_charge - orphan_charge;
    session.owed_pushes -= pushes;
    session.owed_push_charge -= charge;
    Account* account = accounts_.get(session.account);
    if (account != nullptr) {
      account->held_messages -= pushes;
      account->held_bytes -= charge;
      if (!session.is_logged_in) {
        push_to_next_reader(*account, turn);
      }
    }
    if (session.owed_numbers) {
      auto& numbers = *session.owed_numbers;
      for (std::uint32_t i = 0; i < pushes; ++i) {
        const MessageNumber number = numbers.front();
        numbers.pop_front();
        if (keeps_records_) {
          turn.out.records.emplace_back(HandedOver{number});
        }
        if (session.details && !session.details->kept.is_empty() &&
            session.details->kept.front().number() == number) {
          session.details->kept.pop_front();
        }
      }
      if (numbers.empty()) {
        session.owed_numbers.reset();
      }
    }
  }
  resume(session, turn);
}

void Registry::returned(Session* session, const Returned& returned, Turn& turn) {
  const std::uint32_t charge = returned.is_kept ? returned.charge : charge_of(returned.message);
  if (session != nullptr) {
    session->owed -= charge;
    if (session->acknowledges || session->account.id == returned.account) {
      session->owed_pushes -= 1;
      session->owed_push_charge -= charge;
      forget_owed_number(*session, returned.number);
    } else {
      session->orphan_pushes -= 1;
      session->orphan_push_charge -= charge;
      forget_orphan(*session, returned.is_kept ? charge : 0);
    }
  }
  if (returned.is_kept) {
    return returned_kept(session, returned, turn);
  }
  Account* account = accounts_.find(returned.message.recipient);
  if (account == nullptr || account->id != returned.account) {
    return drop_returned(returned.number, charge, turn);
  }
  account->kept().insert(KeptMessage::make(returned.number, returned.time, returned.message.sender,
                                           returned.message.text));
  push_to_next_reader(*account, turn);
  // The backlog and waiting commands continue only when all messages are returned, at the next
  // report: a DELIVER in between would deliver newer messages before older ones.
}

/// A connection of protocol 0 has got or given back messages of `account`. One of protocol 1 that
/// is logged in now may have waited for that.
void Registry::push_to_next_reader(const Account& account, Turn& turn) {
  Session* reader = find_session(account.session);
  if (reader != nullptr && reader->acknowledges) {
    push_queue(*reader, turn);
  }
}

/// A push for an account that the connection has deleted was not written. `kept_charge`: 0 if it
/// was not kept. The newest ones return first.
void Registry::forget_orphan(Session& session, std::uint32_t kept_charge) {
  if (!session.details) {
    return;
  }
  auto& charges = session.details->orphan_charges;
  const auto at = std::find(charges.rbegin(), charges.rend(), kept_charge);
  if (at != charges.rend()) {
    charges.erase(std::next(at).base());
  }
}

void Registry::forget_owed_number(Session& session, MessageNumber number) {
  if (!session.owed_numbers || session.owed_numbers->empty()) {
    return;
  }
  auto& numbers = *session.owed_numbers;
  // The newest messages are returned first, so search from the end.
  const auto at = std::find(numbers.rbegin(), numbers.rend(), number);
  if (at == numbers.rend()) {
    numbers.pop_front();  // one of those without a number
  } else {
    numbers.erase(std::next(at).base());
  }
}

/// A message could not be written, and its account is gone.
void Registry::drop_returned(MessageNumber number, std::uint32_t charge, Turn& turn) {
  count_unqueued(charge);
  if (keeps_records_) {
    turn.out.records.emplace_back(HandedOver{number});
  }
}

/// A kept message could not be written. A connection of protocol 1 keeps it until its end.
void Registry::returned_kept(Session* session, const Returned& returned, Turn& turn) {
  if (session == nullptr || session->acknowledges) {
    return;
  }
  Account* account = accounts_.get(session->account);
  KeptMessage::Ptr message =
      session->details ? session->details->kept.take(returned.number) : nullptr;
  if (account != nullptr && account->id == returned.account && message) {
    account->kept().insert(std::move(message));
    push_to_next_reader(*account, turn);
  } else {
    drop_returned(returned.number, returned.charge, turn);
  }
}

/// Updates owed_names: of the connection's `still_owed` unwritten bytes, all could be long answers
/// to LIST, but no more than that.
void Registry::note_written_names(Session& session, std::uint64_t still_owed) {
  const std::uint64_t left = std::min(session.owed_names, still_owed);
  owed_names_ -= session.owed_names - left;
  session.owed_names = left;
}

/// Hands over as much of the backlog as the credit allows.
void Registry::drain(Session& session, Turn& turn) {
  if (session.acknowledges) {
    return push_queue(session, turn);
  }
  if (!session.has_backlog()) {
    return;
  }
  auto& backlog = session.stall->backlog;
  Account* account = accounts_.get(session.account);
  if (account == nullptr) {
    // The account was deleted by another session, after this one was logged out by a half-close.
    return_runs(session, false, turn);
    return;
  }
  const std::string_view name = turn.out.arena.copy(account->name);
  while (!backlog.empty() && session.owed < limits_.outbox_bytes) {
    BacklogRun& run = backlog.front();
    KeptMessage::Ptr kept = run.messages.pop_front();
    const Message* message = turn.out.arena.make(Message{kept->sender(), name, kept->text()});
    if (!kept->is_portable()) {
      keep_until_written(
          session, *account,
          KeptMessage::make(kept->number(), kept->time(), kept->sender(), kept->text(), false));
    }
    push(session, *account, message, kept->number(), kept->time(), run.is_live, kept->is_portable(),
         turn);
    turn.out.released_bytes += kept->text().size();
    turn.out.messages.push_back(std::move(kept));
    if (run.messages.is_empty()) {
      backlog.pop_front();
    }
  }
}

/// Hands over the backlog and executes waiting commands as far as the credit allows; frees an
/// unused Stall.
void Registry::resume(Session& session, Turn& turn) {
  end_when_done(session, turn);
  drain(session, turn);
  while (session.has_waiting() && (session.is_over || !must_wait(session))) {
    execute_front(session, turn);
  }
  end_when_done(session, turn);
  finish_when_idle(session, turn);
  if (!session.is_busy() && !session.has_waiting()) {
    session.stall.reset();
  }
}

/// After a change to a higher credit: lets those go on who have some now, some sessions at a time.
void Registry::resume_some(Turn& turn) {
  std::uint64_t handed_over = 0;
  for (std::size_t i = 0;
       i < kResumedPerStep && unresumed_ > 0 && handed_over < kResumedBytesPerStep; ++i) {
    Session& session = sessions_[--unresumed_];
    if (session.has_backlog() || session.has_waiting() || session.acknowledges) {
      const std::uint64_t owed = session.owed;
      resume(session, turn);
      handed_over += session.owed - owed;
    }
  }
}

/// Executes the first waiting command.
void Registry::execute_front(Session& session, Turn& turn) {
  WaitingCommand command = std::move(session.stall->waiting.front());
  session.stall->waiting.pop_front();
  execute_copy(session, std::move(command), turn);
}

/// Executes a copied command; its bytes stay alive in the output.
void Registry::execute_copy(Session& session, WaitingCommand command, Turn& turn) {
  const Input* input = turn.out.arena.make(command.input);
  turn.out.texts.push_back(std::move(command.bytes));
  turn.out.has_secrets |= contains_secret(input->body);
  execute(session, *input, turn);
}

/// Puts the backlog back into the account's queue; with `live_only`, keeps what DELIVER asked for.
void Registry::return_runs(Session& session, bool live_only, Turn& turn) {
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
      deferred_frees_.push_back({std::move(run.messages), run.recipient_bytes});
    }
    return true;
  });
  if (account != nullptr) {
    push_to_next_reader(*account, turn);
  }
}

}  // namespace tribar
