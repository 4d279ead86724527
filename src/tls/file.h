// SPDX-License-Identifier: MIT
//
// Small files as they are read at once, and whether they have changed since. Any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace tribar::tls {

/// What changes when a file's contents do. All zero: the file cannot be looked at.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend auto operator<=>(const FileStamp&, const FileStamp&) = default;
};

struct File {
  std::string bytes;
  bool is_readable_by_all = false;
};

/// What is read of a file at most.
inline constexpr std::size_t kFileBytes = std::size_t{16} << 20;

/// All of the file at `path`, or why not.
[[nodiscard]] Result<File, std::string> read_file(const std::string& path);

[[nodiscard]] FileStamp stamp_of(const std::string& path);

}  // namespace tribar::tls
