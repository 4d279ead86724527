// SPDX-License-Identifier: MIT
//
// The config: every setting at its bounds, every mistake with its position.
#include "config/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config_table.h"

namespace tribar {
namespace {

const std::string kShippedConfig = TRIBAR_SOURCE_FOLDER "/config/tribard.json";

ConfigMistakes mistakes_of(std::string_view text) {
  const auto config = parse_config(text, "f");
  return config ? ConfigMistakes{} : config.error();
}

Config config_of(std::string_view text) {
  const auto config = parse_config(text, "f");
  EXPECT_TRUE(config) << testing::PrintToString(config.error());
  return config ? config.value() : Config{};
}

std::string with(std::string_view section, std::string_view name, std::string_view value) {
  const std::string setting = "\"" + std::string(name) + "\":" + std::string(value);
  return section.empty() ? "{" + setting + "}"
                         : "{\"" + std::string(section) + "\":{" + setting + "}}";
}

TEST(ParseConfig, HasADefaultForEveryKey) {
  for (const std::string_view text :
       {"{}", " { } \n", "\xEF\xBB\xBF{}", "// nothing\n{/* at all */}", "{\"limits\":{}}",
        "{\"limits\":{},\"timeouts\":{},\"log\":{}}", "{\"listen\":[{}]}"}) {
    EXPECT_EQ(config_of(text), Config{}) << text;
  }
}

TEST(ParseConfig, TakesEverySetting) {
  const Config config = config_of(R"({
    "listen": [{"host": "::1", "port": 1}, {"port": 0}, {"port": 0}, {"host": "fe80::1%eth0"},
      {"socket": "/run/a b"}, {"socket": "/x", "protocols": [1], "tls": true},
      {"port": 7, "protocols": [1, 0], "tls": false}],
    "workers": 3, "io_loops": 2,
    "role": "alone", "advertise": "[::1]:65535", "standby_listeners": "refuse",
    "limits": {"connections": 4, "connections_per_address": 21, "new_connections_per_second": 22,
      "handshakes_per_second": 24, "commands_per_second": 23, "accounts": 5, "username_bytes": 6, "frame_bytes": 1027,
      "in_flight_commands": 8, "in_flight_bytes": 1029, "outbox_bytes": 5000,
      "undelivered_messages": 11, "undelivered_bytes": 5000, "queued_bytes": 2000000,
      "buffered_bytes": 3000000, "list_names": 15},
    "timeouts": {"login_ms": 16, "frame_ms": 17, "stalled_ms": 18, "idle_ms": 25,
      "shutdown_ms": 19, "takeover_ms": 500},
    "storage": {"engine": "sqlite", "path": "p", "sync": "normal"},
    "tls": {"certificate": "c", "key": "k", "client_ca": "a", "client_crl": "l",
      "client_certificates": "required", "certificate_names": true, "min_version": "1.2"},
    "secrets": {"policy": "required", "threads": 26},
    "allow_clear_secrets": true,
    "tcp_keepalive_s": 20,
    "metrics": {"host": "::1", "port": 27},
    "control": {"socket": "/c"},
    "log": {"level": "debug", "format": "json"}
  })");
  Config expected;
  expected.listen = {{"::1", 1},
                     {"127.0.0.1", 0},
                     {"127.0.0.1", 0},
                     {"fe80::1%eth0", 9000},
                     {.socket = "/run/a b"},
                     {.socket = "/x", .allows_zero = false, .tls = true},
                     {"127.0.0.1", 7}};
  expected.workers = 3;
  expected.io_loops = 2;
  expected.role = ServerRole::Alone;
  expected.advertise = "[::1]:65535";
  expected.standby_listeners = StandbyListeners::Refuse;
  expected.limits = {.connections = 4,
                     .connections_per_address = 21,
                     .new_connections_per_second = 22,
                     .handshakes_per_second = 24,
                     .commands_per_second = 23,
                     .accounts = 5,
                     .username_bytes = 6,
                     .frame_bytes = 1027,
                     .in_flight_commands = 8,
                     .in_flight_bytes = 1029,
                     .outbox_bytes = 5000,
                     .undelivered_messages = 11,
                     .undelivered_bytes = 5000,
                     .queued_bytes = 2000000,
                     .buffered_bytes = 3000000,
                     .list_names = 15};
  expected.timeouts = {.login_ms = 16,
                       .frame_ms = 17,
                       .stalled_ms = 18,
                       .idle_ms = 25,
                       .shutdown_ms = 19,
                       .takeover_ms = 500};
  expected.storage = {StorageEngine::Sqlite, "p", "", StorageSync::Normal};
  expected.tls = {"c", "k", "a", "l", ClientCertificates::Required, true, TlsVersion::Tls12};
  expected.secrets = {SecretsPolicy::Required, 26};
  expected.allow_clear_secrets = true;
  expected.tcp_keepalive_s = 20;
  expected.metrics = ListenerSettings{"::1", 27};
  expected.control.socket = "/c";
  expected.log = {.level = log::Level::Debug, .format = log::Format::Json};
  EXPECT_EQ(config, expected);
}

TEST(ParseConfig, HoldsEveryNumberToItsRange) {
  struct Bounds {
    std::string section;
    std::string name;
    std::uint64_t least;
    std::uint64_t most;
  };
  const std::uint64_t one = 1;
  const std::vector<Bounds> all{
      {"", "workers", 0, 64},
      {"", "io_loops", 1, 64},
      {"limits", "connections", 1, 1000000},
      {"limits", "connections_per_address", 0, 1000000},
      {"limits", "new_connections_per_second", 0, 1000000},
      {"limits", "handshakes_per_second", 0, 1000000},
      {"limits", "commands_per_second", 0, 1000000},
      {"limits", "accounts", 1, 100000000},
      {"limits", "username_bytes", 1, 1024},
      {"limits", "frame_bytes", 1024, 1073741824},
      {"limits", "in_flight_commands", 1, 65536},
      {"limits", "in_flight_bytes", 1024, one << 30},
      {"limits", "outbox_bytes", 4096, one << 30},
      {"limits", "undelivered_messages", 1, one << 40},
      {"limits", "undelivered_bytes", 4096, one << 40},
      {"limits", "queued_bytes", one << 20, one << 40},
      {"limits", "buffered_bytes", one << 20, one << 40},
      {"limits", "list_names", 1, 100000000},
      {"timeouts", "login_ms", 0, one << 31},
      {"timeouts", "frame_ms", 0, one << 31},
      {"timeouts", "stalled_ms", 0, one << 31},
      {"timeouts", "idle_ms", 0, one << 31},
      {"timeouts", "shutdown_ms", 0, one << 31},
      {"timeouts", "takeover_ms", 500, 60000},
      {"secrets", "threads", 0, 64},
      {"", "tcp_keepalive_s", 0, 32767},
  };
  for (const Bounds& bounds : all) {
    const std::uint64_t least = bounds.least;
    const std::uint64_t most = bounds.most;
    const auto mistakes_with = [&](std::string_view value) {
      return mistakes_of(with(bounds.section, bounds.name, value));
    };
    const auto expected = [&](std::string_view kind, std::string_view found) {
      return ConfigMistakes{fmt::format("f:1:{}: {}{}{} must be {}{} to {}, but is {}",
                                        with(bounds.section, bounds.name, "").find(":}") + 2,
                                        bounds.section, bounds.section.empty() ? "" : ".",
                                        bounds.name, kind, least, most, found)};
    };
    for (const std::uint64_t good : {least, most}) {
      EXPECT_EQ(mistakes_with(std::to_string(good)), ConfigMistakes{}) << bounds.name;
    }
    for (const std::string& bad :
         {std::to_string(most + 1), least == 0 ? std::string("-1") : std::to_string(least - 1),
          std::string("-9223372036854775809"), std::string("18446744073709551616")}) {
      EXPECT_EQ(mistakes_with(bad), expected("", bad));
    }
    for (const std::string bad : {"1.5", "1e3", "1e400", "\"1\"", "true", "null"}) {
      EXPECT_EQ(mistakes_with(bad), expected("a whole number, ", bad));
    }
    EXPECT_EQ(mistakes_with("{\"a\":[1]}"), expected("a whole number, ", "an object"));
    EXPECT_EQ(mistakes_with("[[],{}]"), expected("a whole number, ", "a list"));
  }
}

TEST(ParseConfig, NamesEveryMistakeWithItsPosition) {
  const std::string host_rule =
      " must be an IP address or a name, with 1 to 255 letters, digits or .-_:%, but is ";
  const std::string path_rule =
      " must be an absolute path of at most 107 bytes without control characters, but is ";
  struct Case {
    std::string text;
    ConfigMistakes mistakes;
  };
  const std::vector<Case> cases{
      // Of a wrong kind.
      {"[]", {"f:1:1: the configuration must be an object, but is a list"}},
      {"\n 7", {"f:2:2: the configuration must be an object, but is 7"}},
      {R"({"limits": 1})", {"f:1:12: limits must be an object, but is 1"}},
      {R"({"limits": [{}]})", {"f:1:12: limits must be an object, but is a list"}},
      {R"({"log": {"level": "loud"}})",
       {R"(f:1:19: log.level must be "error", "warn", "info" or "debug", but is "loud")"}},
      {R"({"log": {"level": 3}})",
       {R"(f:1:19: log.level must be "error", "warn", "info" or "debug", but is 3)"}},
      {R"({"log": {"format": "Text"}})",
       {R"(f:1:20: log.format must be "text" or "json", but is "Text")"}},
      // Keys.
      {R"({"limits": {"frame_byte": 1}})",
       {R"(f:1:13: "limits.frame_byte" is not a setting; did you mean "limits.frame_bytes"?)"}},
      {R"({"frame_bytes": 1})",
       {R"(f:1:2: "frame_bytes" is not a setting; did you mean "limits.frame_bytes"?)"}},
      {R"({"limits.frame_bytes": 2048})",
       {R"(f:1:2: "limits.frame_bytes" must be written "limits": {"frame_bytes": ...})"}},
      {R"({"worker": {"deep": [[[[[[[[[[{"a": 1}]]]]]]]]]]}, "log": 1})",
       {R"(f:1:2: "worker" is not a setting; did you mean "workers"?)",
        "f:1:59: log must be an object, but is 1"}},
      {R"({"": 1})", {R"(f:1:2: "" is not a setting; tribard --print-config lists all settings)"}},
      {"{\"\\u0001\": 1}",
       {R"(f:1:2: "\x01" is not a setting; tribard --print-config lists all settings)"}},
      {"{\"workers\": 1,\n \"workers\": 2}",
       {R"(f:2:2: "workers" appears twice; the first is on line 1)"}},
      {R"({"log": {}, "log": {"level": "x"}})",
       {R"(f:1:13: "log" appears twice; the first is on line 1)",
        R"(f:1:30: log.level must be "error", "warn", "info" or "debug", but is "x")"}},
      {R"({"x": 1, "x": 1})",
       {R"(f:1:2: "x" is not a setting; tribard --print-config lists all settings)",
        R"(f:1:10: "x" appears twice; the first is on line 1)"}},
      // Addresses.
      {R"({"listen": []})", {"f:1:12: listen must have 1 to 64 entries, but has 0"}},
      {R"({"listen": {}})",
       {R"(f:1:12: listen must be a list of objects with "host" and "port", or "socket", but is an object)"}},
      {R"({"listen": "::1"})",
       {R"(f:1:12: listen must be a list of objects with "host" and "port", or "socket", but is "::1")"}},
      {R"({"listen": [1, [], {"port": 65536}]})",
       {R"(f:1:13: listen[0] must be an object with "host" and "port", or "socket", but is 1)",
        R"(f:1:16: listen[1] must be an object with "host" and "port", or "socket", but is a list)",
        "f:1:29: listen[2].port must be 0 to 65535, but is 65536"}},
      {R"({"listen": [{"host": "a", "adr": 1, "prt": 1}]})",
       {R"(f:1:27: "listen[0].adr" is not a setting; a listener has "host" and "port", or "socket", and "protocols" and "tls")",
        R"(f:1:37: "listen[0].prt" is not a setting; a listener has "host" and "port", or "socket", and "protocols" and "tls")"}},
      {R"({"listen": [{"port": 1, "port": 2}]})",
       {R"(f:1:25: "listen[0].port" appears twice; the first is on line 1)"}},
      {R"({"listen": [{"host": ""}]})", {"f:1:22: listen[0].host" + host_rule + "\"\""}},
      {R"({"listen": [{"host": "a\u0000b"}]})",
       {"f:1:22: listen[0].host" + host_rule + R"("a\u0000b")"}},
      {R"({"listen": [{"host": "a b"}]})", {"f:1:22: listen[0].host" + host_rule + "\"a b\""}},
      {R"({"listen": [{"host": "[::1]"}]})", {"f:1:22: listen[0].host" + host_rule + "\"[::1]\""}},
      {"{\"listen\": [{\"host\": \"\xC3\xA4\"}]}",
       {"f:1:22: listen[0].host" + host_rule + R"("\xc3\xa4")"}},
      {R"({"listen": [{"host": 1}]})", {"f:1:22: listen[0].host" + host_rule + "1"}},
      {R"({"listen": [{"host": {"host": 1}}]})",
       {"f:1:22: listen[0].host" + host_rule + "an object"}},
      {R"({"listen": [{"host": "a"}, {"port": 1}, {"host": "a", "port": 9000}]})",
       {R"(f:1:41: listen[2] repeats an address: host "a", port 9000)"}},
      // Unix sockets.
      {R"({"listen": [{"socket": "/a", "port": 1}]})",
       {"f:1:14: listen[0] must have \"host\" and \"port\", or \"socket\", but has both"}},
      {R"({"listen": [{"host": "::1", "socket": "/a"}]})",
       {"f:1:29: listen[0] must have \"host\" and \"port\", or \"socket\", but has both"}},
      {R"({"listen": [{"socket": "run/x"}]})",
       {"f:1:24: listen[0].socket" + path_rule + "\"run/x\""}},
      {R"({"listen": [{"socket": ""}]})", {"f:1:24: listen[0].socket" + path_rule + "\"\""}},
      {R"({"listen": [{"socket": 9}]})", {"f:1:24: listen[0].socket" + path_rule + "9"}},
      {R"({"listen": [{"socket": "/a\u0000"}]})",
       {"f:1:24: listen[0].socket" + path_rule + R"("/a\u0000")"}},
      {R"({"listen": [{"socket": "/a"}, {"socket": "/b"}, {"socket": "/a", "tls": 1}]})",
       {"f:1:49: listen[2] repeats a socket: /a",
        "f:1:73: listen[2].tls must be true or false, but is 1"}},
      // Protocols.
      {R"({"listen": [{"protocols": []}]})",
       {"f:1:27: listen[0].protocols must be [0], [1] or [0, 1], but is empty"}},
      {R"({"listen": [{"protocols": 0}]})",
       {"f:1:27: listen[0].protocols must be [0], [1] or [0, 1], but is 0"}},
      {R"({"listen": [{"protocols": [0, 2, -1, "1", true, 1.0, [0]]}]})",
       {"f:1:31: listen[0].protocols[1] must be 0 or 1, but is 2",
        "f:1:34: listen[0].protocols[2] must be 0 or 1, but is -1",
        "f:1:38: listen[0].protocols[3] must be 0 or 1, but is \"1\"",
        "f:1:43: listen[0].protocols[4] must be 0 or 1, but is true",
        "f:1:49: listen[0].protocols[5] must be 0 or 1, but is 1.0",
        "f:1:54: listen[0].protocols[6] must be 0 or 1, but is a list"}},
      {R"({"listen": [{"protocols": [0, 1, 1]}, {"port": 1, "protocols": [0, 0]}]})",
       {"f:1:34: listen[0].protocols[2] repeats protocol 1",
        "f:1:68: listen[1].protocols[1] repeats protocol 0"}},
      // The same address with other protocols is the same address.
      {R"({"listen": [{"protocols": [0]}, {"protocols": [1]}]})",
       {R"(f:1:33: listen[1] repeats an address: host "127.0.0.1", port 9000)"}},
      // TLS and secrets.
      {R"({"tls": true})", {"f:1:9: tls must be an object, but is true"}},
      {R"({"tls": {"policy": 1, "client_certificates": true, "certificate_names": "no"}})",
       {R"(f:1:10: "tls.policy" is not a setting; did you mean "secrets.policy"?)",
        R"(f:1:46: tls.client_certificates must be "off", "optional" or "required", but is true)",
        R"(f:1:73: tls.certificate_names must be true or false, but is "no")"}},
      {R"({"tls": {"min_version": 1.3}})",
       {R"(f:1:25: tls.min_version must be "1.2" or "1.3", but is 1.3)"}},
      {R"({"secrets": true, "allow_clear_secrets": null})",
       {"f:1:13: secrets must be a string or an object, but is true",
        "f:1:42: allow_clear_secrets must be true or false, but is null"}},
      {R"({"secrets": "never"})",
       {R"(f:1:13: secrets.policy must be "optional" or "required", but is "never")"}},
      // Roles.
      {R"({"role": "standby", "standby_listeners": false})",
       {R"(f:1:10: role must be "automatic" or "alone", but is "standby")",
        R"(f:1:42: standby_listeners must be "closed" or "refuse", but is false)"}},
      // Syntax. What stands before is checked all the same.
      {"", {"f:1:1: syntax error: expected a value, but found the end of the text"}},
      {"{\n  \"workers\": 65,\n  \"log\": }",
       {"f:2:14: workers must be 0 to 64, but is 65",
        "f:3:10: syntax error: expected a value, but found '}'"}},
      {R"({"workers": 1,})", {"f:1:15: syntax error: remove the comma before '}'"}},
      {"{\"listen\": [{}, // last\n]}", {"f:2:1: syntax error: remove the comma before ']'"}},
      {R"({"workers": 1,, "log": {}})",
       {"f:1:15: syntax error: expected a key in double quotes, but found ','"}},
      {R"({workers: 1})",
       {"f:1:2: syntax error: expected a key in double quotes, but found workers"}},
      {R"({'workers': 1})",
       {"f:1:2: syntax error: expected a key in double quotes, but found 'workers'"}},
      {R"({"workers":: 1})", {"f:1:12: syntax error: expected a value, but found ':'"}},
      {R"({"workers" 12})", {"f:1:12: syntax error: expected ':' after the key, but found 12"}},
      {R"({"workers": 1 "log": {}})",
       {R"(f:1:15: syntax error: expected ',' or '}', but found "log")"}},
      {R"({"log": {"level": info}})", {"f:1:19: syntax error: expected a value, but found info"}},
      {R"({"listen": [{} {}]})", {"f:1:16: syntax error: expected ',' or ']', but found '{'"}},
      {R"({"listen": [)",
       {"f:1:13: syntax error: expected a value, but found the end of the text"}},
      {"{} {}", {"f:1:4: syntax error: expected nothing more, but found '{'"}},
      {"{} /* a", {"f:1:4: syntax error: invalid comment; missing closing '*/'"}},
      {"{\"log\": \"a\n\"}",
       {"f:1:9: syntax error: invalid string: control character U+000A (LF) must be escaped to "
        "\\u000A or \\n"}},
      {R"({"workers": -})", {"f:1:13: syntax error: invalid number; expected digit after '-'"}},
      // What follows only from what is missing is not told.
      {R"({"storage": {"engine": "sqlite",})",
       {"f:1:33: syntax error: remove the comma before '}'"}},
      {R"({"storage": {"engine": "sqlite"}, "workers": })",
       {"f:1:46: syntax error: expected a value, but found '}'"}},
      {R"({"listen": [{"host": "127.0.0.1"}, {"host": "127.0.0.1" "port": 1}]})",
       {R"(f:1:57: syntax error: expected ',' or '}', but found "port")"}},
      {R"({"storage": {"engine": "sqlite"}, "workers": 65})",
       {"f:1:46: workers must be 0 to 64, but is 65"}},
      {std::string("{}\0{", 4),
       {"f:1:3: syntax error: a NUL byte is not allowed; the text must be UTF-8"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(mistakes_of(c.text), c.mistakes) << c.text;
  }
}

TEST(ParseConfig, ReportsAllMistakesInTheOrderOfTheFile) {
  EXPECT_EQ(mistakes_of("// comment with \"limits\": {\n"
                        "{\n"
                        "  \"limits\": { /* two\n"
                        "lines */ \"frame_bytes\": 0,\n"
                        "    \"outbox_bytes\" : // why\n"
                        "      -5\n"
                        "  },\n"
                        "  \"listen\": [],\n"
                        "  \"colour\": 1,\n"
                        "  \"log\": {\"format\": null}\n"
                        "}\n"),
            (ConfigMistakes{
                "f:4:25: limits.frame_bytes must be 1024 to 1073741824, but is 0",
                "f:6:7: limits.outbox_bytes must be 4096 to 1073741824, but is -5",
                "f:8:13: listen must have 1 to 64 entries, but has 0",
                R"(f:9:3: "colour" is not a setting; tribard --print-config lists all settings)",
                "f:10:21: log.format must be \"text\" or \"json\", but is null",
            }));
}

TEST(ParseConfig, TakesUpTo64Addresses) {
  std::string entries;
  for (int port = 1; port <= 64; ++port) {
    entries += (port > 1 ? ",{\"port\":" : "{\"port\":") + std::to_string(port) + "}";
  }
  EXPECT_EQ(config_of("{\"listen\":[" + entries + "]}").listen.size(), 64U);
  EXPECT_EQ(mistakes_of("{\"listen\":[" + entries + ",{}]}"),
            ConfigMistakes{"f:1:11: listen must have 1 to 64 entries, but has 65"});
}

TEST(ParseConfig, TakesHostsUpTo255Bytes) {
  const auto text = [](std::size_t bytes) {
    return "{\"listen\":[{\"host\":\"" + std::string(bytes, 'a') + "\"}]}";
  };
  EXPECT_EQ(config_of(text(255)).listen[0].host, std::string(255, 'a'));
  const ConfigMistakes mistakes = mistakes_of(text(256));
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_TRUE(mistakes[0].ends_with("aaa...")) << mistakes[0];
  EXPECT_LT(mistakes[0].size(), 200U);
}

TEST(ParseConfig, TakesSocketPathsUpTo107Bytes) {
  const auto text = [](std::size_t bytes) {
    return "{\"listen\":[{\"socket\":\"/" + std::string(bytes - 1, 'a') + "\"}]}";
  };
  EXPECT_EQ(config_of(text(107)).listen[0].socket, "/" + std::string(106, 'a'));
  EXPECT_EQ(mistakes_of(text(108)).size(), 1U);
}

TEST(ParseConfig, TakesProtocolsInAnyOrder) {
  const auto listener = [](const std::string& protocols) {
    return config_of("{\"listen\":[{\"protocols\":" + protocols + "}]}").listen[0];
  };
  EXPECT_EQ(listener("[0]"), ListenerSettings{.allows_one = false});
  EXPECT_EQ(listener("[1]"), ListenerSettings{.allows_zero = false});
  EXPECT_EQ(listener("[0,1]"), ListenerSettings{});
  EXPECT_EQ(listener("[1,0]"), ListenerSettings{});
}

TEST(ParseConfig, TakesAPolicyForItsSection) {
  EXPECT_EQ(config_of(R"({"secrets": "required"})").secrets.policy, SecretsPolicy::Required);
  EXPECT_EQ(config_of(R"({"secrets": "optional"})").secrets, Config::Secrets{});
  EXPECT_EQ(mistakes_of(R"({"limits": "required"})"),
            ConfigMistakes{"f:1:12: limits must be an object, but is \"required\""});
}

TEST(ParseConfig, TakesAPlaceForMetrics) {
  EXPECT_EQ(config_of(R"({"metrics": null})").metrics, std::nullopt);
  EXPECT_EQ(config_of(R"({"metrics": {"port": 0}})").metrics, (ListenerSettings{"127.0.0.1", 0}));
  EXPECT_EQ(config_of(R"({"metrics": {"socket": "/m"}})").metrics,
            (ListenerSettings{.socket = "/m"}));
  EXPECT_EQ(config_of(R"({"listen": [{"port": 0}], "metrics": {"port": 0}})").metrics,
            (ListenerSettings{"127.0.0.1", 0}));
  const std::vector<std::pair<std::string, ConfigMistakes>> cases = {
      {R"({"metrics": 9100})",
       {R"(f:1:13: metrics must be null, or an object with "host" and "port", or "socket", but is 9100)"}},
      {R"({"metrics": {}})", {"f:1:13: metrics must have a port or a socket"}},
      {R"({"metrics": {"host": "::1"}})", {"f:1:13: metrics must have a port or a socket"}},
      {R"({"metrics": {"port": 65536}})",
       {"f:1:22: metrics.port must be 0 to 65535, but is 65536"}},
      {R"({"metrics": {"port": 1, "port": 2}})",
       {R"(f:1:25: "metrics.port" appears twice; the first is on line 1)"}},
      {R"({"metrics": {"port": 1, "socket": "/m"}})",
       {R"(f:1:25: metrics must have "host" and "port", or "socket", but has both)"}},
      {R"({"control": {"socket": "c"}})",
       {"f:1:24: control.socket must be an absolute path, but is c"}},
      {R"({"metrics": {"socket": "/a"}, "control": {"socket": "/a"}})",
       {"f:1:53: control.socket repeats a socket: /a"}},
      {R"({"listen": [{"socket": "/a"}], "metrics": {"socket": "/a"}})",
       {"f:1:43: metrics repeats a socket: /a"}},
      {R"({"listen": [{"port": 0}, {"socket": "/a"}], "control": {"socket": "/a"}})",
       {"f:1:67: control.socket repeats a socket: /a"}},
      {R"({"listen": [{"port": 7}], "metrics": {"port": 7}})",
       {R"(f:1:38: metrics repeats an address: host "127.0.0.1", port 7)"}},
      {R"({"metrics": {"port": 1, "tls": true}})",
       {R"(f:1:25: "metrics.tls" is not a setting; metrics has "host" and "port", or "socket")"}},
  };
  for (const auto& [text, mistakes] : cases) {
    EXPECT_EQ(mistakes_of(text), mistakes) << text;
  }
}

TEST(ParseConfig, WantsWhatTlsNeeds) {
  EXPECT_EQ(mistakes_of(
                R"({"listen": [{"tls": false}, {"port": 1, "tls": true}], "secrets": "required"})"),
            ConfigMistakes{"f:1:48: listen[1].tls needs tls.certificate and tls.key"});
  EXPECT_EQ(mistakes_of(R"({"tls": {"certificate": "c"}, "listen": [{"tls": true}]})"),
            ConfigMistakes{"f:1:25: tls.key is missing: tls.certificate needs the path of its "
                           "private key"});
  EXPECT_EQ(mistakes_of(R"({"tls": {"key": "k"}})"),
            ConfigMistakes{"f:1:17: tls.certificate is missing: tls.key needs the path of its "
                           "certificate"});
  EXPECT_EQ(mistakes_of(R"({"tls": {"certificate_names": true}})"),
            ConfigMistakes{"f:1:31: tls.client_ca is missing: tls.certificate_names needs the "
                           "certificates that signed the clients'"});
  EXPECT_EQ(
      mistakes_of(R"({"tls": {"client_ca": "a", "client_certificates": "off",
    "certificate_names": true}})"),
      ConfigMistakes{"f:2:26: tls.client_certificates is \"off\": tls.certificate_names needs "
                     "\"optional\" or \"required\" there"});
  EXPECT_EQ(mistakes_of(R"({"tls": {"client_certificates": "required"}})"),
            ConfigMistakes{"f:1:33: tls.client_ca is missing: tls.client_certificates \"required\" "
                           "needs the certificates that signed the clients'"});
  EXPECT_EQ(mistakes_of(R"({"tls": {"certificate": "c", "key": "k", "client_ca": "a",
    "client_certificates": "required", "certificate_names": true}, "listen": [{"tls": true}]})"),
            ConfigMistakes{});
}

