// SPDX-License-Identifier: MIT
//
// See registry.h. Dispatches inputs, and manages the life of sessions.
#include "registry/registry.h"

#include "registry/answer.h"

namespace tribar {
namespace {

/// Up to this many accounts stay in the CPU cache from one message to the next.
constexpr std::size_t kCachedAccounts = 256;

}  // namespace

Registry::Registry(const RegistryLimits& limits, HashKey key, bool keeps_records)
    : limits_(limits), keeps_records_(keeps_records), accounts_(key) {}

void Registry::apply(const Input& input, UnixMs now, Output& out) {
  counters_.inputs[input.body.index()].add();
  Turn turn{now, out, input.protocol};
  if (input.command_bytes > 0) {
    Session& session = session_of(input.from);
    if (!session.is_over && (must_wait(session) || session.has_waiting()) &&
        !goes_ahead(session, input)) {
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
    if (session.awaits_answer() || session.has_waiting()) {
      session.stalled().waiting.push_back(copy_command(input));
    } else {
      execute(session, input, turn);
    }
  } else if (const auto* dismissal = std::get_if<Dismiss>(&input.body)) {
    if (Session* session = find_session(input.from)) {
      dismiss(*session, dismissal->refusal, turn);
    }
  } else if (const auto* result = std::get_if<Answered>(&input.body)) {
    if (Session* session = find_session(input.from)) {
      answered(*session, *result, turn);
    }
  } else if (const auto* introduced = std::get_if<Introduced>(&input.body)) {
    introduce(session_of(input.from), *introduced);
  } else if (const auto* certified = std::get_if<Certified>(&input.body)) {
    session_of(input.from).detailed().certificate_name = certified->name;
  } else if (std::holds_alternative<WentSilent>(input.body)) {
    Session* session = find_session(input.from);
    if (session != nullptr && !session->is_closing) {
      answer(*session, 0, kShortAnswerCharge, Ping{}, turn);
    }
  } else if (std::holds_alternative<Closed>(input.body)) {
    if (Session* session = find_session(input.from)) {
      closed(*session, turn);
    }
  } else if (const auto* operation = std::get_if<Operate>(&input.body)) {
    operate(*operation, turn);
  } else if (std::holds_alternative<Continue>(input.body)) {
    go_on(turn);
  } else if (const auto* change = std::get_if<Reconfigured>(&input.body)) {
    reconfigure(*change->limits);
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
  counters_.accounts.set(accounts_.size());
}

/// Prefetches memory that inputs a little further on will use: with many accounts nearly all of it
/// is outside the CPU cache, and each look-up depends on the one before.
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
      __builtin_prefetch(account + 1);  // its end, which may be in the next cache line
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
  } else if (session.is_over || std::holds_alternative<Pong>(input.body)) {
    answer(session, bytes, 0, Done{}, turn);
  } else if (const auto* command = std::get_if<Send>(&input.body)) {
    send(session, input, command->message, turn);
  } else if (const auto* numbered = std::get_if<SendNumbered>(&input.body)) {
    send_numbered(session, input, *numbered, turn);
  } else if (const auto* acknowledgement = std::get_if<Acknowledge>(&input.body)) {
    acknowledge(session, bytes, acknowledgement->number, turn);
  } else if (const auto* rejected = std::get_if<Rejected>(&input.body)) {
    reject(session, bytes, *rejected, turn);
  } else if (const auto* creation = std::get_if<Create>(&input.body)) {
    create(session, input, *creation, turn);
  } else if (const auto* entry = std::get_if<Login>(&input.body)) {
    login(session, input, *entry, turn);
  } else if (const auto* question = std::get_if<List>(&input.body)) {
    list(session, bytes, question->pattern, turn);
  } else if (std::holds_alternative<Deliver>(input.body)) {
    deliver(session, bytes, turn);
  } else if (const auto* deletion = std::get_if<Delete>(&input.body)) {
    remove(session, input, *deletion, turn);
  } else if (const auto* change = std::get_if<SetSecret>(&input.body)) {
    set_secret(session, input, *change, turn);
  } else if (const auto* ping = std::get_if<Ping>(&input.body)) {
    answer_ping(session, bytes, *ping, turn);
  }
}

void Registry::reconfigure(const RegistryLimits& limits) {
  if (limits.outbox_bytes > limits_.outbox_bytes) {
    unresumed_ = sessions_.size();
  }
  limits_ = limits;
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

Session* Registry::find_session(ConnectionId id) {
  const std::size_t slot = id.slot();
  return !id.is_none() && slot < sessions_.size() && sessions_[slot].id == id ? &sessions_[slot]
                                                                              : nullptr;
}

void Registry::log_in(Session& session, Account& account, std::string_view client) {
  if (session.acknowledges) {
    session.details->client = client;
    session.details->wants_messages = !account.has_undelivered();
  }
  session.account = {account.place, account.id};
  session.is_logged_in = true;
  session.logins += 1;
  counters_.logins.add();
  counters_.logged_in.add();
  // Waiting commands of a closed connection are still executed, but nobody reads there.
  account.session = session.is_gone ? ConnectionId{} : session.id;
}

void Registry::log_out(Session& session, Turn& turn) {
  if (session.is_logged_in) {
    accounts_.at(session.account.place).session = {};
    session.is_logged_in = false;
    counters_.logged_in.subtract();
    if (session.acknowledges) {
      return_kept(session, turn);
    }
  }
}

/// Logs out a half-closed connection, once its commands are executed.
void Registry::end_when_done(Session& session, Turn& turn) {
  if (!session.has_ended || session.is_over || session.is_checking() || session.has_waiting()) {
    return;
  }
  log_out(session, turn);
  return_runs(session, true, turn);
  session.is_over = true;
}

void Registry::login_expired(Session& session, const LoginExpired& expired, Turn& turn) {
  // After a logout the login timeout starts again.
  if (session.is_logged_in || session.logins != expired.logins || session.is_over) {
    return;
  }
  refuse(session, 0, expired.refusal, turn);
  finish(session, turn);
}

/// Sends Close, the last effect to a connection.
void Registry::finish(Session& session, Turn& turn) {
  session.is_over = true;
  session.is_closing = true;
  answer(session, 0, 0, Close{}, turn);
}

/// Sends Close to a connection that is over, once it has received all its answers.
void Registry::finish_when_idle(Session& session, Turn& turn) {
  if (session.is_over && !session.is_closing && !session.is_busy()) {
    finish(session, turn);
  }
}

/// Unlike after a fatal mistake, the session's pending work is cancelled: it might wait for a peer
/// that no longer reads. Every command still gets its completion.
void Registry::dismiss(Session& session, Refusal refusal, Turn& turn) {
  if (session.is_closing) {
    return;
  }
  log_out(session, turn);
  return_runs(session, false, turn);
  session.is_over = true;
  if (session.is_listing()) {
    answer(session, listings_.cancel(session.id), 0, Done{}, turn);
  } else if (session.is_checking()) {
    answer(session, session.stall->checked->command.input.command_bytes, 0, Done{}, turn);
  }
  while (session.has_waiting()) {
    execute_front(session, turn);
  }
  session.stall.reset();
  refuse(session, 0, refusal, turn);
  finish(session, turn);
}

void Registry::closed(Session& session, Turn& turn) {
  session.is_gone = true;
  listings_.cancel(session.id);
  return_kept(session, turn);
  return_runs(session, false, turn);
  forget_orphans(session);
  if (session.is_logged_in) {
    accounts_.at(session.account.place).session = {};
  }
  // Commands that were received before the connection closed are executed in order, though nobody
  // reads the answers. But what a secret is needed for counts as nothing, since nobody checks it
  // any more, and so does what was asked behind it.
  session.is_over |= session.is_checking();
  while (session.has_waiting()) {
    execute_front(session, turn);
  }
  if (session.is_logged_in) {  // still, or by one of those
    counters_.logged_in.subtract();
  }
  note_written_names(session, 0);
  session = Session{};
}

}  // namespace tribar
