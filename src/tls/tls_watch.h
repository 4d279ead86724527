// SPDX-License-Identifier: MIT
//
// The context that new connections get, and its renewal when a file of it changes: a certificate is
// renewed without a restart. Old connections keep the one that they began with.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/file.h"
#include "tls/tls_context.h"

namespace tribar {

class TlsWatch {
 public:
  /// How often look() should be called.
  static constexpr std::uint64_t kLookMs = 60'000;

  /// A context that can be used, and the files that it was made of.
  struct Loaded {
    TlsSettings settings;
    std::vector<tls::FileStamp> seen;  // before they were read: what changes meanwhile is a change
    std::shared_ptr<const TlsContext> context;
  };

  TlsWatch() = default;  // without a context
  TlsWatch(const TlsWatch&) = delete;
  TlsWatch& operator=(const TlsWatch&) = delete;
  ~TlsWatch() = default;

  /// Any thread. Null: use() was not called.
  [[nodiscard]] std::shared_ptr<const TlsContext> current() const;

  /// Any thread: reads the files of `settings` and makes a context, or finds every mistake. That
  /// takes some milliseconds, and longer for a long list of revoked certificates. Nothing changes.
  [[nodiscard]] Result<Loaded, std::vector<std::string>> load(const TlsSettings& settings) const;

  // The following are for one thread.

  /// New connections get this one from now on. Logs what should be looked at.
  void use(Loaded loaded);

  /// Whether a file has changed since the last try, so that the next one is due: load(settings()),
  /// whose result renew() takes. Only after use(), as those.
  [[nodiscard]] bool look();
  [[nodiscard]] const TlsSettings& settings() const { return settings_; }
  /// Uses what was loaded. Mistakes are logged, and what was in use before stays.
  void renew(Result<Loaded, std::vector<std::string>> loaded);

 private:
  static std::vector<tls::FileStamp> stamps_of(const TlsSettings& settings);
  void log_warnings();

  TlsSettings settings_;
  std::vector<tls::FileStamp> seen_;  // before the last try
  unsigned looks_ = 0;                // since the warnings were logged
  mutable std::mutex mutex_;          // held to copy a pointer
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace tribar
