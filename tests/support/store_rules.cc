// SPDX-License-Identifier: MIT
//
// See store_rules.h.
#include "support/store_rules.h"

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "support/records.h"

namespace tribar::test {

void StoreRules::SetUp() {
  engine_ = GetParam()();
  if (const std::string obstacle = engine_->obstacle(); !obstacle.empty()) {
    GTEST_SKIP() << obstacle;
  }
}

void StoreRules::make_store() {
  const Opening opening = open();
  ASSERT_TRUE(opening.store) << opening.error.text;
  ASSERT_EQ(
      commit(*opening.store, {created(1, "ann"), created(2, "bob"), reserved(100),
                              kept(1, 2, "one"), kept(2, 2, "two of a kind"), kept(3, 2, "three")}),
      "");
}

StoreContents StoreRules::made_contents() {
  return {{{1, "ann"}, {2, "bob"}},
          {{1, 2, kTime.value, "ann", "one"},
           {2, 2, kTime.value, "ann", "two of a kind"},
           {3, 2, kTime.value, "ann", "three"}},
          2,
          100};
}

void StoreRules::expect_damaged(const std::string& reason) {
  {
    const Opening opening = open();
    EXPECT_FALSE(opening.store) << reason;
    EXPECT_TRUE(opening.error.is_io) << opening.error.text;
    const auto store = engine_->make({});
    ASSERT_TRUE(store);
    EXPECT_EQ(opening.error.text, store.value()->name() + ": the store is damaged: " + reason +
                                      "; restore a backup, or inspect it with tribard "
                                      "--verify-storage and " +
                                      engine_->shell());
  }
  const auto report = engine_->verify();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().damage, std::vector<std::string>{reason});
}

// Messages are added many with one statement and removed in runs: every count around that.
TEST_P(StoreRules, StoresAndRemovesAnyNumberOfMessages) {
  for (const std::uint64_t count : {1U, 31U, 32U, 33U, 63U, 64U, 65U, 100U}) {
    engine_->begin_anew();
    std::deque<std::string> texts;  // of records
    StoreContents expected{{{1, "ann"}, {2, "bob"}}, {}, 2, 1000};
    std::vector<Record> records{created(1, "ann"), created(2, "bob"), reserved(1000)};
    for (std::uint64_t number = 1; number <= count; ++number) {
      const std::string_view text = texts.emplace_back(std::to_string(number));
      records.push_back(kept(number, 2, text));
      expected.messages.push_back({number, 2, kTime.value, "ann", std::string(text)});
    }
    ASSERT_EQ(commit(*open().store, records), "");
    EXPECT_EQ(open().contents, expected) << count;

    // Newest first, with gaps; one that was never stored, and one twice.
    std::vector<Record> gone{handed(500), handed(count)};
    for (std::uint64_t number = count; number > 0; --number) {
      if (number % 7 < 4) {
        gone.push_back(handed(number));
      }
    }
    std::erase_if(expected.messages, [count](const StoreContents::Message& message) {
      return message.number == count || message.number % 7 < 4;
    });
    ASSERT_EQ(commit(*open().store, gone), "");
    EXPECT_EQ(open().contents, expected) << count;
  }
}

TEST_P(StoreRules, UndoesACommitThatFailsAmongItsRows) {
  make_store();
  {
    Opening opening = open();
    std::vector<Record> records{created(3, "cid"), handed(1)};
    for (std::uint64_t number = 10; number < 60; ++number) {
      // The number of one in the second lot is taken.
      records.push_back(kept(number == 45 ? 3 : number, 2, "more"));
    }
    EXPECT_NE(commit(*opening.store, records), "");
    EXPECT_EQ(commit(*opening.store, {kept(4, 2, "four"), handed(4)}), "");
  }
  EXPECT_EQ(open().contents, made_contents());
}

TEST_P(StoreRules, GivesBackWhatItStored) {
  make_store();
  const Opening opening = open();
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents, made_contents());
  EXPECT_TRUE(opening.warnings.empty());
}

