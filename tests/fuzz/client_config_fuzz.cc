// SPDX-License-Identifier: MIT
//
// Any text as the client's config file, and any command line: settings within their bounds, or
// mistakes that each name a place. For the command line the input is cut at its zero bytes.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "client/client_options.h"
#include "fuzz.h"

namespace tribar {
namespace {

using fuzz::check;

void check_line(std::string_view line) {
  check(!line.empty() && line.size() < 1000, "a mistake is one short line");
  for (const char c : line) {
    check(c >= ' ' && c <= '~', "a mistake can be shown on a terminal");
  }
}

void check_options(const ClientOptions& options) {
  check(options.protocol_in_use() == 0 || options.protocol_in_use() == 1, "a protocol is 0 or 1");
  check(options.timeout.count() >= 1 && options.timeout.count() <= 3'600'000,
        "a time-out is within its bounds");
  for (const std::string& text : {options.name, options.ca, options.secret_file}) {
    for (const char c : text) {
      check(static_cast<unsigned char>(c) >= ' ' && c != '\x7f',
            "a text has no control characters");
    }
  }
}

void check_config(std::string_view text) {
  ClientOptions options;
  const auto mistakes = take_client_config(text, "/f/config", "/home/ann", options);
  for (const std::string& mistake : mistakes) {
    check(mistake.starts_with("/f/config:"), "a mistake names its file");
    check_line(mistake);
  }
  check_options(options);
  // A line is on its own, but for keys that appear twice.
  ClientOptions again;
  const std::string twice = std::string(text) + "\n" + std::string(text);
  check(take_client_config(twice, "/f/config", "/home/ann", again).size() >= mistakes.size(),
        "what is wrong stays wrong");
}

void check_arguments(std::string_view text) {
  std::vector<std::string> words{"tribar"};
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find('\0'));
    words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  const auto options = read_client_options(static_cast<int>(words.size()), pointers.data(),
                                           [](const char*) -> const char* { return nullptr; });
  if (options) {
    check_options(options.value());
    return;
  }
  for (const std::string& line : options.error().lines) {
    check_line(line);
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tribar::fuzz::as_text(data, size);
  tribar::check_config(text);
  tribar::check_arguments(text);
  return 0;
}
