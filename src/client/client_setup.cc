// SPDX-License-Identifier: MIT
//
// See client_setup.h.
#include "client/client_setup.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <sysexits.h>

#include <clocale>
#include <string_view>
#include <utility>

#include "client/own_files.h"
#include "tls/tls_client.h"

namespace tribar {
namespace {

bool has_utf8_locale() {
  return std::setlocale(LC_CTYPE, "") != nullptr &&
         std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
}

}  // namespace

Result<ClientSetup, Ending> set_up_client(const ClientOptions& options) {
  ClientSetup setup;
  setup.link.address = options.server;
  setup.link.others = options.other_servers;
  setup.link.timeout = options.timeout;
  setup.protocol = options.protocol_in_use();
  setup.is_utf8 = has_utf8_locale();
  if (setup.protocol == 1 && !options.secret_file.empty()) {
    auto secret = read_secret(options.secret_file);
    if (!secret) {
      return Ending{EX_NOINPUT, secret.error().text};
    }
    setup.secret = std::move(secret.value());
  }
  if (options.server.kind == ServerAddress::Kind::Tls) {
    auto context = TlsClientContext::load({.ca = options.ca, .certificate = "", .key = ""});
    if (!context) {
      return Ending{EX_UNAVAILABLE, context.error()};
    }
    setup.link.tls = std::move(context.value());
  }
  if (setup.protocol == 1) {
    auto name = client_name();
    if (name) {
      setup.client = std::move(name.value());
    } else {
      setup.client_failure = fmt::format(
          "this client has no name that lasts, so the server cannot recognise a message that is "
          "sent twice: {}",
          name.error().text);
    }
  }
  return setup;
}

}  // namespace tribar
