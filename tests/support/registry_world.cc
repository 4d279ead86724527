// SPDX-License-Identifier: MIT
//
// See registry_world.h.
#include "support/registry_world.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace tribar {
namespace {

constexpr std::array<std::string_view, 8> kShortNames{"a",   "b",   "ab",  "abc",
                                                      "bcd", "cat", "dog", "a-much-longer-name"};
constexpr std::size_t kMostPending = 12;
constexpr ConnectionId kProbe = ConnectionId::make(1000, 1);

const std::array<std::string, 6>& long_names() {
  static const std::array<std::string, 6> names = [] {
    std::array<std::string, 6> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = std::string(299, 'a') + static_cast<char>('u' + i);
    }
    return made;
  }();
  return names;
}

/// Matches the long names that end in "x"; each costs more than a slice.
const std::string& long_pattern() {
  static const std::string pattern = "*" + std::string(150, 'a') + "x";
  return pattern;
}
bool matches_long_pattern(const std::string& name) {
  return name.ends_with(std::string_view(long_pattern()).substr(1));
}

/// The same name, as a view that stays valid.
std::string_view lasting_name(std::string_view name) {
  const auto* at = std::find(kShortNames.begin(), kShortNames.end(), name);
  return at != kShortNames.end()
             ? *at
             : std::string_view(*std::find(long_names().begin(), long_names().end(), name));
}

const Refusal kLoginTimeout{RefusalCode::LoginTimeout, 0, 5};
const Refusal kMalformed{RefusalCode::UnexpectedData};
const Refusal kDismissal{RefusalCode::LoggedInElsewhere};
const Refusal kFatal{RefusalCode::FrameTooLong, 0, 9};

/// Whether the timeout still applies: there was no login since.
bool is_login_due(const ModelConnection& connection, const LoginExpired& expired) {
  return !connection.is_logged_in && connection.logins == expired.logins;
}

}  // namespace

RegistryWorld::RegistryWorld(const WorldSettings& settings, Choose choose)
    : settings_(settings),
      most_credit_(settings.limits.outbox_bytes),
      choose_(std::move(choose)),
      registry_(settings.limits, HashKey{1, 2}, settings.keeps_records),
      twin_(settings.limits, HashKey{77, 88}, settings.keeps_records),
      model_(settings.limits) {
  for (std::uint64_t slot = 0; slot < settings.connections; ++slot) {
    peers_.emplace_back().id = ConnectionId::make(slot, 1);
  }
}

void RegistryWorld::step() {
  Peer& peer = peers_[choose_(static_cast<std::uint32_t>(peers_.size()))];
  const std::uint32_t choice = choose_(100);
  if (peer.is_closed && choice < 25) {
    close(peer);
  } else if (choice < 60) {
    if (!peer.has_ended && peer.pending.size() < kMostPending) {
      ask(peer, false);
      // More commands from the same read.
      while (choose_(2) == 0 && peer.pending.size() < kMostPending && !batch_.empty()) {
        ask(peer, true);
      }
    } else {
      write(peer, 1 + choose_(4));
      report(peer);
    }
  } else if (choice < 80) {
    write(peer, 1 + choose_(6));
    if (choose_(3) == 0) {
      report(peer);
    }
  } else if (choice < 84) {
    report(peer);
  } else if (choice < 88) {
    close(peer);
  } else if (choice < 90) {
    half_close(peer);
  } else if (choice < 91) {
    if (choose_(2) == 0) {
      expire_login(peer);
    } else {
      dismiss(peer);
    }
  } else if (choice < 92) {
    is_storage_up_ = !is_storage_up_ || choose_(10) > 0;
    model_.set_storage(is_storage_up_);
    apply({}, 0, is_storage_up_ ? InputBody(StorageUp{}) : InputBody(StorageDown{}));
  } else if (choice < 93) {
    change_credit();
  } else if (choice < 95) {
    return_stray();
  } else if (registry_.has_more_to_do()) {
    apply({}, 0, Continue{});
  }
}

