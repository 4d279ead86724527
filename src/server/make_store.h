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

/// The store that `config` chooses, not opened yet; null: nothing is stored. Error: this build
/// lacks the engine. `warn`: see StoreOptions.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_store(
    const Config& config, std::function<void(const std::string&)> warn = [](const std::string&) {});

/// Where clients reach the server that said `address`, StoreHolder::address, of itself: HOST:PORT
/// or unix:PATH; empty: it is not known.
[[nodiscard]] std::string advertised_in(const std::string& address);

/// The store that a person names on the command line: `postgresql:` and a connection string, a URI
/// `postgresql://...`, or else the path of a file.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_named_store(
    const std::string& name);

}  // namespace tribar
