// SPDX-License-Identifier: MIT
//
// LoginNote: a name and a network in one block.
#include "loop/login_note.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tribar {
namespace {

TEST(LoginNote, KeepsNameAndNetwork) {
  for (const std::size_t size : {1U, 14U, 255U, 256U, 1024U}) {
    const std::string name(size, 'n');
    const LoginNote note(name, PeerNetwork{0x0102030405060708});
    ASSERT_TRUE(note);
    EXPECT_EQ(note.name(), name);
    EXPECT_EQ(note.network(), PeerNetwork{0x0102030405060708});
  }
}

TEST(LoginNote, IsOfNobodyAtFirstAndWhenItWasCleared) {
  LoginNote note;
  EXPECT_FALSE(note);
  note = LoginNote("ann", {});
  EXPECT_TRUE(note);
  EXPECT_EQ(note.network(), PeerNetwork{});
  note = {};
  EXPECT_FALSE(note);
}

}  // namespace
}  // namespace tribar
