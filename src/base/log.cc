// SPDX-License-Identifier: MIT
//
// Formats a log line and hands it to standard error in one write, so lines of several threads
// never mix.
#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>

namespace tribar::log {
namespace {

std::atomic<Level> g_level{Level::Info};
std::atomic<Format> g_format{Format::Text};

constexpr std::array<std::string_view, 4> kLevelNames{"error", "warn", "info", "debug"};

std::string timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000);
}

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

}  // namespace

void configure(Level level, Format format) {
  g_level = level;
  g_format = format;
}

bool is_on(Level level) { return level <= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view subject, std::string_view text) {
  const std::string_view name = kLevelNames.at(static_cast<std::size_t>(level));
  std::string line;
  if (g_format.load(std::memory_order_relaxed) == Format::Json) {
    line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"subject\":{},\"text\":{}}}\n",
                       timestamp(), name, json_string(subject), json_string(text));
  } else {
    line = fmt::format("{} {:<5} {}: {}\n", timestamp(), name, subject, escaped(text, text.size()));
  }
  // A log that nobody can read any more is not a reason to stop serving.
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n <= 0) {
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
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
