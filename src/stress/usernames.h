// SPDX-License-Identifier: MIT
//
// Usernames of the crowd: a prefix for this run, then the user's number, all of the same length.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "stress/types.h"

namespace tribar::stress {

class Usernames {
 public:
  /// Names for `users` users: "PREFIX-0007".
  Usernames(std::string_view prefix, User users);

  [[nodiscard]] std::size_t bytes() const { return prefix_.size() + digits_; }
  [[nodiscard]] User count() const { return users_; }
  /// The name of `user` < count(). Valid as long as this object.
  [[nodiscard]] std::string_view name(User user) const {
    return {names_.data() + user * bytes(), bytes()};
  }
  /// A glob that matches these names and, very likely, no others.
  [[nodiscard]] std::string pattern() const { return prefix_ + "*"; }

  /// Writes the name of `user` to `out`, which has room for bytes().
  void put(char* out, User user) const {
    std::memcpy(out, names_.data() + user * bytes(), bytes());
  }
  /// The user with the name in the bytes() bytes at `name`; count() if there is none.
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

/// A prefix that distinguishes this run's accounts from those of others; made of the seed and the
/// process id.
[[nodiscard]] std::string prefix_of_run(std::uint64_t seed);

}  // namespace tribar::stress
