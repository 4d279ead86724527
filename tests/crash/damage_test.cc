// SPDX-License-Identifier: MIT
//
// A store that was cut off or changed behind our back: it starts with what it held, or says what is
// wrong; it never invents.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crash/rounds.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

constexpr UnixMs kTime{1700000000000};

Record kept(std::uint64_t number, std::uint64_t account, std::string_view text) {
  return MessageKept{MessageNumber{number}, AccountId{account}, kTime, "ann", text};
}

void remove_store(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(path + suffix);
  }
}

TEST(Damage, StartsWhereverTheLogEnds) {
  const TemporaryFolder folder(TemporaryFolder::On::Memory);
  const std::string path = folder.file("tribar.db");
  std::vector<StoreContents> states;   // after each commit
  std::vector<std::size_t> log_sizes;  // with each commit
  std::string database;
  std::string log;
  {
    Opening opening = open_store(path);
    ASSERT_TRUE(opening.store) << opening.error.text;
    states.push_back(opening.contents);
    log_sizes.push_back(0);
    const std::string long_text(5000, 'x');
    const std::vector<std::vector<Record>> commits{
        {AccountCreated{AccountId{1}, kTime, "ann"}, AccountCreated{AccountId{2}, kTime, "bob"}},
        {NumbersReserved{MessageNumber{50}}, kept(1, 2, "one"), kept(2, 2, long_text)},
        {HandedOver{MessageNumber{1}}, kept(3, 1, "three")},
    };
    for (const auto& records : commits) {
      StoreContents next = states.back();
      for (const Record& record : records) {
        if (const auto* created = std::get_if<AccountCreated>(&record)) {
          next.accounts.push_back({created->account.value, std::string(created->name)});
          next.last_account = created->account.value;
        } else if (const auto* added = std::get_if<MessageKept>(&record)) {
          next.messages.push_back({added->number.value, added->account.value, added->time.value,
                                   std::string(added->sender), std::string(added->text)});
        } else if (const auto* handed = std::get_if<HandedOver>(&record)) {
          std::erase_if(next.messages,
                        [&](const auto& m) { return m.number == handed->number.value; });
        } else if (const auto* reserved = std::get_if<NumbersReserved>(&record)) {
          next.below = reserved->below.value;
        }
      }
      ASSERT_EQ(commit(*opening.store, records), "");
      states.push_back(next);
      log_sizes.push_back(std::filesystem::file_size(path + "-wal"));
    }
    database = read_file(path);
    log = read_file(path + "-wal");
  }
  ASSERT_EQ(log.size(), log_sizes.back());
  const std::string torn = folder.file("torn.db");
  const std::size_t step = number_from("TRIBAR_TORN_STEP", 7 * kSlowness);
  for (std::size_t size = 0; size <= log.size(); ++size) {
    std::size_t commits = 0;
    bool is_near_a_border = false;
    for (std::size_t i = 0; i < log_sizes.size(); ++i) {
      commits = log_sizes[i] <= size ? i : commits;
      is_near_a_border |= size + 40 > log_sizes[i] && size < log_sizes[i] + 40;
    }
    if (!is_near_a_border && size % step != 0) {
      continue;
    }
    remove_store(torn);
    write_file(torn, database);
    write_file(torn + "-wal", std::string_view(log).substr(0, size));
    const Opening opening = open_store(torn);
    ASSERT_TRUE(opening.store) << size << ": " << opening.error.text;
    ASSERT_TRUE(opening.warnings.empty()) << size;
    ASSERT_EQ(opening.contents, states[commits]) << "the log ends at " << size;
  }
}

/// The numbers of the messages that `warnings` say are lost.
std::set<std::uint64_t> named_in(const StoreWarnings& warnings) {
  std::set<std::uint64_t> numbers;
  for (const std::string& warning : warnings) {
    const std::size_t at = warning.find(": message ");
    if (at != std::string::npos) {
      numbers.insert(std::stoull(warning.substr(at + 10)));
    }
  }
  return numbers;
}

/// What is wrong with a start after one bit was flipped; empty: it was detected or harmless.
std::string judge(const StoreContents& before, const Opening& after) {
  if (!after.store) {
    return after.error.text.empty() ? "refused without a reason" : "";
  }
  const std::set<std::uint64_t> named = named_in(after.warnings);
  if (named.size() != after.warnings.size() || named.size() > 1) {
    return "more than one message is lost";
  }
  if (!named.empty()) {
    StoreContents expected = before;
    // The number itself may be what was hit.
    const std::size_t lost = expected.messages.size() - after.contents.messages.size();
    if (lost != 1) {
      return "not just the one that was named is lost";
    }
    std::size_t at = 0;
    while (at < after.contents.messages.size() &&
           expected.messages[at] == after.contents.messages[at]) {
      ++at;
    }
    expected.messages.erase(expected.messages.begin() + static_cast<std::ptrdiff_t>(at));
    return expected == after.contents ? "" : "others changed";
  }
  return before == after.contents ? "" : "changed, and nothing was said";
}

