// SPDX-License-Identifier: MIT
//
// tribar-manual, part of the build: prints a manual page in scdoc's language, or the completions of
// a program. Not installed.
//
//   tribar-manual page SOURCE_FOLDER docs/man/tribard.8.scd
//   tribar-manual bash|zsh|fish PROGRAM
#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/output.h"
#include "manual/completions.h"
#include "manual/page.h"
#include "manual/programs.h"

namespace tribar {
namespace {

int complain(const std::string& text, int exit_code) {
  fmt::print(stderr, "tribar-manual: {}\n", text);
  return exit_code;
}

int print(const std::string& text) {
  const auto failure = write_output(text);
  return failure ? complain(*failure, EX_IOERR) : EX_OK;
}

int print_page(const std::string& folder, const std::string& name) {
  const ReadSource read = [&folder](const std::string& path) -> std::optional<std::string> {
    std::ifstream file(folder + '/' + path);
    if (!file) {
      return std::nullopt;
    }
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  const auto source = read(name);
  if (!source) {
    return complain(fmt::format("{}/{} cannot be read", folder, name), EX_NOINPUT);
  }
  const auto page = manual_page(*source, read);
  return page ? print(page.value())
              : complain(fmt::format("{}: {}", name, page.error().text), EX_DATAERR);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "page") {
    return print_page(words[1], words[2]);
  }
  if (words.size() == 2) {
    const auto programs = all_programs();
    const auto program =
        std::find_if(programs.begin(), programs.end(),
                     [&](const CommandLine& each) { return each.name == words[1]; });
    if (program != programs.end() && words[0] == "bash") {
      return print(bash_completions(*program));
    }
    if (program != programs.end() && words[0] == "zsh") {
      return print(zsh_completions(*program));
    }
    if (program != programs.end() && words[0] == "fish") {
      return print(fish_completions(*program));
    }
  }
  return complain("usage: page SOURCE_FOLDER FILE, or bash|zsh|fish PROGRAM", EX_USAGE);
}

}  // namespace
}  // namespace tribar

int main(int argc, char** argv) {
  try {
    return tribar::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    return tribar::complain(error.what(), EX_SOFTWARE);
  }
}
