// SPDX-License-Identifier: MIT
//
// See tls_watch.h.
#include "tls/tls_watch.h"

#include <string_view>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "tls";
/// What should be looked at is logged every day.
constexpr unsigned kLooksADay = 86'400'000 / TlsWatch::kLookMs;

}  // namespace

TlsWatch::TlsWatch(TlsSettings settings, std::vector<tls::FileStamp> seen,
                   std::shared_ptr<const TlsContext> context)
    : settings_(std::move(settings)), seen_(std::move(seen)), context_(std::move(context)) {
  log_warnings();
}

Result<std::unique_ptr<TlsWatch>, std::vector<std::string>> TlsWatch::start(
    const TlsSettings& settings) {
  // Before: what changes meanwhile is a change.
  std::vector<tls::FileStamp> seen = stamps_of(settings);
  auto context = TlsContext::load(settings);
  if (!context) {
    return context.error();
  }
  return std::unique_ptr<TlsWatch>(
      new TlsWatch(settings, std::move(seen), std::move(context.value())));
}

std::shared_ptr<const TlsContext> TlsWatch::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

TlsWatch::Outcome TlsWatch::look(bool is_told) {
  std::vector<tls::FileStamp> now = stamps_of(settings_);
  if (!is_told && now == seen_) {
    if (++looks_ >= kLooksADay) {
      log_warnings();
    }
    return Outcome::Unchanged;
  }
  seen_ = std::move(now);
  const std::shared_ptr<const TlsContext> former = current();
  auto renewed = TlsContext::load(settings_, former.get());
  if (!renewed) {
    for (const std::string& mistake : renewed.error()) {
      log::error(kSubject, "{}", mistake);
    }
    log::error(kSubject, "the files are not used; still in use: {}", former->description());
    return Outcome::Failed;
  }
  {
    const std::lock_guard lock(mutex_);
    context_ = std::move(renewed.value());
  }
  log::info(kSubject, "read again, for new connections: {}", current()->description());
  log_warnings();
  return Outcome::Renewed;
}

std::vector<tls::FileStamp> TlsWatch::stamps_of(const TlsSettings& settings) {
  std::vector<tls::FileStamp> stamps;
  for (const std::string* path :
       {&settings.certificate, &settings.key, &settings.client_ca, &settings.client_crl}) {
    stamps.push_back(path->empty() ? tls::FileStamp{} : tls::stamp_of(*path));
  }
  return stamps;
}

void TlsWatch::log_warnings() {
  looks_ = 0;
  for (const std::string& warning : current()->warnings()) {
    log::warn(kSubject, "{}", warning);
  }
}

}  // namespace tribar
