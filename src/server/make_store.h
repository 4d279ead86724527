// SPDX-License-Identifier: MIT
//
// Makes a store from the settings. The only place that knows which engines exist.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "journal/store.h"

namespace tribar {

/// The store chosen by `settings`, not opened yet; null: nothing is stored. Error: this build lacks
/// the engine. `warn`: see StoreOptions.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_store(
    const Config::Storage& settings,
    std::function<void(const std::string&)> warn = [](const std::string&) {});

/// The store in the file at `path`, for --verify-storage.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_file_store(
    const std::string& path);

}  // namespace tribar
