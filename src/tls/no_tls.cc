// SPDX-License-Identifier: MIT
//
// What stands in for all of this folder in a program that is built without OpenSSL: nothing can be
// loaded, and so nothing else is ever called.
#include <cstdlib>
#include <utility>

#include "tls/tls_client.h"
#include "tls/tls_context.h"
#include "tls/tls_filter.h"

namespace tribar {
namespace {

constexpr const char* kMissing =
    "this program was built without TLS: build it where OpenSSL 3 is installed (libssl-dev)";

}  // namespace

struct TlsContext::Parts {
  std::string description;
};
struct TlsClient::Parts {
  ByteBuffer output;
  std::string error;
};

bool has_tls() { return false; }

Result<std::shared_ptr<const TlsContext>, std::vector<std::string>> TlsContext::load(
    const TlsSettings&, const TlsContext*) {
  return std::vector<std::string>{kMissing};
}

TlsContext::~TlsContext() = default;
std::vector<std::string> TlsContext::warnings() const { return {}; }
const std::string& TlsContext::description() const { return parts_->description; }
std::int64_t TlsContext::expiry() const { return 0; }
ssl_ctx_st* TlsContext::raw() const { return nullptr; }

// NOLINTBEGIN(performance-unnecessary-value-param): as in tls_filter.cc and tls_client.cc
std::unique_ptr<Transport> make_tls_filter(std::unique_ptr<Transport>,
                                           std::shared_ptr<const TlsContext>, HandshakePacer&) {
  std::abort();
}

Result<std::shared_ptr<const TlsClientContext>, std::string> TlsClientContext::load(
    const TlsClientSettings&) {
  return std::string(kMissing);
}

TlsClientContext::~TlsClientContext() { static_cast<void>(context_); }
TlsClient::TlsClient(std::shared_ptr<const TlsClientContext>, const std::string&)
    : parts_(std::make_unique<Parts>()) {}
// NOLINTEND(performance-unnecessary-value-param)
TlsClient::~TlsClient() = default;
TlsClient::TlsClient(TlsClient&&) noexcept = default;
TlsClient& TlsClient::operator=(TlsClient&&) noexcept = default;
TlsClient::State TlsClient::receive(std::string_view, ByteBuffer&) { return State::Failed; }
TlsClient::State TlsClient::receive_end() { return State::Failed; }
void TlsClient::send(std::string_view) {}
void TlsClient::close() {}
ByteBuffer& TlsClient::output() { return parts_->output; }
TlsClient::State TlsClient::state() const { return State::Failed; }
const std::string& TlsClient::error() const { return parts_->error; }

}  // namespace tribar
