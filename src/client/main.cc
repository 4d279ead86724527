// SPDX-License-Identifier: MIT
//
// tribar, the line-mode client: arguments, the connection, one session, the exit code. One thread.
#include <fmt/format.h>
#include <getopt.h>
#include <sysexits.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "base/output.h"
#include "base/standard_descriptors.h"
#include "client/client.h"
#include "client/connect.h"
#include "client/interrupt.h"
#include "client/server_address.h"

namespace tribar {
namespace {

constexpr const char* kUsage =
    "Usage: tribar [-h] [-V] [HOST[:PORT]]\n"
    "A line-mode chat client. Connects to the server at HOST:PORT.\n"
    "\n"
    "  -h, --help     print this and exit\n"
    "  -V, --version  print the version and exit\n"
    "\n"
    "Without HOST the server is $TRIBAR_SERVER, or else 127.0.0.1:9000. An IPv6\n"
    "address with a port needs brackets: [::1]:9000. If standard input is not\n"
    "a terminal, the same lines are read from it, each after the answer to the last\n"
    "one; the end of input logs out.\n"
    "\n"
    "Exit status: 0 logged out, 64 wrong usage, 69 no connection or the server went\n"
    "away, 70 a bug, 74 cannot write, 76 the server broke the protocol, 130 Ctrl-C.\n";

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

int chat(const ServerAddress& address) {
  catch_interrupts();
  auto server = connect_to(address);
  if (!server) {
    return complain(server.error().text, EX_UNAVAILABLE);
  }
  const Ending ending = Client(std::move(server.value())).run();
  return ending.reason.empty() ? ending.exit_code : complain(ending.reason, ending.exit_code);
}

int run(int argc, char** argv) {
  static constexpr std::array kOptions{
      option{"help", no_argument, nullptr, 'h'},
      option{"version", no_argument, nullptr, 'V'},
      option{nullptr, 0, nullptr, 0},
  };
  for (int found = 0; (found = ::getopt_long(argc, argv, "hV", kOptions.data(), nullptr)) != -1;) {
    switch (found) {
      case 'h':
        return print(kUsage);
      case 'V':
        return print(fmt::format("tribar {}\n", TRIBAR_VERSION));
      default:  // getopt_long has printed the error
        fmt::print(stderr, "Try 'tribar --help'.\n");
        return EX_USAGE;
    }
  }
  if (argc - optind > 1) {
    return complain_of_usage("more than one server was given");
  }
  const char* text = argv[optind];
  std::string origin;
  if (text == nullptr) {
    text = std::getenv("TRIBAR_SERVER");
    origin = "$TRIBAR_SERVER: ";
  }
  if (text == nullptr || (!origin.empty() && *text == '\0')) {
    return chat(ServerAddress{});
  }
  const auto address = parse_server_address(text);
  return address ? chat(address.value()) : complain_of_usage(origin + address.error().text);
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
