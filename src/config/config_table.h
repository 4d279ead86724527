// SPDX-License-Identifier: MIT
//
// The one table of settings: key, member, range, and what a change of it needs. A new setting is a
// member in config.h, a row here, and its lines in config/tribard.json. Constant; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace tribar {

/// A place in a Config that a key fills. Its type says what may stand in the file: a number, true
/// or false, one of some names, a text, a list of listeners, a place to listen at.
using ConfigMember = std::variant<std::uint64_t*, unsigned*, bool*, log::Level*, log::Format*,
                                  StorageEngine*, StorageSync*, ServerRole*, StandbyListeners*,
                                  ClientCertificates*, TlsVersion*, SecretsPolicy*, std::string*,
                                  std::vector<ListenerSettings>*, std::optional<ListenerSettings>*>;

/// The range of a number, of the number of entries in a list, or of the bytes in a text. Both ends
/// are allowed.
struct ConfigRange {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// What a changed setting takes effect for when the file is read again.
enum class Reload {
  Live,            // everybody, at once
  NewConnections,  // connections that are accepted from then on
  Restart,         // nobody: the server must be started again
};

struct ConfigRow {
  std::string_view key;  // `name` or `section.name`
  ConfigMember (*member)(Config&);
  ConfigRange range;
  Reload reload;
  bool may_have_password = false;  // of a text: then it is not shown

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

/// The rows in which the two differ, in the order of the table.
[[nodiscard]] std::vector<const ConfigRow*> changes(const Config& before, const Config& after);

/// Sets in `to` what `row` is about to what it is in `from`.
void take_over(const ConfigRow& row, Config from, Config& to);

[[nodiscard]] bool is_config_section(std::string_view name);

/// The row that is meant when a text stands where the section `name` is expected: its `policy`.
/// nullptr: the section has none, and must be an object.
[[nodiscard]] const ConfigRow* policy_row_of(std::string_view name);

/// The known key that `unknown`, a `name` or `section.name` of any bytes, is most likely meant to
/// be; empty when none looks like it.
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
[[nodiscard]] std::span<const NamedValue<ServerRole>> names_of(ServerRole);
[[nodiscard]] std::span<const NamedValue<StandbyListeners>> names_of(StandbyListeners);
[[nodiscard]] std::span<const NamedValue<ClientCertificates>> names_of(ClientCertificates);
[[nodiscard]] std::span<const NamedValue<TlsVersion>> names_of(TlsVersion);
[[nodiscard]] std::span<const NamedValue<SecretsPolicy>> names_of(SecretsPolicy);
[[nodiscard]] std::span<const NamedValue<Reload>> names_of(Reload);

}  // namespace tribar
