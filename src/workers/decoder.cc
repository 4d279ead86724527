// SPDX-License-Identifier: MIT
//
// See decoder.h.
#include "workers/decoder.h"

#include <utility>
#include <variant>

#include "zero/command.h"
#include "zero/command1.h"
#include "zero/effects1.h"
#include "zero/frame.h"
#ifdef TRIBAR_TEST_PROTOCOL
#include "support/line_protocol.h"
#endif

namespace tribar {
namespace {

template <typename Parsed>
void put(InputBody& body, Parsed&& parsed) {
  if (!parsed) {
    body = Rejected{parsed.error(), false};
  } else {
    std::visit([&body](auto&& command) { body = std::forward<decltype(command)>(command); },
               parsed.value());
  }
}

/// Parses a frame of protocol 0. Since nearly every frame is a SEND, that one is stored directly in
/// `body`, without a Command in between.
void parse_zero(InputBody& body, std::uint8_t code, std::string_view data,
                const CommandLimits& limits) {
  if (code != static_cast<std::uint8_t>(FrameCode::Send)) {
    return put(body, parse_command(code, data, limits));
  }
  auto message = parse_message(data);
  if (message) {
    body.emplace<Send>(Send{message.value()});
  } else {
    body = Rejected{message.error(), false};
  }
}

void parse_one(InputBody& body, std::uint8_t code, std::string_view data,
               const CommandLimits& limits) {
  auto parsed = parse_command1(code, data, limits);
  if (parsed) {
    std::visit([&body](auto&& command) { body = std::forward<decltype(command)>(command); },
               parsed.value());
  } else {
    body = Rejected{parsed.error().refusal, false, parsed.error().n, parsed.error().has_secret};
  }
}

/// Whether frames of protocol 1 with this code contain secrets.
bool has_secret(std::uint8_t code) {
  const auto command = static_cast<FrameCode>(code);
  return command == FrameCode::Create || command == FrameCode::Login ||
         command == FrameCode::Delete || command == FrameCode::Secret;
}

/// Parses what a client sent.
void parse(Batch& batch, InputBody& body, const Arrival& arrival, std::string_view data,
           const CommandLimits& limits) {
  switch (arrival.protocol) {
    case Protocol::Zero:
      return parse_zero(body, arrival.code, data, limits);
    case Protocol::One:
      batch.has_secrets |= has_secret(arrival.code);
      return parse_one(body, arrival.code, data, limits);
    case Protocol::Undecided:
      break;  // brings no frames
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
      return put(body, test::parse_line(data));
#endif
  }
}

/// The message in a frame that the server itself wrote.
Message pushed_message(Protocol protocol, std::string_view frame) {
  switch (protocol) {
    case Protocol::Zero:
      return parse_message(frame.substr(kHeaderBytes)).value();
    case Protocol::One:
      return parse_pushed1(frame.substr(kHeaderBytes));
    case Protocol::Undecided:
      break;
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
      return test::parse_pushed_line(frame);
#endif
  }
  return {};
}

}  // namespace

void decode(Batch& batch, const CommandLimits& limits) {
  batch.inputs.reserve(batch.arrivals.size());
  for (const Arrival& arrival : batch.arrivals) {
    const std::string_view data = batch.bytes.view(arrival.data_offset, arrival.data_bytes);
    if (arrival.event != Arrival::kIsFrame) {
      batch.inputs.push_back(batch.events[arrival.event]);
      auto* returned = std::get_if<Returned>(&batch.inputs.back().body);
      if (returned != nullptr && !returned->is_kept) {
        returned->message = pushed_message(arrival.protocol, data);
      }
      continue;
    }
    Input& input = batch.inputs.emplace_back();
    input.from = arrival.from;
    input.command_bytes = arrival.command_bytes;
    input.is_next = arrival.is_next;
    input.protocol = arrival.protocol;
    parse(batch, input.body, arrival, data, limits);
  }
}

}  // namespace tribar
