// SPDX-License-Identifier: MIT
//
// See show.h.
#include "control/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

namespace tribar {
namespace {

bool is_number(const std::string& text) {
  constexpr std::size_t kMostDigits = 18;  // what every reader can hold
  return !text.empty() && text.size() <= kMostDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         (text.size() == 1 || text.front() != '0');
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_value(const std::string& text) {
  if (text == "yes" || text == "no") {
    return text == "yes" ? "true" : "false";
  }
  return is_number(text) ? text : json_string(text);
}

/// `text` with control characters escaped.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

bool is_single(const ControlRow& row) { return row.size() == 1; }

std::string words_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return printable(key);
}

}  // namespace

std::string shown_answer(const ControlAnswer& answer) {
  std::string out;
  std::vector<std::size_t> widths;
  const ControlRow* heading = nullptr;
  for (const ControlRow& row : answer.rows) {
    if (is_single(row)) {
      continue;
    }
    heading = heading == nullptr ? &row : heading;
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] =
          std::max({widths[i], words_of(row[i].first).size(), printable(row[i].second).size()});
    }
  }
  const auto append_cells = [&](const ControlRow& row, bool is_heading) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format(
          "{:<{}}  ", is_heading ? words_of(row[i].first) : printable(row[i].second), widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  for (const ControlRow& row : answer.rows) {
    if (is_single(row)) {
      out += fmt::format("{}: {}\n", words_of(row.front().first), printable(row.front().second));
      continue;
    }
    if (&row == heading) {
      append_cells(row, true);
    }
    append_cells(row, false);
  }
  return out;
}

std::string json_answer(const ControlAnswer& answer) {
  std::string out;
  std::vector<std::string> keys;  // of single rows, in their order
  std::map<std::string, std::vector<std::string>> values;
  for (const ControlRow& row : answer.rows) {
    if (is_single(row)) {
      auto& found = values[row.front().first];
      if (found.empty()) {
        keys.push_back(row.front().first);
      }
      found.push_back(json_value(row.front().second));
      continue;
    }
    std::string object;
    for (const auto& [key, value] : row) {
      object +=
          fmt::format("{}{}: {}", object.empty() ? "" : ", ", json_string(key), json_value(value));
    }
    out += fmt::format("{{{}}}\n", object);
  }
  if (!keys.empty()) {
    std::string object;
    for (const std::string& key : keys) {
      const auto& found = values[key];
      object += fmt::format("{}{}: ", object.empty() ? "" : ", ", json_string(key));
      object += found.size() == 1 ? found.front() : fmt::format("[{}]", fmt::join(found, ", "));
    }
    out += fmt::format("{{{}}}\n", object);
  }
  return out;
}

}  // namespace tribar