TEST(ParseConfig, WantsAListenerWhereSecretsCanBeGiven) {
  EXPECT_EQ(mistakes_of(R"({"listen": [{}, {"port": 1, "protocols": [0]}],
    "secrets": {"policy": "required"}})"),
            ConfigMistakes{"f:1:42: listen[1].protocols has protocol 0 only, where nobody can log "
                           "in: it has no secrets, and secrets.policy is \"required\""});
  EXPECT_EQ(mistakes_of(R"({"listen": [{"protocols": [0]}], "secrets": "optional"})"),
            ConfigMistakes{});
  EXPECT_EQ(mistakes_of(R"({"listen": [{"protocols": [1]}], "secrets": "required"})"),
            ConfigMistakes{});
  // A certificate is one, too, where it can be shown.
  const std::string certificates = R"("secrets": "required", "tls": {"certificate": "c",
    "key": "k", "client_ca": "a", "certificate_names": true}})";
  EXPECT_EQ(mistakes_of(R"({"listen": [{"protocols": [0], "tls": true}], )" + certificates),
            ConfigMistakes{});
  EXPECT_EQ(mistakes_of(R"({"listen": [{"protocols": [0]}], )" + certificates).size(), 1U);
}

TEST(ParseConfig, GoesOnAfterManyMistakes) {
  std::string text = "{\"a\":1";
  while (text.size() < 60000) {
    text += ",\"a\":1";
  }
  const std::size_t keys = text.size() / 6;
  EXPECT_EQ(mistakes_of(text + "}").size(), keys);
  EXPECT_EQ(mistakes_of(std::string(60000, '[')).size(), 2U);
}

