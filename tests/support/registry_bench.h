// SPDX-License-Identifier: MIT
//
// Applies inputs to a Registry and returns its output as plain values. Every apply() is a batch of
// its own: the memory of its input and output is freed afterwards, so that a sanitizer finds a view
// that the registry keeps too long.
//
// Values made by the functions below point to memory that lives as long as the program.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chat/text.h"
#include "registry/registry.h"
#include "support/printers.h"

namespace tribar {

using Effects = std::vector<Effect>;
using Records = std::vector<Record>;

inline constexpr ConnectionId kAnn = ConnectionId::make(0, 1);
inline constexpr ConnectionId kBob = ConnectionId::make(1, 1);
inline constexpr ConnectionId kCat = ConnectionId::make(2, 1);
inline constexpr ConnectionId kDan = ConnectionId::make(7, 3);

/// What every command counts in its connection's window, unless a test sets it.
inline constexpr std::uint32_t kCommandBytes = 60;
inline constexpr UnixMs kNow{1700000000000};

// Bytes that live as long as the program.

inline std::string_view lasting(std::string_view bytes) {
  static std::deque<std::string> strings;
  return strings.emplace_back(bytes);
}

inline const Message* lasting(const Message& message) {
  static std::deque<Message> messages;
  return &messages.emplace_back(
      Message{lasting(message.sender), lasting(message.recipient), lasting(message.text)});
}

// Inputs.

inline Input command(ConnectionId from, InputBody body, std::uint32_t bytes = kCommandBytes) {
  return {from, bytes, std::move(body)};
}
inline Input event(ConnectionId from, InputBody body) { return {from, 0, std::move(body)}; }
inline Input event(InputBody body) { return {ConnectionId{}, 0, std::move(body)}; }
inline Input create(ConnectionId from, std::string_view name) {
  return command(from, Create{name});
}
inline Input login(ConnectionId from, std::string_view name) { return command(from, Login{name}); }
inline Input list(ConnectionId from, std::string_view pattern = {}) {
  return command(from, List{pattern});
}
inline Input send(ConnectionId from, std::string_view sender, std::string_view recipient,
                  std::string_view text) {
  return command(from, Send{{sender, recipient, text}});
}
// Inputs of protocol 1.

/// `input` as it comes from a connection of protocol 1.
inline Input one(Input input) {
  input.protocol = Protocol::One;
  return input;
}
inline Input introduced(ConnectionId from, std::uint64_t network = 0,
                        bool may_send_secrets = true) {
  return one(event(from, Introduced{network, may_send_secrets}));
}
inline Input certified(ConnectionId from, std::string_view name) {
  return event(from, Certified{name});
}
inline Input create1(ConnectionId from, std::string_view name, std::string_view client = {},
                     std::string_view secret = {}) {
  return one(command(from, Create{name, client, secret}));
}
inline Input login1(ConnectionId from, std::string_view name, std::string_view client = {},
                    std::string_view secret = {}) {
  return one(command(from, Login{name, client, secret}));
}
/// `is_portable` is what the text says.
inline Input send1(ConnectionId from, std::uint64_t n, std::string_view recipient,
                   std::string_view text) {
  return one(command(from, SendNumbered{n, recipient, text, is_portable(text)}));
}
inline Input acknowledge(ConnectionId from, std::uint64_t number) {
  return one(command(from, Acknowledge{MessageNumber{number}}));
}
inline Input set_secret(ConnectionId from, std::string_view old_secret,
                        std::string_view new_secret) {
  return one(command(from, SetSecret{old_secret, new_secret}));
}
inline Input delete1(ConnectionId from, std::string_view secret = {}) {
  return one(command(from, Delete{secret}));
}

/// An input whose frame directly follows that of the input before it.
inline Input next(Input input) {
  input.is_next = true;
  return input;
}
inline Input deliver(ConnectionId from) { return command(from, Deliver{}); }
inline Input delete_account(ConnectionId from) { return command(from, Delete{}); }
inline Input rejected(ConnectionId from, Refusal refusal, bool is_fatal = false) {
  return command(from, Rejected{refusal, is_fatal});
}

// Effects, with their usual completion and charge, unless a test sets these.

inline std::uint32_t charge_of(std::string_view sender, std::string_view recipient,
                               std::string_view text) {
  return static_cast<std::uint32_t>(charged_bytes({sender, recipient, text}));
}

/// A message as its recipient gets it.
struct Pushed {
  AccountId account;  // the recipient's
  std::uint64_t number = 0;
  std::string_view sender;
  std::string_view recipient;
  std::string_view text;
  bool wants_report = false;
  UnixMs time = kNow;
};

inline Effect push(ConnectionId to, const Pushed& pushed, bool is_live) {
  const Message message{pushed.sender, pushed.recipient, pushed.text};
  return {to, 0, charge_of(message.sender, message.recipient, message.text),
          Push{lasting(message), pushed.account, MessageNumber{pushed.number}, pushed.time, is_live,
               pushed.wants_report}};
}
inline Effect live(ConnectionId to, const Pushed& pushed) { return push(to, pushed, true); }
inline Effect delivered(ConnectionId to, const Pushed& pushed) { return push(to, pushed, false); }

inline Effect echo(ConnectionId to, std::string_view sender, std::string_view recipient,
                   std::string_view text) {
  return {to, kCommandBytes, charge_of(sender, recipient, text),
          Echo{lasting(Message{sender, recipient, text})}};
}
/// An Echo that confirms `more` further messages of kCommandBytes, charged `more_charge` together.
inline Effect row(Effect first, std::uint32_t more, std::uint32_t more_charge) {
  auto& echo = std::get<Echo>(first.body);
  echo.more = more;
  echo.more_bytes = more * kCommandBytes;
  first.completes_bytes += echo.more_bytes;
  first.charge += more_charge;
  return first;
}
inline Effect logged_in(ConnectionId to, std::uint64_t account) {
  return {to, kCommandBytes, 42, LoggedIn{AccountId{account}}};
}
inline Effect logged_out(ConnectionId to) { return {to, kCommandBytes, 0, LoggedOut{}}; }
inline Effect done(ConnectionId to) { return {to, kCommandBytes, 0, Done{}}; }
inline Effect close(ConnectionId to) { return {to, 0, 0, Close{}}; }
inline Effect refused(ConnectionId to, Refusal refusal,
                      std::uint32_t completes_bytes = kCommandBytes) {
  return {to, completes_bytes, 84, Refuse{refusal}};
}
inline Effect refused(ConnectionId to, RefusalCode code) { return refused(to, Refusal{code}); }
inline Effect names(ConnectionId to, std::initializer_list<std::string_view> usernames) {
  std::string all;
  for (const std::string_view username : usernames) {
    all += username;
    all += '\n';
  }
  return {to, kCommandBytes, 42 + static_cast<std::uint32_t>(all.size()),
          Names{lasting(all), static_cast<std::uint32_t>(usernames.size())}};
}

/// An input with limits that live as long as the program.
inline Input reconfigured(const RegistryLimits& limits) {
  static std::deque<RegistryLimits> all;
  return event(Reconfigured{&all.emplace_back(limits)});
}

// Effects of protocol 1.

/// A message that is kept until it is acknowledged.
inline Effect kept(ConnectionId to, const Pushed& pushed) {
  Effect effect = push(to, pushed, true);
  auto& body = std::get<Push>(effect.body);
  body.is_kept = true;
  body.tells_number = true;
  body.is_portable = is_portable(pushed.text);
  return effect;
}
inline Effect accepted(ConnectionId to, std::uint64_t n, std::uint64_t number) {
  return {to, kCommandBytes, 42, Accepted{n, MessageNumber{number}, number == 0 ? UnixMs{} : kNow}};
}
inline Effect refused_n(ConnectionId to, Refusal refusal, std::uint64_t n) {
  return {to, kCommandBytes, 84, Refuse{refusal, n}};
}
/// The answer to CREATE.
inline Effect created1(ConnectionId to, std::uint64_t account) {
  return {to, kCommandBytes, 42, LoggedIn{AccountId{account}, true}};
}
inline Effect logged_in1(ConnectionId to, std::uint64_t account, std::uint64_t waiting = 0,
                         std::uint64_t highest = 0) {
  return {to, kCommandBytes, 42, LoggedIn{AccountId{account}, false, waiting, highest}};
}
inline Effect logged_out1(ConnectionId to) { return {to, kCommandBytes, 42, LoggedOut{}}; }

class RegistryBench {
 public:
  explicit RegistryBench(const RegistryLimits& limits = {}, bool keeps_records = false,
                         HashKey key = {1, 2})
      : registry_(limits, key, keeps_records) {}