void RegistryWorld::settle() {
  if (!is_storage_up_) {
    is_storage_up_ = true;
    model_.set_storage(true);
    apply({}, 0, StorageUp{});
  }
  const auto read_all = [this](auto must_report) {
    bool is_busy = true;
    while (is_busy && trouble_.empty()) {
      is_busy = registry_.has_more_to_do();
      if (is_busy) {
        apply({}, 0, Continue{});
      }
      for (Peer& peer : peers_) {
        is_busy |= !peer.outbox.empty();
        write(peer, peer.outbox.size());
        if (must_report(peer)) {
          is_busy = true;
          report(peer);
        }
      }
    }
  };
  read_all([this](const Peer& peer) { return is_report_due(peer); });
  for (const Peer& peer : peers_) {
    expect(peer.pending.empty(), "nobody waits for a report that is not due");
  }
  read_all([](const Peer& peer) { return !peer.unreported.empty(); });
  for (Peer& peer : peers_) {
    expect(peer.pending.empty(), "every command is completed once everything is read");
    expect(model_.connection(peer.id).due.empty(), "everything due was handed over");
    expect(peer.is_closed == model_.connection(peer.id).is_over, "Close comes when it is over");
    expect(!peer.is_dismissed, "who is dismissed is told");
    expect(peer.outbox.empty() && peer.unreported.empty(), "nothing is owed");
  }
}

void RegistryWorld::drain() {
  settle();
  for (Peer& peer : peers_) {
    close(peer);
  }
  while (!strays_.empty() && trouble_.empty()) {
    return_stray();
  }
  std::uint64_t bytes = 0;
  for (const ModelAccount& account : model_.accounts()) {
    expect(account.held.size() == account.undelivered.size(), "what is held is undelivered");
    for (const auto& [number, message] : account.undelivered) {
      bytes += message->bytes();
    }
  }
  expect(registry_.queued_bytes() == bytes, "the undelivered messages are what is counted");
  check_store();
  for (const ModelAccount& account : model_.accounts()) {
    Peer& peer = peers_.front();
    const std::string name = account.name;
    for (const InputBody& body : {InputBody(Login{name}), InputBody(Deliver{})}) {
      Pending& pending = peer.pending.emplace_back();
      pending.body = body;
      pending.bytes = 60;
      pending.asked_at = inputs_;
      apply(peer.id, 60, body);
    }
    settle();
    close(peer);
  }
  expect(registry_.queued_bytes() == 0, "nothing is held at the end");
  while (registry_.has_more_to_do() && trouble_.empty()) {
    apply({}, 0, Continue{});
  }
  expect(store_.messages.empty(), "nothing is stored at the end");
}

// What peers do.

void RegistryWorld::ask(Peer& peer, bool is_next) {
  Pending pending;
  pending.asked_at = inputs_;
  pending.bytes = 42 + choose_(100);
  if (choose_(4) > 0 && model_.connection(peer.id).is_logged_in) {
    // Usually a valid command.
    pending.text = "message " + std::to_string(++texts_) + std::string(choose_(40), '.');
    pending.body = Send{{choose_own_name(peer), choose_recipient(), pending.text}};
  } else {
    pending.body = choose_command(pending);
  }
  peer.is_known = true;
  peer.pending.push_back(std::move(pending));
  // The text may have moved with the string.
  Pending& kept = peer.pending.back();
  if (auto* sending = std::get_if<Send>(&kept.body)) {
    sending->message.text = kept.text;
  }
  apply(peer.id, kept.bytes, InputBody(kept.body), is_next);
}