TEST(ParseConfig, TakesAnAddressForOthersWithItsPort) {
  for (const char* good : {"", "a:1", "chat.example.org:65535", "10.0.0.1:9000", "[::1]:9000",
                           "[fe80::1%eth0]:9000"}) {
    EXPECT_EQ(config_of(with("", "advertise", fmt::format("\"{}\"", good))).advertise, good);
  }
  for (const char* bad :
       {"a", ":1", "a:", "a:0", "a:65536", "a:1x", "a:-1", "a: 1", "a b:1", "::1:9000", "[::1]",
        "[]:1", "[a]:1", "unix:/run/x", "tribar://a:1", "a:1,b:1", "a:18446744073709551617"}) {
    EXPECT_EQ(
        mistakes_of(with("", "advertise", fmt::format("\"{}\"", bad))),
        ConfigMistakes{fmt::format("f:1:14: advertise must be HOST:PORT, with an IPv6 address "
                                   "as [HOST]:PORT, but is \"{}\"",
                                   bad)});
  }
}

TEST(PrintConfig, IsReadAgainAsTheSameConfig) {
  Config other;
  other.listen = {{"::", 0},
                  {"chat.example.org", 65535, "", false},
                  {.socket = "/run/\"x\"", .allows_one = false, .tls = true}};
  other.tls = {"c", "k \\", "a", "l", ClientCertificates::Required, true, TlsVersion::Tls12};
  other.secrets.threads = 64;
  other.allow_clear_secrets = true;
  other.workers = 64;
  other.io_loops = 64;
  other.role = ServerRole::Alone;
  other.advertise = "chat.example.org:9000";
  other.standby_listeners = StandbyListeners::Refuse;
  other.limits.undelivered_bytes = std::uint64_t{1} << 40;
  other.timeouts.login_ms = 0;
  other.tcp_keepalive_s = 0;
  other.metrics = ListenerSettings{.socket = "/run/m"};
  other.log = {.level = log::Level::Error, .format = log::Format::Json};
  for (const Config& config : {Config{}, other}) {
    EXPECT_EQ(config_of(print_config(config)), config) << print_config(config);
  }
}

