// SPDX-License-Identifier: MIT
//
// See line_reader.h.
#include "client/line_reader.h"

#include <algorithm>
#include <utility>

namespace tribar {

void LineReader::feed(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

void LineReader::clear() {
  buffer_.clear();
  taken_ = 0;
  line_.clear();
}

std::optional<std::string> LineReader::take() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  const std::size_t length = std::min(rest.find('\n'), rest.size());
  const bool is_whole = length < rest.size();
  line_ += rest.substr(0, std::min(length, limit_bytes_ + 1 - line_.size()));
  taken_ += is_whole ? length + 1 : length;
  if (!is_whole && (!is_ended_ || line_.empty())) {
    return std::nullopt;
  }
  if (is_whole && line_.ends_with('\r')) {
    line_.pop_back();
  }
  return std::exchange(line_, {});
}

}  // namespace tribar