InputBody RegistryWorld::choose_command(Pending& pending) {
  switch (choose_(20)) {
    case 0:
    case 1:
    case 2:
      return Create{choose_name()};
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      return Login{choose_name()};
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return Deliver{};
    case 13:
      return Delete{};
    case 14:
      pending.text = "odd message " + std::to_string(++texts_);
      return Send{{choose_name(), choose_(3) == 0 ? "nobody" : choose_name(), pending.text}};
    case 15:
      return Rejected{kMalformed, false};
    case 16:
      return choose_(10) == 0 ? InputBody(Rejected{kFatal, true}) : InputBody(List{"cat"});
    case 17:
      if (settings_.has_long_names) {
        pending.is_long_list = true;
        return List{long_pattern()};
      }
      return List{"a*"};
    case 18:
      return List{choose_(2) == 0 ? "|||*" : "[x"};
    default:
      return List{choose_(2) == 0 ? "" : "*"};
  }
}

std::string_view RegistryWorld::choose_name() {
  if (settings_.has_long_names && choose_(2) == 0) {
    return long_names()[choose_(static_cast<std::uint32_t>(long_names().size()))];
  }
  return kShortNames[choose_(static_cast<std::uint32_t>(kShortNames.size()))];
}

/// Usually one that exists.
std::string_view RegistryWorld::choose_recipient() {
  const auto& accounts = model_.accounts();
  return accounts.empty() || choose_(8) == 0
             ? choose_name()
             : lasting_name(accounts[choose_(static_cast<std::uint32_t>(accounts.size()))].name);
}

std::string_view RegistryWorld::choose_own_name(const Peer& peer) {
  const AccountId account = model_.connection(peer.id).account;
  for (const ModelAccount& own : model_.accounts()) {
    if (own.id == account) {
      return lasting_name(own.name);
    }
  }
  return kShortNames[0];
}

void RegistryWorld::write(Peer& peer, std::size_t frames) {
  for (; frames > 0 && !peer.outbox.empty(); --frames) {
    const Owed& owed = peer.outbox.front();
    if (owed.message) {
      const std::size_t number = owed.message->number;
      is_written_.resize(std::max(is_written_.size(), number + 1));
      expect(!is_written_[number], "a message is written once");
      is_written_[number] = true;
    }
    peer.unreported.push_back(owed);
    peer.outbox.pop_front();
  }
}

void RegistryWorld::report(Peer& peer) {
  if (peer.unreported.empty()) {
    return;
  }
  Written written;
  for (const Owed& owed : std::exchange(peer.unreported, {})) {
    written.charge += owed.charge;
    if (owed.message) {
      written.push_charge += owed.charge;
      written.pushes += 1;
      model_.written(*owed.message);
    }
  }
  peer.owed -= written.charge;
  model_.reported(peer.id);
  apply(peer.id, 0, written);
}

void RegistryWorld::half_close(Peer& peer) {
  // It is not visible when a long LIST started, and so whether the logout waits for it.
  const auto is_long = [](const Pending& pending) { return pending.is_long_list; };
  if (peer.has_ended || peer.was_expired ||
      std::any_of(peer.pending.begin(), peer.pending.end(), is_long)) {
    return;
  }
  // Live pushes after the current write return, newest first.
  std::deque<Owed> kept;
  const std::size_t under_way = choose_(static_cast<std::uint32_t>(peer.outbox.size()) + 1);
  while (peer.outbox.size() > under_way) {
    const Owed owed = peer.outbox.back();
    peer.outbox.pop_back();
    if (owed.message && owed.is_live) {
      peer.owed -= owed.charge;
      give_back(peer.id, owed);
    } else {
      kept.push_front(owed);
    }
  }
  peer.outbox.insert(peer.outbox.end(), kept.begin(), kept.end());
  peer.has_ended = true;
  peer.is_known = true;
  after_commands(peer);
  apply(peer.id, 0, Ended{});
}