TEST_P(StoreRules, ForgetsWhatWasHandedOverAndWhoWasDeleted) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {handed(2), AccountDeleted{AccountId{1}}, kept(4, 2, "four"),
                                      handed(4), handed(77), created(3, "ann")}),
              "");
  }
  StoreContents expected = made_contents();
  expected.messages.erase(expected.messages.begin() + 1);
  expected.accounts = {{2, "bob"}, {3, "ann"}};
  expected.last_account = 3;
  EXPECT_EQ(open().contents, expected);
}

TEST_P(StoreRules, NeverCountsBackwards) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {AccountDeleted{AccountId{1}}, AccountDeleted{AccountId{2}},
                                      handed(1), handed(2), handed(3)}),
              "");
  }
  const StoreContents contents = open().contents;
  EXPECT_EQ(contents, (StoreContents{{}, {}, 2, 100}));
}

TEST_P(StoreRules, StoresAllGroupsOrNothing) {
  make_store();
  {
    const Opening opening = open();
    const std::string error =
        commit(*opening.store, {reserved(500), kept(9, 2, "nine"), created(2, "a second bob")});
    EXPECT_NE(error.find(engine_->shell() == "sqlite3" ? "UNIQUE" : "duplicate key"),
              std::string::npos)
        << error;
    EXPECT_EQ(commit(*opening.store, {kept(10, 2, "ten")}), "") << "it goes on";
  }
  StoreContents expected = made_contents();
  expected.messages.push_back({10, 2, kTime.value, "ann", "ten"});
  EXPECT_EQ(open().contents, expected);
}

TEST_P(StoreRules, AllowsWhatAPersonAdds) {
  make_store();
  engine_->execute("CREATE VIEW mine AS SELECT count(*) FROM messages");
  EXPECT_EQ(open().contents, made_contents());
}

TEST_P(StoreRules, NamesAMessageWhoseRecordIsTooShort) {
  make_store();
  engine_->execute("UPDATE messages SET record = " + engine_->bytes("0201") + " WHERE number = 2");
  const Opening opening = open();
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.warnings,
            (StoreWarnings{opening.store->name() + ": message 2 is lost: its length is wrong"}));
}

TEST_P(StoreRules, VerifiesAStoreAlsoWhileItIsInUse) {
  make_store();
  const Opening opening = open();
  const auto report = engine_->verify();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().accounts, 2U);
  EXPECT_EQ(report.value().messages, 3U);
  EXPECT_EQ(report.value().message_bytes, 21U);
  EXPECT_TRUE(report.value().damage.empty());
}

// A start passed over it, and the next message or account failed for good.
TEST_P(StoreRules, RefusesAndReportsWhatContradictsItself) {
  const struct {
    std::vector<Record> records;
    const char* finding;
  } cases[] = {
      {{created(1, "ann"), reserved(5), kept(5, 1, "hi")},
       "message 5: the counters would use its number 5 again"},
      {{created(1, "ann"), reserved(5), kept(1, 2, "hi")},
       "message 1: no account 2 was ever created"},
      {{created(2, "ann"), created(1, "bob")},
       "account 2: the counters would use its number 2 again"},
      {{created(1, "ann"), created(2, "ann")}, "account 2: another account has its name"},
  };
  for (const auto& c : cases) {
    engine_->begin_anew();
    ASSERT_EQ(commit(*open().store, c.records), "");
    expect_damaged(c.finding);
  }
}

// All was well, it was said, and a start deleted them.
TEST_P(StoreRules, ReportsMessagesWhoseAccountIsNotThere) {
  make_store();
  ASSERT_EQ(commit(*open().store, {AccountDeleted{AccountId{2}}}), "");
  const auto report = engine_->verify();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().damage, std::vector<std::string>{});
  EXPECT_EQ(report.value().leftovers,
            std::vector<std::string>{"3 messages for account 2, which does not exist"});
}

