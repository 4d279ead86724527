// SPDX-License-Identifier: MIT
//
// The control protocol: lines of UTF-8 text over a Unix socket. Fields are separated by HT; what a
// field must not contain (control characters, backslash) is written \xHH.
//
//   request   VERB HT ARGUMENT ... LF           a secret is the last argument
//   answer    KEY=VALUE HT KEY=VALUE ... LF     any number of rows, then one of
//             ok LF
//             error HT TEXT LF
//
// A connection may ask any number of times, one after another.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tribar {

/// The most bytes of a request, its line end included.
inline constexpr std::size_t kMostControlBytes = 8192;

using ControlFields = std::vector<std::string>;
using ControlRow = std::vector<std::pair<std::string, std::string>>;

struct ControlAnswer {
  std::vector<ControlRow> rows = {};
  std::string error = {};  // empty: it is done
  friend bool operator==(const ControlAnswer&, const ControlAnswer&) = default;
};

/// A request, or the last line of an answer, with its line end.
[[nodiscard]] std::string control_line(const ControlFields& fields);
/// A whole answer.
[[nodiscard]] std::string control_text(const ControlAnswer& answer);

/// The fields of a line, which is without its line end; none if an escape in it is none.
[[nodiscard]] std::optional<ControlFields> control_fields(std::string_view line);

/// Reads an answer line by line.
class ControlReader {
 public:
  /// False: the answer is over: see answer(). Lines are without their line ends. One that is no
  /// line of an answer ends it with an error.
  [[nodiscard]] bool take(std::string_view line);
  [[nodiscard]] const ControlAnswer& answer() const { return answer_; }

 private:
  ControlAnswer answer_;
};

}  // namespace tribar
