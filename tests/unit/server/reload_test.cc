// SPDX-License-Identifier: MIT
//
// What settings that are read again come to: what is in effect then, and how that is said.
#include "server/reload.h"

#include <gtest/gtest.h>

namespace tribar {
namespace {

using Lines = std::vector<std::string>;

TEST(Merge, TakesOverAllThatNeedsNoRestart) {
  Config before;
  before.storage.path = "old.db";
  Config wanted = before;
  wanted.limits.accounts = 7;
  wanted.tls.certificate = "new.pem";
  wanted.storage.path = "new.db";
  wanted.workers = 3;
  ReloadResult result;
  const Config merged = merge(before, wanted, result);
  Config expected = before;
  expected.limits.accounts = 7;
  expected.tls.certificate = "new.pem";
  EXPECT_EQ(merged, expected);
  EXPECT_EQ(result,
            (ReloadResult{
                {"limits.accounts", "tls.certificate"}, {"workers", "storage.path"}, {}, true}));
  // What needs a restart still does when the file is read once more.
  ReloadResult again;
  EXPECT_EQ(merge(merged, wanted, again), expected);
  EXPECT_EQ(again, (ReloadResult{{}, {"workers", "storage.path"}, {}, true}));
}

TEST(Describe, SaysWhatChangedAndWhatIsLeft) {
  EXPECT_EQ(describe({{}, {}, {}, true}), Lines{"reload: no setting changed"});
  EXPECT_EQ(describe({{"limits.connections", "listen"}, {}, {}, true}),
            Lines{"reload: changed limits.connections, listen"});
  EXPECT_EQ(describe({{"listen"}, {"workers", "io_loops"}, {}, true}),
            Lines{"reload: changed listen; needs a restart: workers, io_loops"});
  EXPECT_EQ(describe({{}, {"workers"}, {}, true}),
            Lines{"reload: no setting changed; needs a restart: workers"});
  EXPECT_EQ(describe({{}, {}, {}, false}),
            Lines{"reload: there are no settings to read again: they did not come from a file"});
}

TEST(Describe, SaysEachMistake) {
  EXPECT_EQ(describe({{}, {}, {"f:3:9: a", "f:4:1: b"}, true}),
            (Lines{"reload: nothing applied: f:3:9: a", "reload: nothing applied: f:4:1: b"}));
}

}  // namespace
}  // namespace tribar
