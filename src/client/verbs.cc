// SPDX-License-Identifier: MIT
//
// See verbs.h.
#include "client/verbs.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/result.h"
#include "base/wipe.h"
#include "client/ask_secret.h"
#include "client/interrupt.h"
#include "client/shown_text.h"
#include "client/unsendable.h"
#include "client/verb_run.h"

namespace tribar {
namespace {

using client::why_not_pattern;
using client::why_not_text;
using client::why_not_username;

/// The first operand, or else the user's own name.
std::string first_or_name(const ClientOptions& options) {
  return options.operands.empty() ? options.name : options.operands.front();
}

/// The account that `options.verb` is about; empty: none.
std::string account_of(const ClientOptions& options) {
  const bool is_operand = options.verb == Verb::Create || options.verb == Verb::Delete;
  return is_operand ? first_or_name(options) : options.name;
}

/// Standard input, whole, but for a line end at its end; an Ending if it cannot be read, or is no
/// text that can be sent.
Result<std::string, Ending> read_text() {
  if (::isatty(STDIN_FILENO) != 0) {
    fmt::print(stderr, "tribar: type the message; Ctrl-D at the start of a line ends it\n");
  }
  std::string text;
  std::array<char, 65536> chunk;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return Ending{EX_USAGE, fmt::format("standard input: {}", std::strerror(errno))};
    }
    if (got == 0) {
      break;
    }
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > client::kMostFrameBytes + 2) {
      return Ending{EX_USAGE,
                    fmt::format("standard input is too long for one message: less than {} bytes "
                                "are allowed. Nothing was sent",
                                client::kMostFrameBytes)};
    }
  }
  if (text.empty()) {
    return Ending{EX_USAGE,
                  "standard input is empty, and nothing was sent: -m '' sends an empty "
                  "message"};
  }
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) {
      text.pop_back();
    }
  }
  return text;
}

/// The secret of the account, which may be none.
Result<std::string, Ending> take_secret(const ClientOptions& options, ClientSetup& setup,
                                        const std::string& account) {
  if (setup.secret) {
    return std::exchange(*setup.secret, {});
  }
  // A list is asked for without a login first.
  if (setup.protocol == 0 || options.verb == Verb::List) {
    return std::string();
  }
  if (options.verb != Verb::Create) {
    return ask_secret(fmt::format("Secret of {} (empty for none): ", account));
  }
  auto secret = ask_secret(fmt::format("New secret of {} (empty for none): ", account));
  if (!secret || secret.value().empty()) {
    return secret;
  }
  auto again = ask_secret("New secret again: ");
  if (!again) {
    return again;
  }
  if (again.value() != secret.value()) {
    return Ending{EX_USAGE, "the two are not the same: nothing was created"};
  }
  wipe(again.value().data(), again.value().size());
  return secret;
}

/// Reads and checks what is to be sent.
Result<VerbTask, Ending> make_task(const ClientOptions& options, ClientSetup& setup) {
  VerbTask task{.verb = options.verb, .account = account_of(options)};
  auto secret = take_secret(options, setup, task.account);
  if (!secret) {
    return secret.error();
  }
  task.secret = std::move(secret.value());
  const auto why_not_secret = task.secret.empty() || task.verb != Verb::Create
                                  ? client::why_not_secret(task.secret)
                                  : client::why_not_new_secret(task.secret);
  if (why_not_secret) {
    return Ending{EX_USAGE, *why_not_secret};
  }
  if (task.verb == Verb::List) {
    task.pattern = options.operands.empty() ? "" : options.operands.front();
  }
  if (task.verb == Verb::Send) {
    task.recipient = options.operands.front();
    auto text = options.message ? Result<std::string, Ending>(*options.message) : read_text();
    if (!text) {
      return text.error();
    }
    task.text = std::move(text.value());
    if (auto why =
            why_not_text(task.text, task.account, task.recipient, setup.protocol, setup.is_utf8)) {
      return Ending{EX_USAGE, *why + ". Nothing was sent"};
    }
  }
  return task;
}

}  // namespace

std::optional<std::string> why_not_verb(const ClientOptions& options, bool is_utf8) {
  const Verb verb = options.verb;
  const std::size_t most = verb == Verb::Receive ? 0 : 1;
  const std::string_view word = word_of(verb);
  if (options.operands.size() > most) {
    return fmt::format("{} takes {}, and '{}' is one more{}", word,
                       most == 0 ? "no name" : "one name",
                       shown_text(options.operands[most], is_utf8),
                       verb == Verb::Send ? ": the text stands behind -m, in quotes" : "");
  }
  if (verb == Verb::Send && options.operands.empty()) {
    return "send needs the name of the recipient";
  }
  if (verb == Verb::Create && options.operands.empty()) {
    return "create needs the name of the account";
  }
  if (!options.operands.empty()) {
    const std::string& name = options.operands.front();
    if (verb == Verb::List) {
      if (auto why = why_not_pattern(name, options.protocol_in_use(), is_utf8)) {
        return fmt::format("the pattern: {}", *why);
      }
    } else if (auto why = why_not_username(name, is_utf8)) {
      return fmt::format("the name: {}", *why);
    }
  }
  const std::string account = account_of(options);
  if (account.empty() && verb == Verb::Delete) {
    return "delete needs the name of the account";
  }
  if (account.empty() && verb != Verb::List) {
    return fmt::format("{} needs your own name: --as NAME", word);
  }
  if (!account.empty()) {
    if (auto why = why_not_username(account, is_utf8)) {
      return fmt::format("--as: {}", *why);
    }
  }
  return std::nullopt;
}

Ending run_verb(const ClientOptions& options, ClientSetup setup) {
  if (auto why = why_not_verb(options, setup.is_utf8)) {
    return {EX_USAGE, fmt::format("{}\nTry 'tribar {} --help'.", *why, word_of(options.verb))};
  }
  // A reader who goes away is an error to be told, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  catch_interrupts();
  auto task = make_task(options, setup);
  if (!task) {
    return task.error();
  }
  catch_termination();
  if (!setup.client_failure.empty()) {
    fmt::print(stderr, "tribar: note: {}\n", setup.client_failure);
  }
  return VerbRun(options, setup, std::move(task.value())).run();
}

}  // namespace tribar
