// SPDX-License-Identifier: MIT
//
// parse_server_address and parse_server_addresses: every form that is one, and the nearest that are
// none.
#include "client/server_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

using Kind = ServerAddress::Kind;

TEST(ServerAddress, IsReadInEveryForm) {
  const struct {
    std::string text;
    ServerAddress address;
    std::string written;
  } cases[] = {
      {"localhost", {"localhost", "9000"}, "localhost:9000"},
      {"10.0.0.1:1", {"10.0.0.1", "1"}, "10.0.0.1:1"},
      {"host:65535", {"host", "65535"}, "host:65535"},
      {"[::1]:9001", {"::1", "9001"}, "[::1]:9001"},
      {"[::1]", {"::1", "9000"}, "[::1]:9000"},
      {"::1", {"::1", "9000"}, "[::1]:9000"},
      {"fe80::ab%eth0", {"fe80::ab%eth0", "9000"}, "[fe80::ab%eth0]:9000"},
      {"1:2:3:4:5:6:7:8", {"1:2:3:4:5:6:7:8", "9000"}, "[1:2:3:4:5:6:7:8]:9000"},
      {"[::1:9760]", {"::1:9760", "9000"}, "[::1:9760]:9000"},
      {"tribar://host", {"host", "9000"}, "host:9000"},
      {"tribar://[::1]:1/", {"::1", "1"}, "[::1]:1"},
      {"tribars://chat.example",
       {"chat.example", "9000", Kind::Tls},
       "tribars://chat.example:9000"},
      {"tribars://[::1]:1/", {"::1", "1", Kind::Tls}, "tribars://[::1]:1"},
      {"unix:/run/a b", {"", "", Kind::Unix, "/run/a b"}, "unix:/run/a b"},
      {"tribar+unix:///run/x", {"", "", Kind::Unix, "/run/x"}, "unix:/run/x"},
      {"unix:1", {"unix", "1"}, "unix:1"},
  };
  for (const auto& [text, address, written] : cases) {
    const auto parsed = parse_server_address(text);
    ASSERT_TRUE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.value(), address) << text;
    EXPECT_EQ(to_string(parsed.value()), written);
  }
}

TEST(ServerAddress, IsRefusedWithTheReason) {
  for (const std::string text :
       {"", ":9000", "[]:9000", "[::1", "[::1]9000", "a]", "[[::1]", "::1]:1", "[a", "tribar://",
        "tribars://", "tribars:///", "tribars://a/b", "a/b"}) {
    const auto parsed = parse_server_address(text);
    ASSERT_FALSE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.error(), AddressError{text + ": not of the form HOST[:PORT]"});
  }
  for (const std::string text :
       {"host:", "host:0", "host:65536", "host:-1", "host:+1", "host:http", "host:1x", "[::1]:"}) {
    const auto parsed = parse_server_address(text);
    ASSERT_FALSE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.error(), AddressError{text + ": the port must be 1..65535"});
  }
  for (const std::string text :
       {"http://host:1", "tribar:://host:1", "TRIBARS://host:1", "https://host:1/a\x1b"}) {
    const std::string shown = text.ends_with('\x1b') ? "https://host:1/a\\x1b" : text;
    EXPECT_EQ(parse_server_address(text).error(),
              AddressError{shown + ": it must begin with tribars://, tribar://, tribar+unix:// or "
                                   "nothing of that; for TLS, say, tribars://host:1"});
  }
  for (const std::string text : {"a:b:c", "host:1:2", "::g", "1:2:3", "tribar://::1::"}) {
    EXPECT_EQ(parse_server_address(text).error(),
              AddressError{text + ": with more than one colon it must be an IPv6 address, as in "
                                  "::1 or [::1]:9000"});
  }
  EXPECT_EQ(parse_server_address("::1:9760").error(),
            AddressError{"::1:9760: write [::1]:9760 for port 9760, or [::1:9760] if that is the "
                         "whole address"});
  EXPECT_EQ(parse_server_address("tribar+unix://run").error(),
            AddressError{"tribar+unix://run: a socket's path must begin with /, as in "
                         "unix:/run/tribar.sock"});
}

TEST(ServerAddresses, AMistakeIsShortHoweverLongTheAddressIs) {
  const std::string bytes(500, '\xff');
  for (const std::string& text :
       {"x://" + bytes, bytes + "://" + bytes, "tribars://" + bytes + ":0", "a:b:" + bytes,
        "::1%" + bytes + ":9000", "::1:9000%" + bytes, "[" + bytes, "a," + bytes + ":x"}) {
    const auto parsed = parse_server_addresses(text);
    ASSERT_FALSE(parsed.is_ok()) << text;
    EXPECT_LT(parsed.error().text.size(), 700u) << text;
  }
  EXPECT_TRUE(parse_server_address("fe80::1%fifteen-letters").is_ok());
  for (const std::string zone : {"", "sixteen-letters-", "a b", "\xff"}) {
    EXPECT_FALSE(parse_server_address("fe80::1%" + zone).is_ok()) << zone;
  }
}

TEST(ServerAddresses, AreAddressesWithCommasBetweenThem) {
  const struct {
    std::string text;
    std::vector<ServerAddress> addresses;
  } cases[] = {
      {"host", {{"host", "9000"}}},
      {"a:1,b:2", {{"a", "1"}, {"b", "2"}}},
      {"tribar://a,b,[::1]:1", {{"a", "9000"}, {"b", "9000"}, {"::1", "1"}}},
      {"tribars://a/,tribars://b:1/", {{"a", "9000", Kind::Tls}, {"b", "1", Kind::Tls}}},
      // No address behind one for TLS is without it by accident.
      {"tribars://a,b,c:1",
       {{"a", "9000", Kind::Tls}, {"b", "9000", Kind::Tls}, {"c", "1", Kind::Tls}}},
      {"unix:/a,b,tribar+unix:///c",
       {{"", "", Kind::Unix, "/a"}, {"b", "9000"}, {"", "", Kind::Unix, "/c"}}},
  };
  for (const auto& [text, addresses] : cases) {
    const auto parsed = parse_server_addresses(text);
    ASSERT_TRUE(parsed.is_ok()) << text << ": " << parsed.error().text;
    EXPECT_EQ(parsed.value(), addresses) << text;
  }
}

TEST(ServerAddresses, AreRefusedWithTheReason) {
  for (const std::string text : {",", "a,", ",a", "a,,b"}) {
    EXPECT_EQ(parse_server_addresses(text).error(),
              AddressError{text + ": an address is missing beside a comma"});
  }
  EXPECT_EQ(parse_server_addresses("").error(), AddressError{": not of the form HOST[:PORT]"});
  EXPECT_EQ(parse_server_addresses("a,b:0").error(),
            AddressError{"b:0: the port must be 1..65535"});
  for (const std::string text :
       {"a,tribars://b", "tribars://a,tribar://b", "tribars://a,unix:/b", "unix:/a,tribars://b"}) {
    EXPECT_EQ(parse_server_addresses(text).error(),
              AddressError{text + ": either all addresses must be for TLS, tribars://, or none"});
  }
}

TEST(ServerAddresses, AreAtMostSixteen) {
  std::string text = "a";
  for (int i = 1; i < 16; ++i) {
    text += ",b";
  }
  EXPECT_EQ(parse_server_addresses(text).value().size(), 16U);
  text += ",b";
  EXPECT_EQ(parse_server_addresses(text).error(),
            AddressError{text + ": at most 16 addresses are allowed"});
}

}  // namespace
}  // namespace tribar
