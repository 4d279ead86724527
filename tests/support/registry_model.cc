// SPDX-License-Identifier: MIT
//
// See registry_model.h.
#include "support/registry_model.h"

#include <algorithm>
#include <utility>

namespace tribar {
namespace {

std::string no(RefusalCode code, std::uint64_t found = 0, std::uint64_t allowed = 0) {
  return describe(Refuse{{code, found, allowed}});
}

}  // namespace

std::string describe(const EffectBody& body) {
  if (const auto* echo = std::get_if<Echo>(&body)) {
    std::string text = "echo ";
    text += echo->message->sender;
    text += '>';
    text += echo->message->recipient;
    text += ':';
    text += echo->message->text;
    return text;
  }
  if (const auto* refuse = std::get_if<Refuse>(&body)) {
    const Refusal& refusal = refuse->refusal;
    return "no " + std::to_string(static_cast<unsigned>(refusal.code)) + ' ' +
           std::to_string(refusal.found) + ' ' + std::to_string(refusal.allowed);
  }
  if (const auto* names = std::get_if<Names>(&body)) {
    return "names " + std::to_string(names->count) + ' ' + std::string(names->names);
  }
  if (const auto* check = std::get_if<Check>(&body)) {
    return "check " + std::to_string(check->account.value);
  }
  return std::holds_alternative<LoggedIn>(body)    ? "in"
         : std::holds_alternative<LoggedOut>(body) ? "out"
         : std::holds_alternative<Close>(body)     ? "close"
                                                   : "done";
}

std::string RegistryModel::execute(ConnectionId id, const InputBody& command, UnixMs now) {
  ModelConnection& from = connection(id);
  if (from.is_over) {
    return "done";
  }
  if (const auto* sending = std::get_if<Send>(&command)) {
    return send(from, sending->message, now);
  }
  if (const auto* creation = std::get_if<Create>(&command)) {
    return create(id, from, creation->username);
  }
  if (const auto* entry = std::get_if<Login>(&command)) {
    return login(id, from, entry->username);
  }
  if (const auto* question = std::get_if<List>(&command)) {
    return list(question->pattern);
  }
  if (std::holds_alternative<Delete>(command)) {
    return remove(from);
  }
  if (std::holds_alternative<Deliver>(command)) {
    if (!from.is_logged_in) {
      return no(RefusalCode::DeliverBeforeLogin);
    }
    if (!from.is_gone) {
      for (auto& [number, message] : std::exchange(find(from.account)->undelivered, {})) {
        from.due.push_back({message, false});
      }
    }
    return "done";
  }
  const Rejected& rejected = std::get<Rejected>(command);
  if (rejected.is_fatal) {
    log_out(from);
    from.is_over = true;
  }
  return describe(Refuse{rejected.refusal});
}

std::string RegistryModel::send(ModelConnection& connection, const Message& message, UnixMs now) {
  if (!connection.is_logged_in) {
    return no(RefusalCode::SendBeforeLogin);
  }
  if (find(connection.account)->name != message.sender) {
    return no(RefusalCode::SenderIsNotYou);
  }
  ModelAccount* recipient = find(message.recipient);
  if (recipient == nullptr) {
    return no(RefusalCode::NoSuchRecipient);
  }
  if (!is_storage_up_) {
    return no(RefusalCode::StorageUnavailable);
  }
  auto accepted = std::make_shared<ModelMessage>(
      ModelMessage{last_number_ + 1, recipient->id, now, std::string(message.sender),
                   std::string(message.recipient), std::string(message.text)});
  if (recipient->held.size() + 1 > limits_.undelivered_messages ||
      recipient->held_bytes + accepted->bytes() > limits_.undelivered_bytes) {
    return no(RefusalCode::RecipientQueueFull);
  }
  if (queued_bytes() + accepted->bytes() > limits_.queued_bytes) {
    return no(RefusalCode::ServerQueuesFull);
  }
  ++last_number_;
  recipient->held.emplace(accepted->number, accepted);
  recipient->held_bytes += accepted->bytes();
  if (recipient->session.is_none()) {
    recipient->undelivered.emplace(accepted->number, accepted);
  } else {
    this->connection(recipient->session).due.push_back({accepted, true});
  }
  return describe(Echo{&message});
}

std::string RegistryModel::create(ConnectionId id, ModelConnection& connection,
                                  std::string_view name) {
  if (find(name) != nullptr) {
    return no(RefusalCode::UsernameTaken);
  }
  if (connection.is_logged_in) {
    return no(RefusalCode::AlreadyLoggedIn);
  }
  if (!is_storage_up_) {
    return no(RefusalCode::StorageUnavailable);
  }
  if (accounts_.size() >= limits_.accounts) {
    return no(RefusalCode::TooManyAccounts, accounts_.size(), limits_.accounts);
  }
  ModelAccount& account = accounts_.emplace_back();
  account.id = AccountId{++last_account_};
  account.name = name;
  return login(id, connection, name);
}

std::string RegistryModel::login(ConnectionId id, ModelConnection& connection,
                                 std::string_view name) {
  ModelAccount* account = find(name);
  if (account == nullptr) {
    return no(RefusalCode::NoSuchUsername);
  }
  if (!account->session.is_none()) {
    return no(RefusalCode::LoggedInElsewhere);
  }
  if (connection.is_logged_in) {
    return no(RefusalCode::AlreadyLoggedIn);
  }
  account->session = connection.is_gone ? ConnectionId{} : id;
  connection.account = account->id;
  connection.is_logged_in = true;
  connection.logins += 1;
  return "in";
}

std::string RegistryModel::remove(ModelConnection& connection) {
  if (!connection.is_logged_in) {
    return no(RefusalCode::DeleteBeforeLogin);
  }
  if (!is_storage_up_) {
    return no(RefusalCode::StorageUnavailable);
  }
  const AccountId id = connection.account;
  for (const auto& [number, message] : find(id)->held) {
    leftovers_.emplace(number, message);
  }
  for (const auto& [number, message] : find(id)->undelivered) {
    deferred_frees_.push_back(number);
  }
  std::erase_if(accounts_, [id](const ModelAccount& account) { return account.id == id; });
  for (auto& [other, state] : connections_) {
    std::erase_if(state.due, [id, &lost = state.lost](const ModelDue& due) {
      if (due.message->account == id) {
        lost.push_back(due.message->number);
        return true;
      }
      return false;
    });
  }
  connection.is_logged_in = false;
  return "out";
}

std::string RegistryModel::list(std::string_view pattern) {
  std::string names;
  std::uint32_t count = 0;
  for (const ModelAccount& account : accounts_) {
    const bool is_prefix = !pattern.empty() && pattern.back() == '*';
    const bool matches =
        pattern.empty() ||
        (is_prefix ? account.name.starts_with(pattern.substr(0, pattern.size() - 1))
                   : account.name == pattern);
    if (matches) {
      ++count;
      names += account.name + '\n';
    }
  }
  if (count > limits_.list_names) {
    return no(RefusalCode::ListTooLong, 0, limits_.list_names);
  }
  return describe(Names{names, count});
}

void RegistryModel::end(ConnectionId id) {
  ModelConnection& ended = connection(id);
  log_out(ended);
  give_back(ended, true);
  ended.is_over = true;
}

void RegistryModel::dismiss(ConnectionId id) {
  ModelConnection& dismissed = connection(id);
  log_out(dismissed);
  give_back(dismissed, false);
  dismissed.is_over = true;
}

void RegistryModel::close(ConnectionId id) {
  ModelConnection& closed = connection(id);
  closed.is_gone = true;
  give_back(closed, false);
  if (closed.is_logged_in) {
    find(closed.account)->session = {};
  }
}

void RegistryModel::written(const ModelMessage& message) {
  if (ModelAccount* account = find(message.account)) {
    account->held_bytes -= message.bytes();
    account->held.erase(message.number);
  }
  leftovers_.erase(message.number);
}

void RegistryModel::reported(ConnectionId id) {
  for (const std::uint64_t number : std::exchange(connection(id).lost, {})) {
    deferred_frees_.push_back(number);
  }
}

void RegistryModel::free_deferred() {
  for (const std::uint64_t number : std::exchange(deferred_frees_, {})) {
    leftovers_.erase(number);
  }
}

void RegistryModel::returned(const ModelMessagePtr& message) {
  if (ModelAccount* account = find(message->account)) {
    account->undelivered.emplace(message->number, message);
  }
  leftovers_.erase(message->number);
}

std::uint64_t RegistryModel::queued_bytes() const {
  std::uint64_t sum = kept_bytes();
  for (const auto& [number, message] : leftovers_) {
    sum += message->bytes();
  }
  return sum;
}

std::uint64_t RegistryModel::kept_bytes() const {
  std::uint64_t sum = 0;
  for (const ModelAccount& account : accounts_) {
    sum += account.held_bytes;
  }
  return sum;
}

ModelAccount* RegistryModel::find(std::string_view name) {
  const auto at =
      std::find_if(accounts_.begin(), accounts_.end(),
                   [name](const ModelAccount& account) { return account.name == name; });
  return at == accounts_.end() ? nullptr : &*at;
}

ModelAccount* RegistryModel::find(AccountId id) {
  const auto at = std::find_if(accounts_.begin(), accounts_.end(),
                               [id](const ModelAccount& account) { return account.id == id; });
  return at == accounts_.end() ? nullptr : &*at;
}

void RegistryModel::log_out(ModelConnection& connection) {
  if (connection.is_logged_in) {
    find(connection.account)->session = {};
    connection.is_logged_in = false;
  }
}

void RegistryModel::give_back(ModelConnection& connection, bool live_only) {
  std::deque<ModelDue> kept;
  for (const ModelDue& due : connection.due) {
    if (due.is_live || !live_only) {
      returned(due.message);
    } else {
      kept.push_back(due);
    }
  }
  connection.due = std::move(kept);
}

}  // namespace tribar
