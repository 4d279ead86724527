// SPDX-License-Identifier: MIT
//
// See process.h.
#include "support/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

// The limit for every wait of a test; reached only on failure.
constexpr auto kPatience = std::chrono::seconds(30);
/// How often to check whether a signal must be sent again.
constexpr int kLookMs = kLosesSignals ? 1000 : 1'000'000;

/// Whether the main thread of the process runs; false: it waits, or there is no process.
bool is_running(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string stat;
  std::getline(file, stat);
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.compare(name_end, 3, ") R") == 0;
}

int checked(int result, const char* call) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), call);
  }
  return result;
}

void set_flags(int fd) {
  checked(::fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
  checked(::fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
}

enum class Direction { ToProgram, FromProgram };

/// Makes a pipe: our end is non-blocking, the program's end blocks.
std::pair<int, int> make_pipe(Direction direction) {
  std::array<int, 2> ends{};
  checked(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  if (direction == Direction::ToProgram) {
    std::swap(ends[0], ends[1]);
  }
  set_flags(ends[0]);
  return {ends[0], ends[1]};
}

std::pair<int, int> open_terminal(const termios& settings, const winsize* size) {
  int ours = -1;
  int theirs = -1;
  checked(::openpty(&ours, &theirs, nullptr, &settings, size), "openpty");
  set_flags(ours);
  checked(::fcntl(theirs, F_SETFD, FD_CLOEXEC), "fcntl");
  return {ours, theirs};
}

std::pair<int, int> make_terminal() {
  termios settings{};
  ::cfmakeraw(&settings);
  settings.c_lflag = ICANON | ECHO | ECHOE | ISIG;
  settings.c_cflag |= CREAD;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VINTR] = 'C' - '@';
  settings.c_cc[VEOF] = 'D' - '@';
  return open_terminal(settings, nullptr);
}

/// As `stty sane`, but for the speed.
termios shell_modes() {
  termios settings{};
  settings.c_iflag = ICRNL | IXON | BRKINT | IUTF8;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = CS8 | CREAD;
  settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VINTR] = 'C' - '@';
  settings.c_cc[VQUIT] = '\\' - '@';
  settings.c_cc[VERASE] = 0x7f;
  settings.c_cc[VKILL] = 'U' - '@';
  settings.c_cc[VEOF] = 'D' - '@';
  settings.c_cc[VSTART] = 'Q' - '@';
  settings.c_cc[VSTOP] = 'S' - '@';
  settings.c_cc[VSUSP] = 'Z' - '@';
  settings.c_cc[VREPRINT] = 'R' - '@';
  settings.c_cc[VWERASE] = 'W' - '@';
  settings.c_cc[VLNEXT] = 'V' - '@';
  ::cfsetspeed(&settings, B38400);
  return settings;
}

winsize as_winsize(Process::TerminalSize size) {
  return {static_cast<unsigned short>(size.rows), static_cast<unsigned short>(size.columns), 0, 0};
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// The test's environment; variables in `additions` replace it.
std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> environment = additions;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    bool is_replaced = false;
    for (const std::string& addition : additions) {
      is_replaced = is_replaced || addition.starts_with(name);
    }
    if (!is_replaced) {
      environment.emplace_back(entry);
    }
  }
  return environment;
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

}  // namespace

void Channel::open(int fd) {
  close();
  fd_ = fd;
}

void Channel::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

Process::Process(const std::vector<std::string>& arguments, Stdio stdio,
                 const std::vector<std::string>& environment)
    : name_(arguments.at(0)) {
  const bool on_terminal = stdio == Stdio::Terminal;
  const auto [our_output, their_output] =
      on_terminal ? make_terminal() : make_pipe(Direction::FromProgram);
  output_.channel.open(our_output);
  start(arguments, on_terminal, their_output, environment);
}

Process::Process(const std::vector<std::string>& arguments, TerminalSize size,
                 const std::vector<std::string>& environment)
    : name_(arguments.at(0)) {
  const winsize window = as_winsize(size);
  const auto [ours, theirs] = open_terminal(shell_modes(), &window);
  output_.channel.open(ours);
  start(arguments, true, theirs, environment);
}

