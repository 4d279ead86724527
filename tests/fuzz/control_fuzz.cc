// SPDX-License-Identifier: MIT
//
// Any lines as a request and as an answer: what can be read is written as the same again.
#include <string>
#include <string_view>

#include "control/lines.h"
#include "control/show.h"
#include "fuzz.h"

namespace tribar {
namespace {

using fuzz::check;

void run(std::string_view input) {
  ControlReader reader;
  bool goes_on = true;
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (const auto fields = control_fields(line)) {
      const std::string again = control_line(*fields);
      check(control_fields(std::string_view(again).substr(0, again.size() - 1)) == fields,
            "a line that is written is read again");
    }
    goes_on = goes_on && reader.take(line);
  }
  for (const char c : shown_answer(reader.answer())) {
    check(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f),
          "nothing that is shown controls a terminal");
  }
  for (const char c : json_answer(reader.answer())) {
    check(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "JSON has no control characters");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::run(tribar::fuzz::as_text(data, size));
  return 0;
}
