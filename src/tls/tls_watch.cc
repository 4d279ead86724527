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

std::shared_ptr<const TlsContext> TlsWatch::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

Result<TlsWatch::Loaded, std::vector<std::string>> TlsWatch::load(
    const TlsSettings& settings) const {
  std::vector<tls::FileStamp> seen = stamps_of(settings);
  const std::shared_ptr<const TlsContext> former = current();
  auto context = TlsContext::load(settings, former.get());
  if (!context) {
    return context.error();
  }
  return Loaded{settings, std::move(seen), std::move(context.value())};
}

void TlsWatch::use(Loaded loaded) {
  settings_ = std::move(loaded.settings);
  seen_ = std::move(loaded.seen);
  const bool is_first = current() == nullptr;
  {
    const std::lock_guard lock(mutex_);
    context_ = std::move(loaded.context);
  }
  log::info(kSubject, "{}: {}", is_first ? "in use" : "read again, for new connections",
            current()->description());
  log_warnings();
}

bool TlsWatch::look() {
  std::vector<tls::FileStamp> now = stamps_of(settings_);
  if (now != seen_) {
    seen_ = std::move(now);
    return true;
  }
  if (++looks_ >= kLooksADay) {
    log_warnings();
  }
  return false;
}

void TlsWatch::renew(Result<Loaded, std::vector<std::string>> loaded) {
  if (loaded) {
    use(std::move(loaded.value()));
    return;
  }
  for (const std::string& mistake : loaded.error()) {
    log::error(kSubject, "{}", mistake);
  }
  log::error(kSubject, "the files are not used; still in use: {}", current()->description());
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