TEST(Damage, IsDetectedOrHarmlessForEveryFlippedBit) {
  const TemporaryFolder folder(TemporaryFolder::On::Memory);
  const std::string path = folder.file("tribar.db");
  {
    const Opening opening = open_store(path);
    ASSERT_TRUE(opening.store) << opening.error.text;
    std::vector<Record> records{AccountCreated{AccountId{1}, kTime, "ann"},
                                AccountCreated{AccountId{2}, kTime, "bob"},
                                NumbersReserved{MessageNumber{100}}};
    const std::string text(300, 't');
    // Two leaves and the page above them, a text of several pages, and free pages.
    for (std::uint64_t number = 1; number <= 40; ++number) {
      records.push_back(kept(number, 1 + number % 2, text));
    }
    const std::string long_text(9000, 'l');
    records.push_back(kept(41, 1, long_text));
    records.emplace_back(SecretSet{AccountId{1}, "$argon2id$ann"});
    records.emplace_back(SecretSet{AccountId{2}, "$argon2id$bob"});
    for (const std::string_view client : {"home", "work"}) {
      records.emplace_back(ClientSent{AccountId{1}, client, 7, MessageNumber{8}});
    }
    ASSERT_EQ(commit(*opening.store, records), "");
    records.clear();
    for (std::uint64_t number = 10; number <= 30; ++number) {
      records.emplace_back(HandedOver{MessageNumber{number}});
    }
    ASSERT_EQ(commit(*opening.store, records), "");
  }
  const StoreContents before = open_store(path).contents;
  ASSERT_EQ(before.messages.size(), 20U);
  const std::string whole = read_file(path);
  const bool is_every_bit = number_from("TRIBAR_EVERY_BIT", 0) != 0;
  const std::size_t step = is_every_bit ? 1 : 3 * kSlowness;
  const std::uint64_t seed = number_from("TRIBAR_CRASH_SEED", 1);
  std::mt19937_64 random(seed);
  const std::string flipped = folder.file("flipped.db");
  std::uint64_t refused = 0;
  std::uint64_t named = 0;
  std::uint64_t harmless = 0;
  std::uint64_t silent = 0;
  for (std::size_t offset = is_every_bit ? 0 : random() % step; offset < whole.size();
       offset += step) {
    const unsigned only = static_cast<unsigned>(random() % 8);
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (!is_every_bit && bit != only) {
        continue;
      }
      std::string bytes = whole;
      bytes[offset] = static_cast<char>(bytes[offset] ^ 1 << bit);
      remove_store(flipped);
      write_file(flipped, bytes);
      Opening after = open_store(flipped);
      const std::string verdict = judge(before, after);
      (!after.store ? refused : !after.warnings.empty() ? named : harmless) += 1;
      if (!verdict.empty() && ++silent < 20) {
        ADD_FAILURE() << "bit " << bit << " of byte " << offset << " (page " << offset / 4096 + 1
                      << ", +" << offset % 4096 << "): " << verdict;
      }
      if (!after.store) {
        ASSERT_TRUE(read_file(flipped) == bytes) << "the refused file was changed";
        continue;
      }
      // A harmless flip stays so when the store is used.
      if (is_every_bit || offset % 16 == 0) {
        if (commit(*after.store, {kept(99, 1, "later"), HandedOver{MessageNumber{5}}}).empty()) {
          after.store.reset();
          StoreContents expected = after.contents;
          std::erase_if(expected.messages, [](const auto& m) { return m.number == 5; });
          expected.messages.push_back({99, 1, kTime.value, "ann", "later"});
          const Opening again = open_store(flipped);
          if (again.store) {
            EXPECT_EQ(again.contents, expected) << "byte " << offset << " bit " << bit;
          }
        }
      }
    }
  }
  EXPECT_EQ(silent, 0U);
  RecordProperty("refused", std::to_string(refused));
  RecordProperty("named", std::to_string(named));
  RecordProperty("harmless", std::to_string(harmless));
  std::printf("%llu refused, %llu named, %llu harmless\n", static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(named), static_cast<unsigned long long>(harmless));
}

}  // namespace
}  // namespace tribar::test
