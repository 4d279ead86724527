// SPDX-License-Identifier: MIT
//
// The table of commands: their codes, what data each takes, and how it is written.
#include "zero/command.h"

#include <cstring>

#include "chat/text.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr std::size_t kMessageFields = 3;

std::uint64_t count_fields(std::string_view data) {
  std::uint64_t fields = 1;
  for (std::size_t at = find_delimiter(data, 0); at != std::string_view::npos;
       at = find_delimiter(data, at + kDelimiter.size())) {
    ++fields;
  }
  return fields;
}

Refusal wrong_field_count(std::string_view data) {
  return Refusal{RefusalCode::WrongFieldCount, count_fields(data), kMessageFields};
}

Result<Command, Refusal> parse_create(std::string_view data, const CommandLimits& limits) {
  if (auto refusal = refuse_new_username(data, limits)) {
    return *refusal;
  }
  return Command{Create{data}};
}

template <typename NameOrPattern>
Result<Command, Refusal> parse_ascii(std::string_view data) {
  if (auto refusal = refuse_not_ascii(data)) {
    return *refusal;
  }
  return Command{NameOrPattern{data}};
}

template <typename Bare>
Result<Command, Refusal> parse_bare(std::string_view data) {
  if (!data.empty()) {
    return Refusal{RefusalCode::UnexpectedData};
  }
  return Command{Bare{}};
}

struct Encoder {
  std::string& out;

  void operator()(const Create& create) const { append(FrameCode::Create, create.username); }
  void operator()(const List& list) const { append(FrameCode::List, list.pattern); }
  void operator()(const Send& send) const { append_message(out, send.message); }
  void operator()(const Deliver&) const { append(FrameCode::Deliver, {}); }
  void operator()(const Delete&) const { append(FrameCode::Delete, {}); }
  void operator()(const Login& login) const { append(FrameCode::Login, login.username); }

  void append(FrameCode code, std::string_view data) const {
    append_frame(out, static_cast<std::uint8_t>(code), data);
  }
};

}  // namespace

std::optional<Refusal> refuse_new_username(std::string_view name, const CommandLimits& limits) {
  if (find_delimiter(name, 0) != std::string_view::npos) {
    return Refusal{RefusalCode::DelimiterInUsername};
  }
  return refuse_username(name, limits.username_bytes);
}

std::size_t find_delimiter(std::string_view bytes, std::size_t from) {
  while (from < bytes.size()) {
    const void* hit = std::memchr(bytes.data() + from, '|', bytes.size() - from);
    if (hit == nullptr) {
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
    if (bytes.size() - at < kDelimiter.size()) {
      break;
    }
    if (bytes[at + 1] == '|' && bytes[at + 2] == '|') {
      return at;
    }
    from = at + 1;
  }
  return std::string_view::npos;
}

Result<Message, Refusal> cut_message(std::string_view data) {
  const std::size_t first = find_delimiter(data, 0);
  if (first == std::string_view::npos) {
    return wrong_field_count(data);
  }
  const std::size_t second = find_delimiter(data, first + kDelimiter.size());
  if (second == std::string_view::npos) {
    return wrong_field_count(data);
  }
  const Message message{
      .sender = data.substr(0, first),
      .recipient = data.substr(first + kDelimiter.size(), second - first - kDelimiter.size()),
      .text = data.substr(second + kDelimiter.size()),
  };
  if (find_delimiter(message.text, 0) != std::string_view::npos) {
    return wrong_field_count(data);
  }
  return message;
}

Result<Message, Refusal> parse_message(std::string_view data) {
  auto message = cut_message(data);
  if (!message || is_plain(data)) {
    return message;
  }
  if (auto refusal = refuse_not_ascii(data)) {
    return *refusal;
  }
  if (auto refusal = refuse_message(message.value().text)) {
    return *refusal;
  }
  return message;
}

Result<Command, Refusal> parse_command(std::uint8_t code, std::string_view data,
                                       const CommandLimits& limits) {
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Send: {
      auto message = parse_message(data);
      if (!message) {
        return message.error();
      }
      return Command{Send{message.value()}};
    }
    case FrameCode::Create:
      return parse_create(data, limits);
    case FrameCode::List:
      return parse_ascii<List>(data);
    case FrameCode::Deliver:
      return parse_bare<Deliver>(data);
    case FrameCode::Delete:
      return parse_bare<Delete>(data);
    case FrameCode::Login:
      return parse_ascii<Login>(data);
    case FrameCode::Response:
    case FrameCode::ListResponse:
    case FrameCode::Accepted:
    case FrameCode::Acknowledge:
    case FrameCode::Secret:
    case FrameCode::Ping:
    case FrameCode::Pong:
      break;
  }
  return Refusal{RefusalCode::UnknownCommand, code};
}

void append_command(std::string& out, const Command& command) { std::visit(Encoder{out}, command); }

void append_message(std::string& out, const Message& message) {
  const std::size_t frame_bytes = frame_bytes_of(message);
  const std::size_t start = out.size();
  out.resize(start + kHeaderBytes);
  put_header(out.data() + start, static_cast<std::uint8_t>(FrameCode::Send),
             frame_bytes - kHeaderBytes);
  out += message.sender;
  out += kDelimiter;
  out += message.recipient;
  out += kDelimiter;
  out += message.text;
}

}  // namespace tribar
