// SPDX-License-Identifier: MIT
//
// The names of the crowd: a prefix of this run, then the user's number, all of the same length.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "stress/types.h"

namespace tribar::stress {

class Usernames {
 public:
  /// Names for `users` users: "PREFIX-0007". `prefix` ends in no digit or '-' follows it.
  Usernames(std::string_view prefix, User users);

  [[nodiscard]] std::size_t bytes() const { return prefix_.size() + digits_; }
  [[nodiscard]] User count() const { return users_; }
  /// The name of `user` < count(). Good as long as this lives.
  [[nodiscard]] std::string_view name(User user) const {
    return {names_.data() + user * bytes(), bytes()};
  }
  /// A glob that matches these names and, very likely, no others.
  [[nodiscard]] std::string pattern() const { return prefix_ + "*"; }

  /// Writes the name of `user` to `out`, which has room for bytes().
  void put(char* out, User user) const {
    std::memcpy(out, names_.data() + user * bytes(), bytes());
  }
  /// The user whose name stands in the bytes() bytes at `name`, or count() when there is none.
  [[nodiscard]] User find(const char* name) const {
    if (std::memcmp(name, prefix_.data(), prefix_.size()) != 0) {
      return users_;
    }
    User user = 0;
    for (std::size_t i = prefix_.size(); i < bytes(); ++i) {
      const auto digit = static_cast<unsigned>(static_cast<unsigned char>(name[i])) - '0';
      if (digit > 9) {
        return users_;
      }
      user = user * 10 + digit;
    }
    return user < users_ ? user : users_;
  }

 private:
  std::string prefix_;
  std::size_t digits_;
  User users_;
  std::string names_;
};

/// A prefix that tells this run's accounts from those of others: of the seed and the process.
[[nodiscard]] std::string prefix_of_run(std::uint64_t seed);

}  // namespace tribar::stress
