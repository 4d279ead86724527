// SPDX-License-Identifier: MIT
//
// See names.h.
#include "zero/names.h"

#include <algorithm>
#include <string_view>

#include "zero/frame.h"

namespace tribar {

void append_names(ByteBuffer& out, const Names& names, std::uint8_t version) {
  // Each name's '\n' is replaced by a delimiter, except the last one.
  const std::size_t data_bytes =
      names.count == 0 ? 0
                       : names.names.size() - names.count + kDelimiter.size() * (names.count - 1);
  put_header(out.reserve_tail(kHeaderBytes + data_bytes),
             static_cast<std::uint8_t>(FrameCode::ListResponse), data_bytes, version);
  out.set_size(out.size() + kHeaderBytes);
  char* to = out.reserve_tail(data_bytes);
  std::string_view rest = names.names;
  for (std::uint32_t i = 0; i < names.count; ++i) {
    if (i > 0) {
      to = std::copy(kDelimiter.begin(), kDelimiter.end(), to);
    }
    const std::string_view name = rest.substr(0, rest.find('\n'));
    to = std::copy(name.begin(), name.end(), to);
    rest.remove_prefix(name.size() + 1);
  }
  out.set_size(out.size() + data_bytes);
}

}  // namespace tribar