std::vector<std::string_view> changed_keys(const Config& before, const Config& after) {
  std::vector<std::string_view> keys;
  for (const ConfigRow* row : changes(before, after)) {
    keys.push_back(row->key);
  }
  return keys;
}

TEST(Changes, AreTheRowsThatDiffer) {
  using Keys = std::vector<std::string_view>;
  EXPECT_EQ(changed_keys({}, {}), Keys{});
  Config other;
  other.log.level = log::Level::Debug;
  other.storage.connection = "host=db1";
  other.listen.push_back({.socket = "/run/x"});
  EXPECT_EQ(changed_keys({}, other), (Keys{"listen", "storage.connection", "log.level"}));
  EXPECT_EQ(changed_keys(other, {}), (Keys{"listen", "storage.connection", "log.level"}));
}

/// Changes a setting, whichever it is.
struct Change {
  void operator()(std::uint64_t* number) const { ++*number; }
  void operator()(unsigned* number) const { ++*number; }
  void operator()(bool* is_on) const { *is_on = !*is_on; }
  void operator()(std::string* text) const { *text += "x"; }
  void operator()(std::vector<ListenerSettings>* list) const { list->clear(); }
  void operator()(std::optional<ListenerSettings>* place) const { place->emplace(); }
  void operator()(auto* named) const {
    for (const auto& [name, value] : names_of(*named)) {
      if (value != *named) {
        *named = value;
        return;
      }
    }
  }
};

