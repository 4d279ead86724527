// SPDX-License-Identifier: MIT
//
// Loaded into a server by LD_PRELOAD: each of its writes to a file at an offset, as SQLite's are,
// begins a moment later. So a commit takes milliseconds, and a kill finds some under way.
#include <dlfcn.h>
#include <sys/types.h>

#include <cstddef>
#include <ctime>

namespace {

constexpr timespec kMoment{0, 150'000};

using Write = ssize_t(int, const void*, std::size_t, off64_t);

ssize_t write_later(int fd, const void* bytes, std::size_t size, off64_t at) {
  static auto* const write = reinterpret_cast<Write*>(dlsym(RTLD_NEXT, "pwrite64"));
  nanosleep(&kMoment, nullptr);
  return write(fd, bytes, size, at);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] ssize_t pwrite64(int fd, const void* bytes, std::size_t size,
                                                off64_t at) {
  return write_later(fd, bytes, size, at);
}

// The same where offsets have 64 bits anyway.
[[gnu::visibility("default")]] ssize_t pwrite(int fd, const void* bytes, std::size_t size,
                                              off_t at) {
  return write_later(fd, bytes, size, at);
}

}  // extern "C"