void Process::start(const std::vector<std::string>& arguments, bool on_terminal, int their_output,
                    const std::vector<std::string>& environment) {
  const int our_output = output_.channel.fd();
  const Channel output(their_output);
  Channel input;
  Channel error;
  if (on_terminal) {
    input_.open(checked(::fcntl(our_output, F_DUPFD_CLOEXEC, 0), "fcntl"));
  } else {
    const auto [our_input, their_input] = make_pipe(Direction::ToProgram);
    input_.open(our_input);
    input.open(their_input);
    const auto [our_error, their_error] = make_pipe(Direction::FromProgram);
    error_.channel.open(our_error);
    error.open(their_error);
  }
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_strings = environment_with(environment);
  const auto environment_pointers = pointers_to(environment_strings);

  // Writing to a program that has ended must be an error of send(), and not end the test.
  ::signal(SIGPIPE, SIG_IGN);
  pid_ = checked(::fork(), "fork");
  if (pid_ == 0) {
    // The test itself may have been started in the background, where a shell has these ignored.
    for (const int signal : {SIGPIPE, SIGINT, SIGQUIT}) {
      ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const bool is_set = on_terminal ? ::login_tty(output.fd()) == 0
                                    : ::dup2(input.fd(), STDIN_FILENO) >= 0 &&
                                          ::dup2(output.fd(), STDOUT_FILENO) >= 0 &&
                                          ::dup2(error.fd(), STDERR_FILENO) >= 0;
    if (is_set) {
      ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    }
    ::_exit(127);
  }
  exit_.open(checked(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"));
}

Process::~Process() {
  if (!has_exited_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::string Process::read_until(Stream& stream, std::string_view text) {
  const auto deadline = Clock::now() + kPatience;
  while (true) {
    const std::size_t at = stream.text.find(text, stream.returned);
    if (at != std::string::npos) {
      const std::size_t start = std::exchange(stream.returned, at + text.size());
      return stream.text.substr(start, stream.returned - start);
    }
    if (stream.channel.fd() < 0 || Clock::now() >= deadline) {
      fail(fmt::format("wrote no \"{}\"", text));
    }
    exchange(milliseconds_until(deadline), false);
  }
}

bool Process::await_output(Clock::time_point deadline) {
  const std::size_t had = output_.text.size();
  while (output_.text.size() == had && output_.channel.fd() >= 0 && Clock::now() < deadline) {
    exchange(milliseconds_until(deadline), false);
  }
  return output_.text.size() > had;
}

void Process::hang_up() {
  input_.close();
  output_.channel.close();
}

void Process::resize(TerminalSize size) {
  const winsize window = as_winsize(size);
  checked(::ioctl(input_.fd(), TIOCSWINSZ, &window), "TIOCSWINSZ");
}

void Process::send(std::string_view text) {
  const auto deadline = Clock::now() + kPatience;
  while (!text.empty()) {
    const ssize_t written = ::write(input_.fd(), text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      fail(fmt::format("takes no input: {}", std::strerror(errno)));
    } else if (Clock::now() >= deadline) {
      fail("takes no input");
    } else {
      exchange(milliseconds_until(deadline), true);
    }
  }
}

void Process::end_input() { input_.close(); }

void Process::signal(int signal) {
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  while (kLosesSignals && is_running(pid_) && Clock::now() < deadline) {
    std::this_thread::yield();
  }
  checked(::kill(pid_, signal), "kill");
  last_signal_ = signal;
}

int Process::wait_for_exit() {
  const auto deadline = Clock::now() + kPatience;
  while (output_.channel.fd() >= 0 || error_.channel.fd() >= 0) {
    if (Clock::now() >= deadline) {
      fail("did not end");
    }
    if (kLosesSignals && last_signal_ != 0 && Clock::now() >= deadline - kPatience / 2) {
      checked(::kill(pid_, std::exchange(last_signal_, 0)), "kill");
    }
    exchange(std::min(milliseconds_until(deadline), kLookMs), false);
  }
  pollfd exit{exit_.fd(), POLLIN, 0};
  if (::poll(&exit, 1, milliseconds_until(deadline)) != 1) {
    fail("did not end");
  }
  int status = 0;
  rusage usage{};
  checked(::wait4(pid_, &status, 0, &usage), "wait4");
  has_exited_ = true;
  peak_memory_bytes_ = static_cast<std::size_t>(usage.ru_maxrss) * 1024;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Process::exchange(int deadline_ms, bool for_input) {
  std::array<pollfd, 3> polled{
      pollfd{output_.channel.fd(), POLLIN, 0},
      pollfd{error_.channel.fd(), POLLIN, 0},
      pollfd{for_input ? input_.fd() : -1, POLLOUT, 0},
  };
  if (::poll(polled.data(), polled.size(), deadline_ms) <= 0) {
    return;
  }
  const std::array<Stream*, 2> streams{&output_, &error_};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (polled[i].revents == 0) {
      continue;
    }
    std::array<char, 65536> chunk;
    const ssize_t got = ::read(polled[i].fd, chunk.data(), chunk.size());
    if (got > 0) {
      streams[i]->text.append(chunk.data(), static_cast<std::size_t>(got));
    } else if (got == 0 ||
               errno == EIO) {  // a terminal that no process has open any more gives EIO
      streams[i]->channel.close();
    }
  }
}

void Process::fail(std::string_view what) const {
  throw std::runtime_error(
      fmt::format("{} {}\noutput: {}\nerror: {}", name_, what, output_.text, error_.text));
}

}  // namespace tribar::test