void RegistryWorld::close(Peer& peer) {
  report(peer);
  // Pushes that the loop gets only later return after the end.
  std::deque<Owed> late;
  for (std::uint32_t count = choose_(3); count > 0 && !peer.outbox.empty(); --count) {
    late.push_front(peer.outbox.back());
    peer.outbox.pop_back();
  }
  while (!peer.outbox.empty()) {
    const Owed owed = peer.outbox.back();
    peer.outbox.pop_back();
    if (owed.message) {
      peer.owed -= owed.charge;
      give_back(peer.id, owed);
    }
  }
  for (const Owed& owed : late) {
    if (owed.message) {
      strays_.push_back({peer.id, owed});
    }
  }
  // Waiting commands are executed, without a reader of their answers.
  const ConnectionId id = peer.id;
  model_.close(id);
  for (Pending& pending : std::exchange(peer.pending, {})) {
    ModelConnection& state = model_.connection(id);
    if (const auto* expired = std::get_if<LoginExpired>(&pending.body)) {
      state.is_over |= is_login_due(state, *expired);
    } else if (!pending.is_long_list) {
      if (auto* sending = std::get_if<Send>(&pending.body)) {
        sending->message.text = pending.text;
      }
      model_.execute(id, pending.body, UnixMs{inputs_ + 1});
    }
  }
  model_.reported(id);
  model_.forget(id);
  peer = Peer{};
  peer.id = ConnectionId::make(id.slot(), id.generation() + 1);
  apply(id, 0, Closed{});
}

void RegistryWorld::expire_login(Peer& peer) {
  if (peer.has_ended) {
    return;
  }
  peer.was_expired = true;
  peer.is_known = true;
  Pending& pending = peer.pending.emplace_back();
  pending.body = LoginExpired{kLoginTimeout, model_.connection(peer.id).logins};
  const InputBody body = pending.body;
  after_commands(peer);
  apply(peer.id, 0, body);
}

void RegistryWorld::dismiss(Peer& peer) {
  if (peer.is_known && !peer.is_closed) {
    peer.is_dismissed = true;
    model_.dismiss(peer.id);
    model_.reported(peer.id);
    after_commands(peer);
  }
  apply(peer.id, 0, Dismiss{kDismissal});
}

void RegistryWorld::give_back(ConnectionId id, const Owed& owed) {
  const ModelMessage& message = *owed.message;
  model_.returned(owed.message);
  apply(id, 0,
        Returned{message.account, MessageNumber{message.number}, message.time,
                 Message{message.sender, message.recipient, message.text}});
}

void RegistryWorld::return_stray() {
  if (strays_.empty()) {
    return;
  }
  const std::size_t at = choose_(static_cast<std::uint32_t>(strays_.size()));
  const Stray stray = strays_[at];
  strays_.erase(strays_.begin() + static_cast<std::ptrdiff_t>(at));
  give_back(stray.id, stray.owed);
}

// The registry's output.

void RegistryWorld::change_credit() {
  settings_.limits.outbox_bytes = 1 + choose_(600);
  most_credit_ = std::max(most_credit_, settings_.limits.outbox_bytes);
  apply({}, 0, Reconfigured{&all_limits_.emplace_back(settings_.limits)});
}

/// As Switchboard::report(): half of the credit is written and not reported.
bool RegistryWorld::is_report_due(const Peer& peer) const {
  std::uint64_t charge = 0;
  for (const Owed& owed : peer.unreported) {
    charge += owed.charge;
  }
  return charge > 0 && charge >= settings_.limits.outbox_bytes / 2;
}

