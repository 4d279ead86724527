// SPDX-License-Identifier: MIT
//
// The threads of this process, by their names.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace tribar::test {

/// Name and number of each thread; of threads of the same name one. A thread that has just begun
/// has no name of its own yet, and one that ends meanwhile may be left out.
inline std::map<std::string, pid_t> thread_numbers() {
  std::map<std::string, pid_t> numbers;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream file(task.path() / "comm");
    if (std::getline(file, name)) {
      numbers.emplace(name, std::stoi(task.path().filename()));
    }
  }
  return numbers;
}

}  // namespace tribar::test
