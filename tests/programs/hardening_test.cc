// SPDX-License-Identifier: MIT
//
// What the built tribard is protected by, as its ELF headers say: a program that was built without
// is not told apart by anything else.
#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace tribar::test {
namespace {

/// The program file, whose headers are those of this machine.
class Program {
 public:
  Program() {
    const char* path = std::getenv("TRIBARD");
    std::ifstream file(path == nullptr ? "tribard" : path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes_.substr(0, SELFMAG), ELFMAG);
    header_ = at<ElfW(Ehdr)>(0);
  }

  [[nodiscard]] const ElfW(Ehdr) & header() const { return header_; }

  [[nodiscard]] std::vector<ElfW(Phdr)> segments(ElfW(Word) type) const {
    std::vector<ElfW(Phdr)> found;
    for (std::size_t i = 0; i < header_.e_phnum; ++i) {
      const auto segment = at<ElfW(Phdr)>(header_.e_phoff + i * header_.e_phentsize);
      if (segment.p_type == type) {
        found.push_back(segment);
      }
    }
    return found;
  }

  /// The value of an entry of the dynamic section, 0 when there is none.
  [[nodiscard]] ElfW(Xword) dynamic(ElfW(Sxword) tag) const {
    for (const ElfW(Phdr) & segment : segments(PT_DYNAMIC)) {
      for (std::size_t i = 0; i < segment.p_filesz / sizeof(ElfW(Dyn)); ++i) {
        const auto entry = at<ElfW(Dyn)>(segment.p_offset + i * sizeof(ElfW(Dyn)));
        if (entry.d_tag == tag) {
          return entry.d_un.d_val;
        }
      }
    }
    return 0;
  }

  /// Whether a symbol of this name is called or defined.
  [[nodiscard]] bool has_symbol(const std::string& name) const {
    return bytes_.find('\0' + name + '\0') != std::string::npos;
  }

 private:
  template <typename T>
  [[nodiscard]] T at(std::size_t offset) const {
    T value{};
    EXPECT_LE(offset + sizeof value, bytes_.size());
    if (offset + sizeof value <= bytes_.size()) {
      std::memcpy(&value, bytes_.data() + offset, sizeof value);
    }
    return value;
  }

  std::string bytes_;
  ElfW(Ehdr) header_{};
};

TEST(Hardening, PlacesTheProgramAnywhere) {
  const Program program;
  EXPECT_EQ(program.header().e_type, ET_DYN);
  EXPECT_NE(program.dynamic(DT_FLAGS_1) & DF_1_PIE, 0U);
}

TEST(Hardening, ResolvesAtTheStartAndWritesProtects) {
  const Program program;
  EXPECT_EQ(program.segments(PT_GNU_RELRO).size(), 1U);
  EXPECT_NE(program.dynamic(DT_FLAGS_1) & DF_1_NOW, 0U);
}

TEST(Hardening, NeverExecutesWhatCanBeWritten) {
  const Program program;
  const auto stacks = program.segments(PT_GNU_STACK);
  ASSERT_EQ(stacks.size(), 1U);
  EXPECT_EQ(stacks.front().p_flags & PF_X, 0U);
  for (const ElfW(Phdr) & segment : program.segments(PT_LOAD)) {
    EXPECT_NE(segment.p_flags & (PF_W | PF_X), ElfW(Word){PF_W | PF_X});
  }
}

TEST(Hardening, ChecksTheStack) { EXPECT_TRUE(Program().has_symbol("__stack_chk_fail")); }

// Made by -D_GLIBCXX_ASSERTIONS: what checks of the standard library call.
TEST(Hardening, ChecksTheStandardLibrary) {
  EXPECT_TRUE(Program().has_symbol("_ZSt21__glibcxx_assert_failPKciS0_S0_"));
}

}  // namespace
}  // namespace tribar::test
