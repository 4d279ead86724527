// SPDX-License-Identifier: MIT
//
// What a store contains, read row by row: the checks that every store makes of what it has, however
// it keeps it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "journal/record.h"
#include "journal/store.h"

namespace tribar {

/// Callbacks for each thing in a store.
struct Walker {
  /// Returns false if an account with this name or id exists already.
  std::function<bool(AccountId, UnixMs, std::string_view name)> account;
  std::function<void(AccountId, std::string_view hash)> secret;
  std::function<void(AccountId, std::string_view client, std::uint64_t n, MessageNumber)> client;
  std::function<void(MessageNumber, AccountId, UnixMs, const StoredMessage&)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
  /// Called before damage() for a message that is lost.
  std::function<void(MessageNumber)> lost_message = [](MessageNumber) {};
  /// `is_message`: only one message is lost.
  std::function<void(const std::string& what, const RecordError& error, bool is_message)> damage;
};

/// Takes the rows of a store, checks each, and passes it to a Walker. The counters come first; then
/// accounts, secrets, clients and messages, each in the order of their keys.
class RowReader {
 public:
  /// `walker` must outlive this.
  explicit RowReader(const Walker& walker) : walker_(walker) {}

  void take_counters(AccountId last_account, MessageNumber below, std::string_view record);
  void take_account(AccountId id, UnixMs created, std::string_view record) const;
  void take_secret(AccountId account, std::string_view record) const;
  void take_client(AccountId account, std::string_view client, std::uint64_t n,
                   MessageNumber number, std::string_view record) const;
  void take_message(MessageNumber number, AccountId account, UnixMs time,
                    std::string_view record) const;

  /// After the first query: why nothing else can be read.
  [[nodiscard]] std::optional<std::string> missing() const;
  /// After the last row.
  void finish() const { walker_.counters(last_account_, below_); }

 private:
  [[nodiscard]] std::optional<RecordError> check_owner(AccountId account) const;
  [[nodiscard]] std::optional<RecordError> check_keys(AccountId account,
                                                      MessageNumber number) const;

  const Walker& walker_;
  // What no number or account can reach, as the counters say.
  AccountId last_account_;
  MessageNumber below_;
  bool has_counters_ = false;
};

/// Reads everything in a store, in the order of RowReader; the reason when the database fails.
using Walk = std::function<std::optional<std::string>(const Walker&)>;

/// What load() learns beside what it passes on.
struct Loaded {
  AccountId last_account;
  MessageNumber below;
  StoreWarnings warnings;
};

/// The reading of load(): passes what `walk` finds to `handlers`. `name`: see Store. Error: what is
/// damaged, or what `walk` returned.
[[nodiscard]] Result<Loaded, std::string> load_contents(const Walk& walk,
                                                        const LoadHandlers& handlers,
                                                        const std::string& name);

/// The reading of verify(): adds what `walk` finds to `report`.
void verify_contents(const Walk& walk, StoreReport& report);

}  // namespace tribar
