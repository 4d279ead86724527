// SPDX-License-Identifier: MIT
//
// See registry.h. What an operator asks.
#include <utility>

#include "chat/glob.h"
#include "registry/registry.h"

namespace tribar {

void Registry::operate(const Operate& operation, Turn& turn) {
  OperationAnswer answer{operation.ticket};
  answer.result =
      std::visit([&](const auto& body) { return carry_out(body, answer, turn); }, operation.body);
  turn.out.operation_answers.push_back(std::move(answer));
}

OperationResult Registry::carry_out(const AddAccount& addition, OperationAnswer&, Turn& turn) {
  if (accounts_.find(addition.name) != nullptr) {
    return OperationResult::NameTaken;
  }
  if (!is_storage_up_) {
    return OperationResult::StorageUnavailable;
  }
  if (accounts_.size() >= limits_.accounts) {
    return OperationResult::TooManyAccounts;
  }
  add_account(addition.name, addition.hash, turn);
  return OperationResult::Done;
}

OperationResult Registry::carry_out(const DeleteAccount& deletion, OperationAnswer&, Turn& turn) {
  Account* account = accounts_.find(deletion.name);
  if (account == nullptr) {
    return OperationResult::NoSuchAccount;
  }
  if (!is_storage_up_) {
    return OperationResult::StorageUnavailable;
  }
  if (Session* session = find_session(account->session)) {
    dismiss(*session, {RefusalCode::Dismissed}, turn);
  }
  erase(*account, turn);
  return OperationResult::Done;
}

OperationResult Registry::carry_out(const ReplaceHash& change, OperationAnswer&, Turn& turn) {
  Account* account = accounts_.find(change.name);
  if (account == nullptr) {
    return OperationResult::NoSuchAccount;
  }
  if (!is_storage_up_) {
    return OperationResult::StorageUnavailable;
  }
  account->detailed().generation += 1;
  keep_hash(*account, change.hash, turn);
  return OperationResult::Done;
}

OperationResult Registry::carry_out(const EndSession& end, OperationAnswer&, Turn& turn) {
  const Account* account = accounts_.find(end.name);
  if (account == nullptr) {
    return OperationResult::NoSuchAccount;
  }
  Session* session = find_session(account->session);
  if (session == nullptr) {
    return OperationResult::NotLoggedIn;
  }
  dismiss(*session, {RefusalCode::Dismissed}, turn);
  return OperationResult::Done;
}

OperationResult Registry::carry_out(const ShowAccount& question, OperationAnswer& answer, Turn&) {
  const Account* account = accounts_.find(question.name);
  if (account == nullptr) {
    return OperationResult::NoSuchAccount;
  }
  answer.account = {
      account->id,
      account->session,
      account->has_secret(),
      account->held_messages,
      account->held_bytes,
      account->details ? static_cast<std::uint32_t>(account->details->clients.size()) : 0};
  return OperationResult::Done;
}

OperationResult Registry::carry_out(const ShowSessions& question, OperationAnswer& answer, Turn&) {
  const Glob glob(question.pattern);
  for (const Session& session : sessions_) {
    if (session.id.is_none() || !session.is_logged_in) {
      continue;
    }
    const Account& account = accounts_.at(session.account.place);
    if (!glob.matches(account.name)) {
      continue;
    }
    if (answer.sessions.size() < question.most) {
      answer.sessions.push_back(
          {session.id, account.name, session.acknowledges, account.held_messages});
    } else {
      answer.unlisted += 1;
    }
  }
  return OperationResult::Done;
}

}  // namespace tribar
