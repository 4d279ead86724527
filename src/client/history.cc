// SPDX-License-Identifier: MIT
//
// See history.h.
#include "client/history.h"

#include <algorithm>
#include <utility>

#include "chat/text.h"

namespace tribar {

bool History::is_kept(std::string_view line) {
  return !line.empty() && line[0] != ' ' && line[0] != '\t' && line[0] != '\n';
}

bool History::add(std::string line) {
  if (!lines_.empty() && lines_.back() == line) {
    return false;
  }
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  while (lines_.size() > kMostLines || (bytes_ > kMostBytes && lines_.size() > 1)) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
  return true;
}

std::string history_entry(std::string_view line) {
  std::string entry;
  for (const char c : line) {
    if (c == '\n') {
      entry += "\\n";
    } else if (c == '\\') {
      entry += "\\\\";
    } else {
      entry += c;
    }
  }
  return entry;
}

std::optional<std::string> parse_history_entry(std::string_view entry) {
  if (entry.size() > History::kMostBytes || refuse_text(entry) ||
      entry.find_first_of("\n\r") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string line;
  for (std::size_t at = 0; at < entry.size(); ++at) {
    if (entry[at] != '\\') {
      line += entry[at];
      continue;
    }
    ++at;
    if (at == entry.size() || (entry[at] != 'n' && entry[at] != '\\')) {
      return std::nullopt;
    }
    line += entry[at] == 'n' ? '\n' : '\\';
  }
  return line;
}

ParsedHistory parse_history(std::string_view content) {
  ParsedHistory parsed;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    auto line = parse_history_entry(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
    ++parsed.lines;
    if (line && History::is_kept(*line)) {
      parsed.history.add(std::move(*line));
    } else {
      ++parsed.damaged;
    }
  }
  return parsed;
}

}  // namespace tribar