TEST_P(StoreRules, KeepsTheLatestSecretOfAnAccount) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {secret(2, "first"), secret(1, "ann's")}), "");
    ASSERT_EQ(commit(*opening.store, {secret(2, "second"), secret(2, "third")}), "");
  }
  StoreContents expected = made_contents();
  expected.secrets = {{1, "ann's"}, {2, "third"}};
  EXPECT_EQ(open().contents, expected);
  EXPECT_EQ(engine_->ask("SELECT count(*) FROM readable_accounts WHERE has_secret = 'yes'"), "2");
  ASSERT_EQ(commit(*open().store, {created(3, "cat")}), "");
  EXPECT_EQ(engine_->ask("SELECT id FROM readable_accounts WHERE has_secret = 'no'"), "3");
}

TEST_P(StoreRules, KeepsWhatEachClientSentLast) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store,
                     {sent(1, "home", 1, 4), sent(1, "home", 2, 5), sent(2, "home", 7, 6),
                      sent(1, "work", 1, 7), sent(1, "home", 3, 8), sent(2, "home", 8, 9)}),
              "");
  }
  StoreContents expected = made_contents();
  expected.clients = {{1, "home", 3, 8}, {1, "work", 1, 7}, {2, "home", 8, 9}};
  EXPECT_EQ(open().contents, expected);
  ASSERT_EQ(commit(*open().store, {sent(1, "work", 2, 10)}), "");
  expected.clients[1] = {1, "work", 2, 10};
  EXPECT_EQ(open().contents, expected);
  EXPECT_EQ(engine_->ask("SELECT n FROM readable_clients WHERE name = 'ann' AND client = 'home'"),
            "3");
}

TEST_P(StoreRules, KeepsNumbersOfAllSizesAndNamesOfAllKinds) {
  make_store();
  const std::string long_name(32, 'x');
  ASSERT_EQ(commit(*open().store,
                   {reserved(~std::uint64_t{0} >> 1), sent(1, "a", ~std::uint64_t{0}, 1),
                    sent(1, "A", 1, (~std::uint64_t{0} >> 1) - 1), sent(1, long_name, 0, 2)}),
            "");
  EXPECT_EQ(open().contents.clients,
            (std::vector<StoreContents::Client>{{1, "A", 1, (~std::uint64_t{0} >> 1) - 1},
                                                {1, "a", ~std::uint64_t{0}, 1},
                                                {1, long_name, 0, 2}}));
}

TEST_P(StoreRules, ForgetsClientsInTheOrderOfTheRecords) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {sent(1, "old", 5, 4), sent(1, "back", 5, 5)}), "");
    ASSERT_EQ(
        commit(*opening.store, {sent(1, "brief", 1, 6), forgotten(1, "brief"), forgotten(1, "old"),
                                forgotten(1, "back"), sent(1, "back", 1, 7), forgotten(2, "back"),
                                forgotten(1, "never there")}),
        "");
  }
  EXPECT_EQ(open().contents.clients, (std::vector<StoreContents::Client>{{1, "back", 1, 7}}));
}

TEST_P(StoreRules, DropsWhatADeletedAccountHad) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {secret(1, "ann's"), secret(2, "bob's"), sent(1, "home", 1, 4),
                                      sent(2, "home", 1, 5)}),
              "");
    ASSERT_EQ(commit(*opening.store,
                     {sent(1, "home", 2, 6), sent(1, "work", 1, 7), AccountDeleted{AccountId{1}}}),
              "");
  }
  StoreContents expected = made_contents();
  expected.accounts.erase(expected.accounts.begin());
  expected.secrets = {{2, "bob's"}};
  expected.clients = {{2, "home", 1, 5}};
  EXPECT_EQ(open().contents, expected);
}

// A number without its message would say that a message was sent which is nowhere.
TEST_P(StoreRules, StoresAMessageAndItsClientsNumberTogetherOrNeither) {
  make_store();
  {
    const Opening opening = open();
    EXPECT_NE(commit(*opening.store, {sent(1, "home", 1, 4), kept(4, 2, "four"), secret(1, "ann's"),
                                      created(2, "a second bob")}),
              "");
    EXPECT_EQ(commit(*opening.store, {kept(5, 2, "five"), sent(1, "work", 9, 5)}), "");
  }
  StoreContents expected = made_contents();
  expected.messages.push_back({5, 2, kTime.value, "ann", "five"});
  expected.clients = {{1, "work", 9, 5}};
  EXPECT_EQ(open().contents, expected);
}

