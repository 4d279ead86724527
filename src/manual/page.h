// SPDX-License-Identifier: MIT
//
// Manual pages: docs/man/*.scd, in which lists that the programs and the documents have already are
// named, not written again. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar {

/// The text of a file of the source folder; nothing if it cannot be read.
using ReadSource = std::function<std::optional<std::string>(const std::string& path)>;

/// What is wrong with a page: "line 3: there is no such table".
struct PageError {
  std::string text;
};

/// The page `source`, in scdoc's language, with these lines replaced:
///
///   @options PROGRAM             its options
///   @verbs PROGRAM               its verbs, with the options that the program itself does not have
///   @exits PROGRAM               its exit statuses
///   @table FILE HEADING [N]      the first or Nth table below that heading of a Markdown document,
///   as a
///                                list: a row's first cell, then the others
///
/// and these words: @version@, @config_file@ (where an installed tribard looks for it). An error
/// names the line, and what is wrong with it.
[[nodiscard]] Result<std::string, PageError> manual_page(std::string_view source,
                                                         const ReadSource& read);

}  // namespace tribar
