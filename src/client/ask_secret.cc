// SPDX-License-Identifier: MIT
//
// See ask_secret.h.
#include "client/ask_secret.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "base/wipe.h"
#include "client/quiet_terminal.h"

namespace tribar {

Result<std::string, Ending> ask_secret(std::string_view question) {
  if (::isatty(STDIN_FILENO) == 0) {
    return std::string();
  }
  QuietTerminal terminal;
  if (!terminal.set(true)) {
    return Ending{EX_OSERR, "the terminal cannot hide a secret: use --secret-file"};
  }
  static_cast<void>(::tcflush(STDIN_FILENO, TCIFLUSH));  // fails only if the terminal is gone
  fmt::print(stderr, "{}", question);
  // A terminal gives a line at a time, and no more of it than this.
  std::array<char, 4096> line;
  ssize_t got = -1;
  do {
    got = ::read(STDIN_FILENO, line.data(), line.size());
  } while (got < 0 && errno == EINTR);
  std::string_view typed(line.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const bool is_whole = typed.ends_with('\n');
  if (is_whole) {
    typed.remove_suffix(1);
  }
  std::string secret(typed);
  wipe(line.data(), line.size());
  if (!is_whole) {
    wipe(secret.data(), secret.size());
    return Ending{EX_NOINPUT, "no secret was typed"};
  }
  return secret;
}

}  // namespace tribar