  /// Applies one input and returns the effects, in order.
  Effects apply(const Input& input) { return apply_all({input}); }

  /// Applies several inputs of one batch.
  Effects apply_all(std::initializer_list<Input> inputs) {
    auto bytes = std::make_unique<std::deque<std::string>>();
    std::vector<std::unique_ptr<Input>> own;
    auto output = std::make_unique<Output>();
    for (const Input& input : inputs) {
      registry_.apply(*own.emplace_back(copy_of(input, *bytes)), now, *output);
    }
    Effects effects;
    for (const Effect& effect : output->effects) {
      effects.push_back(lasting_effect(effect));
      outboxes_[effect.to].push_back(effects.back());
    }
    answers_ = output->operation_answers;
    records_.clear();
    for (const Record& record : output->records) {
      records_.push_back(lasting_record(record));
    }
    return effects;
  }

  /// The kernel accepts the first `count` of the effects for `to` that are not written yet.
  Effects write(ConnectionId to, std::size_t count = ~std::size_t{0}) {
    Written written;
    std::deque<Effect>& outbox = outboxes_[to];
    for (; count > 0 && !outbox.empty(); --count) {
      written.charge += outbox.front().charge;
      if (std::holds_alternative<Push>(outbox.front().body)) {
        written.push_charge += outbox.front().charge;
        written.pushes += 1;
      }
      outbox.pop_front();
    }
    return apply(event(to, written));
  }