// An account whose secret is lost would be open to everybody, and a number to a second message.
TEST_P(StoreRules, RefusesDamageThatLosesMoreThanAMessage) {
  const struct {
    std::string sql;
    const char* finding;
  } cases[] = {
      {"UPDATE secrets SET account = 1", "the secret of account 1: its checksum is wrong"},
      {"UPDATE secrets SET record = " + engine_->bytes("04"),
       "the secret of account 2: its length is wrong"},
      {"UPDATE accounts SET created_ms = 5 WHERE id = 2", "account 2: its checksum is wrong"},
      {"UPDATE clients SET n = 6", "a client of account 1: its checksum is wrong"},
      {"UPDATE clients SET number = 4", "a client of account 1: its checksum is wrong"},
      {"UPDATE clients SET client = 'work'", "a client of account 1: it is another client's"},
  };
  for (const auto& c : cases) {
    engine_->begin_anew();
    make_store();
    ASSERT_EQ(commit(*open().store, {secret(2, "bob's"), sent(1, "home", 7, 3)}), "");
    engine_->execute(c.sql);
    expect_damaged(c.finding);
  }
}

TEST_P(StoreRules, ReportsSecretsAndClientsWhoseAccountIsNotThere) {
  make_store();
  {
    const Opening opening = open();
    ASSERT_EQ(commit(*opening.store, {secret(1, "ann's"), sent(1, "home", 7, 3)}), "");
    ASSERT_EQ(commit(*opening.store, {AccountDeleted{AccountId{1}}}), "");
    ASSERT_EQ(commit(*opening.store, {secret(1, "ann's"), sent(1, "home", 7, 3),
                                      sent(1, "work", 7, 3), secret(2, "bob's")}),
              "");
  }
  const auto report = engine_->verify();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().damage, std::vector<std::string>{});
  EXPECT_EQ(report.value().secrets, 2U);
  EXPECT_EQ(report.value().clients, 2U);
  EXPECT_EQ(report.value().leftovers,
            (std::vector<std::string>{"1 secret for account 1, which does not exist",
                                      "2 clients for account 1, which does not exist"}));
}

TEST_P(StoreRules, IsClosedAfterARefusalAndOpensAgain) {
  make_store();
  const auto made = engine_->make({});
  ASSERT_TRUE(made);
  Store& store = *made.value();
  LoadHandlers takes;
  takes.account = [](AccountId, UnixMs, std::string_view) { return true; };
  takes.secret = [](AccountId, std::string_view) {};
  takes.client = [](AccountId, std::string_view, std::uint64_t, MessageNumber) {};
  takes.message = [](AccountId, const KeptMessage::Ptr&) {};
  takes.counters = [](AccountId, MessageNumber) {};
  LoadHandlers refuses = takes;
  refuses.account = [](AccountId, UnixMs, std::string_view) { return false; };
  ASSERT_FALSE(store.open());
  EXPECT_FALSE(store.load(refuses));
  ASSERT_FALSE(store.open()) << "nobody holds it";
  ASSERT_TRUE(store.load(takes));
  EXPECT_FALSE(store.check());
  EXPECT_EQ(commit(store, {kept(4, 2, "four")}), "");
  store.close();
  store.close();
  StoreContents expected = made_contents();
  expected.messages.push_back({4, 2, kTime.value, "ann", "four"});
  EXPECT_EQ(open().contents, expected);
}

// Both in one commit, in either order; nothing of it is left.
TEST_P(StoreRules, ForgetsWhatWasHandedOverInTheCommitThatKeptIt) {
  make_store();
  ASSERT_EQ(commit(*open().store,
                   {handed(4), kept(4, 2, "four"), kept(5, 2, "five"), kept(6, 2, "six"), handed(6),
                    created(3, "cid"), secret(3, "cid's"), AccountDeleted{AccountId{3}}}),
            "");
  StoreContents expected = made_contents();
  expected.messages.push_back({5, 2, kTime.value, "ann", "five"});
  expected.last_account = 3;
  EXPECT_EQ(open().contents, expected);
}

}  // namespace tribar::test
