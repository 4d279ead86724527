// SPDX-License-Identifier: MIT
//
// tribar, the line-mode client: arguments, the connection, one session, the exit code. One thread.
#include <fmt/format.h>
#include <getopt.h>
#include <langinfo.h>
#include <sysexits.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/output.h"
#include "base/standard_descriptors.h"
#include "client/client.h"
#include "client/conversation.h"
#include "client/interrupt.h"
#include "client/lines1.h"
#include "client/link.h"
#include "client/own_files.h"
#include "client/server_address.h"
#include "tls/tls_client.h"

namespace tribar {
namespace {

constexpr const char* kUsage =
    "Usage: tribar [OPTION]... [SERVER]\n"
    "A line-mode chat client.\n"
    "\n"
    "  --protocol N        speak protocol 0 or 1; default: 1 over TLS, else 0\n"
    "  --ca FILE           over TLS, trust the CAs in FILE (PEM), not the system's\n"
    "  --secret-file FILE  protocol 1: the secret is the first line of FILE\n"
    "  -h, --help          print this and exit\n"
    "  -V, --version       print the version and exit\n"
    "\n"
    "SERVER is one of\n"
    "  tribars://HOST[:PORT]  TLS; the server's certificate must be good for HOST\n"
    "  HOST[:PORT], tribar://HOST[:PORT]  no TLS\n"
    "  unix:/PATH, tribar+unix:///PATH    a Unix socket\n"
    "Without it: $TRIBAR_SERVER, or else 127.0.0.1:9000. An IPv6 address with a port\n"
    "needs brackets: [::1]:9000.\n"
    "\n"
    "In protocol 1 accounts can have secrets, and texts are UTF-8 if the locale is.\n"
    "A secret is asked for, and not shown, unless --secret-file or\n"
    "$TRIBAR_SECRET_FILE names a file that holds it. It is sent over TLS, Unix\n"
    "sockets and the loopback interface only.\n"
    "\n"
    "If standard input is not a terminal, the same lines are read from it, each after\n"
    "the answer to the last one; the end of input logs out.\n"
    "\n"
    "Exit status: 0 logged out, 64 wrong usage, 66 the secret cannot be read, 69 no\n"
    "connection or the server went away, 70 a bug, 71 the terminal cannot hide a\n"
    "secret, 74 cannot write, 76 the server broke the protocol, 130 Ctrl-C.\n";

struct Options {
  ServerAddress address;
  std::optional<int> protocol;
  std::string ca;           // empty: the system's
  std::string secret_file;  // empty: none
};

int complain(const std::string& text, int exit_code) {
  fmt::print(stderr, "tribar: {}\n", text);
  return exit_code;
}

int print(std::string_view text) {
  const auto failure = write_output(text);
  return failure ? complain(*failure, EX_IOERR) : EX_OK;
}

int complain_of_usage(const std::string& text) {
  return complain(text + "\nTry 'tribar --help'.", EX_USAGE);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool has_utf8_locale() {
  return std::setlocale(LC_CTYPE, "") != nullptr &&
         std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
}

/// The conversation in protocol 1 over `server`. The secret was read already, if it is in a file.
Conversation conversation1(const Link& server, std::optional<std::string> secret) {
  auto name = client_name();
  if (!name) {
    complain(fmt::format("note: this client has no name that lasts, so the server cannot recognise "
                         "a message that is sent twice: {}",
                         name.error().text),
             EX_OK);
  }
  return Conversation(std::make_unique<Lines1>(Lines1::Settings{
      .client = name ? name.value() : "",
      .secret = std::move(secret),
      .is_utf8 = has_utf8_locale(),
      .may_send_secrets = server.is_private(),
  }));
}

int chat(const Options& options) {
  const bool has_tls = options.address.kind == ServerAddress::Kind::Tls;
  const bool is_protocol1 = options.protocol.value_or(has_tls ? 1 : 0) == 1;
  if (!has_tls && !options.ca.empty()) {
    return complain_of_usage("--ca is for TLS: connect to tribars://HOST[:PORT]");
  }
  if (!is_protocol1 && !options.secret_file.empty()) {
    return complain_of_usage(
        "--secret-file is for protocol 1: connect to tribars://HOST[:PORT], or use --protocol 1");
  }
  std::optional<std::string> secret;
  const std::string secret_file =
      options.secret_file.empty() ? from_environment("TRIBAR_SECRET_FILE") : options.secret_file;
  if (is_protocol1 && !secret_file.empty()) {
    auto read = read_secret(secret_file);
    if (!read) {
      return complain(read.error().text, EX_NOINPUT);
    }
    secret = std::move(read.value());
  }
  std::shared_ptr<const TlsClientContext> context;
  if (has_tls) {
    auto loaded = TlsClientContext::load({.ca = options.ca, .certificate = "", .key = ""});
    if (!loaded) {
      return complain(loaded.error(), EX_UNAVAILABLE);
    }
    context = std::move(loaded.value());
  }
  catch_interrupts();
  Link server({.address = options.address, .tls = std::move(context)});
  if (const auto failure = server.connect_and_wait()) {
    return complain(*failure, EX_UNAVAILABLE);
  }
  Conversation conversation =
      is_protocol1 ? conversation1(server, std::move(secret)) : Conversation();
  const Ending ending = Client(server, std::move(conversation), has_tls || is_protocol1).run();
  return ending.reason.empty() ? ending.exit_code : complain(ending.reason, ending.exit_code);
}

int run(int argc, char** argv) {
  enum LongOption { ProtocolOption = 256, CaOption, SecretFileOption };
  static constexpr std::array kOptions{
      option{"protocol", required_argument, nullptr, ProtocolOption},
      option{"ca", required_argument, nullptr, CaOption},
      option{"secret-file", required_argument, nullptr, SecretFileOption},
      option{"help", no_argument, nullptr, 'h'},
      option{"version", no_argument, nullptr, 'V'},
      option{nullptr, 0, nullptr, 0},
  };
  Options options;
  for (int found = 0; (found = ::getopt_long(argc, argv, "hV", kOptions.data(), nullptr)) != -1;) {
    switch (found) {
      case 'h':
        return print(kUsage);
      case 'V':
        return print(fmt::format("tribar {}\n", TRIBAR_VERSION));
      case ProtocolOption:
        if (std::string_view(optarg) != "0" && std::string_view(optarg) != "1") {
          return complain_of_usage("--protocol must be 0 or 1");
        }
        options.protocol = *optarg - '0';
        break;
      case CaOption:
        options.ca = optarg;
        break;
      case SecretFileOption:
        options.secret_file = optarg;
        break;
      default:  // getopt_long has printed the error
        fmt::print(stderr, "Try 'tribar --help'.\n");
        return EX_USAGE;
    }
  }
  if (argc - optind > 1) {
    return complain_of_usage("more than one server was given");
  }
  const bool is_given = optind < argc;
  const std::string text = is_given ? argv[optind] : from_environment("TRIBAR_SERVER");
  if (is_given || !text.empty()) {
    auto address = parse_server_address(text);
    if (!address) {
      return complain_of_usage((is_given ? "" : "$TRIBAR_SERVER: ") + address.error().text);
    }
    options.address = std::move(address.value());
  }
  return chat(options);
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  tribar::open_standard_descriptors();
  try {
    return tribar::run(argc, argv);
  } catch (const std::exception& error) {
    return tribar::complain(error.what(), EX_SOFTWARE);
  }
}
