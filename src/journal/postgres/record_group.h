// SPDX-License-Identifier: MIT
//
// The records of one commit as statements of PostgreSQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/postgres/session.h"
#include "journal/shared_database.h"

namespace tribar {

/// What a group of records makes of each row, in few statements: rows are added by arrays, and what
/// was handed over is deleted in runs of numbers.
class RecordGroup {
 public:
  /// The views in `commit` must stay valid.
  explicit RecordGroup(const FencedCommit& commit);

  /// Appends its statements. Returns how many bytes they have, about.
  std::size_t append_to(std::vector<Call>& calls) const;

 private:
  void take(const MessageKept& kept) { kept_.push_back(&kept); }
  void take(const HandedOver& handed) { handed_over_.push_back(handed.number.value); }
  void take(const AccountCreated& created) { created_.push_back(&created); }
  void take(const AccountDeleted& deleted);
  void take(const NumbersReserved&) {}  // in the counters
  void take(const SecretSet& set) { secrets_[set.account.value] = &set; }
  void take(const ClientSent& sent) { clients_[{sent.account.value, sent.client}] = &sent; }
  void take(const ClientForgotten& forgotten) {
    clients_[{forgotten.account.value, forgotten.client}] = nullptr;
  }
  [[nodiscard]] std::size_t append_accounts(std::vector<Call>& calls) const;
  [[nodiscard]] std::size_t append_details(std::vector<Call>& calls) const;
  [[nodiscard]] std::size_t append_messages(std::vector<Call>& calls) const;
  void append_removals(std::vector<Call>& calls) const;

  std::optional<Counters> counters_;
  bool may_be_stored_;
  std::vector<const AccountCreated*> created_;
  std::vector<std::uint64_t> deleted_;  // accounts
  std::map<std::uint64_t, const SecretSet*> secrets_;
  // Null: it is forgotten.
  std::map<std::pair<std::uint64_t, std::string_view>, const ClientSent*> clients_;
  std::vector<const MessageKept*> kept_;
  std::vector<std::uint64_t> handed_over_;  // sorted
};

}  // namespace tribar
