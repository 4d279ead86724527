// SPDX-License-Identifier: MIT
//
// See effects1.h.
#include "zero/effects1.h"

#include <array>
#include <charconv>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include "zero/fields.h"
#include "zero/frame.h"
#include "zero/names.h"
#include "zero/wording.h"

namespace tribar {
namespace {

/// A number as a field.
class Digits {
 public:
  explicit Digits(std::uint64_t number)
      : size_(static_cast<std::size_t>(
            std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr -
            digits_.data())) {}
  operator std::string_view() const { return {digits_.data(), size_}; }

 private:
  std::array<char, 20> digits_;
  std::size_t size_;
};

void append_fields(ByteBuffer& out, FrameCode code,
                   std::initializer_list<std::string_view> fields) {
  std::size_t data_bytes = (fields.size() - 1) * kDelimiter.size();
  for (const std::string_view field : fields) {
    data_bytes += field.size();
  }
  put_header(out.reserve_tail(kHeaderBytes + data_bytes), static_cast<std::uint8_t>(code),
             data_bytes, kVersion1);
  out.set_size(out.size() + kHeaderBytes);
  bool is_first = true;
  for (const std::string_view field : fields) {
    if (!std::exchange(is_first, false)) {
      out.append(kDelimiter);
    }
    out.append(field);
  }
}

void append_refusal(ByteBuffer& out, const Refuse& refuse) {
  const std::string_view token = token1_of(refuse.refusal.code);
  const std::string text = text1_of(refuse.refusal);
  const auto third = third_field_of(refuse.refusal);
  if (third || refuse.n) {
    append_fields(out, FrameCode::Response, {token, text, Digits(third ? *third : *refuse.n)});
  } else {
    append_fields(out, FrameCode::Response, {token, text});
  }
}

}  // namespace

void append_refusal1(ByteBuffer& out, const Refusal& refusal, std::string_view address) {
  append_fields(out, FrameCode::Response, {token1_of(refusal.code), text1_of(refusal, address)});
}

void append_effect1(ByteBuffer& out, const EffectBody& body) {
  if (const auto* push = std::get_if<Push>(&body)) {
    const Message& message = *push->message;
    append_fields(out, FrameCode::Send,
                  {Digits(push->number.value), Digits(push->time.value), message.sender,
                   message.recipient, message.text});
  } else if (const auto* accepted = std::get_if<Accepted>(&body)) {
    append_fields(
        out, FrameCode::Accepted,
        {Digits(accepted->n), Digits(accepted->number.value), Digits(accepted->time.value)});
  } else if (const auto* entry = std::get_if<LoggedIn>(&body)) {
    if (entry->is_new) {
      append_fields(out, FrameCode::Response, {kOk});
    } else {
      append_fields(out, FrameCode::Response,
                    {kOk, Digits(entry->waiting), Digits(entry->highest)});
    }
  } else if (const auto* refuse = std::get_if<Refuse>(&body)) {
    append_refusal(out, *refuse);
  } else if (const auto* names = std::get_if<Names>(&body)) {
    append_names(out, *names, kVersion1);
  } else if (std::holds_alternative<LoggedOut>(body) ||
             std::holds_alternative<SecretChanged>(body)) {
    append_fields(out, FrameCode::Response, {kOk});
  } else if (const auto* ping = std::get_if<Ping>(&body)) {
    append_fields(out, FrameCode::Ping, {ping->data});
  } else if (const auto* pong = std::get_if<Pong>(&body)) {
    append_fields(out, FrameCode::Pong, {pong->data});
  }
}

Message parse_pushed1(std::string_view data) {
  std::array<std::string_view, 5> fields;
  static_cast<void>(split_fields(data, fields));
  return {fields[2], fields[3], fields[4]};
}

}  // namespace tribar
