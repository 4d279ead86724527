// SPDX-License-Identifier: MIT
//
// A file for a report: opened before the run, so that a path that cannot be written is an error
// before there is any load. Its content is unchanged until the report is written.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar::stress {

class ReportFile {
 public:
  /// Opens `path` for writing; the existing content stays until write(). An error says why it
  /// cannot be opened.
  [[nodiscard]] static Result<ReportFile, std::string> open(const std::string& path);
  /// Removes the file if it was created here and nothing was written.
  ~ReportFile();
  ReportFile(ReportFile&& other) noexcept;
  ReportFile& operator=(ReportFile&&) = delete;

  /// Replaces the file's content by `text`. Returns an empty string, or why it failed.
  [[nodiscard]] std::string write(std::string_view text);
  [[nodiscard]] bool is_same_as(const ReportFile& other) const;

 private:
  ReportFile(std::string path, int fd, bool is_new);

  std::string path_;
  int fd_;
  bool is_new_;
};

}  // namespace tribar::stress