TEST(Changes, HaveEveryRow) {
  for (const ConfigRow& row : config_rows()) {
    Config other;
    std::visit(Change{}, row.member(other));
    EXPECT_EQ(changed_keys({}, other), std::vector<std::string_view>{row.key});
    Config merged;
    take_over(row, other, merged);
    EXPECT_EQ(merged, other) << row.key;
  }
}

TEST(PrintConfig, StartsLikeThis) {
  const std::string start =
      "{\n"
      "  \"listen\": [{\"host\": \"127.0.0.1\", \"port\": 9000, \"protocols\": [0, 1], "
      "\"tls\": false}],\n"
      "  \"workers\": 0,\n"
      "  \"io_loops\": 1,\n"
      "  \"role\": \"automatic\",\n"
      "  \"advertise\": \"\",\n"
      "  \"standby_listeners\": \"closed\",\n"
      "  \"limits\": {\n"
      "    \"connections\": 10000,\n";
  EXPECT_EQ(print_config({}).substr(0, start.size()), start);
}

TEST(LoadConfig, ReadsAFile) {
  const auto config = load_config(kShippedConfig);
  ASSERT_TRUE(config) << testing::PrintToString(config.error());
  Config expected;
  expected.storage.engine = StorageEngine::Sqlite;
  expected.storage.path = "tribar.db";
  EXPECT_EQ(config.value(), expected);
}

