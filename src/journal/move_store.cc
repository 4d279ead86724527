// SPDX-License-Identifier: MIT
//
// See move_store.h.
#include "journal/move_store.h"

#include <fmt/format.h>

#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/crc32c.h"

namespace tribar {
namespace {

/// All that a store contains, as records, and a checksum of it.
class Copy {
 public:
  /// Opens `store` and reads it; it stays open.
  [[nodiscard]] std::optional<StoreOpenError> read(Store& store);

  [[nodiscard]] bool is_empty() const {
    return records_.empty() && last_account_.value == 0 && below_.value == 0;
  }
  [[nodiscard]] std::uint32_t checksum() const { return checksum_; }
  [[nodiscard]] const Moved& moved() const { return moved_; }
  /// The records that make it again.
  [[nodiscard]] const std::vector<Record>& records() const { return records_; }

 private:
  std::string_view keep(std::string_view text) { return texts_.emplace_back(text); }
  void add(std::initializer_list<std::uint64_t> numbers, std::string_view one,
           std::string_view two = {});

  Moved moved_;
  std::vector<Record> records_;
  std::deque<std::string> texts_;  // of the records
  AccountId newest_;               // of those that are there
  AccountId last_account_;
  MessageNumber below_;
  std::uint32_t checksum_ = 0;
};

/// Extends the checksum.
void Copy::add(std::initializer_list<std::uint64_t> numbers, std::string_view one,
               std::string_view two) {
  std::string text;
  for (const std::uint64_t number : numbers) {
    text += fmt::format("{} ", number);
  }
  text += fmt::format("{} {} ", one.size(), two.size());
  checksum_ = crc32c(two, crc32c(one, crc32c(text, checksum_)));
}

std::optional<StoreOpenError> Copy::read(Store& store) {
  if (auto error = store.open()) {
    return error;
  }
  LoadHandlers handlers;
  handlers.account = [this](AccountId id, UnixMs created, std::string_view name) {
    add({1, id.value, created.value}, name);
    records_.emplace_back(AccountCreated{id, created, keep(name)});
    newest_ = id;
    ++moved_.accounts;
    return true;
  };
  handlers.secret = [this](AccountId account, std::string_view hash) {
    add({2, account.value}, hash);
    records_.emplace_back(SecretSet{account, keep(hash)});
    ++moved_.secrets;
  };
  handlers.client = [this](AccountId account, std::string_view client, std::uint64_t n,
                           MessageNumber number) {
    add({3, account.value, n, number.value}, client);
    records_.emplace_back(ClientSent{account, keep(client), n, number});
  };
  handlers.message = [this](AccountId recipient, const KeptMessage::Ptr& message) {
    add({4, message->number().value, recipient.value, message->time().value}, message->sender(),
        message->text());
    records_.emplace_back(MessageKept{message->number(), recipient, message->time(),
                                      keep(message->sender()), keep(message->text())});
    ++moved_.messages;
  };
  handlers.counters = [this](AccountId last, MessageNumber below) {
    add({5, last.value, below.value}, {});
    last_account_ = last;
    below_ = below;
  };
  auto warnings = store.load(handlers);
  if (!warnings) {
    return warnings.error();
  }
  moved_.warnings = std::move(warnings.value());
  if (newest_ < last_account_) {
    // One that was deleted since, which says how far the numbers went.
    records_.emplace_back(AccountCreated{last_account_, UnixMs{1}, "deleted"});
    records_.emplace_back(AccountDeleted{last_account_});
  }
  if (below_.value > 0) {
    records_.emplace_back(NumbersReserved{below_});
  }
  return std::nullopt;
}

}  // namespace

Result<Moved, StoreOpenError> move_store(Store& from, Store& to) {
  if (auto error = [&] {
        Copy there;
        auto failed = there.read(to);
        return failed || there.is_empty()
                   ? failed
                   : std::optional(StoreOpenError{
                         fmt::format("{}: is not empty; name a store that is not there yet",
                                     to.name()),
                         false});
      }()) {
    to.close();
    return *std::move(error);
  }
  Copy copy;
  if (auto error = copy.read(from)) {
    to.close();
    return *std::move(error);
  }
  const std::span<const Record> group(copy.records());
  const auto failed = to.commit({&group, 1});
  to.close();
  if (failed) {
    from.close();
    return StoreOpenError{fmt::format("{}: cannot be written: {}", to.name(), failed->text), true};
  }
  Copy written;
  auto error = written.read(to);
  to.close();
  from.close();
  if (error) {
    return *std::move(error);
  }
  if (written.checksum() != copy.checksum()) {
    return StoreOpenError{
        fmt::format("{}: does not contain what {} contains; do not use it", to.name(), from.name()),
        true};
  }
  return copy.moved();
}

}  // namespace tribar
