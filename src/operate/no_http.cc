// SPDX-License-Identifier: MIT
//
// See http.h: a build without libmicrohttpd.
#include "operate/http.h"

namespace tribar {

struct HttpServer::Parts {
  std::string address;
};

Result<std::unique_ptr<HttpServer>, std::string> HttpServer::start(
    const ListenerSettings&,
    Answer) {  // NOLINT(performance-unnecessary-value-param): as in http.cc
  return std::string(
      "this tribard was built without libmicrohttpd, so it has no metrics: remove \"metrics\"");
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::~HttpServer() = default;
const std::string& HttpServer::address() const { return parts_->address; }
bool has_http() { return false; }

}  // namespace tribar
