// SPDX-License-Identifier: MIT
//
// See conversation.h.
#include "simulation/conversation.h"

#include <algorithm>
#include <limits>
#include <set>

#include "chat/glob.h"
#include "loop/framer.h"
#include "zero/frame.h"

namespace tribar::simulation {

Conversation::Conversation(Ledger& ledger, std::uint64_t number, std::uint8_t version)
    : ledger_(ledger),
      number_(number),
      version_(version),
      output_version_(version),
      login_from_ms_(ledger.diary.now_ms),
      frame_from_ms_(ledger.diary.now_ms),
      last_read_ms_(ledger.diary.now_ms),
      last_taken_ms_(ledger.diary.now_ms) {}

// What the server reads.

void Conversation::arrived(std::size_t bytes) {
  arrived_bytes_ += bytes;
  arrivals_.emplace_back(arrived_bytes_, ledger_.diary.step);
}

void Conversation::read(std::string_view bytes) {
  ledger_.diary.tell("#{}: server reads {} bytes", number_, bytes.size());
  last_read_ms_ = ledger_.diary.now_ms;
  if (is_shut_ || has_lost_stream_ || is_replaced_) {
    return;
  }
  if (input_.empty()) {
    frame_from_ms_ = ledger_.diary.now_ms;
  }
  input_ += bytes;
  cut();
}

/// Makes commands of what was read, as far as what they are is certain.
void Conversation::cut() {
  const std::uint64_t limit = ledger_.settings.loop.frames.frame_bytes;
  const std::uint64_t limit_before = std::min(limit, Framer::kBeforeLoginBytes);
  const Refusal too_long_before{RefusalCode::FrameTooLong, 0, limit_before};
  while (!input_.empty() && !has_lost_stream_) {
    const FrameCut cut = cut_frame(input_, limit, version_);
    if (cut.kind == FrameCut::Kind::BadVersion) {
      return lose({{RefusalCode::BadVersion, cut.version, version_}});
    }
    if (cut.kind == FrameCut::Kind::TooLong) {
      return lose({{RefusalCode::FrameTooLong, 0, limit}, too_long_before});
    }
    const bool is_long =
        input_.size() >= kHeaderBytes && announced_bytes(input_.data()) > limit_before;
    if (cut.kind == FrameCut::Kind::Incomplete) {
      if (is_long && asked_.empty() && account_.empty()) {
        lose({too_long_before});
      }
      return;
    }
    ledger_.diary.tell("#{}: command {} '{}' is read", number_, cut.code, cut.data.substr(0, 40));
    ledger_.longest_frame = std::max(ledger_.longest_frame, kHeaderBytes + cut.data.size());
    cut_bytes_ += cut.frame_bytes;
    const std::size_t before = asked_.size();
    ask(cut.code, cut.data);
    if (asked_.size() > before) {
      asked_.back().is_long = is_long;
    }
    input_.erase(0, cut.frame_bytes);
    frame_from_ms_ = ledger_.diary.now_ms;
  }
}

Conversation::Asked Conversation::new_asked() {
  Asked asked;
  asked.read_step = ledger_.diary.step;
  asked.read_ms = ledger_.diary.now_ms;
  while (!arrivals_.empty() && arrivals_.front().first < cut_bytes_) {
    arrivals_.pop_front();
  }
  asked.arrived_step = arrivals_.empty() ? 0 : arrivals_.front().second;
  return asked;
}

void Conversation::ask_to_delete(Asked& asked) {
  asked.kind = Kind::Delete;
  if (!account_.empty()) {
    asked.names.push_back(account_);
  }
  for (const Asked& before : asked_) {
    if (before.kind == Kind::Create || before.kind == Kind::Login) {
      asked.names.push_back(before.what);
    }
  }
  for (const std::string& name : asked.names) {
    ledger_.ask_to_delete(name);
  }
}

void Conversation::lose(const std::vector<Refusal>& refusals) {
  Asked asked;
  for (const Refusal& refusal : refusals) {
    asked.wrong.push_back(said(refusal));
  }
  asked.is_fatal = true;
  asked_.push_back(std::move(asked));
  has_lost_stream_ = true;
}

void Conversation::read_end() { end_read_ms_ = ledger_.diary.now_ms; }

// What the server says.

void Conversation::taken(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  last_taken_ms_ = ledger_.diary.now_ms;
  if (is_shut_ || is_closed_) {
    return fail("{} bytes behind the last word", bytes.size());
  }
  output_ += bytes;
  constexpr std::uint64_t kAnyLength = std::numeric_limits<std::int64_t>::max();
  while (!output_.empty() && !ledger_.diary.has_failed()) {
    const FrameCut cut = cut_frame(output_, kAnyLength, output_version_);
    if (cut.kind == FrameCut::Kind::Incomplete) {
      return;
    }
    if (cut.kind != FrameCut::Kind::Whole) {
      return fail("what the server says is no frame");
    }
    if (is_over_) {
      return fail("another frame, of {} bytes, behind the last word", cut.frame_bytes);
    }
    ledger_.longest_frame = std::max(ledger_.longest_frame, cut.frame_bytes);
    if (is_replaced_) {
      hear_late(cut);
    } else {
      hear(cut);
    }
    output_.erase(0, cut.frame_bytes);
  }
}

/// Judges the answer to a LIST.
void Conversation::hear_names(const Asked& asked, const std::vector<std::string_view>& names) {
  const Glob glob(asked.what.empty() ? "*" : asked.what);
  std::uint64_t steps = 0;
  std::set<std::string> listed;
  const AccountFacts* before = nullptr;
  for (const std::string_view each : names) {
    const std::string name(each);
    const AccountFacts& facts = ledger_.account(name);
    if (!listed.insert(name).second || !glob.matches(name, steps) ||
        !ledger_.may_have_existed(name, asked.read_step)) {
      fail("{} is listed and must not be", name);
    }
    // Of these two the other one is certainly older.
    if (before != nullptr && facts.exists_since && before->may_exist &&
        before->gone_since < asked.read_step && *facts.exists_since < before->may_since) {
      fail("{} is listed too late", name);
    }
    before = &facts;
  }
  for (const auto& [name, facts] : ledger_.accounts()) {
    if (glob.matches(name, steps) && ledger_.must_have_existed(name, asked.read_step) &&
        !listed.contains(name)) {
      fail("{} is not listed", name);
    }
  }
  if (names.size() > ledger_.settings.registry.list_names) {
    fail("{} names are listed", names.size());
  }
}

void Conversation::log_in(const std::string& name, std::uint64_t asked_step) {
  account_ = name;
  AccountFacts& facts = ledger_.account(name);
  facts.may_exist = true;
  if (has_logged_out_ || has_pending_delete()) {
    return;
  }
  // A DELETE that was read, perhaps since, may have followed.
  if (!facts.exists_since && facts.unsettled_deletes == 0 && facts.delete_step < asked_step) {
    facts.exists_since = ledger_.diary.step;
  }
  for (const Conversation* other : ledger_.conversations()) {
    if (other != this && other->is_surely_logged_in_as(name)) {
      fail("{} is logged in on #{} too", name, other->number_);
    }
  }
}

/// It no longer matters whether `asked` is executed.
void Conversation::settle(const Asked& asked) {
  if (asked.kind == Kind::Create) {
    --ledger_.account(asked.what).unsettled_creates;
  } else if (asked.kind == Kind::Delete) {
    for (const std::string& name : asked.names) {
      --ledger_.account(name).unsettled_deletes;
    }
    if (!account_.empty() && !has_pending_delete() && !has_logged_out_ &&
        ledger_.account(account_).unsettled_deletes == 0) {
      // It was refused.
      ledger_.account(account_).exists_since = ledger_.diary.step;
    }
  }
}

bool Conversation::has_pending_delete() const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [](const Asked& asked) { return asked.kind == Kind::Delete; });
}

