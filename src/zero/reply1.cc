// SPDX-License-Identifier: MIT
//
// See reply1.h.
#include "zero/reply1.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "chat/text.h"
#include "zero/command1.h"
#include "zero/fields.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar {
namespace {

constexpr std::string_view kOn = "on";
constexpr std::string_view kOff = "off";

using Parsed = Result<Reply1, ReplyError>;

ReplyError wrong(std::string_view what, std::string_view why) {
  return {fmt::format("an invalid {}: {}", what, why)};
}

ReplyError wrong(std::string_view what, const Refusal& refusal) {
  return wrong(what, text_of(refusal));
}

bool is_name(std::string_view bytes) {
  return !refuse_username(bytes, std::numeric_limits<std::size_t>::max());
}

bool is_token(std::string_view bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// ok · ok, waiting, highest · token, text · token, text, figure
Parsed parse_response(std::string_view data) {
  constexpr std::string_view kWhat = "answer";
  if (auto refusal = refuse_text(data)) {
    return wrong(kWhat, *refusal);
  }
  std::array<std::string_view, 3> fields;
  const std::size_t found = split_fields(data, fields);
  Response1 response{fields[0]};
  if (!is_token(response.token)) {
    return wrong(kWhat, "it begins with no token");
  }
  if (found == fields.size()) {
    response.third = parse_number(fields[2]);
    if (!response.third) {
      return wrong(kWhat, "its third field is no number");
    }
  }
  if (!response.is_ok()) {
    if (found == 1) {
      return wrong(kWhat, "an error has no text");
    }
    response.text = fields[1];
  } else if (found > 1) {
    response.waiting = parse_number(fields[1]);
    if (!response.waiting || !response.third) {
      return wrong(kWhat, "the answer to a login takes two numbers");
    }
  }
  return Reply1{response};
}

Parsed parse_list(std::string_view data) {
  constexpr std::string_view kWhat = "list";
  ListResponse1 list;
  if (data.empty()) {
    return Reply1{list};
  }
  // Counted first, as for protocol 0: a hostile server can send millions of names.
  std::size_t count = 1;
  for (std::size_t at = find_delimiter(data, 0); at != std::string_view::npos;
       at = find_delimiter(data, at + kDelimiter.size())) {
    ++count;
  }
  if (count % 2 != 0) {
    return wrong(kWhat, "a username without 'on' or 'off'");
  }
  list.users.reserve(count / 2);
  for (std::size_t i = 0; i < count / 2; ++i) {
    std::array<std::string_view, 3> fields;
    static_cast<void>(split_fields(data, fields));
    const auto& [name, state, rest] = fields;
    if (!is_name(name)) {
      return wrong(kWhat, "a name that no account can have");
    }
    if (state != kOn && state != kOff) {
      return wrong(kWhat, "a user who is neither 'on' nor 'off'");
    }
    list.users.push_back({name, state == kOn});
    data = rest;
  }
  return Reply1{std::move(list)};
}

Parsed parse_delivery(std::string_view data) {
  constexpr std::string_view kWhat = "message";
  std::array<std::string_view, 5> fields;
  if (const std::size_t found = split_fields(data, fields); found < fields.size()) {
    return wrong(kWhat, Refusal{RefusalCode::WrongFieldCount, found, fields.size()});
  }
  const auto number = parse_number(fields[0]);
  const auto time = parse_number(fields[1]);
  if (!number || !time) {
    return wrong(kWhat, Refusal{RefusalCode::NotANumber});
  }
  if (!is_name(fields[2]) || !is_name(fields[3])) {
    return wrong(kWhat, "a name that no account can have");
  }
  if (auto refusal = refuse_text(fields[4])) {
    return wrong(kWhat, *refusal);
  }
  return Reply1{Delivery1{{*number}, {*time}, {fields[2], fields[3], fields[4]}}};
}

Parsed parse_accepted(std::string_view data) {
  constexpr std::string_view kWhat = "confirmation";
  std::array<std::string_view, 3> fields;
  if (const std::size_t found = split_fields(data, fields); found < fields.size()) {
    return wrong(kWhat, Refusal{RefusalCode::WrongFieldCount, found, fields.size()});
  }
  const auto n = parse_number(fields[0]);
  const auto number = parse_number(fields[1]);
  const auto time = parse_number(fields[2]);
  if (!n || !number || !time) {
    return wrong(kWhat, Refusal{RefusalCode::NotANumber});
  }
  return Reply1{Accepted1{*n, {*number}, {*time}}};
}

/// PING and PONG.
template <typename Probe>
Parsed parse_probe(std::string_view what, std::string_view data) {
  if (data.size() > kMostPingBytes) {
    return wrong(what, Refusal{RefusalCode::PingTooLong, data.size(), kMostPingBytes});
  }
  return Reply1{Probe{data}};
}

struct Encoder {
  std::string& out;

  void operator()(const Response1& response) const {
    const std::string third = response.third ? std::to_string(*response.third) : "";
    if (response.is_ok() && !response.waiting) {
      append_fields(out, FrameCode::Response, {response.token});
    } else if (response.is_ok()) {
      append_fields(out, FrameCode::Response,
                    {response.token, std::to_string(*response.waiting), third});
    } else if (response.third) {
      append_fields(out, FrameCode::Response, {response.token, response.text, third});
    } else {
      append_fields(out, FrameCode::Response, {response.token, response.text});
    }
  }
  void operator()(const ListResponse1& list) const {
    std::string data;
    for (const ListResponse1::User& user : list.users) {
      if (!data.empty()) {
        data += kDelimiter;
      }
      data += user.name;
      data += kDelimiter;
      data += user.is_on ? kOn : kOff;
    }
    append_fields(out, FrameCode::ListResponse, {data});
  }
  void operator()(const Delivery1& delivery) const {
    const Message& message = delivery.message;
    append_fields(out, FrameCode::Send,
                  {std::to_string(delivery.number.value), std::to_string(delivery.time.value),
                   message.sender, message.recipient, message.text});
  }
  void operator()(const Accepted1& accepted) const {
    append_fields(out, FrameCode::Accepted,
                  {std::to_string(accepted.n), std::to_string(accepted.number.value),
                   std::to_string(accepted.time.value)});
  }
  void operator()(const Ping& ping) const { append_fields(out, FrameCode::Ping, {ping.data}); }
  void operator()(const Pong& pong) const { append_fields(out, FrameCode::Pong, {pong.data}); }
};

}  // namespace

bool Response1::is_ok() const { return token == kOk; }

Result<Reply1, ReplyError> parse_reply1(std::uint8_t code, std::string_view data) {
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Send:
      return parse_delivery(data);
    case FrameCode::Accepted:
      return parse_accepted(data);
    case FrameCode::Response:
      return parse_response(data);
    case FrameCode::ListResponse:
      return parse_list(data);
    case FrameCode::Ping:
      return parse_probe<Ping>("ping", data);
    case FrameCode::Pong:
      return parse_probe<Pong>("pong", data);
    case FrameCode::Create:
    case FrameCode::List:
    case FrameCode::Deliver:
    case FrameCode::Delete:
    case FrameCode::Login:
    case FrameCode::Acknowledge:
    case FrameCode::Secret:
      break;
  }
  return ReplyError{fmt::format("command {} does not go from server to client", code)};
}

void append_reply1(std::string& out, const Reply1& reply) { std::visit(Encoder{out}, reply); }

}  // namespace tribar