  /// Returns the pushes that the kernel has not accepted, newest first; with `live_only`, except
  /// those that DELIVER asked for. If the connection `is_closed`, those that are kept do not
  /// return.
  Effects give_back(ConnectionId to, bool live_only, bool is_closed = false) {
    Effects effects;
    std::deque<Effect> kept;
    std::deque<Effect> outbox = std::exchange(outboxes_[to], {});
    for (; !outbox.empty(); outbox.pop_back()) {
      const Effect& effect = outbox.back();
      const auto* push = std::get_if<Push>(&effect.body);
      if (push == nullptr || (live_only && !push->is_live)) {
        kept.push_front(effect);
        continue;
      }
      if (push->is_kept && is_closed) {
        continue;
      }
      Returned returned{push->account, push->number, push->time, *push->message};
      if (push->is_kept) {
        returned.message = {};
        returned.is_kept = true;
        returned.charge = effect.charge;
      }
      const Effects more = apply(event(to, returned));
      effects.insert(effects.end(), more.begin(), more.end());
    }
    outboxes_[to].insert(outboxes_[to].begin(), kept.begin(), kept.end());
    return effects;
  }

  /// Closes the connection; what the kernel has not accepted is lost.
  Effects close(ConnectionId id) {
    Effects effects = give_back(id, false);
    const Effects more = apply(event(id, Closed{}));
    effects.insert(effects.end(), more.begin(), more.end());
    // Pushes that were under way meanwhile.
    give_back(id, false, true);
    outboxes_.erase(id);
    return effects;
  }

  /// Sends Continue until there is nothing more to do.
  Effects go_on() {
    Effects effects;
    while (registry_.has_more_to_do()) {
      const Effects more = apply(event(Continue{}));
      effects.insert(effects.end(), more.begin(), more.end());
    }
    return effects;
  }

  /// The records of the last apply().
  [[nodiscard]] const Records& records() const { return records_; }
  [[nodiscard]] Registry& registry() { return registry_; }

  UnixMs now = kNow;

  /// To the operations of the last batch.
  [[nodiscard]] const std::vector<OperationAnswer>& answers() const { return answers_; }

