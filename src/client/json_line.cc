// SPDX-License-Identifier: MIT
//
// See json_line.h.
#include "client/json_line.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

#include "chat/text.h"
#include "client/shown_text.h"

namespace tribar {
namespace {

void append_escape(std::string& out, char32_t character) {
  const auto append = [&out](unsigned unit) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit);
  };
  if (character < 0x10000) {
    append(static_cast<unsigned>(character));
  } else {  // a pair of surrogates
    const auto rest = static_cast<unsigned>(character - 0x10000);
    append(0xd800 + (rest >> 10));
    append(0xdc00 + (rest & 0x3ff));
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text.substr(at));
    if (size == 0) {
      out += "\ufffd";
      ++at;
      continue;
    }
    const std::string_view character = text.substr(at, size);
    at += size;
    if (character == "\"" || character == "\\") {
      out += '\\';
      out += character;
    } else if (character == "\n") {
      out += "\\n";
    } else if (character == "\t") {
      out += "\\t";
    } else if (shown_text(character, true) == character) {
      out += character;
    } else {
      append_escape(out, decoded_utf8(character));
    }
  }
  return out += '"';
}

std::string& JsonLine::begin(std::string_view key) {
  members_ += members_.empty() ? "\"" : ",\"";
  members_ += key;
  return members_ += "\":";
}

JsonLine& JsonLine::text(std::string_view key, std::string_view text) {
  begin(key) += json_string(text);
  return *this;
}

JsonLine& JsonLine::number(std::string_view key, std::optional<std::uint64_t> number) {
  begin(key) += number ? std::to_string(*number) : "null";
  return *this;
}

JsonLine& JsonLine::truth(std::string_view key, std::optional<bool> truth) {
  begin(key) += !truth ? "null" : *truth ? "true" : "false";
  return *this;
}

}  // namespace tribar
