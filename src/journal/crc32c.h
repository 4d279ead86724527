// SPDX-License-Identifier: MIT
//
// CRC-32C (Castagnoli), the checksum of iSCSI and ext4: RFC 3720, appendix B.4.
#pragma once

#include <cstdint>
#include <string_view>

namespace tribar {

/// Extends the checksum `before` by `bytes`; `before` is 0 for the first ones.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace tribar
