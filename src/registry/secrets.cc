// SPDX-License-Identifier: MIT
//
// See registry.h. Who may be whom: secrets are hashed and compared elsewhere (see Check), and what
// the results mean is decided here.
#include <utility>

#include "chat/text.h"
#include "registry/answer.h"
#include "registry/registry.h"

namespace tribar {
namespace {

/// `input` as it is kept while its secret is checked: with no secret in it.
Input without_secrets(Input input) {
  if (auto* creation = std::get_if<Create>(&input.body)) {
    creation->secret = {};
  } else if (auto* entry = std::get_if<Login>(&input.body)) {
    entry->secret = {};
  } else if (auto* change = std::get_if<SetSecret>(&input.body)) {
    *change = {};
  } else if (auto* deletion = std::get_if<Delete>(&input.body)) {
    deletion->secret = {};
  }
  return input;
}

}  // namespace

bool Registry::may_send(const Session& session, std::string_view secret) {
  return secret.empty() || !session.details || session.details->may_send_secrets;
}

/// Whether the peer's certificate proves what a LOGIN without a secret says. One that was given and
/// checked is judged by that.
bool Registry::is_certified(const Session& session, const Login& command, const Turn& turn) {
  return turn.proof == nullptr && command.secret.empty() && session.details &&
         session.details->certificate_name == command.username;
}

std::optional<Refusal> Registry::refuse_creation(const Session& session, const Create& command,
                                                 const Turn& turn) {
  if (!may_send(session, command.secret)) {
    return Refusal{RefusalCode::SecretNeedsTls};
  }
  if (accounts_.find(command.username) != nullptr) {
    return Refusal{RefusalCode::UsernameTaken};
  }
  if (session.is_logged_in) {
    return Refusal{RefusalCode::AlreadyLoggedIn};
  }
  if (turn.proof == nullptr) {
    if (command.secret.empty() && limits_.needs_secrets) {
      return Refusal{RefusalCode::NeedsSecret};
    }
    if (!command.secret.empty()) {
      if (!limits_.can_hash_secrets) {
        return Refusal{RefusalCode::SecretsUnavailable};
      }
      if (auto refusal = refuse_secret(command.secret)) {
        return refusal;
      }
    }
  }
  if (!is_storage_up_) {
    return Refusal{RefusalCode::StorageUnavailable};
  }
  if (accounts_.size() >= limits_.accounts) {
    return Refusal{RefusalCode::TooManyAccounts, accounts_.size(), limits_.accounts};
  }
  return std::nullopt;
}

/// `account`: the one that `command` names, if there is one.
std::optional<Refusal> Registry::refuse_login(const Session& session, const Account* account,
                                              const Login& command, const Turn& turn) const {
  if (!may_send(session, command.secret)) {
    return Refusal{RefusalCode::SecretNeedsTls};
  }
  if (account == nullptr) {
    return Refusal{RefusalCode::NoSuchUsername};
  }
  if (is_certified(session, command, turn)) {
    return session.is_logged_in ? std::optional(Refusal{RefusalCode::AlreadyLoggedIn})
                                : std::nullopt;
  }
  if (!account->has_secret()) {
    if (limits_.needs_secrets) {
      return Refusal{RefusalCode::NeedsSecret};
    }
    if (!command.secret.empty()) {
      return Refusal{RefusalCode::WrongSecret};
    }
    if (!account->session.is_none()) {
      return Refusal{RefusalCode::LoggedInElsewhere};
    }
  } else if (!session.acknowledges) {
    return Refusal{RefusalCode::NeedsSecret};
  }
  if (session.is_logged_in) {
    return Refusal{RefusalCode::AlreadyLoggedIn};
  }
  return account->has_secret() ? refuse_proof(*account, command.secret, turn) : std::nullopt;
}

/// Why a command that needs the account's secret is neither checked nor executed, if so. `secret`:
/// what the command gives; not looked at once it is proved.
std::optional<Refusal> Registry::refuse_proof(const Account& account, std::string_view secret,
                                              const Turn& turn) const {
  if (turn.proof != nullptr) {
    const bool is_current =
        turn.proof->account == account.id && turn.proof->generation == account.details->generation;
    return is_current ? std::nullopt : std::optional(Refusal{RefusalCode::WrongSecret});
  }
  if (secret.empty()) {
    return Refusal{RefusalCode::WrongSecret};
  }
  if (!limits_.can_hash_secrets) {
    return Refusal{RefusalCode::SecretsUnavailable};
  }
  return std::nullopt;
}

std::optional<Refusal> Registry::refuse_secret_change(const Session& session,
                                                      const SetSecret& command, const Turn& turn) {
  if (!may_send(session, command.old_secret) || !may_send(session, command.new_secret)) {
    return Refusal{RefusalCode::SecretNeedsTls};
  }
  if (!session.is_logged_in) {
    return Refusal{RefusalCode::SecretBeforeLogin};
  }
  const Account& account = accounts_.at(session.account.place);
  if (turn.proof == nullptr) {
    if (!limits_.can_hash_secrets) {
      return Refusal{RefusalCode::SecretsUnavailable};
    }
    if (auto refusal = refuse_secret(command.new_secret)) {
      return refusal;
    }
    if (!account.has_secret() && !command.old_secret.empty()) {
      return Refusal{RefusalCode::WrongSecret};
    }
  }
  if (!is_storage_up_) {
    return Refusal{RefusalCode::StorageUnavailable};
  }
  return account.has_secret() ? refuse_proof(account, command.old_secret, turn) : std::nullopt;
}

void Registry::set_secret(Session& session, const Input& input, const SetSecret& command,
                          Turn& turn) {
  if (const auto refusal = refuse_secret_change(session, command, turn)) {
    return refuse(session, input.command_bytes, *refusal, turn);
  }
  Account& account = accounts_.at(session.account.place);
  if (turn.proof == nullptr) {
    return check_secret(session, input, account, command.old_secret, command.new_secret, turn);
  }
  account.detailed().generation += 1;
  keep_hash(account, turn.proof->new_hash, turn);
  answer(session, input.command_bytes, kShortAnswerCharge, SecretChanged{}, turn);
}

void Registry::keep_hash(Account& account, std::string_view hash, Turn& turn) {
  account.detailed().hash = hash;
  if (keeps_records_) {
    turn.out.records.emplace_back(SecretSet{account.id, turn.out.arena.copy(hash)});
  }
}

/// Begins the check of `secret` against the account's, if it has one. Attempts are counted when
/// they begin.
void Registry::check_secret(Session& session, const Input& input, Account& account,
                            std::string_view secret, std::string_view new_secret, Turn& turn) {
  Check what{account.id, {}, {}, new_secret};
  if (account.has_secret()) {
    const std::uint64_t wait_ms = throttle_.begin(account.id, session.detailed().network, turn.now);
    if (wait_ms > 0) {
      return refuse(session, input.command_bytes, {RefusalCode::Throttled, wait_ms}, turn);
    }
    what.secret = secret;
    what.hash = turn.out.arena.copy(account.details->hash);
  }
  const std::uint64_t generation = account.details ? account.details->generation : 0;
  check(session, input, what, generation, turn);
}

/// Has `what` done elsewhere; `input`, a command of `session`, is executed at the result.
void Registry::check(Session& session, const Input& input, const Check& what,
                     std::uint64_t generation, Turn& turn) {
  if (session.is_gone) {
    session.is_over = true;  // the connection is closed: see closed()
    return;
  }
  CheckedCommand& checked = session.stalled().checked.emplace();
  checked = {copy_command(without_secrets(input)), what.account, generation};
  answer(session, 0, 0, what, turn);
}

/// Executes the checked command as if it arrived now: accounts, logins and storage count as they
/// are now.
void Registry::answered(Session& session, const Answered& result, Turn& turn) {
  if (!session.is_checking()) {
    return;  // dismissed meanwhile
  }
  CheckedCommand checked = std::move(*session.stall->checked);
  session.stall->checked.reset();
  const Input& input = checked.command.input;
  if (result.refusal) {
    // Anything else says that nobody has looked: a client that tries again later is no guesser.
    if (result.refusal->code != RefusalCode::WrongSecret && session.details) {
      throttle_.take_back(checked.account, session.details->network);
    }
    refuse(session, input.command_bytes, *result.refusal, turn);
  } else if (std::holds_alternative<Login>(input.body) &&
             account_named_by(input) != checked.account) {
    // The account that was checked has been deleted; its name may belong to another account by now.
    refuse(session, input.command_bytes, {RefusalCode::NoSuchUsername}, turn);
  } else {
    if (session.details) {
      throttle_.succeed(checked.account, session.details->network);
    }
    const Proof proof{checked.account, checked.generation, result.new_hash};
    turn.proof = &proof;
    execute_copy(session, std::move(checked.command), turn);
    turn.proof = nullptr;
  }
  resume(session, turn);
}

/// For a LOGIN: the account that it names, if there is one. Otherwise none.
AccountId Registry::account_named_by(const Input& input) {
  const auto* entry = std::get_if<Login>(&input.body);
  const Account* account = entry == nullptr ? nullptr : accounts_.find(entry->username);
  return account == nullptr ? AccountId{} : account->id;
}

}  // namespace tribar
