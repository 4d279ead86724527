// SPDX-License-Identifier: MIT
//
// The file of a store: where a path leads, what is there, and whose it is. Knows nothing of what is
// in it. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// A regular file that is open. To close a descriptor of a file drops every POSIX lock that the
/// process has on it, and SQLite keeps such locks: so this is opened before SQLite opens the file,
/// outlives that, and nobody else in the process opens the file meanwhile.
class StoreFile {
 public:
  /// Opens the file to which `path` leads, symbolic links followed, and locks it against every
  /// other tribard, by whatever name that one reaches it. Where there is none an empty one is made,
  /// for its owner only. What is no regular file is refused, and not even opened.
  [[nodiscard]] static Result<StoreFile, StoreOpenError> lock(const std::string& path);

  /// Opens the file to which `path` leads for reading, without a lock.
  [[nodiscard]] static Result<StoreFile, StoreOpenError> look_at(const std::string& path);

  /// Why lock() would fail, as far as that can be known without opening or creating anything.
  [[nodiscard]] static std::optional<StoreOpenError> find_obstacle(const std::string& path);

  /// Where the file is: absolute, and without symbolic links.
  [[nodiscard]] const std::string& place() const { return place_; }

  /// Whether `path` still leads to this file.
  [[nodiscard]] bool is_in_place() const;

  /// Its first `size` bytes, or as many as there are; none: it cannot be read, see errno.
  [[nodiscard]] std::optional<std::string> head(std::size_t size) const;

  // An empty file becomes a store: all of it is made beside it first, so that there is all or none.

  /// Makes an empty file beside this one, in place of one that was left half made. Returns where.
  [[nodiscard]] Result<std::string, StoreOpenError> begin_draft();
  /// Puts what was made there in the place of this file, which is empty, and is that from now on.
  [[nodiscard]] std::optional<StoreOpenError> take_draft();

 private:
  StoreFile(std::string path, std::string place, Descriptor descriptor)
      : path_(std::move(path)), place_(std::move(place)), descriptor_(std::move(descriptor)) {}

  [[nodiscard]] static Result<StoreFile, StoreOpenError> open(const std::string& path, int flags);
  [[nodiscard]] std::optional<StoreOpenError> check_alone() const;
  [[nodiscard]] StoreOpenError cannot_be(const char* what) const;

  std::string path_;   // as it was given
  std::string place_;  // where that leads
  Descriptor descriptor_;
  Descriptor draft_;
};

}  // namespace tribar