void RegistryWorld::apply(ConnectionId from, std::uint32_t bytes, const InputBody& body,
                          bool is_next) {
  if (!trouble_.empty()) {
    return;
  }
  ++inputs_;
  const Input* before = batch_.empty() ? nullptr : &batch_.back();
  Input& input = batch_.emplace_back(Input{from, bytes, body, is_next});
  own(input.body);
  if (std::holds_alternative<Continue>(body)) {
    model_.free_deferred();
  }
  const std::optional<Effect> row =
      output_.row_to.is_none() ? std::nullopt : std::optional(output_.effects[output_.row_at]);
  const std::size_t row_at = output_.row_at;
  const std::size_t first_effect = output_.effects.size();
  const std::size_t first_record = output_.records.size();
  registry_.apply(input, UnixMs{inputs_}, output_);
  twin_.apply(input, UnixMs{inputs_}, twin_output_);
  const auto first_new = static_cast<std::ptrdiff_t>(row ? row_at : first_effect);
  expect(std::equal(output_.effects.begin() + first_new, output_.effects.end(),
                    twin_output_.effects.begin() + first_new, twin_output_.effects.end()),
         "the effects are the same whatever the hash key");
  expect(std::equal(output_.records.begin() + static_cast<std::ptrdiff_t>(first_record),
                    output_.records.end(),
                    twin_output_.records.begin() + static_cast<std::ptrdiff_t>(first_record),
                    twin_output_.records.end()),
         "the records are the same whatever the hash key");
  const Effect* joined =
      row && output_.effects[row_at] != *row ? &output_.effects[row_at] : nullptr;
  if (joined != nullptr) {
    see_joined(*row, *joined, input, before);
  }
  see_effects(first_effect);
  if (joined != nullptr && trouble_.empty()) {
    Peer& peer = *find(joined->to);
    owe(peer, {joined->charge - row->charge, nullptr, false});
    after_commands(peer);
  }
  for (std::size_t i = first_record; i < output_.records.size(); ++i) {
    keep_record(output_.records[i]);
  }
  note_accounts();
  forget_accounts();
  expect(registry_.queued_bytes() == model_.queued_bytes(), "as many bytes are queued");
  expect(registry_.account_count() == model_.accounts().size(), "there are as many accounts");
  if (choose_(3) == 0) {
    output_.clear();
    twin_output_.clear();
    batch_.clear();
    batch_bytes_.clear();
  }
}

void RegistryWorld::see_effects(std::size_t from) {
  const std::vector<Effect>& effects = output_.effects;
  for (std::size_t i = from; i < effects.size() && trouble_.empty(); ++i) {
    const auto* push = std::get_if<Push>(&effects[i].body);
    if (push == nullptr) {
      see_answer(effects[i]);
      continue;
    }
    // The model learns of a live message when its SEND is completed, and that is the next effect.
    const auto* echo = i + 1 < effects.size() ? std::get_if<Echo>(&effects[i + 1].body) : nullptr;
    Peer* sender = echo == nullptr || echo->message->text != push->message->text
                       ? nullptr
                       : find(effects[i + 1].to);
    if (sender == nullptr) {
      see_push(effects[i], *push);
      continue;
    }
    see_completion(*sender, effects[i + 1]);
    see_push(effects[i], *push);
    owe(*sender, {effects[i + 1].charge, nullptr, false});
    after_commands(*sender);
    ++i;
  }
}

/// A confirmation was merged into the one before it: its message's frame must be the next one in
/// memory.
void RegistryWorld::see_joined(const Effect& before, const Effect& after, const Input& input,
                               const Input* input_before) {
  const auto* echo = std::get_if<Echo>(&before.body);
  const auto* sending = std::get_if<Send>(&input.body);
  if (!expect(echo != nullptr && sending != nullptr && input.is_next && after.to == input.from,
              "only the confirmation of a message joins one of its connection")) {
    return;
  }
  const auto* sending_before =
      input_before == nullptr ? nullptr : std::get_if<Send>(&input_before->body);
  expect(sending_before != nullptr && sending_before->message.text.data() == row_text_,
         "it joins that of the message before it");
  row_text_ = sending->message.text.data();
  Effect expected = before;
  auto& row = *std::get_if<Echo>(&expected.body);
  row.more += 1;
  row.more_bytes += input.command_bytes;
  expected.completes_bytes += input.command_bytes;
  expected.charge += static_cast<std::uint32_t>(charged_bytes(sending->message));
  expect(after == expected, "a row grows by one message");
  Peer* peer = find(after.to);
  if (expect(peer != nullptr, "only who is there is answered")) {
    see_completion(*peer, {after.to, input.command_bytes, 0, Echo{&sending->message}});
  }
}

