// SPDX-License-Identifier: MIT
//
// A folder for one test, removed at the end of its scope; and functions that read and write files.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace tribar::test {

class TemporaryFolder {
 public:
  enum class On {
    Disk,
    Memory,  // in memory if possible: for files that need not survive
  };

  explicit TemporaryFolder(On place = On::Disk) {
    const std::filesystem::path memory = "/dev/shm";
    const bool is_in_memory = place == On::Memory && access(memory.c_str(), W_OK) == 0;
    const auto parent = is_in_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "tribar-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), pattern);
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + '/' + std::string(name);
  }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// An existing file is overwritten in place.
inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  if (!file) {
    throw std::system_error(errno, std::generic_category(), path);
  }
}

inline unsigned mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace tribar::test
