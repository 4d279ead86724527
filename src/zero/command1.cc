// SPDX-License-Identifier: MIT
//
// The table of protocol 1's commands: code, what its data must be, how it is written.
#include "zero/command1.h"

#include <array>
#include <initializer_list>
#include <type_traits>

#include "chat/text.h"
#include "zero/fields.h"
#include "zero/frame.h"

namespace tribar {
namespace {

using Parsed = Result<Command1, CommandError>;

CommandError wrong_field_count(std::size_t found, std::size_t wanted) {
  return {{RefusalCode::WrongFieldCount, found, wanted}};
}

/// Why `name` cannot be a client's, if so.
std::optional<Refusal> refuse_client(std::string_view name) {
  if (!name.empty() && refuse_username(name, kMostClientBytes)) {
    return Refusal{RefusalCode::ClientName, name.size(), kMostClientBytes};
  }
  return std::nullopt;
}

/// CREATE and LOGIN: the fields are the same.
template <typename Entry>
Parsed parse_entry(std::string_view data) {
  std::array<std::string_view, 3> fields;
  if (const std::size_t found = split_fields(data, fields); found < fields.size()) {
    return wrong_field_count(found, fields.size());
  }
  const bool has_secret = !fields[2].empty();
  if (auto refusal = refuse_text(data)) {
    return CommandError{*refusal, {}, has_secret};
  }
  if (auto refusal = refuse_client(fields[1])) {
    return CommandError{*refusal, {}, has_secret};
  }
  return Command1{Entry{fields[0], fields[1], fields[2]}};
}

Parsed parse_create(std::string_view data, const CommandLimits& limits) {
  Parsed parsed = parse_entry<Create>(data);
  if (parsed) {
    const auto& create = std::get<Create>(parsed.value());
    if (auto refusal = refuse_new_username(create.username, limits)) {
      // Elsewhere in this protocol such a byte may be.
      const bool is_not_ascii = refusal->code == RefusalCode::NotAscii;
      return CommandError{is_not_ascii ? Refusal{RefusalCode::UsernameCharacter} : *refusal,
                          {},
                          !create.secret.empty()};
    }
  }
  return parsed;
}

Parsed parse_send(std::string_view data) {
  std::array<std::string_view, 3> fields;
  const std::size_t found = split_fields(data, fields);
  const auto n = parse_number(fields[0]);
  if (found < fields.size()) {
    CommandError error = wrong_field_count(found, fields.size());
    error.n = n;
    return error;
  }
  if (!n) {
    return CommandError{{RefusalCode::NotANumber}};
  }
  const SendNumbered send{*n, fields[1], fields[2], is_portable(fields[2])};
  if (!send.is_portable || !is_plain(send.recipient)) {
    if (auto refusal = refuse_text(data)) {
      return CommandError{*refusal, n};
    }
  }
  return Command1{send};
}

Parsed parse_acknowledge(std::string_view data) {
  const auto number = parse_number(data);
  if (!number) {
    return CommandError{{RefusalCode::NotANumber}};
  }
  return Command1{Acknowledge{{*number}}};
}

Parsed parse_set_secret(std::string_view data) {
  std::array<std::string_view, 2> fields;
  if (const std::size_t found = split_fields(data, fields); found < fields.size()) {
    return wrong_field_count(found, fields.size());
  }
  if (auto refusal = refuse_text(data)) {
    return CommandError{*refusal, {}, true};
  }
  return Command1{SetSecret{fields[0], fields[1]}};
}

/// A command whose data is one text.
template <typename Single>
Parsed parse_text(std::string_view data) {
  if (auto refusal = refuse_text(data)) {
    return CommandError{*refusal, {}, std::is_same_v<Single, Delete>};
  }
  return Command1{Single{data}};
}

/// PING and PONG: any bytes.
template <typename Probe>
Parsed parse_probe(std::string_view data) {
  if (data.size() > kMostPingBytes) {
    return CommandError{{RefusalCode::PingTooLong, data.size(), kMostPingBytes}};
  }
  return Command1{Probe{data}};
}

struct Encoder {
  std::string& out;

  void operator()(const Create& create) const {
    append(FrameCode::Create, {create.username, create.client, create.secret});
  }
  void operator()(const Login& login) const {
    append(FrameCode::Login, {login.username, login.client, login.secret});
  }
  void operator()(const List& list) const { append(FrameCode::List, {list.pattern}); }
  void operator()(const SendNumbered& send) const {
    append(FrameCode::Send, {std::to_string(send.n), send.recipient, send.text});
  }
  void operator()(const Deliver&) const { append(FrameCode::Deliver, {}); }
  void operator()(const Delete& deletion) const { append(FrameCode::Delete, {deletion.secret}); }
  void operator()(const Acknowledge& acknowledge) const {
    append(FrameCode::Acknowledge, {std::to_string(acknowledge.number.value)});
  }
  void operator()(const SetSecret& change) const {
    append(FrameCode::Secret, {change.old_secret, change.new_secret});
  }
  void operator()(const Ping& ping) const { append(FrameCode::Ping, {ping.data}); }
  void operator()(const Pong& pong) const { append(FrameCode::Pong, {pong.data}); }

  void append(FrameCode code, std::initializer_list<std::string_view> fields) const {
    append_fields(out, code, fields);
  }
};

}  // namespace

Result<Command1, CommandError> parse_command1(std::uint8_t code, std::string_view data,
                                              const CommandLimits& limits) {
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Send:
      return parse_send(data);
    case FrameCode::Acknowledge:
      return parse_acknowledge(data);
    case FrameCode::Create:
      return parse_create(data, limits);
    case FrameCode::Login:
      return parse_entry<Login>(data);
    case FrameCode::List:
      return parse_text<List>(data);
    case FrameCode::Deliver:
      if (!data.empty()) {
        return CommandError{{RefusalCode::UnexpectedData}};
      }
      return Command1{Deliver{}};
    case FrameCode::Delete:
      return parse_text<Delete>(data);
    case FrameCode::Secret:
      return parse_set_secret(data);
    case FrameCode::Ping:
      return parse_probe<Ping>(data);
    case FrameCode::Pong:
      return parse_probe<Pong>(data);
    case FrameCode::Response:
    case FrameCode::ListResponse:
    case FrameCode::Accepted:
      break;
  }
  return CommandError{{RefusalCode::UnknownCommand, code}};
}

bool goes_ahead(std::uint8_t code, std::string_view data) {
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Acknowledge:
    case FrameCode::Ping:
    case FrameCode::Pong:
      return static_cast<bool>(parse_command1(code, data, {}));
    default:
      return false;
  }
}

void append_command1(std::string& out, const Command1& command) {
  std::visit(Encoder{out}, command);
}

}  // namespace tribar