 private:
  static std::unique_ptr<Input> copy_of(const Input& input, std::deque<std::string>& bytes) {
    auto copy = std::make_unique<Input>(input);
    const auto own = [&bytes](std::string_view& view) {
      // Longer than a string's internal buffer, so that a stale view is found.
      std::string& string = bytes.emplace_back(view);
      string.reserve(view.size() + 32);
      view = string;
    };
    const auto own_message = [&own](Message& message) {
      own(message.sender);
      own(message.recipient);
      own(message.text);
    };
    if (auto* creation = std::get_if<Create>(&copy->body)) {
      own(creation->username);
      own(creation->client);
      own(creation->secret);
    } else if (auto* entry = std::get_if<Login>(&copy->body)) {
      own(entry->username);
      own(entry->client);
      own(entry->secret);
    } else if (auto* deletion = std::get_if<Delete>(&copy->body)) {
      own(deletion->secret);
    } else if (auto* change = std::get_if<SetSecret>(&copy->body)) {
      own(change->old_secret);
      own(change->new_secret);
    } else if (auto* numbered = std::get_if<SendNumbered>(&copy->body)) {
      own(numbered->recipient);
      own(numbered->text);
    } else if (auto* ping = std::get_if<Ping>(&copy->body)) {
      own(ping->data);
    } else if (auto* result = std::get_if<Answered>(&copy->body)) {
      own(result->new_hash);
    } else if (auto* certificate = std::get_if<Certified>(&copy->body)) {
      own(certificate->name);
    } else if (auto* question = std::get_if<List>(&copy->body)) {
      own(question->pattern);
    } else if (auto* sending = std::get_if<Send>(&copy->body)) {
      own_message(sending->message);
    } else if (auto* back = std::get_if<Returned>(&copy->body)) {
      own_message(back->message);
    }
    return copy;
  }

  static Effect lasting_effect(Effect effect) {
    if (auto* push = std::get_if<Push>(&effect.body)) {
      push->message = lasting(*push->message);
    } else if (auto* echo = std::get_if<Echo>(&effect.body)) {
      echo->message = lasting(*echo->message);
    } else if (auto* names = std::get_if<Names>(&effect.body)) {
      names->names = lasting(names->names);
    } else if (auto* check = std::get_if<Check>(&effect.body)) {
      check->secret = lasting(check->secret);
      check->hash = lasting(check->hash);
      check->new_secret = lasting(check->new_secret);
    } else if (auto* pong = std::get_if<Pong>(&effect.body)) {
      pong->data = lasting(pong->data);
    }
    return effect;
  }

  static Record lasting_record(Record record) {
    if (auto* created = std::get_if<AccountCreated>(&record)) {
      created->name = lasting(created->name);
    } else if (auto* kept = std::get_if<MessageKept>(&record)) {
      kept->sender = lasting(kept->sender);
      kept->text = lasting(kept->text);
    } else if (auto* set = std::get_if<SecretSet>(&record)) {
      set->hash = lasting(set->hash);
    } else if (auto* sent = std::get_if<ClientSent>(&record)) {
      sent->client = lasting(sent->client);
    } else if (auto* forgotten = std::get_if<ClientForgotten>(&record)) {
      forgotten->client = lasting(forgotten->client);
    }
    return record;
  }

  Registry registry_;
  std::vector<OperationAnswer> answers_;
  Records records_;
  std::map<ConnectionId, std::deque<Effect>> outboxes_;
};

/// A bench on which connections kAnn, kBob, kCat... are logged in as `usernames`, with accounts 1,
/// 2, 3..., and have no unwritten effects.
inline RegistryBench with_users(std::initializer_list<std::string_view> usernames,
                                const RegistryLimits& limits = {}, bool keeps_records = false,
                                HashKey key = {1, 2}) {
  RegistryBench bench(limits, keeps_records, key);
  std::uint64_t slot = 0;
  for (const std::string_view username : usernames) {
    const ConnectionId id = ConnectionId::make(slot++, 1);
    bench.apply(create(id, username));
    bench.write(id);
  }
  return bench;
}

/// The same with connections of protocol 1, whose clients are "c1", "c2"...
inline RegistryBench with_users1(std::initializer_list<std::string_view> usernames,
                                 const RegistryLimits& limits = {}, bool keeps_records = false) {
  RegistryBench bench(limits, keeps_records);
  std::uint64_t slot = 0;
  for (const std::string_view username : usernames) {
    const ConnectionId id = ConnectionId::make(slot++, 1);
    bench.apply(introduced(id));
    bench.apply(create1(id, username, "c" + std::to_string(slot)));
    bench.write(id);
  }
  return bench;
}

inline constexpr AccountId kAnnAccount{1};
inline constexpr AccountId kBobAccount{2};
inline constexpr AccountId kCatAccount{3};

}  // namespace tribar
