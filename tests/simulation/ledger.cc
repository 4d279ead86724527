// SPDX-License-Identifier: MIT
//
// See ledger.h.
#include "simulation/ledger.h"

#include <algorithm>
#include <tuple>
#include <variant>

#include "simulation/conversation.h"
#include "simulation/hash.h"
#include "zero/portable.h"

namespace tribar::simulation {

MessageFacts* Ledger::message(std::string_view text) {
  const auto found = messages_.find(text);
  return found == messages_.end() ? nullptr : &found->second;
}

MessageFacts& Ledger::add_message(std::string_view text) {
  MessageFacts& facts = messages_[std::string(text)];
  facts.sequence = ++sequence_;
  return facts;
}

MessageFacts& Ledger::add_numbered(std::string_view recipient, std::string_view text) {
  if (MessageFacts* again = message(text)) {
    return *again;
  }
  MessageFacts& facts = add_message(text);
  facts.recipient = recipient;
  facts.text = text;
  facts.is_refused = true;
  return facts;
}

void Ledger::accept_numbered(MessageFacts& message, const std::string& sender, AccountId account,
                             MessageNumber number) {
  if (message.accepted_from == account.value) {
    diary.fail("message {} is accepted twice", message.text);
  }
  message.is_doubled |= message.accepted_from != 0;
  message.is_promised = false;
  message.accepted_from = account.value;
  message.is_excused = this->account(message.recipient).unsettled_deletes > 0;
  message.is_acknowledged = false;
  know_sender(message, sender);
  know_number(message.text, number);
}

void Ledger::know_sender(MessageFacts& message, const std::string& sender) {
  message.sender = sender;
  message.is_refused = false;
  const std::size_t names_bytes = sender.size() + message.recipient.size() + 6;
  told_as_[portable_text(message.text, settings.loop.frames.frame_bytes - names_bytes)] =
      message.text;
}

void Ledger::note_unseen(const std::pair<std::string, std::string>& client, std::uint64_t n,
                         MessageFacts& message) {
  if (message.accepted_from == 0) {
    know_sender(message, client.first);
    message.may_be_from.insert(client.first);
    message.is_excused = account(message.recipient).unsettled_deletes > 0;
  }
  if (!client.second.empty()) {
    unseen_[client].emplace_back(n, message.text);
  }
}

/// Of one that nobody was told about.
void Ledger::learn_sender(std::string_view text, std::string_view sender) {
  MessageFacts* facts = message(text);
  if (facts != nullptr && facts->accepted_from == 0 &&
      facts->may_be_from.contains(std::string(sender))) {
    know_sender(*facts, std::string(sender));
  }
}

void Ledger::see_unseen(const std::pair<std::string, std::string>& client, AccountId account,
                        std::uint64_t highest) {
  Accepted& accepted = accepted_from({account.value, client.second});
  for (const auto& [n, text] : unseen_[client]) {
    if (n == accepted.highest + 1 && n <= highest) {
      accepted.highest = n;
      accepted.texts[n] = text;
      MessageFacts& facts = *message(text);
      facts.accepted_from = account.value;
      accepted.last_number = std::max(accepted.last_number, facts.number);
    }
  }
  unseen_.erase(client);
}

MessageFacts* Ledger::message_told_as(std::string_view text) {
  const auto found = told_as_.find(text);
  return message(found == told_as_.end() ? text : found->second);
}

void Ledger::promise_up_to(const Client& client, std::uint64_t n) {
  for (const auto& [each, text] : accepted_from(client).texts) {
    MessageFacts& facts = *message(text);
    if (each <= n && !facts.is_promised) {
      facts.is_promised = true;
      facts.promised_step = diary.step;
    }
  }
}

void Ledger::tell_number(std::uint64_t number, const std::string& text) {
  const auto [at, is_new] = told_numbers_.emplace(number, text);
  if (!is_new && at->second != text) {
    diary.fail("number {} was told as that of message {}, and now as that of {}", number,
               at->second, text);
  }
}

std::size_t Ledger::waiting_at_least(const std::string& name) {
  if (account(name).was_with_zero) {
    return 0;
  }
  return static_cast<std::size_t>(
      std::count_if(messages_.begin(), messages_.end(), [&](const auto& each) {
        const MessageFacts& message = each.second;
        return message.recipient == name && !message.is_excused && !message.is_acknowledged &&
               message.taken == 0 &&
               (message.is_promised || (message.accepted_from != 0 && !message.is_refused));
      }));
}

std::size_t Ledger::most_accounts(std::uint64_t since) const {
  return static_cast<std::size_t>(
      std::count_if(accounts_.begin(), accounts_.end(), [since](const auto& each) {
        return each.second.may_exist || each.second.gone_since >= since;
      }));
}

bool Ledger::must_have_existed(const std::string& name, std::uint64_t since) {
  const AccountFacts& facts = account(name);
  return facts.exists_since && *facts.exists_since < since;
}

bool Ledger::may_have_existed(const std::string& name, std::uint64_t since) {
  const AccountFacts& facts = account(name);
  return facts.may_exist || facts.gone_since >= since;
}

bool Ledger::may_have_been_logged_in(const std::string& name, std::uint64_t since,
                                     const Conversation& besides) {
  if (account(name).claim_end >= since) {
    return true;
  }
  return std::any_of(conversations_.begin(), conversations_.end(), [&](const Conversation* each) {
    return each != &besides && each->claims(name) && !each->is_released_before(since);
  });
}

void Ledger::ask_to_create(const std::string& name) {
  AccountFacts& facts = account(name);
  ++facts.unsettled_creates;
  if (!facts.may_exist) {
    facts.may_exist = true;
    facts.may_since = diary.step;
  }
}

void Ledger::ask_to_delete(const std::string& name) {
  AccountFacts& facts = account(name);
  ++facts.unsettled_deletes;
  facts.delete_step = diary.step;
  facts.exists_since.reset();
  facts.is_confirmed = false;
  for (auto& [text, message] : messages_) {
    message.is_excused |= message.recipient == name;
  }
}

void Ledger::confirm_deleted(const std::string& name, std::uint64_t asked_step) {
  AccountFacts& facts = account(name);
  ++facts.deleted_told;
  if (settings.is_durable && facts.deleted_told > facts.deleted_stored) {
    diary.fail("the end of {} was told and is not stored", name);
  }
  for (auto& [text, message] : messages_) {
    if (message.recipient == name && message.is_promised && !message.is_dead &&
        message.promised_step < asked_step && facts.created_step < asked_step) {
      message.is_dead = true;
      message.dead_since = diary.step;
    }
  }
  if (facts.unsettled_creates == 0 && facts.created_step < asked_step) {
    facts.may_exist = false;
    facts.gone_since = diary.step;
  }
}

void Ledger::note_accepted(Conversation& conversation) {
  conversation.accepted_step = diary.step;
  conversations_.push_back(&conversation);
  by_id_[conversation.id.value] = &conversation;
  const std::uint64_t per_address = settings.loop.connections_per_address;
  conversation.accepted_among = ++open_connections;
  conversation.accepted_among_network = ++open_by_network[conversation.link->network];
  if (conversation.accepted_among > settings.loop.connections ||
      (per_address > 0 && conversation.accepted_among_network > per_address)) {
    conversation.note_rejected();
  }
}

/// An acknowledgement is applied at once: what is stored of the messages goes with the same batch.
void Ledger::note_acknowledged(Conversation& from, MessageNumber number, const Batch& batch) {
  const bool may_be_over =
      std::any_of(batch.output.effects.begin(), batch.output.effects.end(), [&](const Effect& it) {
        return it.to == from.id && (std::holds_alternative<Close>(it.body) ||
                                    std::holds_alternative<LoggedOut>(it.body));
      });
  for (const std::uint64_t each : from.note_acknowledged(number)) {
    MessageFacts& facts = *message(texts_[each]);
    facts.is_excused |= may_be_over;
    facts.is_acknowledged = !may_be_over;
    const bool is_dropped = std::any_of(batch.output.records.begin(), batch.output.records.end(),
                                        [each](const Record& record) {
                                          const auto* handed = std::get_if<HandedOver>(&record);
                                          return handed != nullptr && handed->number.value == each;
                                        });
    if (settings.is_durable && !may_be_over && !is_dropped) {
      diary.fail("message {} is acknowledged, and stays", facts.text);
    }
  }
}

void Ledger::note_passed(const Batch& batch) {
  for (const Input& input : batch.inputs) {
    if (const auto* back = std::get_if<Returned>(&input.body)) {
      diary.tell("message {} returns", back->message.text.substr(0, 20));
    }
    const auto found = by_id_.find(input.from.value);
    Conversation* from = found == by_id_.end() ? nullptr : found->second;
    if (const auto* done = std::get_if<Written>(&input.body)) {
      diary.tell("{:x}: {} pushes, {} bytes are reported written", input.from.value, done->pushes,
                 done->charge);
    }
    if (std::holds_alternative<Closed>(input.body) && from != nullptr) {
      from->note_closed(batch);
    } else if (std::holds_alternative<Ended>(input.body) && from != nullptr) {
      from->note_logout();
    } else if (const auto* result = std::get_if<Answered>(&input.body);
               result != nullptr && result->refusal && from != nullptr) {
      from->note_wrong_secret();
    } else if (const auto* all = std::get_if<Acknowledge>(&input.body);
               all != nullptr && from != nullptr) {
      note_acknowledged(*from, all->number, batch);
    } else if (std::holds_alternative<StorageUp>(input.body)) {
      up_passed_ = diary.step;
      is_down_ = !is_told_up_;
    }
  }
  for (const Record& record : batch.output.records) {
    if (const auto* handed = std::get_if<HandedOver>(&record)) {
      diary.tell("handed over: {}", texts_[handed->number.value].substr(0, 20));
    }
  }
  for (const Effect& effect : batch.output.effects) {
    const auto to = by_id_.find(effect.to.value);
    if (to != by_id_.end()) {
      to->second->note_effect(effect);
    }
    if (const auto* push = std::get_if<Push>(&effect.body)) {
      diary.tell("{:x}: is to get {}", effect.to.value, push->message->text.substr(0, 20));
      learn_sender(push->message->text, push->message->sender);
      know_number(push->message->text, push->number);
    } else if (const auto* refuse = std::get_if<Refuse>(&effect.body);
               refuse != nullptr && refuse->refusal == kDismissal && to != by_id_.end()) {
      to->second->note_dismissed();
    } else if (std::holds_alternative<Close>(effect.body) && to != by_id_.end()) {
      to->second->note_logout();
    } else if (const auto* check = std::get_if<Check>(&effect.body)) {
      attempts_[check->account.value] += 1;
    }
  }
}

void Ledger::note_stored(const Record& record) {
  if (const auto* created = std::get_if<AccountCreated>(&record)) {
    if (!stored_accounts_.empty() && stored_accounts_.rbegin()->first >= created->account.value) {
      diary.fail("account id {} is stored after a higher one", created->account.value);
    }
    stored_accounts_[created->account.value] = created->name;
    ++account(created->name).created_stored;
  } else if (const auto* deleted = std::get_if<AccountDeleted>(&record)) {
    std::string& name = stored_accounts_[deleted->account.value];
    ++account(name).deleted_stored;
    // Also those that were accepted behind the end of their connection, before its own DELETE.
    for (auto& [text, message] : messages_) {
      message.is_excused |= message.is_stored && message.recipient == name;
    }
    name.clear();
  } else if (const auto* kept = std::get_if<MessageKept>(&record)) {
    learn_sender(kept->text, kept->sender);
    MessageFacts* facts = message(kept->text);
    if (facts == nullptr || kept->sender != facts->sender ||
        stored_accounts_[kept->account.value] != facts->recipient) {
      // Of a deleted account the name is gone.
      if (facts == nullptr || !stored_accounts_[kept->account.value].empty()) {
        diary.fail("message {} is stored as what it is not", kept->text);
        return;
      }
    }
    facts->is_stored = true;
    facts->stored_life = life;
    if (kept->number.value <= last_kept_ || kept->number.value >= reserved_below_) {
      diary.fail("number {} is stored after {}, with {} reserved", kept->number.value, last_kept_,
                 reserved_below_);
    }
    last_kept_ = kept->number.value;
    know_number(kept->text, kept->number);
  } else if (const auto* handed = std::get_if<HandedOver>(&record)) {
    const MessageFacts* facts = message(texts_[handed->number.value]);
    if (facts == nullptr) {
      diary.fail("number {} is handed over, and nobody knows it", handed->number.value);
    } else if (facts->taken == 0 && !facts->is_excused && !facts->is_acknowledged &&
               facts->number == handed->number.value) {
      diary.fail("message {} is stored as handed over before it is", facts->text);
    }
  } else if (const auto* reserved = std::get_if<NumbersReserved>(&record)) {
    reserved_below_ = reserved->below.value;
  } else if (const auto* sent = std::get_if<ClientSent>(&record)) {
    stored_clients_[{sent->account.value, std::string(sent->client)}] = sent->n;
  } else if (const auto* set = std::get_if<SecretSet>(&record)) {
    stored_secrets_.insert({set->account.value, secret_in(set->hash)});
  }
}

void Ledger::note_storage_state(bool is_up) {
  is_told_up_ = is_up;
  if (!is_up) {
    is_down_ = true;
    was_down_ = true;
  }
}

void Ledger::begin_life(const Storage& storage) {
  check_pairs();
  ++life;
  attempts_.clear();
  secrets_.clear();
  secret_steps_.clear();
  for (const auto& [id, hash] : storage.secrets) {
    if (const auto found = storage.accounts.find(id); found != storage.accounts.end()) {
      secrets_[found->second.name] = secret_in(hash);
    }
  }
  unseen_.clear();
  for (auto& [client, accepted] : accepted_) {
    const auto found = storage.clients.find(client);
    accepted.highest = found == storage.clients.end() ? 0 : found->second.n;
    accepted.last_number = found == storage.clients.end() ? 0 : found->second.number.value;
    accepted.texts.erase(accepted.texts.upper_bound(accepted.highest), accepted.texts.end());
  }
  std::map<std::string, std::uint64_t> kept_accounts;
  for (const auto& [id, account] : storage.accounts) {
    kept_accounts[account.name] = id;
  }
  for (const auto& [name, id] : kept_accounts) {
    if (!account(name).may_exist) {
      diary.fail("account {} is in the store, and cannot be", name);
    }
  }
  for (auto& [name, facts] : accounts_) {
    const bool is_kept = kept_accounts.contains(name);
    if (facts.is_confirmed && facts.exists_since && !is_kept) {
      diary.fail("account {} is lost", name);
    }
    facts.is_confirmed = is_kept;
    facts.may_exist = is_kept;
    facts.exists_since = is_kept ? std::optional(diary.step) : std::nullopt;
    facts.may_since = diary.step;
    facts.gone_since = diary.step;
    facts.claim_end = 0;
    facts.was_with_zero = false;
    facts.unsettled_creates = 0;
    facts.unsettled_deletes = 0;
    // What was stored and never told counts as told.
    facts.created_told = facts.created_stored;
    facts.deleted_told = facts.deleted_stored;
  }
  for (auto& [text, message] : messages_) {
    const auto found = storage.messages.find(message.number);
    const bool is_kept = found != storage.messages.end() && found->second.text == text &&
                         storage.accounts.contains(found->second.recipient.value);
    if (message.is_promised && !message.is_excused && message.taken == 0 &&
        !message.is_acknowledged && !is_kept) {
      diary.fail("message {} is lost", text);
    }
    message.is_acknowledged = false;
    if (!message.is_stored) {
      message.accepted_from = 0;
    }
    message.is_promised = is_kept;
    message.promised_step = diary.step;
    message.is_excused = !is_kept;
    message.is_refused |= !is_kept;
    message.taken_now = 0;
    if (!is_kept) {
      // A number that was given and not stored may be given again.
      message.number = 0;
    }
  }
  conversations_.clear();
  by_id_.clear();
  open_connections = 0;
  open_by_network.clear();
  is_ending = false;
  is_down_ = false;
  was_down_ = false;
  is_told_up_ = true;
  up_passed_ = 0;
}

void Ledger::check_pairs() {
  using Place = std::tuple<std::uint64_t, std::string_view, std::uint64_t>;
  std::map<Place, std::uint64_t> sent;
  for (auto& [text, message] : messages_) {
    if (message.number != 0 && message.from != nullptr && !message.is_doubled) {
      sent[{message.from->number(), message.recipient, message.sequence}] = message.number;
    }
    message.from = nullptr;
  }
  Place before;
  std::uint64_t last = 0;
  for (const auto& [place, number] : sent) {
    const auto& [from, to, sequence] = place;
    if (from == std::get<0>(before) && to == std::get<1>(before) && number <= last) {
      diary.fail("#{} to {}: message number {} was overtaken by {}", from, to, last, number);
    }
    before = place;
    last = number;
  }
}

void Ledger::check_delivered() {
  for (const auto& [text, message] : messages_) {
    if (message.is_promised && !message.is_excused && message.taken == 0 &&
        !message.is_acknowledged) {
      diary.fail("message {} from {} was confirmed and never came to {}", text, message.sender,
                 message.recipient);
    }
  }
}

std::size_t Ledger::queued_at_most(const std::string& name, std::size_t& bytes) const {
  std::size_t count = 0;
  for (const auto& [text, message] : messages_) {
    if (!message.is_refused && (name.empty() || message.recipient == name)) {
      bytes += message.bytes();
      ++count;
    }
  }
  return count;
}

std::size_t Ledger::queued_at_least(const std::string& name) const {
  return static_cast<std::size_t>(
      std::count_if(messages_.begin(), messages_.end(), [&](const auto& each) {
        const MessageFacts& message = each.second;
        return message.is_promised && !message.is_excused && message.taken == 0 &&
               !message.is_acknowledged && message.recipient == name;
      }));
}

void Ledger::know_number(std::string_view text, MessageNumber number) {
  MessageFacts* facts = message(text);
  if (facts == nullptr) {
    diary.fail("a message that nobody sent: {}", text);
    return;
  }
  if (facts->number != 0 && facts->number != number.value) {
    const bool may_be_another = (facts->accepted_from != 0 || !facts->may_be_from.empty()) &&
                                account(facts->sender).delete_step > 0;
    facts->is_doubled |= may_be_another;
    if (!may_be_another) {
      diary.fail("message {} has number {} and {}", text, facts->number, number.value);
    }
  }
  if (const auto told = told_numbers_.find(number.value);
      told != told_numbers_.end() && told->second != text) {
    diary.fail("message {} gets the number of {}", text, told->second);
  }
  facts->number = number.value;
  texts_[number.value] = facts->text;
}

}  // namespace tribar::simulation
