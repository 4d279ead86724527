// SPDX-License-Identifier: MIT
//
// The records of one commit as statements of PostgreSQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/postgres/session.h"
#include "registry/record.h"

namespace tribar {

/// What a group of records makes of each row, in few statements: rows are added by arrays, and what
/// was handed over is deleted in runs of numbers.
class RecordGroup {
 public:
  /// `last_account` and `below`: the counters before it. The views in `groups` must stay valid.
  RecordGroup(std::span<const std::span<const Record>> groups, AccountId last_account,
              MessageNumber below);

  /// The counters after it.
  [[nodiscard]] AccountId last_account() const { return last_account_; }
  [[nodiscard]] MessageNumber below() const { return below_; }

  /// Appends its statements. `may_be_stored`: some or all of it may be stored already, and becomes
  /// what it would be after a first time. Otherwise an account or a message that is there already
  /// is an error. Returns how many bytes they have, about.
  std::size_t append_to(std::vector<Call>& calls, bool may_be_stored) const;

 private:
  void take(const MessageKept& kept) { kept_.push_back(&kept); }
  void take(const HandedOver& handed) { handed_over_.push_back(handed.number.value); }
  void take(const AccountCreated& created);
  void take(const AccountDeleted& deleted);
  void take(const NumbersReserved& reserved) { below_ = reserved.below; }
  void take(const SecretSet& set) { secrets_[set.account.value] = &set; }
  void take(const ClientSent& sent) { clients_[{sent.account.value, sent.client}] = &sent; }
  void take(const ClientForgotten& forgotten) {
    clients_[{forgotten.account.value, forgotten.client}] = nullptr;
  }
  [[nodiscard]] std::size_t append_accounts(std::vector<Call>& calls, bool may_be_stored) const;
  [[nodiscard]] std::size_t append_details(std::vector<Call>& calls) const;
  [[nodiscard]] std::size_t append_messages(std::vector<Call>& calls, bool may_be_stored) const;
  void append_removals(std::vector<Call>& calls) const;

  AccountId last_account_;
  MessageNumber below_;
  bool has_new_counters_ = false;
  std::vector<const AccountCreated*> created_;
  std::vector<std::uint64_t> deleted_;  // accounts
  std::map<std::uint64_t, const SecretSet*> secrets_;
  // Null: it is forgotten.
  std::map<std::pair<std::uint64_t, std::string_view>, const ClientSent*> clients_;
  std::vector<const MessageKept*> kept_;
  std::vector<std::uint64_t> handed_over_;  // sorted
};

}  // namespace tribar