TEST(ParseConfig, WantsAPathForAStore) {
  EXPECT_EQ(parse_config(R"({"storage": {"engine": "sqlite"}})", "f").error(),
            ConfigMistakes{"f:1:24: storage.path is missing: storage.engine \"sqlite\" needs the "
                           "path of its file"});
  EXPECT_EQ(parse_config(R"({"storage": {"path": "a\u0007"}})", "f").error(),
            ConfigMistakes{"f:1:22: storage.path must be a string of at most 4096 bytes without "
                           "control characters, but is \"a\\u0007\""});
  EXPECT_TRUE(parse_config(R"({"storage": {"engine": "sqlite", "path": "a b.db"}})", "f"));
}

TEST(ParseConfig, TakesTheEngineOfWhatIsThere) {
  const auto engine_of = [](const std::string& storage) {
    return config_of("{\"storage\": " + storage + "}").storage.engine;
  };
  EXPECT_EQ(engine_of("{}"), StorageEngine::Memory);
  EXPECT_EQ(engine_of(R"({"path": "a.db"})"), StorageEngine::Sqlite);
  EXPECT_EQ(engine_of(R"({"connection": "service=a"})"), StorageEngine::Postgresql);
  EXPECT_EQ(engine_of(R"({"engine": "memory", "path": "a.db"})"), StorageEngine::Memory);
}