void RegistryWorld::see_push(const Effect& effect, const Push& push) {
  Peer* peer = find(effect.to);
  if (!expect(peer != nullptr && !peer->is_closed, "only who is there is pushed to")) {
    return;
  }
  std::deque<ModelDue>& due = model_.connection(peer->id).due;
  if (!expect(!due.empty(), "only what is due is pushed")) {
    return;
  }
  const ModelDue first = due.front();
  due.pop_front();
  const ModelMessage& message = *first.message;
  expect(message.number == push.number.value && message.account == push.account &&
             message.time == push.time && message.sender == push.message->sender &&
             message.recipient == push.message->recipient && message.text == push.message->text &&
             first.is_live == push.is_live && effect.charge == message.bytes(),
         "what is due is pushed in its order");
  expect(peer->owed < settings_.limits.outbox_bytes, "nothing is pushed past the credit");
  owe(*peer, {effect.charge, first.message, push.is_live});
}

void RegistryWorld::see_answer(const Effect& effect) {
  Peer* peer = find(effect.to);
  if (!expect(peer != nullptr, "only who is there is answered")) {
    return;
  }
  ModelConnection& state = model_.connection(peer->id);
  if (effect.completes_bytes > 0) {
    see_completion(*peer, effect);
  } else if (peer->is_dismissed) {
    peer->is_dismissed = false;
    expect(describe(effect.body) == describe(Refuse{kDismissal}) && peer->pending.empty(),
           "who is dismissed is told, behind what it asked");
    // Answers may exceed the credit.
    peer->owed += effect.charge;
    peer->outbox.push_back({effect.charge, nullptr, false});
    return;
  } else if (std::holds_alternative<Close>(effect.body)) {
    expect(state.is_over && !peer->is_closed && state.due.empty(), "Close is the last word");
    peer->is_closed = true;
  } else {
    const auto* expired =
        peer->pending.empty() ? nullptr : std::get_if<LoginExpired>(&peer->pending.front().body);
    const bool is_due = expired != nullptr && is_login_due(state, *expired) && !state.is_over;
    if (expect(is_due && describe(effect.body) == describe(Refuse{kLoginTimeout}),
               "what completes nothing is about the login")) {
      peer->pending.pop_front();
      model_.expire(peer->id);
    }
  }
  owe(*peer, {effect.charge, nullptr, false});
  after_commands(*peer);
}

void RegistryWorld::see_completion(Peer& peer, const Effect& effect) {
  if (const auto* echo = std::get_if<Echo>(&effect.body)) {
    row_text_ = echo->message->text.data();
  }
  if (!expect(!peer.pending.empty(), "a command is completed once")) {
    return;
  }
  Pending pending = std::move(peer.pending.front());
  peer.pending.pop_front();
  expect(pending.bytes == effect.completes_bytes, "a completion names its command's bytes");
  const bool is_over = model_.connection(peer.id).is_over;
  if (pending.is_long_list && !is_over) {
    see_long_list(pending, effect.body);
    return;
  }
  if (auto* sending = std::get_if<Send>(&pending.body)) {
    sending->message.text = pending.text;
  }
  const std::string expected = model_.execute(peer.id, pending.body, UnixMs{inputs_});
  if (describe(effect.body) != expected) {
    fail("answer '" + describe(effect.body) + "' instead of '" + expected + "'");
  }
}

/// Accounts that existed all the time must be listed, accounts that never existed must not; in
/// order, and once.
void RegistryWorld::see_long_list(const Pending& pending, const EffectBody& body) {
  const auto* names = std::get_if<Names>(&body);
  if (!expect(names != nullptr, "a LIST is answered")) {
    return;
  }
  // The command before may just have created one.
  note_accounts();
  expect(can_be_listed(pending.asked_at, names->names, 0),
         "who was there all the time is listed, and who was never there is not");
}

