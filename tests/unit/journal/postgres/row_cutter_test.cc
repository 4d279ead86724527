// SPDX-License-Identifier: MIT
//
// Rows as PostgreSQL copies them: whole, none, and malformed in every place.
#include "journal/postgres/row_cutter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tribar {
namespace {

using Row = std::vector<std::string_view>;
using namespace std::string_literals;

const std::string kHeader = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"s;
const std::string kEnd = "\xff\xff";

std::string row_of(const std::vector<std::string>& columns) {
  std::string bytes{'\0', static_cast<char>(columns.size())};
  for (const std::string& column : columns) {
    bytes += "\0\0\0"s + static_cast<char>(column.size()) + column;
  }
  return bytes;
}

/// The rows in `pieces`; none if these are malformed.
std::vector<std::vector<std::string>> rows_of(const std::vector<std::string>& pieces) {
  RowCutter cutter(2);
  std::vector<std::vector<std::string>> rows;
  Row row;
  for (const std::string& piece : pieces) {
    cutter.feed(piece);
    while (cutter.next(row)) {
      rows.emplace_back(row.begin(), row.end());
    }
  }
  EXPECT_FALSE(cutter.next(row));
  return cutter.is_good() ? rows : std::vector<std::vector<std::string>>{{"malformed"}};
}

using Rows = std::vector<std::vector<std::string>>;
const Rows kMalformed{{"malformed"}};

TEST(RowCutter, CutsRowsWhereverPiecesEnd) {
  const std::string a = row_of({"1", "ann"});
  const std::string b = row_of({"", "\0b"s});
  const Rows both{{"1", "ann"}, {"", "\0b"s}};
  EXPECT_EQ(rows_of({kHeader + a, b, kEnd}), both);
  EXPECT_EQ(rows_of({kHeader, a + b + kEnd}), both);
  EXPECT_EQ(rows_of({kHeader + a + b + kEnd}), both);
  EXPECT_EQ(rows_of({kHeader + kEnd}), Rows{});
  EXPECT_EQ(rows_of({kHeader, kEnd}), Rows{});
  EXPECT_EQ(rows_of({}), Rows{});
  // With a header of a later version: what is in it is not needed.
  const std::string longer = kHeader.substr(0, 15) + "\0\0\0\3abc"s;
  EXPECT_EQ(rows_of({longer + a}), (Rows{{"1", "ann"}}));
}

TEST(RowCutter, FindsWhatIsMalformed) {
  const std::string row = row_of({"1", "ann"});
  for (std::size_t size = 1; size < kHeader.size(); ++size) {
    EXPECT_EQ(rows_of({kHeader.substr(0, size)}), kMalformed) << size;
  }
  for (std::size_t size = 1; size < row.size(); ++size) {
    EXPECT_EQ(rows_of({kHeader + row.substr(0, size)}), kMalformed) << size;
  }
  EXPECT_EQ(rows_of({row}), kMalformed) << "no header";
  EXPECT_EQ(rows_of({kHeader.substr(0, 11) + "\0\1\0\0\0\0\0\0"s + row}), kMalformed) << "flags";
  EXPECT_EQ(rows_of({kHeader + row_of({"1"})}), kMalformed);
  EXPECT_EQ(rows_of({kHeader + row_of({"1", "2", "3"})}), kMalformed);
  EXPECT_EQ(rows_of({kHeader + "\xff\xfe"}), kMalformed);
  EXPECT_EQ(rows_of({kHeader + "\0\2\xff\xff\xff\xff\0\0\0\0"s}), kMalformed) << "null";
  EXPECT_EQ(rows_of({kHeader + "\0\2\x7f\xff\xff\xff"s}), kMalformed);
  EXPECT_EQ(rows_of({kHeader + kEnd + row}), kMalformed) << "behind the end";
  EXPECT_EQ(rows_of({kHeader + kEnd, row}), kMalformed);
}

}  // namespace
}  // namespace tribar
