// SPDX-License-Identifier: MIT
//
// Connection strings: what is added, what is shown, and that no password is.
#include "journal/postgres/target.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

std::map<std::string, std::string> parameters_of(const std::string& connection) {
  const auto target = read_target(connection);
  EXPECT_TRUE(target) << target.error();
  std::map<std::string, std::string> parameters;
  if (target) {
    parameters.insert(target.value().parameters.begin(), target.value().parameters.end());
  }
  return parameters;
}

TEST(Target, NamesServerDatabaseAndUserAndNoPassword) {
  const struct {
    const char* connection;
    const char* name;
  } cases[] = {
      {"", "PostgreSQL"},
      {"dbname=chat", "PostgreSQL (dbname=chat)"},
      {"password=hush host=db user=ann dbname=chat", "PostgreSQL (host=db dbname=chat user=ann)"},
      {"postgresql://ann:hush@db:5433/chat?sslmode=require",
       "PostgreSQL (host=db port=5433 dbname=chat user=ann)"},
  };
  for (const auto& c : cases) {
    const auto target = read_target(c.connection);
    ASSERT_TRUE(target) << c.connection << ": " << target.error();
    EXPECT_EQ(target.value().name, c.name);
  }
}

// libpq quotes what it does not understand, which may be a part of the password.
TEST(Target, NeverShowsAPartOfWhatItCannotRead) {
  for (const char* connection :
       {"password=two words", "password='hush", "postgresql://ann:hush@db:port/chat?hush", "hush",
        "passwort=hush"}) {
    const auto target = read_target(connection);
    ASSERT_FALSE(target) << connection;
    for (const char* secret : {"hush", "words", "ann"}) {
      EXPECT_EQ(target.error().find(secret), std::string::npos) << target.error();
    }
    EXPECT_NE(target.error().find("is not a connection string of libpq"), std::string::npos);
  }
}

TEST(Target, BoundsEveryWaitUnlessThatIsGiven) {
  const auto added = parameters_of("dbname=chat");
  EXPECT_EQ(added.at("connect_timeout"), "2");
  EXPECT_EQ(added.at("tcp_user_timeout"), "3000");
  EXPECT_EQ(added.at("keepalives_idle"), "1");
  EXPECT_EQ(added.at("keepalives_interval"), "1");
  EXPECT_EQ(added.at("keepalives_count"), "2");
  EXPECT_EQ(added.at("dbname"), "dbname=chat");
  EXPECT_FALSE(parameters_of("dbname=chat connect_timeout=9").contains("connect_timeout"));
  ASSERT_EQ(setenv("PGCONNECT_TIMEOUT", "7", 1), 0);
  EXPECT_FALSE(parameters_of("dbname=chat").contains("connect_timeout"));
  ASSERT_EQ(unsetenv("PGCONNECT_TIMEOUT"), 0);
}

TEST(Target, UsesOfSeveralHostsThePrimary) {
  EXPECT_EQ(parameters_of("host=a,b").at("target_session_attrs"), "read-write");
  EXPECT_FALSE(parameters_of("host=a").contains("target_session_attrs"));
  EXPECT_FALSE(
      parameters_of("host=a,b target_session_attrs=primary").contains("target_session_attrs"));
}

TEST(Target, ReadsTheFileOfAService) {
  const TemporaryFolder folder;
  write_file(folder.file("services"),
             "[chat]\nhost=db1,db2\nport=5433,5434\npassword=hush\nconnect_timeout=5\n");
  ASSERT_EQ(setenv("PGSERVICEFILE", folder.file("services").c_str(), 1), 0);
  const auto parameters = parameters_of("service=chat");
  EXPECT_FALSE(parameters.contains("connect_timeout")) << "the file has it";
  EXPECT_EQ(parameters.at("tcp_user_timeout"), "3000");
  EXPECT_EQ(read_target("service=chat").value().name, "PostgreSQL (service=chat)");
  const auto unknown = read_target("service=other");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), "definition of service \"other\" not found");
  ASSERT_EQ(unsetenv("PGSERVICEFILE"), 0);
}

}  // namespace
}  // namespace tribar::test