TEST(ParseConfig, RefusesWhatIsOfAnotherEngine) {
  const struct {
    const char* storage;
    const char* mistake;
  } cases[] = {
      {R"({"engine": "postgresql"})",
       "f:1:24: storage.connection is missing: storage.engine \"postgresql\" needs a connection "
       "string, such as \"service=tribar\""},
      {R"({"engine": "postgresql", "connection": "service=a", "path": "a.db"})",
       "f:1:73: storage.path is of storage.engine \"sqlite\", but that is \"postgresql\""},
      {R"({"engine": "sqlite", "connection": "service=a", "path": "a.db"})",
       "f:1:48: storage.connection is of storage.engine \"postgresql\", but that is \"sqlite\", or "
       "storage.path is there: leave one of them out"},
      {R"({"path": "a.db", "connection": "service=a"})",
       "f:1:44: storage.connection is of storage.engine \"postgresql\", but that is \"sqlite\", or "
       "storage.path is there: leave one of them out"},
      {R"({"engine": "memory", "connection": "service=a"})",
       "f:1:48: storage.connection is of storage.engine \"postgresql\", but that is \"memory\""},
      {R"({"connection": "service=a", "sync": "normal"})",
       "f:1:49: storage.sync \"normal\" is of storage.engine \"sqlite\": what a commit survives is "
       "the database's setting synchronous_commit"},
      // It may have a password: it is not shown.
      {R"({"connection": "password=hush\u0007"})",
       "f:1:28: storage.connection must be a string of at most 4096 bytes without control "
       "characters"},
  };
  for (const auto& c : cases) {
    const auto config = parse_config(std::string(R"({"storage": )") + c.storage + "}", "f");
    ASSERT_FALSE(config) << c.storage;
    EXPECT_EQ(config.error(), ConfigMistakes{c.mistake});
  }
}

