// SPDX-License-Identifier: MIT
//
// Formats log lines and writes each with one call, so that lines of several threads never mix.
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_name.h"
#include "base/timestamp.h"

namespace tribar::log {
namespace {

std::atomic<Level> g_level{Level::Info};
std::atomic<Format> g_format{Format::Text};
std::atomic<bool> g_is_journal{false};  // standard error is a stream to the journal

constexpr std::array<std::string_view, 4> kLevelNames{"error", "warn", "info", "debug"};
/// syslog's, in the same order.
constexpr std::array<std::string_view, 4> kPriorities{"<3>", "<4>", "<6>", "<7>"};

/// A line, as it stands in a file.
struct Line {
  Level level;
  std::string bytes;
  std::size_t time_bytes = 0;  // at the beginning: the time, which the journal does without
};

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string json_value(const Field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    return json_string(*text);
  }
  const auto* number = std::get_if<std::uint64_t>(&field.value);
  return number != nullptr ? fmt::format("{}", *number)
                           : fmt::format("{}", std::get<bool>(field.value));
}

Line line_of(Level level, std::string_view subject, std::string_view text, Fields fields = {}) {
  const std::string_view name = name_of(level);
  const std::string time = timestamp(unix_ms_now());
  if (g_format.load(std::memory_order_relaxed) == Format::Json) {
    std::string bytes = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"subject\":{},\"text\":{}",
                                    time, name, json_string(subject), json_string(text));
    for (const Field& field : fields) {
      bytes += fmt::format(",\"{}\":{}", field.key, json_value(field));
    }
    return {level, bytes + "}\n"};
  }
  return {level, fmt::format("{} {:<5} {}: {}\n", time, name, subject, escaped(text, text.size())),
          time.size() + 1};
}

/// Held to copy the pointer, never while something is written.
std::mutex g_destination_mutex;
Destination g_destination;  // null: standard error
/// The descriptor to which a part of a line was written that could not be finished; -1: none.
std::atomic<int> g_torn_at{-1};

Destination destination() {
  const std::lock_guard lock(g_destination_mutex);
  return g_destination;
}

/// Writes to `fd`; blocks while its reader is slow. Returns how much was written before writing
/// failed, or all.
std::size_t write_all(int fd, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      pollfd writable{fd, POLLOUT, 0};
      static_cast<void>(::poll(&writable, 1, -1));
    } else if (n == 0 || errno != EINTR) {
      break;
    }
  }
  return done;
}

/// Writes a line. Returns false if that fails: the server keeps running when nobody can read the
/// log any more.
bool write_out(const Line& entry) {
  const Destination to = destination();
  const int fd = to ? to->get() : STDERR_FILENO;
  const std::string_view priority = to ? std::string_view() : priority_of(entry.level);
  std::string_view line = entry.bytes;
  std::string for_journal;
  if (!priority.empty()) {
    for_journal = fmt::format("{}{}", priority, line.substr(entry.time_bytes));
    line = for_journal;
  }
  if (g_torn_at.load() == fd) {
    if (write_all(fd, "\n") == 0) {
      return false;
    }
    g_torn_at.store(-1);
  }
  const std::size_t done = write_all(fd, line);
  if (done > 0 && done < line.size()) {
    g_torn_at.store(fd);
  }
  return done == line.size();
}

