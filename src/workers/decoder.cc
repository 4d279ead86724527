// SPDX-License-Identifier: MIT
//
// See decoder.h.
#include "workers/decoder.h"

#include <variant>

#include "zero/frame.h"

namespace tribar {
namespace {

InputBody parse_frame(std::uint8_t code, std::string_view data, const CommandLimits& limits) {
  auto command = parse_command(code, data, limits);
  if (!command) {
    return Rejected{command.error(), false};
  }
  return std::visit([](auto&& body) -> InputBody { return body; }, command.value());
}

/// Whether one frame came right behind the other and is right behind it in the batch's bytes.
bool is_next(const Arrival& before, const Arrival& frame) {
  return before.from == frame.from &&
         before.data_offset + before.data_bytes + kHeaderBytes == frame.data_offset;
}

}  // namespace

void decode(Batch& batch, const CommandLimits& limits) {
  batch.inputs.reserve(batch.arrivals.size());
  const Arrival* before = nullptr;
  for (const Arrival& arrival : batch.arrivals) {
    const std::string_view data = batch.bytes.view(arrival.data_offset, arrival.data_bytes);
    if (arrival.event != Arrival::kIsFrame) {
      before = nullptr;
      batch.inputs.push_back(batch.events[arrival.event]);
      if (auto* returned = std::get_if<Returned>(&batch.inputs.back().body)) {
        // The server wrote these bytes itself.
        returned->message = parse_message(data).value();
      }
      continue;
    }
    Input& input = batch.inputs.emplace_back();
    input.from = arrival.from;
    input.command_bytes = static_cast<std::uint32_t>(kHeaderBytes + arrival.data_bytes);
    input.is_next = before != nullptr && is_next(*before, arrival);
    before = &arrival;
    // Nearly every frame is a SEND: it is spared the way through two variants.
    if (arrival.code == static_cast<std::uint8_t>(FrameCode::Send)) {
      auto message = parse_message(data);
      if (message) {
        input.body.emplace<Send>(Send{message.value()});
      } else {
        input.body = Rejected{message.error(), false};
      }
    } else {
      input.body = parse_frame(arrival.code, data, limits);
    }
  }
}

}  // namespace tribar
