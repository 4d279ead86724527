// SPDX-License-Identifier: MIT
//
// The one table of settings: key, member, range. A new setting is a member in config.h, a row
// here, and its lines in config/tribard.json. Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace tribar {

/// The member of a Config that a key sets. Its type determines what the file may contain: a number,
/// one of several names, a text, or a list of addresses.
using ConfigMember =
    std::variant<std::uint64_t*, unsigned*, log::Level*, log::Format*, StorageEngine*, StorageSync*,
                 std::string*, std::vector<ListenAddress>*>;

/// The range of a number, of the number of entries in a list, or of the bytes in a text. Both ends
/// are allowed.
struct ConfigRange {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

struct ConfigRow {
  std::string_view key;  // `name` or `section.name`
  ConfigMember (*member)(Config&);
  ConfigRange range;

  /// Empty for a key at the top.
  [[nodiscard]] constexpr std::string_view section() const {
    const std::size_t dot = key.find('.');
    return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
  }
  [[nodiscard]] constexpr std::string_view name() const { return key.substr(key.find('.') + 1); }
};

/// Every setting; the rows of a section are adjacent.
[[nodiscard]] std::span<const ConfigRow> config_rows();

/// The row of a key, or nullptr. A section itself has no row.
[[nodiscard]] const ConfigRow* find_config_row(std::string_view section, std::string_view name);

[[nodiscard]] bool is_config_section(std::string_view name);

/// The known key that is most similar to `unknown`, a `name` or `section.name` of any bytes; empty
/// if none is similar.
[[nodiscard]] std::string_view nearest_config_key(std::string_view unknown);

/// An enum value that is written as a name.
template <typename Enum>
struct NamedValue {
  std::string_view name;
  Enum value;
};

[[nodiscard]] std::span<const NamedValue<log::Level>> names_of(log::Level);
[[nodiscard]] std::span<const NamedValue<log::Format>> names_of(log::Format);
[[nodiscard]] std::span<const NamedValue<StorageEngine>> names_of(StorageEngine);
[[nodiscard]] std::span<const NamedValue<StorageSync>> names_of(StorageSync);

}  // namespace tribar
