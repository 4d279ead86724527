// SPDX-License-Identifier: MIT
//
// Any command line: the client's server address, and the options of tribard and tribar-stress. The
// input is cut at its zero bytes into arguments. What cannot be meant is refused in words that a
// terminal can show.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "client/server_address.h"
#include "fuzz.h"
#include "server/options.h"
#include "stress/options.h"

namespace tribar {
namespace {

using fuzz::check;

void check_words(std::string_view words) {
  check(!words.empty(), "what is refused has a reason");
  for (const char c : words) {
    check(c >= ' ' && c <= '~', "a reason can be shown on a terminal");
  }
}

/// The arguments with a program's name before and a nullptr behind them, as main() gets them.
class Arguments {
 public:
  explicit Arguments(std::string_view text) {
    while (!text.empty()) {
      const std::string_view word = text.substr(0, text.find('\0'));
      words_.emplace_back(word);
      text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    for (std::string& word : words_) {
      pointers_.push_back(word.data());
    }
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] int count() const { return static_cast<int>(words_.size()); }
  [[nodiscard]] char** pointers() { return pointers_.data(); }

 private:
  std::vector<std::string> words_{"program"};
  std::vector<char*> pointers_;
};

void check_address(std::string_view text) {
  const auto address = parse_server_address(text);
  if (!address) {
    check_words(address.error().text);
    return;
  }
  const bool is_path = address.value().kind == ServerAddress::Kind::Unix;
  check(address.value().host.empty() == is_path && address.value().path.empty() != is_path,
        "an address has a host or a path");
  const auto again = parse_server_address(to_string(address.value()));
  check(again && again.value() == address.value(), "a printed address is read as it was");
}

void check_addresses(std::string_view text) {
  const auto addresses = parse_server_addresses(text);
  if (!addresses) {
    check_words(addresses.error().text);
    return;
  }
  const std::vector<ServerAddress>& all = addresses.value();
  check(!all.empty() && all.size() <= kMostServers, "there are 1 to 16 addresses");
  for (const ServerAddress& address : all) {
    check((address.kind == ServerAddress::Kind::Tls) ==
              (all.front().kind == ServerAddress::Kind::Tls),
          "all are for TLS, or none");
  }
}

void check_host_ports(std::string_view text) {
  const auto servers = stress::parse_host_ports(text);
  if (!servers) {
    check_words(servers.error());
    return;
  }
  const auto again = stress::parse_host_ports(stress::to_text(servers.value()));
  check(again && again.value() == servers.value(), "printed addresses are read as they were");
}

void check_host_port(std::string_view text) {
  const auto where = stress::parse_host_port(text);
  if (!where) {
    check_words(where.error());
    return;
  }
  check(!where.value().host.empty() && where.value().port != 0, "an address has a host and a port");
  const auto again = stress::parse_host_port(stress::to_text(where.value()));
  check(again && again.value() == where.value(), "a printed address is read as it was");
}

void check_server_options(std::string_view text) {
  Arguments arguments(text);
  const auto options = parse_options(arguments.count(), arguments.pointers());
  if (!options) {
    constexpr std::string_view kHint = "\nTry 'tribard --help'.";
    std::string_view text_of_it = options.error().text;
    check(text_of_it.ends_with(kHint), "a reason says where to read on");
    text_of_it.remove_suffix(kHint.size());
    check_words(text_of_it);
    check(options.error().text.size() < 1000, "a reason is short");
  }
}

void check_stress_options(std::string_view text) {
  Arguments arguments(text);
  const auto parsed = stress::parse_options(arguments.count(), arguments.pointers());
  if (!parsed) {
    check_words(parsed.error());
    return;
  }
  const stress::Options& options = parsed.value();
  check(options.users >= 1 && options.window >= 1 && options.burst >= 1, "counts are not zero");
  check(options.least_bytes <= options.most_bytes, "a range goes upwards");
  check(options.seconds > 0 && options.drain_s > 0 && options.nap_s > 0 && options.step_s > 0 &&
            options.step_factor > 1 && options.bound_p99_us > 0 && options.rate >= 0,
        "durations and rates are numbers above zero");
  for (const stress::Threshold& threshold : options.thresholds) {
    check(std::isfinite(threshold.bound), "a bound is one that can be broken");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tribar::fuzz::as_text(data, size);
  const std::string_view first = text.substr(0, text.find('\0'));
  tribar::check_address(first);
  tribar::check_addresses(first);
  tribar::check_host_port(first);
  tribar::check_host_ports(first);
  tribar::check_server_options(text);
  tribar::check_stress_options(text);
  return 0;
}