bool Conversation::claims(const std::string& name) const {
  return account_ == name || std::any_of(asked_.begin(), asked_.end(), [&](const Asked& asked) {
           return (asked.kind == Kind::Create || asked.kind == Kind::Login) && asked.what == name;
         });
}

bool Conversation::is_surely_logged_in_as(const std::string& name) const {
  return account_ == name && !has_logged_out_ && !has_pending_delete();
}

// Ends.

void Conversation::note_closed(const Batch&) {
  has_logged_out_ = true;
  if (!released_step_) {
    released_step_ = ledger_.diary.step;
  }
  for (const Asked& asked : asked_) {
    if (asked.kind == Kind::Create) {
      AccountFacts& facts = ledger_.account(asked.what);
      --facts.unsettled_creates;
      // Perhaps.
      facts.created_step = ledger_.diary.step;
    } else if (asked.kind == Kind::Delete) {
      for (const std::string& name : asked.names) {
        --ledger_.account(name).unsettled_deletes;
      }
    }
  }
}

void Conversation::note_end_visible() {
  if (!released_step_) {
    released_step_ = ledger_.diary.step;
  }
}

bool Conversation::has_read_all() const { return link->end_arrived && link->arrived.empty(); }

void Conversation::shut() {
  ledger_.diary.tell("#{}: server ends", number_);
  is_shut_ = true;
  const bool may_break_off = is_over_ || is_rejected_ || is_replaced_ || ledger_.was_down();
  if (!may_break_off && !(has_read_all() && is_complete())) {
    fail("the server ends it: {}", describe());
  }
  is_over_ = true;
}

void Conversation::closed() {
  ledger_.diary.tell("#{}: server closes", number_);
  is_closed_ = true;
  if (is_replaced_) {
    return;
  }
  if (ledger_.open_connections > 0) {
    --ledger_.open_connections;
    --ledger_.open_by_network[link->network];
  }
  const SwitchboardLimits& limits = ledger_.settings.loop;
  const auto has_passed = [this](std::uint64_t limit_ms, std::uint64_t from_ms) {
    return limit_ms > 0 && ledger_.diary.now_ms + ledger_.longest_tick_ms - from_ms >= limit_ms;
  };
  const bool has_stalled = !link->writing.empty() && has_passed(limits.stalled_ms, last_taken_ms_);
  // Who has left, or was told to go, has as long for all that is left.
  const bool may_be_told_to_go =
      has_lost_stream_ || is_dismissed_ || has_passed(limits.login_ms, login_from_ms_) ||
      has_passed(limits.frame_ms, frame_from_ms_) || has_passed(limits.idle_ms, last_read_ms_);
  const bool has_been_leaving =
      limits.stalled_ms > 0 &&
      (may_be_told_to_go || (end_read_ms_ && has_passed(limits.stalled_ms, *end_read_ms_)));
  const bool may_be_short_of_buffers = limits.buffered_bytes < 100'000;
  if (has_been_leaving || ledger_.is_ending || link->is_broken() || is_over_ || is_rejected_ ||
      has_stalled || may_be_short_of_buffers || ledger_.was_down()) {
    return;
  }
  if (!(has_read_all() && is_complete())) {
    fail("the server closes it: {}", describe());
  }
}

std::string Conversation::describe() const {
  return fmt::format(
      "{} commands unanswered, the first one '{}', {} bytes of a frame, logged in as "
      "'{}', {} bytes not cut",
      asked_.size(), asked_.empty() ? "" : asked_.front().what.substr(0, 20), output_.size(),
      account_, input_.size());
}

}  // namespace tribar::simulation
