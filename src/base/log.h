// SPDX-License-Identifier: MIT
//
// The log: one line per call, on standard error or in a file; any thread. Levels: `error` needs
// action, `warn` needs a look, `info` reports start, stop and settings, and who came and went,
// `debug` follows one connection. Never log a message's text, and a peer's bytes only through
// escaped().
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/descriptor.h"
#include "base/result.h"

namespace tribar::log {

enum class Level { Error, Warn, Info, Debug };
enum class Format { Text, Json };

/// Sets level and format for the whole process, from the next line on.
void configure(Level level, Format format);
/// To be called once, before the first line. Under systemd standard error is a stream to the
/// journal, which `journal_stream`, the variable $JOURNAL_STREAM, then names as DEVICE:INODE; null:
/// it is not set. If it is, lines on standard error begin with a priority, as in sd-daemon(3), and
/// those in text have no time, since the journal notes its own. Lines in a file are as ever.
void detect_journal(const char* journal_stream);
/// What a line of `level` on standard error begins with, such as "<3>"; empty without a journal.
[[nodiscard]] std::string_view priority_of(Level level);
/// Any thread, at any time.
void set_level(Level level);
[[nodiscard]] Level level();
[[nodiscard]] std::string_view name_of(Level level);

/// Where lines go; null: to standard error.
using Destination = std::shared_ptr<const Descriptor>;

/// In place of a path: standard error.
inline constexpr std::string_view kStandardError = "-";

/// Opens the file at `path`, to add to its end. A new one can be read by its owner and group, and
/// be written by its owner. Or why that cannot be.
[[nodiscard]] Result<Destination, std::string> open(const std::string& path);

/// Lines go to `destination` from now on, some that wait to be written too. The former one is
/// closed once nobody writes there.
void write_to(Destination destination);

/// While an object of this class exists, a thread of its own writes the lines, so that no caller
/// ever waits for the reader of the log. The queue is bounded: if the reader is too slow, further
/// lines are dropped, and their number is logged when there is room again. Without such an object
/// write() writes directly. One at a time.
class Background {
 public:
  Background();
  /// Waits until everything is written, at most as long as flush().
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
};

/// Waits until all lines so far are written, at most a second. To be called before the process ends
/// without running destructors.
void flush();

/// Whether a line of `level` would be written.
[[nodiscard]] bool is_on(Level level);

/// What a program can read from a line in JSON without taking `text` apart.
struct Field {
  std::string_view key;  // letters and '_'; docs/operate.md lists all
  std::variant<std::string_view, std::uint64_t, bool> value;
};
using Fields = std::initializer_list<Field>;

/// Writes one line. `subject`: the part of the program that logs it. Line breaks and other control
/// characters in `text` are escaped, so that it stays one line. `fields`: further keys of the line
/// in JSON; in text format `text` says it all.
void write(Level level, std::string_view subject, std::string_view text, Fields fields = {});

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