/// Whether `names` can be the answer, considering the accounts from `first` on. An account that
/// existed for part of the time may be listed or not, and several may have had the same name.
bool RegistryWorld::can_be_listed(std::uint64_t asked_at, std::string_view names,
                                  std::size_t first) const {
  for (std::size_t i = first; i < history_.size(); ++i) {
    const PastAccount& account = history_[i];
    if (!matches_long_pattern(account.name)) {
      continue;
    }
    const bool is_sure = account.created_at <= asked_at && account.deleted_at == 0;
    const bool is_next = names.starts_with(account.name + '\n');
    if (is_next && !is_sure && can_be_listed(asked_at, names, i + 1)) {
      return true;
    }
    if (is_next) {
      names.remove_prefix(account.name.size() + 1);
    } else if (is_sure) {
      return false;
    }
  }
  return names.empty();
}

/// Adds `owed` to what the loop must write.
void RegistryWorld::owe(Peer& peer, Owed owed) {
  most_charge_ = std::max<std::uint64_t>(most_charge_, owed.charge);
  expect(peer.owed < most_credit_ + most_charge_ || owed.charge == 0,
         "answers stay within the credit");
  peer.owed += owed.charge;
  if (owed.charge > 0) {
    peer.outbox.push_back(std::move(owed));
  }
}

/// What happens once the commands before it are completed.
void RegistryWorld::after_commands(Peer& peer) {
  ModelConnection& state = model_.connection(peer.id);
  while (!peer.pending.empty()) {
    const auto* expired = std::get_if<LoginExpired>(&peer.pending.front().body);
    if (expired == nullptr || (is_login_due(state, *expired) && !state.is_over)) {
      break;
    }
    peer.pending.pop_front();
  }
  if (peer.has_ended && peer.pending.empty() && !state.is_over) {
    model_.end(peer.id);
  }
}

void RegistryWorld::note_accounts() {
  if (!settings_.has_long_names) {
    return;
  }
  const auto& accounts = model_.accounts();
  for (PastAccount& past : history_) {
    const bool is_there =
        std::any_of(accounts.begin(), accounts.end(),
                    [&past](const ModelAccount& account) { return account.id == past.id; });
    if (!is_there && past.deleted_at == 0) {
      past.deleted_at = inputs_;
    }
  }
  for (const ModelAccount& account : accounts) {
    if (history_.empty() || history_.back().id < account.id) {
      history_.push_back({account.id, account.name, inputs_, 0});
    }
  }
}

/// Forgets accounts that were deleted before any LIST in progress was asked.
void RegistryWorld::forget_accounts() {
  std::uint64_t oldest = inputs_;
  for (const Peer& peer : peers_) {
    oldest = peer.pending.empty() ? oldest : std::min(oldest, peer.pending.front().asked_at);
  }
  std::erase_if(history_, [oldest](const PastAccount& past) {
    return past.deleted_at > 0 && past.deleted_at < oldest;
  });
}

// The store.

void RegistryWorld::keep_record(const Record& record) {
  if (const auto* created = std::get_if<AccountCreated>(&record)) {
    expect(store_.last < created->account, "account ids ascend");
    store_.last = created->account;
    store_.accounts.emplace(created->account.value, created->name);
  } else if (const auto* deleted = std::get_if<AccountDeleted>(&record)) {
    expect(store_.accounts.erase(deleted->account.value) == 1, "a stored account is deleted");
  } else if (const auto* kept = std::get_if<MessageKept>(&record)) {
    expect(kept->number < store_.below, "a number is reserved before it is used");
    expect(store_.accounts.contains(kept->account.value), "a message is kept for an account");
    const bool is_new = store_.messages
                            .emplace(kept->number.value, ModelMessage{kept->number.value,
                                                                      kept->account,
                                                                      kept->time,
                                                                      std::string(kept->sender),
                                                                      {},
                                                                      std::string(kept->text)})
                            .second;
    expect(is_new, "a message is kept once");
  } else if (const auto* handed = std::get_if<HandedOver>(&record)) {
    store_.messages.erase(handed->number.value);
  } else if (const auto* reserved = std::get_if<NumbersReserved>(&record)) {
    store_.below = reserved->below;
  } else {
    fail("a record of protocol 1, which nobody here speaks");
  }
}

