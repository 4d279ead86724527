// SPDX-License-Identifier: MIT
//
// The file of a store: finds it, checks what it is, and locks it. Does not look at its content. One
// thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// An open regular file. Closing any descriptor of a file drops all POSIX locks that the process
/// has on it, and SQLite uses such locks. So this must be opened before SQLite opens the file and
/// closed after SQLite closes it, and nothing else in the process may open the file meanwhile.
class StoreFile {
 public:
  /// Opens the file at `path`, following symbolic links, and locks it against every other tribard,
  /// whatever path that one uses. Creates an empty file, accessible to its owner only, if there is
  /// none. Refuses, without opening it, what is not a regular file.
  [[nodiscard]] static Result<StoreFile, StoreOpenError> lock(const std::string& path);

  /// Opens the file at `path` for reading, without a lock.
  [[nodiscard]] static Result<StoreFile, StoreOpenError> look_at(const std::string& path);

  /// Why lock() would fail, as far as that is known without opening or creating anything; none: no
  /// reason.
  [[nodiscard]] static std::optional<StoreOpenError> find_obstacle(const std::string& path);

  /// The file's absolute path, without symbolic links.
  [[nodiscard]] const std::string& place() const { return place_; }

  /// Whether `path` still leads to this file.
  [[nodiscard]] bool is_in_place() const;

  /// Its first `size` bytes, or fewer if it is shorter; none: it cannot be read, see errno.
  [[nodiscard]] std::optional<std::string> head(std::size_t size) const;

  // To turn an empty file into a store atomically, the store is first created in a draft file
  // beside it.

  /// Creates an empty draft beside this file, replacing an unfinished one. Returns its path.
  [[nodiscard]] Result<std::string, StoreOpenError> begin_draft();
  /// Replaces this file, which is empty, by the draft. From then on this object is that file.
  [[nodiscard]] std::optional<StoreOpenError> take_draft();

 private:
  StoreFile(std::string path, std::string place, Descriptor descriptor)
      : path_(std::move(path)), place_(std::move(place)), descriptor_(std::move(descriptor)) {}

  [[nodiscard]] static Result<StoreFile, StoreOpenError> open(const std::string& path, int flags);
  [[nodiscard]] std::optional<StoreOpenError> check_alone() const;
  [[nodiscard]] StoreOpenError cannot_be(const char* what) const;

  std::string path_;   // as given
  std::string place_;  // the resolved path
  Descriptor descriptor_;
  Descriptor draft_;
};

}  // namespace tribar
