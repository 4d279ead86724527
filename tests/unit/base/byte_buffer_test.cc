// SPDX-License-Identifier: MIT
//
// ByteBuffer: what it leaves behind where it was, when it grows. This program's own operator
// delete[] looks at what is given back.
#include "base/byte_buffer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kSecret = "secret-of-ann";
constexpr std::size_t kSizeBytes = alignof(std::max_align_t);
std::size_t freed_with_secret = 0;

}  // namespace

void* operator new[](std::size_t size) {
  void* const block = std::malloc(kSizeBytes + size);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  *static_cast<std::size_t*>(block) = size;
  return static_cast<char*>(block) + kSizeBytes;
}
void operator delete[](void* at) noexcept {
  if (at == nullptr) {
    return;
  }
  void* const block = static_cast<char*>(at) - kSizeBytes;
  const std::string_view bytes(static_cast<const char*>(at), *static_cast<std::size_t*>(block));
  freed_with_secret += bytes.find(kSecret) == std::string_view::npos ? 0 : 1;
  std::free(block);
}
void operator delete[](void* at, std::size_t) noexcept { operator delete[](at); }

namespace tribar {
namespace {

TEST(ByteBuffer, WipesWhatItMovesFromWhereThereAreSecrets) {
  for (const bool has_secrets : {false, true}) {
    freed_with_secret = 0;
    ByteBuffer bytes;
    bytes.reserve_tail(32);
    // All of the block is initialised, as the test reads it.
    bytes.append(std::string(32 - kSecret.size(), '.') + std::string(kSecret), has_secrets);
    bytes.append("more", has_secrets);
    EXPECT_TRUE(bytes.view().ends_with("secret-of-annmore"));
    EXPECT_EQ(freed_with_secret, has_secrets ? 0U : 1U);
    bytes.reserve_tail(1000, has_secrets);
    EXPECT_TRUE(bytes.view().ends_with("secret-of-annmore"));
  }
}

}  // namespace
}  // namespace tribar
