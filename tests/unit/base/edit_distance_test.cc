// SPDX-License-Identifier: MIT
//
// edit_distance: of words that are the same, near, and nothing alike.
#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace tribar {
namespace {

TEST(EditDistance, CountsWhatMustChange) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("color", "color"), 0U);
  EXPECT_EQ(edit_distance("colour", "color"), 1U);
  EXPECT_EQ(edit_distance("color", "colour"), 1U);
  EXPECT_EQ(edit_distance("cOlor", "color"), 1U);
  EXPECT_EQ(edit_distance("sned", "send"), 2U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", "xyz"), 3U);
}

}  // namespace
}  // namespace tribar
