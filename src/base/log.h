// SPDX-License-Identifier: MIT
//
// One line per call on standard error, in one write; any thread. `error` needs a person, `warn` a
// look, `info` tells a life (start, stop, settings), `debug` follows one peer. Never a message's
// text, and never a peer's bytes except through escaped().
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace tribar::log {

enum class Level { Error, Warn, Info, Debug };
enum class Format { Text, Json };

/// Sets what is written and how, for the whole process. Call before other threads start.
void configure(Level level, Format format);

/// While one of these lives, a thread of its own writes the lines, and nobody else ever waits for
/// whoever reads them. A reader that is too slow misses lines: what is queued is bounded, further
/// lines are dropped, and how many that were is logged when there is room again. Without one,
/// write() writes. One at a time.
class Background {
 public:
  Background();
  /// Waits until everything is written, but no longer than flush() does.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
};

/// Waits until all lines so far are written, for a second at most. Before an end of the process
/// that runs no destructors.
void flush();

/// Whether a line of `level` would be written.
[[nodiscard]] bool is_on(Level level);

/// Writes one line. `subject` is the station or file that speaks. Line breaks and other control
/// characters in `text` are escaped, so that a line stays a line.
void write(Level level, std::string_view subject, std::string_view text);

/// `bytes` with everything but printable ASCII as \xHH, cut after `most` bytes.
[[nodiscard]] std::string escaped(std::string_view bytes, std::size_t most = 128);

template <typename... Args>
void error(std::string_view subject, fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::Error)) {
    write(Level::Error, subject, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void warn(std::string_view subject, fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::Warn)) {
    write(Level::Warn, subject, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void info(std::string_view subject, fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::Info)) {
    write(Level::Info, subject, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void debug(std::string_view subject, fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::Debug)) {
    write(Level::Debug, subject, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace tribar::log