TEST(PrintConfig, ShowsNoPassword) {
  Config config;
  config.storage.engine = StorageEngine::Postgresql;
  for (const char* connection : {"host=db password=hush", "postgresql://ann:hush@db/chat"}) {
    config.storage.connection = connection;
    const std::string printed = print_config(config);
    EXPECT_EQ(printed.find("hush"), std::string::npos) << printed;
    EXPECT_NE(printed.find("\"connection\": \"(not shown: it has a password)\""),
              std::string::npos);
  }
  for (const char* connection : {"service=chat", "postgresql://ann@db:5433/chat"}) {
    config.storage.connection = connection;
    EXPECT_EQ(config_of(print_config(config)), config) << print_config(config);
  }
}

// SQLite refused the row for ever, and with it whatever came later.
TEST(ParseConfig, WantsFramesThatAStoreCanHold) {
  const auto with = [](const char* engine, const char* bytes) {
    return parse_config(std::string(R"({"limits": {"frame_bytes": )") + bytes +
                            R"(}, "storage": {"path": "a.db", "engine": ")" + engine + R"("}})",
                        "f");
  };
  EXPECT_EQ(with("sqlite", "999000001").error(),
            ConfigMistakes{"f:1:28: limits.frame_bytes must be at most 999000000 with "
                           "storage.engine \"sqlite\", but is 999000001"});
  EXPECT_TRUE(with("sqlite", "999000000"));
  EXPECT_TRUE(with("memory", "1073741824"));
  EXPECT_EQ(parse_config(R"({"limits": {"frame_bytes": 256000001},
                             "storage": {"connection": "service=a"}})",
                         "f")
                .error(),
            ConfigMistakes{"f:1:28: limits.frame_bytes must be at most 256000000 with "
                           "storage.engine \"postgresql\", but is 256000001"});
}

TEST(LoadConfig, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(load_config("/nowhere/tribard.json").error(),
            ConfigMistakes{"cannot read /nowhere/tribard.json: No such file or directory"});
  EXPECT_EQ(load_config("/").error(), ConfigMistakes{"cannot read /: Is a directory"});
  EXPECT_EQ(load_config("/dev/zero").error(),
            ConfigMistakes{"/dev/zero has more than 1048576 bytes, too many for a configuration"});
}

TEST(ShippedConfig, NamesEveryKey) {
  std::ifstream file(kShippedConfig);
  const std::string shipped{std::istreambuf_iterator<char>(file), {}};
  const std::string printed = print_config({});
  std::size_t keys = 0;
  for (std::size_t end = printed.find("\":"); end != std::string::npos;
       end = printed.find("\":", end + 1)) {
    const std::size_t start = printed.rfind('"', end - 1);
    const std::string key = printed.substr(start, end + 2 - start);
    EXPECT_NE(shipped.find(key), std::string::npos) << key;
    ++keys;
  }
  EXPECT_GE(keys, 26U);
}

}  // namespace
}  // namespace tribar
