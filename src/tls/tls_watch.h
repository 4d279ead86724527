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

  enum class Outcome { Unchanged, Renewed, Failed };

  /// Loads a context, and logs what should be looked at. Or every mistake.
  [[nodiscard]] static Result<std::unique_ptr<TlsWatch>, std::vector<std::string>> start(
      const TlsSettings& settings);
  TlsWatch(const TlsWatch&) = delete;
  TlsWatch& operator=(const TlsWatch&) = delete;
  ~TlsWatch() = default;

  /// Any thread.
  [[nodiscard]] std::shared_ptr<const TlsContext> current() const;

  /// Makes a new context if a file has changed since the last try, or `is_told` to. One that fails
  /// is logged, and what was in use before stays. One thread.
  Outcome look(bool is_told);

 private:
  TlsWatch(TlsSettings settings, std::vector<tls::FileStamp> seen,
           std::shared_ptr<const TlsContext> context);
  static std::vector<tls::FileStamp> stamps_of(const TlsSettings& settings);
  void log_warnings();

  TlsSettings settings_;
  std::vector<tls::FileStamp> seen_;  // before the last try
  unsigned looks_ = 0;                // since the warnings were logged
  mutable std::mutex mutex_;          // held to copy a pointer
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace tribar
