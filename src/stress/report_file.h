// SPDX-License-Identifier: MIT
//
// A file that a report goes to: opened before the run, so that a path which cannot be written is
// known before there is any load, and left as it is until there is something to write.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar::stress {

class ReportFile {
 public:
  /// Opens `path` for writing; what stands there already stays until write(). An error says why it
  /// cannot.
  [[nodiscard]] static Result<ReportFile, std::string> open(const std::string& path);
  /// Removes the file if it is new and nothing was written.
  ~ReportFile();
  ReportFile(ReportFile&& other) noexcept;
  ReportFile& operator=(ReportFile&&) = delete;

  /// `text` is all that the file holds now. An empty string, or why it could not be written.
  [[nodiscard]] std::string write(std::string_view text);
  [[nodiscard]] bool is_same_as(const ReportFile& other) const;

 private:
  ReportFile(std::string path, int fd, bool is_new);

  std::string path_;
  int fd_;
  bool is_new_;
};

}  // namespace tribar::stress
