// SPDX-License-Identifier: MIT
//
// What is printed comes whole, or it is said why not.
#include "base/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace tribar {
namespace {

/// Standard output is `descriptor` for as long as this lives.
class Redirection {
 public:
  explicit Redirection(int descriptor) {
    std::fflush(stdout);
    saved_ = dup(STDOUT_FILENO);
    dup2(descriptor, STDOUT_FILENO);
  }
  ~Redirection() {
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
  }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;

 private:
  int saved_ = -1;
};

TEST(WriteOutput, WaitsForASlowReaderOfANonBlockingPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  fcntl(ends[0], F_SETFL, 0);
  const std::string text(1'000'000, 'x');  // more than a pipe holds
  std::string read_back;
  std::thread reader([&] {
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
      read_back.append(buffer.data(), static_cast<std::size_t>(n));
    }
  });
  {
    const Redirection redirection(ends[1]);
    close(ends[1]);
    EXPECT_EQ(write_output(text), std::nullopt);
  }
  reader.join();
  close(ends[0]);
  EXPECT_EQ(read_back, text);
}

TEST(WriteOutput, SaysWhyItCannot) {
  // A file may not grow beyond the limit: the write comes back short first, then as an error.
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::optional<std::string> why;
  {
    const Redirection redirection(fileno(file));
    why = write_output(std::string(1000, 'x'));
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::fclose(file);
  EXPECT_EQ(why, "standard output: File too large");
}

}  // namespace
}  // namespace tribar
