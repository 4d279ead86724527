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

bool Registry::must_wait(const Session& session) const {
  return session.owed >= limits_.outbox_bytes || session.is_busy();
}

void Registry::written(Session& session, const Written& written, Turn& turn) {
  session.owed -= written.charge;
  queued_bytes_ -= written.push_charge;
  note_written_names(session, session.owed);
  // Pushes for an account that this connection has deleted were written first; they count nowhere
  // any more.
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
        // The newest messages are returned first, so search from the end.
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
  // The backlog and waiting commands continue only when all messages are returned, at the next
  // report: a DELIVER in between would deliver newer messages before older ones.
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
  if (!session.has_backlog()) {
    return;
  }
  auto& backlog = session.stall->backlog;
  Account* account = accounts_.get(session.account);
  if (account == nullptr) {
    // The account was deleted by another session, after this one was logged out by a half-close.
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

/// Hands over the backlog and executes waiting commands as far as the credit allows; frees an
/// unused Stall.
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
  execute(session, *input, turn);
}

/// Puts the backlog back into the account's queue; with `live_only`, keeps what DELIVER asked for.
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
      deferred_frees_.push_back({std::move(run.messages), run.recipient_bytes});
    }
    return true;
  });
}

}  // namespace tribar
