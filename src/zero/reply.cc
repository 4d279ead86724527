// SPDX-License-Identifier: MIT
//
// See reply.h.
#include "zero/reply.h"

#include <fmt/format.h>

#include "chat/text.h"
#include "zero/frame.h"
#include "zero/wording.h"

namespace tribar {
namespace {

std::vector<std::string_view> split(std::string_view data) {
  std::vector<std::string_view> fields;
  if (data.empty()) {
    return fields;
  }
  // Counted first: a hostile server can send millions of names, and a growing vector would take
  // twice the space.
  std::size_t count = 1;
  for (std::size_t at = find_delimiter(data, 0); at != std::string_view::npos;
       at = find_delimiter(data, at + kDelimiter.size())) {
    ++count;
  }
  fields.reserve(count);
  std::size_t start = 0;
  for (std::size_t at = find_delimiter(data, 0); at != std::string_view::npos;
       at = find_delimiter(data, start)) {
    fields.push_back(data.substr(start, at - start));
    start = at + kDelimiter.size();
  }
  fields.push_back(data.substr(start));
  return fields;
}

struct Encoder {
  std::string& out;

  void operator()(const Response& response) const {
    append_frame(out, static_cast<std::uint8_t>(FrameCode::Response), response.error);
  }
  void operator()(const ListResponse& list) const {
    std::string data;
    for (std::size_t i = 0; i < list.usernames.size(); ++i) {
      if (i > 0) {
        data += kDelimiter;
      }
      data += list.usernames[i];
    }
    append_frame(out, static_cast<std::uint8_t>(FrameCode::ListResponse), data);
  }
  void operator()(const Delivery& delivery) const { append_message(out, delivery.message); }
};

}  // namespace

Result<Reply, ReplyError> parse_reply(std::uint8_t code, std::string_view data) {
  switch (static_cast<FrameCode>(code)) {
    case FrameCode::Send: {
      auto message = cut_message(data);
      if (!message) {
        return ReplyError{fmt::format("an invalid message: {}", text_of(message.error()))};
      }
      if (auto refusal = refuse_not_ascii(data)) {
        return ReplyError{fmt::format("an invalid message: {}", text_of(*refusal))};
      }
      return Reply{Delivery{message.value()}};
    }
    case FrameCode::Response:
    case FrameCode::ListResponse:
      if (auto refusal = refuse_not_ascii(data)) {
        return ReplyError{fmt::format("an invalid answer: {}", text_of(*refusal))};
      }
      if (static_cast<FrameCode>(code) == FrameCode::Response) {
        return Reply{Response{data}};
      }
      return Reply{ListResponse{split(data)}};
    case FrameCode::Create:
    case FrameCode::List:
    case FrameCode::Deliver:
    case FrameCode::Delete:
    case FrameCode::Login:
    case FrameCode::Accepted:
    case FrameCode::Acknowledge:
    case FrameCode::Secret:
    case FrameCode::Ping:
    case FrameCode::Pong:
      break;
  }
  return ReplyError{fmt::format("command {} does not go from server to client", code)};
}

void append_reply(std::string& out, const Reply& reply) { std::visit(Encoder{out}, reply); }

}  // namespace tribar
