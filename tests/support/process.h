// SPDX-License-Identifier: MIT
//
// Runs a program on a pseudo-terminal or on pipes, as a user or a script does. Every wait has a
// deadline; if it passes, an exception with the program's output so far fails the test. One thread;
// every wait also reads all other output, so that no pipe ever blocks.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tribar::test {

/// ThreadSanitizer delays a signal handler until the program's next intercepted call: a signal that
/// arrives just before the program sleeps is handled only when another one wakes it.
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

/// A sanitizer handles SIGSEGV itself, and the program's own handler is never called.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRIBAR_CATCHES_CRASHES
#endif
#endif
#if defined(TRIBAR_CATCHES_CRASHES) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCatchesCrashes = true;
#else
inline constexpr bool kCatchesCrashes = false;
#endif

/// Our end of one of the program's file descriptors.
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
    // All three streams are one terminal, which echoes input and does not change output, so that
    // output() is what the screen shows. Standard error is part of it.
    Terminal,
  };

  /// Starts the program at path arguments[0]. `environment`: NAME=VALUE, in addition to the test's
  /// own.
  Process(const std::vector<std::string>& arguments, Stdio stdio,
          const std::vector<std::string>& environment = {});
  struct TerminalSize {
    int columns = 0;
    int rows = 0;
  };
  /// Starts it on a terminal of that size, with the modes and keys that a shell gives to programs.
  Process(const std::vector<std::string>& arguments, TerminalSize size,
          const std::vector<std::string>& environment = {});
  /// Kills the program if it is still running.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// All output so far.
  [[nodiscard]] const std::string& output() const { return output_.text; }
  [[nodiscard]] const std::string& error() const { return error_.text; }

  /// Waits until `text` appears in the output (or error), after what earlier calls returned.
  /// Returns everything from there to the end of `text`.
  std::string read_until(std::string_view text) { return read_until(output_, text); }
  std::string read_error_until(std::string_view text) { return read_until(error_, text); }

  /// Reads the output so far, without waiting.
  void take_output() { exchange(0, false); }

  /// Waits until there is more output. False: the deadline passed, or no more comes.
  bool await_output(std::chrono::steady_clock::time_point deadline);

  /// Our end of its terminal, while it has one.
  [[nodiscard]] int terminal() const { return input_.fd(); }
  /// Closes its terminal, as by closing the window.
  void hang_up();
  /// Changes the size of its terminal.
  void resize(TerminalSize size);

  /// Writes all of `text` to the program's input.
  void send(std::string_view text);

  /// Closes the program's input, which must be a pipe.
  void end_input();

  /// Sends `signal`.
  void signal(int signal);

  /// Waits for the end of the program and of its output. Returns the exit code, or 128 and the
  /// number of the signal that ended it.
  int wait_for_exit();

  /// The program's peak memory; only after wait_for_exit().
  [[nodiscard]] std::size_t peak_memory_bytes() const { return peak_memory_bytes_; }

 private:
  struct Stream {
    Channel channel;
    std::string text;
    std::size_t returned = 0;
  };

  void start(const std::vector<std::string>& arguments, bool on_terminal, int their_output,
             const std::vector<std::string>& environment);
  std::string read_until(Stream& stream, std::string_view text);
  /// Waits for output, its end or, if wanted, room for input; reads what is there.
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