/// The queue of lines for the writing thread.
class LineQueue {
 public:
  /// Any thread; does not wait for the writing thread.
  void push(Line line) {
    const std::lock_guard lock(mutex_);
    if (bytes_ + line.bytes.size() > kMostBytes) {
      ++dropped_;
      return;
    }
    bytes_ += line.bytes.size();
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  /// The writing thread's function; returns after stop().
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !lines_.empty() || is_stopping_; });
      if (lines_.empty()) {
        break;
      }
      const std::vector<Line> lines = std::exchange(lines_, {});
      is_writing_ = true;
      lock.unlock();
      std::size_t lost = 0;
      std::size_t done_bytes = 0;
      for (const Line& line : lines) {
        lost += write_out(line) ? 0 : 1;
        done_bytes += line.bytes.size();
      }
      lock.lock();
      bytes_ -= done_bytes;
      dropped_ += lost;
      if (dropped_ > 0 && lost == 0) {
        // After the lines that were queued before the first dropped one.
        lines_.push_back(
            line_of(Level::Warn, "log",
                    fmt::format("{} lines were dropped: nobody read the log in time, or there "
                                "was no room for them",
                                std::exchange(dropped_, 0))));
        bytes_ += lines_.back().bytes.size();
      }
      is_writing_ = false;
      changed_.notify_all();
    }
    is_over_ = true;
    changed_.notify_all();
  }

  /// Makes run() return once everything is written.
  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }

  /// Waits at most a second until everything is written. Returns whether it is.
  bool wait_until_written() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kFlushTime, [this] { return lines_.empty() && !is_writing_; });
  }
  /// Likewise, until run() has returned.
  bool wait_until_over() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kFlushTime, [this] { return is_over_; });
  }

 private:
  static constexpr std::size_t kMostBytes = 1 << 20;
  static constexpr std::chrono::seconds kFlushTime{1};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;    // of lines_ and of the lines being written
  std::size_t dropped_ = 0;  // and not reported yet
  bool is_writing_ = false;
  bool is_stopping_ = false;
  bool is_over_ = false;
};

std::atomic<LineQueue*> g_queue{nullptr};
std::thread g_writer;

}  // namespace

Background::Background() {
  auto* queue = new LineQueue;
  g_writer = std::thread([queue] {
    name_thread("log");
    queue->run();
  });
  g_queue.store(queue);
}

Background::~Background() {
  LineQueue* queue = g_queue.load();
  queue->stop();
  if (queue->wait_until_over()) {
    g_writer.join();
    g_queue.store(nullptr);
    delete queue;
  } else {
    // The thread is blocked in a write, perhaps for ever, and ends with the process. Further lines
    // are dropped.
    g_writer.detach();
  }
}

void flush() {
  if (LineQueue* queue = g_queue.load()) {
    static_cast<void>(queue->wait_until_written());
  }
}

void configure(Level level, Format format) {
  g_level = level;
  g_format = format;
}

void set_level(Level level) { g_level = level; }

void detect_journal(const char* journal_stream) {
  struct stat found {};
  g_is_journal = journal_stream != nullptr && fstat(STDERR_FILENO, &found) == 0 &&
                 fmt::format("{}:{}", found.st_dev, found.st_ino) == journal_stream;
}

std::string_view priority_of(Level level) {
  return g_is_journal.load(std::memory_order_relaxed)
             ? kPriorities.at(static_cast<std::size_t>(level))
             : std::string_view();
}

Level level() { return g_level.load(std::memory_order_relaxed); }

std::string_view name_of(Level level) { return kLevelNames.at(static_cast<std::size_t>(level)); }

Result<Destination, std::string> open(const std::string& path) {
  if (path == kStandardError) {
    return Destination{};
  }
  // Of a named pipe that nobody reads it says so instead of waiting.
  Descriptor file(::open(path.c_str(),
                         O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
  if (file.get() < 0) {
    return fmt::format("cannot open {}: {}", path, std::strerror(errno));
  }
  return std::make_shared<const Descriptor>(std::move(file));
}

void write_to(Destination destination) {
  const std::lock_guard lock(g_destination_mutex);
  g_destination.swap(destination);
  g_torn_at.store(-1);
}

bool is_on(Level level) { return level <= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view subject, std::string_view text, Fields fields) {
  Line line = line_of(level, subject, text, fields);
  if (LineQueue* queue = g_queue.load()) {
    queue->push(std::move(line));
  } else {
    static_cast<void>(write_out(line));
  }
}

std::string escaped(std::string_view bytes, std::size_t most) {
  std::string out;
  for (const char c : bytes.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  if (bytes.size() > most) {
    out += "...";
  }
  return out;
}

}  // namespace tribar::log
