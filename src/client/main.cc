// SPDX-License-Identifier: MIT
//
// tribar, the client: the options, the front end that they ask for, the exit code. One thread, but
// for the look-up of names.
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/output.h"
#include "base/standard_descriptors.h"
#include "client/chat_client.h"
#include "client/client.h"
#include "client/client_options.h"
#include "client/client_setup.h"
#include "client/conversation.h"
#include "client/editor.h"
#include "client/interrupt.h"
#include "client/lines.h"
#include "client/lines1.h"
#include "client/link.h"
#include "client/terminal_input.h"
#include "client/verbs.h"

namespace tribar {
namespace {

int complain(std::string_view text, int exit_code) {
  fmt::print(stderr, "tribar: {}\n", text);
  return exit_code;
}

int print(std::string_view text) {
  const auto failure = write_output(text);
  return failure ? complain(*failure, EX_IOERR) : EX_OK;
}

int finish(const Ending& ending) {
  return ending.reason.empty() ? ending.exit_code : complain(ending.reason, ending.exit_code);
}

/// `gives_hints`: says more than the words that scripts rely on.
Conversation conversation(const Link& server, ClientSetup setup, bool gives_hints) {
  std::unique_ptr<Dialogue> dialogue;
  if (setup.protocol == 0) {
    dialogue = std::make_unique<Lines>(
        Lines::Settings{.gives_hints = gives_hints, .is_utf8 = setup.is_utf8});
  } else {
    dialogue = std::make_unique<Lines1>(Lines1::Settings{
        .client = std::move(setup.client),
        .secret = std::move(setup.secret),
        .is_utf8 = setup.is_utf8,
        .may_send_secrets = server.is_private(),
        .gives_hints = gives_hints,
    });
  }
  return Conversation(std::move(dialogue), cut_line_bytes());
}

int run(int argc, char** argv) {
  auto read = read_client_options(argc, argv, [](const char* name) { return std::getenv(name); });
  if (!read) {
    return complain(fmt::format("{}", fmt::join(read.error().lines, "\n")), read.error().exit_code);
  }
  const ClientOptions& options = read.value();
  if (options.action == ClientOptions::Action::PrintHelp) {
    return print(client_help(options.verb));
  }
  if (options.action == ClientOptions::Action::PrintVersion) {
    return print(fmt::format("tribar {}\n", TRIBAR_VERSION));
  }
  auto setup = set_up_client(options);
  if (!setup) {
    return finish(setup.error());
  }
  if (options.verb != Verb::None) {
    return finish(run_verb(options, std::move(setup.value())));
  }
  const bool is_classic = options.classic || !Editor::is_available();
  if (is_classic && options.is_name_asked) {
    return complain(
        "--as is for verbs and for the chat with line editing: the plain prompts ask for the name",
        EX_USAGE);
  }
  catch_interrupts();
  Link server(setup.value().link);
  if (const auto failure = server.connect_and_wait()) {
    return complain(*failure, EX_UNAVAILABLE);
  }
  if (!setup.value().client_failure.empty()) {
    complain("note: " + setup.value().client_failure, EX_OK);
  }
  if (!is_classic) {
    return finish(run_chat(server, options, std::move(setup.value())));
  }
  // Protocol 1 confirms what was shown, and TLS that nothing was cut off.
  const bool waits_for_end =
      setup.value().protocol == 1 || options.server.kind == ServerAddress::Kind::Tls;
  const bool gives_hints = !options.classic && ::isatty(STDIN_FILENO) != 0;
  Conversation lines = conversation(server, std::move(setup.value()), gives_hints);
  return finish(Client(server, std::move(lines), waits_for_end).run());
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
