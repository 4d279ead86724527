// SPDX-License-Identifier: MIT
//
// A store is copied whole or not at all, whatever engines it is between.
#include "journal/move_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/fake_store.h"
#include "support/records.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

class MoveStoreTest : public testing::Test {
 protected:
  MoveStoreTest() {
    const Opening opening = open_store(from_path_);
    EXPECT_EQ(commit(*opening.store,
                     {created(1, "ann"), created(2, "bob"), created(3, "cid"), reserved(1000),
                      secret(1, "ann's"), sent(1, "home", 9, 5), kept(5, 2, "five"),
                      kept(7, 1, "seven"), AccountDeleted{AccountId{3}}}),
              "");
  }
  [[nodiscard]] static std::unique_ptr<Store> store_at(const std::string& path) {
    return std::move(make_sqlite_store(path, {}).value());
  }

  TemporaryFolder folder_;
  std::string from_path_ = folder_.file("from.db");
  std::string to_path_ = folder_.file("to.db");
};

TEST_F(MoveStoreTest, CopiesAllThatIsStored) {
  const auto moved = move_store(*store_at(from_path_), *store_at(to_path_));
  ASSERT_TRUE(moved) << moved.error().text;
  EXPECT_EQ(moved.value().accounts, 2U);
  EXPECT_EQ(moved.value().secrets, 1U);
  EXPECT_EQ(moved.value().messages, 2U);
  const StoreContents contents = open_store(to_path_).contents;
  EXPECT_EQ(contents, open_store(from_path_).contents);
  EXPECT_EQ(contents.last_account, 3U) << "its number is not used again";
}

TEST_F(MoveStoreTest, TakesOnlyAnEmptyStore) {
  ASSERT_EQ(commit(*open_store(to_path_).store, {reserved(5)}), "");
  const auto moved = move_store(*store_at(from_path_), *store_at(to_path_));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().text, to_path_ + ": is not empty; name a store that is not there yet");
  EXPECT_FALSE(moved.error().is_io);
}

TEST_F(MoveStoreTest, TakesNoStoreThatIsInUse) {
  {
    const Opening opening = open_store(from_path_);
    const auto moved = move_store(*store_at(from_path_), *store_at(to_path_));
    ASSERT_FALSE(moved);
    EXPECT_NE(moved.error().text.find("is in use"), std::string::npos) << moved.error().text;
  }
  EXPECT_TRUE(move_store(*store_at(from_path_), *store_at(to_path_))) << "it can be tried again";
}

TEST_F(MoveStoreTest, SaysWhatItCouldNotCopy) {
  std::string bytes = read_file(from_path_);
  bytes[bytes.find("seven")] = 'S';
  write_file(from_path_, bytes);
  const auto moved = move_store(*store_at(from_path_), *store_at(to_path_));
  ASSERT_TRUE(moved) << moved.error().text;
  EXPECT_EQ(moved.value().messages, 1U);
  EXPECT_EQ(moved.value().warnings,
            StoreWarnings{from_path_ + ": message 7 is lost: its checksum is wrong"});
}

TEST_F(MoveStoreTest, SaysWhenTheCopyIsNotTheSame) {
  FakeStore forgetful;
  forgetful.after_commit = [&] { forgetful.messages.erase(7); };
  const auto moved = move_store(*store_at(from_path_), forgetful);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().text, forgetful.name() + ": does not contain what " + from_path_ +
                                    " contains; do not use it");
  EXPECT_FALSE(forgetful.is_open);
}

}  // namespace
}  // namespace tribar::test
