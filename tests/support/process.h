// SPDX-License-Identifier: MIT
//
// Runs a program as a person or a script does: on a pseudo-terminal or on pipes. Every wait has a
// deadline and throws with what the program wrote so far, which fails the test that waited. One
// thread; while it waits for one thing it takes in everything else, so no pipe is ever stuck.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tribar::test {

/// ThreadSanitizer runs a handler when the program next calls something that it knows: a signal
/// that comes just before the program goes to sleep is not seen until another one wakes it.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TRIBAR_LOSES_SIGNALS
#endif
#endif
#if defined(TRIBAR_LOSES_SIGNALS) || defined(__SANITIZE_THREAD__)
inline constexpr bool kLosesSignals = true;
#else
inline constexpr bool kLosesSignals = false;
#endif

/// A file descriptor of a program's, from this side.
class Channel {
 public:
  Channel() = default;
  explicit Channel(int fd) : fd_(fd) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { close(); }

  void open(int fd);
  void close();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

class Process {
 public:
  enum class Stdio {
    Pipes,
    // All three streams are one terminal. It echoes what is sent and gives output unchanged, so
    // output() is what stands on the screen. Standard error is part of it.
    Terminal,
  };

  /// Starts the program at path arguments[0]. `environment`: NAME=VALUE on top of what the test
  /// itself has.
  Process(const std::vector<std::string>& arguments, Stdio stdio,
          const std::vector<std::string>& environment = {});
  /// Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Everything written so far.
  [[nodiscard]] const std::string& output() const { return output_.text; }
  [[nodiscard]] const std::string& error() const { return error_.text; }

  /// Waits until `text` comes in the output (or error), behind what earlier calls returned.
  /// Returns all from there up to and with `text`.
  std::string read_until(std::string_view text) { return read_until(output_, text); }
  std::string read_error_until(std::string_view text) { return read_until(error_, text); }

  /// Takes in what was written so far, without waiting.
  void take_output() { exchange(0, false); }

  /// Writes all of `text` to the program's input.
  void send(std::string_view text);

  /// Closes the program's input, which must be a pipe.
  void end_input();

  /// Sends `signal`.
  void signal(int signal);

  /// Waits for the end of the program and of its output. Returns the exit code, or 128 and the
  /// number of the signal that ended it.
  int wait_for_exit();

  /// The most memory the program had at once; only after wait_for_exit().
  [[nodiscard]] std::size_t peak_memory_bytes() const { return peak_memory_bytes_; }

 private:
  struct Stream {
    Channel channel;
    std::string text;
    std::size_t returned = 0;
  };

  std::string read_until(Stream& stream, std::string_view text);
  /// Waits for output, its end or, if wanted, room for input; takes in what there is.
  void exchange(int deadline_ms, bool for_input);
  [[noreturn]] void fail(std::string_view what) const;

  std::string name_;
  pid_t pid_ = -1;
  bool has_exited_ = false;
  int last_signal_ = 0;  // 0: none, or sent twice
  std::size_t peak_memory_bytes_ = 0;
  Channel exit_;  // readable when the program has ended
  Channel input_;
  Stream output_;
  Stream error_;
};

}  // namespace tribar::test
