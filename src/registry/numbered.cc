// SPDX-License-Identifier: MIT
//
// See registry.h. What protocol 1 adds: senders number their messages, so that a message that is
// sent again is not accepted twice, and readers acknowledge theirs, so that none is lost with a
// connection.
#include <utility>

#include "registry/answer.h"
#include "registry/registry.h"

namespace tribar {

void Registry::introduce(Session& session, const Introduced& introduced) {
  session.acknowledges = true;
  SessionDetails& details = session.detailed();
  details.network = introduced.network;
  details.may_send_secrets = introduced.may_send_secrets;
}

void Registry::send_numbered(Session& session, const Input& input, const SendNumbered& command,
                             Turn& turn) {
  const auto no = [&](Refusal refusal) {
    refuse(session, input.command_bytes, refusal, turn, command.n);
  };
  if (!session.is_logged_in) {
    return no({RefusalCode::SendBeforeLogin});
  }
  Account& sender = accounts_.at(session.account.place);
  const std::string& client = session.details->client;
  if (!client.empty()) {
    const std::uint64_t highest = sender.details ? sender.details->highest_of(client) : 0;
    if (command.n <= highest && command.n > 0) {
      return answer(session, input.command_bytes, kShortAnswerCharge, Accepted{command.n, {}, {}},
                    turn);
    }
    if (command.n != highest + 1) {
      return no({RefusalCode::NumberAhead, highest});
    }
  }
  Account* recipient = accounts_.find(command.recipient);
  if (recipient == nullptr) {
    return no({RefusalCode::NoSuchRecipient});
  }
  const Message* message = turn.out.arena.make(
      Message{turn.out.arena.copy(sender.name), command.recipient, command.text});
  const std::uint32_t charge = charge_of(*message);
  if (const auto refusal = refuse_message_for(*recipient, charge)) {
    return no(*refusal);
  }
  const bool is_portable = command.is_portable && fits_old_frame(*message);
  const MessageNumber number = accept(*recipient, *message, charge, is_portable, turn);
  if (!client.empty()) {
    note_sent(sender, client, command.n, number, turn);
  }
  answer(session, input.command_bytes, kShortAnswerCharge, Accepted{command.n, number, turn.now},
         turn);
}

/// Whether a frame of protocol 0 has room for `message`.
bool Registry::fits_old_frame(const Message& message) const {
  constexpr std::size_t kDelimitersBytes = 6;
  return message.sender.size() + message.recipient.size() + message.text.size() +
             kDelimitersBytes <=
         limits_.frame_bytes;
}

void Registry::note_sent(Account& sender, const std::string& client, std::uint64_t n,
                         MessageNumber number, Turn& turn) {
  const std::string forgotten = sender.detailed().note_sent(client, n, number);
  if (!keeps_records_) {
    return;
  }
  if (!forgotten.empty()) {
    turn.out.records.emplace_back(ClientForgotten{sender.id, turn.out.arena.copy(forgotten)});
  }
  turn.out.records.emplace_back(ClientSent{sender.id, turn.out.arena.copy(client), n, number});
}

/// Pushes a new message to a connection of protocol 1, or keeps it: messages are pushed in
/// ascending order of numbers, so a new one waits behind those that wait, and behind those that may
/// come back from elsewhere. `message` is the same as `kept`.
void Registry::offer(Session& reader, Account& account, KeptMessage::Ptr kept,
                     const Message& message, Turn& turn) {
  if (account.has_undelivered() || !may_push_numbered(reader) ||
      has_pushes_elsewhere(reader, account, 1)) {
    account.kept().push_back(std::move(kept));
  } else {
    push_numbered(reader, account, std::move(kept), &message, turn);
  }
}

/// Whether the reader wants more, and has room for it: of what is not written, and of what is not
/// acknowledged, there is a credit each.
bool Registry::may_push_numbered(const Session& reader) const {
  return reader.details->wants_messages && !reader.is_over && !reader.is_gone &&
         reader.owed < limits_.outbox_bytes && reader.details->kept_bytes < limits_.outbox_bytes;
}

/// Whether messages of the reader's account are still with connections of protocol 0 that were
/// logged in before: they may come back. A client drops what comes below a number that it has
/// shown, on later connections, too, and after a crash; so until then nothing may be pushed.
/// `in_hand`: messages of the account that are neither pushed nor in its queue.
bool Registry::has_pushes_elsewhere(const Session& reader, const Account& account,
                                    std::size_t in_hand) {
  const std::size_t waiting = account.undelivered ? account.undelivered->size() : 0;
  return account.held_messages > reader.details->kept.size() + waiting + in_hand;
}

/// `message`, the same as `kept`, lives as long as the output.
void Registry::push_numbered(Session& reader, const Account& account, KeptMessage::Ptr kept,
                             const Message* message, Turn& turn) {
  const std::uint32_t charge = charge_of(*message);
  reader.owed += charge;
  reader.owed_pushes += 1;
  reader.owed_push_charge += charge;
  SessionDetails& details = *reader.details;
  details.kept_bytes += charge;
  Push& push = add_effect<Push>(turn.out, reader.id, 0, charge);
  push.message = message;
  push.account = account.id;
  push.number = kept->number();
  push.time = kept->time();
  push.is_kept = true;
  push.tells_number = true;
  push.is_portable = kept->is_portable();
  push.came_as = turn.protocol;
  details.kept.push_back(std::move(kept));
}

/// Pushes what waits for a connection of protocol 1 as far as its credit allows.
void Registry::push_queue(Session& reader, Turn& turn) {
  if (!reader.is_logged_in) {
    return;
  }
  Account& account = accounts_.at(reader.account.place);
  if (has_pushes_elsewhere(reader, account, 0)) {
    return;
  }
  while (account.has_undelivered() && may_push_numbered(reader)) {
    KeptMessage::Ptr kept = account.undelivered->pop_front();
    // An acknowledgement may free the message while this batch is on its way.
    Arena& arena = turn.out.arena;
    const Message* message = arena.make(
        Message{arena.copy(kept->sender()), arena.copy(account.name), arena.copy(kept->text())});
    push_numbered(reader, account, std::move(kept), message, turn);
  }
  if (account.undelivered && account.undelivered->is_empty()) {
    account.undelivered.reset();
  }
}

void Registry::acknowledge(Session& session, std::uint32_t command_bytes, MessageNumber number,
                           Turn& turn) {
  answer(session, command_bytes, 0, Done{}, turn);
  if (!session.is_logged_in || !session.details->kept.contains(number)) {
    return;
  }
  SessionDetails& details = *session.details;
  Account& account = accounts_.at(session.account.place);
  while (!details.kept.is_empty() && details.kept.front().number() <= number) {
    const KeptMessage::Ptr kept = details.kept.pop_front();
    const std::uint32_t charge = charge_of({kept->sender(), account.name, kept->text()});
    details.kept_bytes -= charge;
    account.held_bytes -= charge;
    account.held_messages -= 1;
    count_unqueued(charge);
    counters_.delivered.add();
    turn.out.released_bytes += kept->text().size();
    if (keeps_records_) {
      turn.out.records.emplace_back(HandedOver{kept->number()});
    }
  }
  push_queue(session, turn);
}

/// Keeps a message that protocol 0 gets in another form until it is written: what comes back could
/// not be turned into the original.
void Registry::keep_until_written(Session& reader, const Account& account, KeptMessage::Ptr kept) {
  if (!reader.owed_numbers) {
    reader.owed_numbers = std::make_unique<std::deque<MessageNumber>>(reader.owed_pushes);
  }
  SessionDetails& details = reader.detailed();
  details.recipient_bytes = account.name.size();
  details.kept.push_back(std::move(kept));
}

/// What a connection was handed and did not acknowledge waits again, in its place. Of protocol 0:
/// what is kept of its pushes has come back.
void Registry::return_kept(Session& session, Turn& turn) {
  if (!session.details || session.details->kept.is_empty()) {
    return;
  }
  SessionDetails& details = *session.details;
  details.kept_bytes = 0;
  MessageList messages;
  while (!details.kept.is_empty()) {
    messages.insert(details.kept.pop_front());
  }
  if (Account* account = accounts_.get(session.account)) {
    account->kept().merge(std::move(messages));
    return push_to_next_reader(*account, turn);
  }
  // It was deleted by another session, after this one, of protocol 0, was logged out.
  while (!messages.is_empty()) {
    const KeptMessage::Ptr message = messages.pop_front();
    const std::size_t charge =
        charged_bytes({message->sender(), {}, message->text()}) + details.recipient_bytes;
    drop_returned(message->number(), static_cast<std::uint32_t>(charge), turn);
  }
}

/// The session's account is deleted, whose name has `recipient_bytes`. What is kept for protocol 0
/// counts until it is written, as all that was handed over.
void Registry::free_kept(Session& session, std::size_t recipient_bytes) {
  if (!session.details) {
    return;
  }
  SessionDetails& details = *session.details;
  if (details.kept.is_empty() && details.orphan_charges.empty()) {
    return;
  }
  if (session.acknowledges) {
    MessageList freed;
    while (!details.kept.is_empty()) {
      freed.push_back(details.kept.pop_front());
    }
    details.kept_bytes = 0;
    deferred_frees_.push_back({std::move(freed), recipient_bytes});
    return;
  }
  details.orphan_charges.resize(session.orphan_pushes);
  for (std::uint32_t i = 0; i < session.owed_pushes; ++i) {
    std::size_t charge = 0;
    if (!details.kept.is_empty() && details.kept.front().number() == (*session.owed_numbers)[i]) {
      const KeptMessage::Ptr message = details.kept.pop_front();
      charge = charged_bytes({message->sender(), {}, message->text()}) + recipient_bytes;
    }
    details.orphan_charges.push_back(static_cast<std::uint32_t>(charge));
  }
}

/// The connection is closed: what was kept for an account that it had deleted does not return.
void Registry::forget_orphans(Session& session) {
  if (session.details) {
    for (const std::uint32_t charge : session.details->orphan_charges) {
      count_unqueued(charge, charge > 0 ? 1 : 0);
    }
  }
}

void Registry::answer_ping(Session& session, std::uint32_t command_bytes, const Ping& ping,
                           Turn& turn) {
  const auto charge = kShortAnswerCharge + static_cast<std::uint32_t>(ping.data.size());
  answer(session, command_bytes, charge, Pong{ping.data}, turn);
}

/// Whether a command is executed though earlier ones of its connection wait. A ping is answered at
/// once unless the peer does not read.
bool Registry::goes_ahead(const Session& session, const Input& input) const {
  return std::holds_alternative<Acknowledge>(input.body) ||
         std::holds_alternative<Pong>(input.body) ||
         (std::holds_alternative<Ping>(input.body) && session.owed < limits_.outbox_bytes);
}

}  // namespace tribar
