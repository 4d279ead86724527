// SPDX-License-Identifier: MIT
//
// See usernames.h.
#include "stress/usernames.h"

#include <fmt/format.h>
#include <unistd.h>

namespace tribar::stress {

Usernames::Usernames(std::string_view prefix, User users)
    : prefix_(std::string(prefix) + '-'),
      digits_(fmt::formatted_size("{}", users - 1)),
      users_(users) {
  names_.reserve(users * bytes());
  for (User user = 0; user < users; ++user) {
    names_ += fmt::format("{}{:0{}}", prefix_, user, digits_);
  }
}

std::string prefix_of_run(std::uint64_t seed) {
  // Short and letters only: the names are part of every measured frame.
  std::uint64_t random = mixed(seed ^ (static_cast<std::uint64_t>(getpid()) << 32));
  std::string prefix;
  for (int i = 0; i < 4; ++i) {
    prefix += static_cast<char>('a' + random % 26);
    random /= 26;
  }
  return prefix;
}

}  // namespace tribar::stress
