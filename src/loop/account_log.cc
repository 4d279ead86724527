// SPDX-License-Identifier: MIT
//
// See account_log.h.
#include "loop/account_log.h"

#include <string_view>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "accounts";
constexpr std::size_t kCreated = 0;
constexpr std::size_t kDeleted = 1;

}  // namespace

void AccountLog::note(std::span<const AccountChange> changes) {
  for (const AccountChange& change : changes) {
    if (log::is_on(log::Level::Info) && limit_.take({}, change.is_deletion ? kDeleted : kCreated)) {
      log::write(log::Level::Info, kSubject,
                 fmt::format("{} {}", change.is_deletion ? "deleted" : "created", change.name),
                 {{"event", change.is_deletion ? "deleted" : "created"}, {"name", change.name}});
    }
  }
}

void AccountLog::report(const LineLimit::Omitted& omitted) {
  const auto [created, deleted] = omitted.of_kind;
  if (log::is_on(log::Level::Info)) {
    log::write(
        log::Level::Info, kSubject,
        fmt::format("created {} more and deleted {} more {}", created, deleted, omitted.when()),
        {{"event", "omitted"},
         {"created", created},
         {"deleted", deleted},
         {"ms", omitted.elapsed_ms}});
  }
}

}  // namespace tribar
