// SPDX-License-Identifier: MIT
//
// The only place that knows which engines there are: from the settings to a store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "journal/store.h"

namespace tribar {

/// The store that `settings` name, not opened yet; null: nothing is to be stored. The error: this
/// build has no such engine. `warn`: see StoreOptions.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_store(
    const Config::Storage& settings,
    std::function<void(const std::string&)> warn = [](const std::string&) {});

/// The store in the file at `path`, as --verify-storage means it.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_file_store(
    const std::string& path);

}  // namespace tribar
