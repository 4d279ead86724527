// SPDX-License-Identifier: MIT
//
// See contents.h.
#include "journal/contents.h"

#include <fmt/format.h>

#include <map>
#include <unordered_set>
#include <utility>

namespace tribar {

void RowReader::take_counters(AccountId last_account, MessageNumber below,
                              std::string_view record) {
  last_account_ = last_account;
  below_ = below;
  has_counters_ = true;
  if (const auto error = check_counters(record, last_account, below)) {
    walker_.damage("the counters", *error, false);
  }
}

std::optional<std::string> RowReader::missing() const {
  return has_counters_ ? std::nullopt : std::optional<std::string>("the counters are missing");
}

/// What is wrong with the account of a row.
std::optional<RecordError> RowReader::check_owner(AccountId account) const {
  if (account > last_account_) {
    return RecordError{fmt::format("no account {} was ever created", account.value)};
  }
  return std::nullopt;
}

/// What is wrong with the message's number and the account of a row.
std::optional<RecordError> RowReader::check_keys(AccountId account, MessageNumber number) const {
  if (number >= below_) {
    return RecordError{fmt::format("the counters would use its number {} again", number.value)};
  }
  return check_owner(account);
}

void RowReader::take_account(AccountId id, UnixMs created, std::string_view record) const {
  const auto name = decode_account(record, id, created);
  const auto what = [id] { return fmt::format("account {}", id.value); };
  if (!name) {
    walker_.damage(what(), name.error(), false);
  } else if (!walker_.account(id, created, name.value())) {
    walker_.damage(what(), {"another account has its name"}, false);
  } else if (id > last_account_) {
    walker_.damage(what(), {fmt::format("the counters would use its number {} again", id.value)},
                   false);
  }
}

void RowReader::take_secret(AccountId account, std::string_view record) const {
  const auto hash = decode_secret(record, account);
  const auto what = [account] { return fmt::format("the secret of account {}", account.value); };
  if (!hash) {
    walker_.damage(what(), hash.error(), false);
  } else if (const auto error = check_owner(account)) {
    walker_.damage(what(), *error, false);
  } else {
    walker_.secret(account, hash.value());
  }
}

void RowReader::take_client(AccountId account, std::string_view client, std::uint64_t n,
                            MessageNumber number, std::string_view record) const {
  // Without its name: that may be any bytes.
  const auto what = [account] { return fmt::format("a client of account {}", account.value); };
  if (const auto error = check_client(record, account, client, n, number)) {
    walker_.damage(what(), *error, false);
  } else if (const auto mistake = check_keys(account, number)) {
    walker_.damage(what(), *mistake, false);
  } else {
    walker_.client(account, client, n, number);
  }
}

void RowReader::take_message(MessageNumber number, AccountId account, UnixMs time,
                             std::string_view record) const {
  const auto message = decode_message(record, number, account, time);
  const auto what = [number] { return fmt::format("message {}", number.value); };
  if (!message) {
    walker_.lost_message(number);
    walker_.damage(what(), message.error(), true);
  } else if (const auto error = check_keys(account, number)) {
    walker_.damage(what(), *error, false);
  } else {
    walker_.message(number, account, time, message.value());
  }
}

Result<Loaded, std::string> load_contents(const Walk& walk, const LoadHandlers& handlers,
                                          const std::string& name) {
  Loaded loaded;
  std::optional<std::string> refused;
  Walker walker;
  walker.account = handlers.account;
  walker.secret = handlers.secret;
  walker.client = handlers.client;
  walker.message = [&](MessageNumber number, AccountId account, UnixMs time,
                       const StoredMessage& message) {
    handlers.message(account, KeptMessage::make(number, time, message.sender, message.text));
  };
  walker.counters = [&](AccountId last, MessageNumber below) {
    handlers.counters(last, below);
    loaded.last_account = last;
    loaded.below = below;
  };
  walker.damage = [&](const std::string& what, const RecordError& error, bool is_message) {
    if (is_message && !error.is_unknown) {
      loaded.warnings.push_back(fmt::format("{}: {} is lost: {}", name, what, error.text));
    } else if (!refused) {
      refused = fmt::format("{}: {}", what, error.text);
    }
  };
  if (auto reason = walk(walker)) {
    return *std::move(reason);
  }
  if (refused) {
    return *std::move(refused);
  }
  return loaded;
}

void verify_contents(const Walk& walk, StoreReport& report) {
  std::unordered_set<std::uint64_t> accounts;
  std::unordered_set<std::string> names;
  struct Ownerless {
    std::uint64_t messages = 0;
    std::uint64_t secrets = 0;
    std::uint64_t clients = 0;
  };
  std::map<std::uint64_t, Ownerless> ownerless;  // of an account that is not there
  Walker walker;
  walker.account = [&](AccountId id, UnixMs, std::string_view name) {
    ++report.accounts;
    return accounts.insert(id.value).second && names.emplace(name).second;
  };
  walker.secret = [&](AccountId account, std::string_view) {
    ++report.secrets;
    if (!accounts.contains(account.value)) {
      ++ownerless[account.value].secrets;
    }
  };
  walker.client = [&](AccountId account, std::string_view, std::uint64_t, MessageNumber) {
    ++report.clients;
    if (!accounts.contains(account.value)) {
      ++ownerless[account.value].clients;
    }
  };
  walker.message = [&](MessageNumber, AccountId account, UnixMs, const StoredMessage& message) {
    ++report.messages;
    report.message_bytes += message.text.size();
    if (!accounts.contains(account.value)) {
      ++ownerless[account.value].messages;
    }
  };
  walker.counters = [](AccountId, MessageNumber) {};
  walker.damage = [&](const std::string& what, const RecordError& error, bool) {
    report.damage.push_back(fmt::format("{}: {}", what, error.text));
  };
  if (const auto reason = walk(walker)) {
    report.damage.push_back(*reason);
  }
  for (const auto& [account, left] : ownerless) {
    const std::pair<std::uint64_t, const char*> things[] = {
        {left.messages, "message"}, {left.secrets, "secret"}, {left.clients, "client"}};
    for (const auto& [count, thing] : things) {
      if (count > 0) {
        report.leftovers.push_back(fmt::format("{} {}{} for account {}, which does not exist",
                                               count, thing, count == 1 ? "" : "s", account));
      }
    }
  }
}

}  // namespace tribar
