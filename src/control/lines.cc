// SPDX-License-Identifier: MIT
//
// See lines.h.
#include "control/lines.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace tribar {
namespace {

constexpr char kSeparator = '\t';
constexpr std::string_view kOk = "ok";
constexpr std::string_view kError = "error";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 3);
    if (digits.size() < 3 || digits.front() != 'x' ||
        std::from_chars(digits.data() + 1, digits.data() + 3, byte, 16).ptr != digits.data() + 3) {
      return std::nullopt;
    }
    out += static_cast<char>(byte);
    i += 3;
  }
  return out;
}

}  // namespace

std::string control_line(const ControlFields& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) {
      line += kSeparator;
    }
    append_escaped(line, fields[i]);
  }
  return line + '\n';
}

std::string control_text(const ControlAnswer& answer) {
  std::string text;
  for (const ControlRow& row : answer.rows) {
    ControlFields fields;
    for (const auto& [key, value] : row) {
      std::string& field = fields.emplace_back(key);
      field += '=';
      field += value;
    }
    text += control_line(fields);
  }
  return text + (answer.error.empty() ? control_line({std::string(kOk)})
                                      : control_line({std::string(kError), answer.error}));
}

std::optional<ControlFields> control_fields(std::string_view line) {
  ControlFields fields;
  for (std::size_t begin = 0;;) {
    const std::size_t end = line.find(kSeparator, begin);
    auto field = unescaped(line.substr(begin, end - begin));
    if (!field) {
      return std::nullopt;
    }
    fields.push_back(std::move(*field));
    if (end == std::string_view::npos) {
      return fields;
    }
    begin = end + 1;
  }
}

bool ControlReader::take(std::string_view line) {
  if (line == kOk) {
    return false;
  }
  const auto fields = control_fields(line);
  if (fields && fields->size() == 2 && fields->front() == kError) {
    answer_.error = fields->back();
    return false;
  }
  ControlRow row;
  if (fields) {
    for (const std::string& field : *fields) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) {
        break;
      }
      row.emplace_back(field.substr(0, equals), field.substr(equals + 1));
    }
  }
  if (!fields || row.size() != fields->size()) {
    answer_.error = "the server's answer is none of this protocol";
    return false;
  }
  answer_.rows.push_back(std::move(row));
  return true;
}

}  // namespace tribar