void RegistryWorld::check_store() {
  if (!settings_.keeps_records) {
    return;
  }
  Registry fresh(RegistryLimits{}, HashKey{5, 6}, true);
  for (const auto& [id, name] : store_.accounts) {
    expect(fresh.restore_account(AccountId{id}, name), "a stored account can be restored");
  }
  for (const auto& [number, message] : store_.messages) {
    if (store_.accounts.contains(message.account.value)) {
      expect(fresh.restore_message(message.account,
                                   KeptMessage::make(MessageNumber{number}, message.time,
                                                     message.sender, message.text)),
             "a stored message can be restored");
    }
  }
  fresh.restore_counters(store_.last, store_.below);
  expect(fresh.queued_bytes() == model_.kept_bytes(), "the store holds as many bytes");
  std::deque<Input> inputs;
  Output output;
  std::string names;
  fresh.apply(inputs.emplace_back(Input{kProbe, 42, List{}}), UnixMs{1}, output);
  for (const ModelAccount& account : model_.accounts()) {
    names += account.name + '\n';
  }
  const auto* listed = std::get_if<Names>(&output.effects.front().body);
  expect(listed != nullptr && listed->names == names, "the store holds the accounts in order");
  std::uint64_t slot = kProbe.slot();
  for (const ModelAccount& account : model_.accounts()) {
    const ConnectionId reader = ConnectionId::make(++slot, 1);
    fresh.apply(inputs.emplace_back(Input{reader, 42, Login{account.name}}), UnixMs{1}, output);
    const std::size_t first = output.effects.size() + 1;
    fresh.apply(inputs.emplace_back(Input{reader, 42, Deliver{}}), UnixMs{1}, output);
    expect(output.effects.size() == first + account.held.size(),
           "the store holds what is not handed over");
    std::size_t at = first;
    for (const auto& [number, message] : account.held) {
      const auto* push =
          at < output.effects.size() ? std::get_if<Push>(&output.effects[at].body) : nullptr;
      expect(push != nullptr && push->number.value == number && push->time == message->time &&
                 push->message->sender == message->sender && push->message->text == message->text,
             "the store holds the messages in order");
      ++at;
    }
  }
}

void RegistryWorld::own(InputBody& body) {
  const auto own_message = [this](Message& message) {
    own(message.sender);
    own(message.recipient);
    own(message.text);
  };
  if (auto* creation = std::get_if<Create>(&body)) {
    own(creation->username);
  } else if (auto* entry = std::get_if<Login>(&body)) {
    own(entry->username);
  } else if (auto* question = std::get_if<List>(&body)) {
    own(question->pattern);
  } else if (auto* sending = std::get_if<Send>(&body)) {
    own_message(sending->message);
  } else if (auto* back = std::get_if<Returned>(&body)) {
    own_message(back->message);
  }
}

void RegistryWorld::own(std::string_view& bytes) {
  char* copy = batch_bytes_.emplace_back(new char[bytes.size() + 1]).get();
  std::copy(bytes.begin(), bytes.end(), copy);
  bytes = {copy, bytes.size()};
}

RegistryWorld::Peer* RegistryWorld::find(ConnectionId id) {
  const auto at =
      std::find_if(peers_.begin(), peers_.end(), [id](const Peer& peer) { return peer.id == id; });
  return at == peers_.end() ? nullptr : &*at;
}

bool RegistryWorld::expect(bool holds, const char* claim) {
  if (!holds) {
    fail(claim);
  }
  return holds;
}

void RegistryWorld::fail(const std::string& what) {
  if (trouble_.empty()) {
    trouble_ = "input " + std::to_string(inputs_) + ": " + what;
  }
}

}  // namespace tribar
