// SPDX-License-Identifier: MIT
//
// The options of tribar: which of file, environment and command line wins, what each mistake is
// called, and that help fits on a screen.
#include "client/client_options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"

namespace tribar {
namespace {

using Kind = ServerAddress::Kind;
using std::chrono::milliseconds;
using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

/// Reads with the environment `variables` and no other.
Result<ClientOptions, ClientMistakes> read(Words words, const Variables& variables = {}) {
  words.insert(words.begin(), "tribar");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  return read_client_options(static_cast<int>(words.size()), argv.data(),
                             [&variables](const char* name) -> const char* {
                               const auto found = variables.find(name);
                               return found == variables.end() ? nullptr : found->second.c_str();
                             });
}

ClientOptions options_of(const Words& words, const Variables& variables = {}) {
  auto options = read(words, variables);
  EXPECT_TRUE(options) << fmt::format("{}", fmt::join(options.error().lines, "\n"));
  return options ? options.value() : ClientOptions();
}

/// What is wrong, without the hint behind it.
std::string mistake_of(const Words& words, const Variables& variables = {}) {
  const auto options = read(words, variables);
  if (options) {
    return "nothing is wrong";
  }
  Words lines = options.error().lines;
  EXPECT_EQ(options.error().exit_code, 64);
  EXPECT_TRUE(lines.back().starts_with("Try 'tribar ")) << lines.back();
  lines.pop_back();
  return fmt::format("{}", fmt::join(lines, "\n"));
}

TEST(ClientOptions, HaveDefaults) {
  const ClientOptions options = options_of({});
  EXPECT_EQ(options, ClientOptions());
  EXPECT_EQ(options.server, (ServerAddress{"127.0.0.1", "9000"}));
  EXPECT_EQ(options.timeout, milliseconds(10000));
  EXPECT_EQ(options.protocol_in_use(), 0);
  EXPECT_EQ(options_of({"tribars://host"}).protocol_in_use(), 1);
  EXPECT_EQ(options_of({"tribars://host", "--protocol=0"}).protocol_in_use(), 0);
}

TEST(ClientOptions, AreReadFromTheCommandLine) {
  const ClientOptions options = options_of(
      {"--as", "ann", "tribars://host:1", "--ca=ca.pem", "--secret-file", "s", "--timeout", "2.5",
       "--classic", "--no-history", "--no-reconnect", "--color=never", "--bell"});
  EXPECT_EQ(options.name, "ann");
  EXPECT_TRUE(options.is_name_asked);
  EXPECT_EQ(options.server, (ServerAddress{"host", "1", Kind::Tls}));
  EXPECT_EQ(options.ca, "ca.pem");
  EXPECT_EQ(options.secret_file, "s");
  EXPECT_EQ(options.timeout, milliseconds(2500));
  EXPECT_TRUE(options.classic);
  EXPECT_FALSE(options.history);
  EXPECT_FALSE(options.reconnect);
  EXPECT_EQ(options.color, ColorWhen::Never);
  EXPECT_TRUE(options.bell);
  EXPECT_EQ(options_of({"--server", "send"}).server.host, "send");
}

TEST(ClientOptions, MayNameSeveralServers) {
  using Servers = std::vector<ServerAddress>;
  ClientOptions options = options_of({"tribars://a:1,b:2"});
  EXPECT_EQ(options.server, (ServerAddress{"a", "1", Kind::Tls}));
  EXPECT_EQ(options.other_servers, (Servers{{"b", "2", Kind::Tls}}));
  EXPECT_EQ(options.protocol_in_use(), 1);
  options = options_of({"list", "--server", "a,b,c"});
  EXPECT_EQ(options.server, (ServerAddress{"a", "9000"}));
  EXPECT_EQ(options.other_servers, (Servers{{"b", "9000"}, {"c", "9000"}}));
  // What wins, wins as a whole.
  EXPECT_EQ(options_of({}, {{"TRIBAR_SERVER", "a,b"}}).other_servers, (Servers{{"b", "9000"}}));
  EXPECT_EQ(options_of({"c"}, {{"TRIBAR_SERVER", "a,b"}}).other_servers, Servers{});
  EXPECT_EQ(take_client_config("server = a,b", "f", "", options), Words{});
  EXPECT_EQ(options.other_servers, (Servers{{"b", "9000"}}));
  EXPECT_EQ(mistake_of({"a,"}), "a,: an address is missing beside a comma");
  EXPECT_EQ(mistake_of({"--server", "a,tribars://b"}),
            "--server: a,tribars://b: either all addresses must be for TLS, tribars://, or none");
}

TEST(ClientOptions, HaveVerbs) {
  ClientOptions options = options_of({"send", "bob", "-m", "-x", "--as", "ann"});
  EXPECT_EQ(options.verb, Verb::Send);
  EXPECT_EQ(options.operands, Words{"bob"});
  EXPECT_EQ(options.message, "-x");
  EXPECT_EQ(options_of({"--server", "host", "send", "bob", "--message", ""}).message, "");
  EXPECT_EQ(options_of({"list"}).verb, Verb::List);
  EXPECT_EQ(options_of({"list", "a*", "--json"}).operands, Words{"a*"});
  options = options_of({"receive", "--follow", "--json", "--count", "3"});
  EXPECT_EQ(options.verb, Verb::Receive);
  EXPECT_TRUE(options.follow && options.json);
  EXPECT_EQ(options.count, 3U);
  EXPECT_EQ(options_of({"create", "ann"}).operands, Words{"ann"});
  EXPECT_EQ(options_of({"delete", "--as", "ann"}).name, "ann");
}

TEST(ClientOptions, AskForHelpOfEachFrontEnd) {
  using Action = ClientOptions::Action;
  for (const Words& words : {Words{"-h"}, {"--help"}, {"help"}, {"--as", "ann", "-h", "a", "b"}}) {
    EXPECT_EQ(options_of(words).action, Action::PrintHelp);
    EXPECT_EQ(options_of(words).verb, Verb::None);
  }
  for (const Words& words : {Words{"help", "send"}, {"send", "--help"}, {"send", "-h", "--bell"}}) {
    EXPECT_EQ(options_of(words).action, Action::PrintHelp);
    EXPECT_EQ(options_of(words).verb, Verb::Send);
  }
  EXPECT_EQ(options_of({"-V"}).action, Action::PrintVersion);
  EXPECT_EQ(options_of({"--version", "-h"}).action, Action::PrintHelp);
  // Also with a file that nothing can be read from.
  EXPECT_EQ(options_of({"-h"}, {{"XDG_CONFIG_HOME", "/dev/null"}, {"TRIBAR_SERVER", ":"}}).action,
            Action::PrintHelp);
}

TEST(ClientOptions, AreRefusedWithWhatIsAllowed) {
  const struct {
    Words words;
    std::string mistake;
  } cases[] = {
      {{"a", "b"}, "more than one server was given"},
      {{"--server", "a", "b"}, "more than one server was given"},
      {{"--server", "a", "--server", "b"}, "more than one server was given"},
      {{"sned", "bob"}, "more than one server was given; did you mean 'tribar send'?"},
      {{":1"}, ":1: not of the form HOST[:PORT]"},
      {{"--server=:1"}, "--server: :1: not of the form HOST[:PORT]"},
      {{"--protocol", "2"}, "--protocol must be 0 or 1"},
      {{"--timeout", "0"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", "3600.001"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", "1s"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", "1."}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", ".5"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", "-1"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--timeout", "99999999999999999999"}, "--timeout must be 0.001 to 3600 seconds"},
      {{"--color", "yes"}, "--color must be auto, always or never"},
      {{"--as", ""}, "--as must be 1 to 1024 bytes without control characters"},
      {{"--as", "a\x1b"}, "--as must be 1 to 1024 bytes without control characters"},
      {{"receive", "--count", "0"}, "--count must be 1 to 1000000000"},
      {{"--timeout"}, "option --timeout needs SECONDS"},
      {{"send", "bob", "-m"}, "option --message needs TEXT"},
      {{"--bell=yes"}, "option --bell takes no value"},
      {{"--no-bell=yes"}, "option --no-bell takes no value"},
      {{"--se"}, "option --se can be --server or --secret-file"},
      {{"--colour=never"}, "unknown option --colour; did you mean --color?"},
      {{"--secret_file", "x"}, "unknown option --secret_file; did you mean --secret-file?"},
      {{"--\x1b[1m"}, "unknown option --\\x1b[1m"},
      {{"--nonsense"}, "unknown option --nonsense"},
      {{"--no-json"}, "unknown option --no-json; did you mean --json?"},
      {{"-x"}, "unknown option -x"},
      {{"--json"}, "--json is for tribar list and tribar receive"},
      {{"host", "-m", "x"}, "--message is for tribar send"},
      {{"list", "--bell"}, "--bell is not for tribar list"},
      {{"send", "bob", "--json"}, "--json is not for tribar send"},
      {{"help", "quit"}, "there is no help for 'quit'"},
      {{"--ca", "x", "host"}, "--ca is for TLS: connect to tribars://HOST[:PORT]"},
      {{"--secret-file", "x", "host"},
       "--secret-file is for protocol 1: connect to tribars://HOST[:PORT], or use --protocol 1"},
  };
  for (const auto& [words, mistake] : cases) {
    EXPECT_EQ(mistake_of(words), mistake) << fmt::format("{}", fmt::join(words, " "));
  }
  EXPECT_EQ(read({"send", "--bell"}).error().lines.back(), "Try 'tribar help send'.");
  EXPECT_EQ(read({"-x"}).error().lines.back(), "Try 'tribar --help'.");
}

TEST(ClientOptions, AreReadFromTheEnvironment) {
  const ClientOptions options = options_of({}, {{"TRIBAR_SERVER", "tribars://host"},
                                                {"TRIBAR_NAME", "ann"},
                                                {"TRIBAR_PROTOCOL", "0"},
                                                {"TRIBAR_CA", "relative/ca.pem"},
                                                {"TRIBAR_SECRET_FILE", "/s"},
                                                {"TRIBAR_TIMEOUT", "1"},
                                                {"TRIBAR_COLOR", "always"},
                                                {"TRIBAR_BELL", "true"},
                                                {"TRIBAR_HISTORY", "false"},
                                                {"TRIBAR_RECONNECT", "false"},
                                                {"TRIBAR_CLASSIC", "true"},
                                                {"NO_COLOR", "1"}});
  ClientOptions expected;
  expected.server = {"host", "9000", Kind::Tls};
  expected.name = "ann";
  expected.protocol = 0;
  expected.ca = "relative/ca.pem";
  expected.secret_file = "/s";
  expected.timeout = milliseconds(1000);
  expected.color = ColorWhen::Always;
  expected.bell = true;
  expected.history = false;
  expected.reconnect = false;
  expected.classic = true;
  EXPECT_EQ(options, expected);
  EXPECT_EQ(options_of({}, {{"TRIBAR_NAME", ""}, {"TRIBAR_SERVER", ""}, {"NO_COLOR", ""}}),
            ClientOptions());
  EXPECT_EQ(options_of({}, {{"NO_COLOR", "1"}}).color, ColorWhen::Never);
  EXPECT_EQ(options_of({"--color=auto"}, {{"NO_COLOR", "1"}}).color, ColorWhen::Auto);
  EXPECT_EQ(mistake_of({}, {{"TRIBAR_SERVER", ":1"}, {"TRIBAR_BELL", "yes"}}),
            "$TRIBAR_SERVER: :1: not of the form HOST[:PORT]\n"
            "$TRIBAR_BELL must be true or false, but is yes");
  // What the command line overrides does not matter.
  EXPECT_EQ(options_of({"host"}, {{"TRIBAR_SERVER", ":1"}}).server.host, "host");
  EXPECT_EQ(options_of({"--no-bell"}, {{"TRIBAR_BELL", "true"}}).bell, false);
}

class ClientConfigFile : public testing::Test {
 protected:
  ClientConfigFile() { std::filesystem::create_directories(folder_.file("tribar")); }
  void write(std::string_view text) const { test::write_file(path(), text); }
  [[nodiscard]] std::string path() const { return folder_.file("tribar/config"); }
  [[nodiscard]] Variables variables(Variables more = {}) const {
    more.emplace("XDG_CONFIG_HOME", folder_.path());
    return more;
  }
  test::TemporaryFolder folder_;
};

TEST_F(ClientConfigFile, IsOverriddenByEnvironmentAndOptions) {
  EXPECT_EQ(options_of({}, variables()), ClientOptions()) << "it need not be there";
  write("name = file\ntimeout = 1\nbell = true\n");
  EXPECT_EQ(options_of({}, variables()).name, "file");
  EXPECT_FALSE(options_of({}, variables()).is_name_asked);
  const ClientOptions options = options_of(
      {"--as", "option"}, variables({{"TRIBAR_NAME", "environment"}, {"TRIBAR_TIMEOUT", "2"}}));
  EXPECT_EQ(options.name, "option");
  EXPECT_EQ(options.timeout, milliseconds(2000));
  EXPECT_TRUE(options.bell);
}

// They may be for another server, which the command line does not say.
TEST_F(ClientConfigFile, MayHaveWhatIsNotOfUseNow) {
  write("server = tribars://host\nca = ca.pem\nsecret_file = /s\n");
  const ClientOptions options = options_of({"127.0.0.1:1"}, variables());
  EXPECT_EQ(options.ca, path().substr(0, path().rfind('/')) + "/ca.pem");
  EXPECT_EQ(options.protocol_in_use(), 0);
}

TEST_F(ClientConfigFile, IsRefusedIfItIsNoFileOrTooLong) {
  const auto failure = [this] { return read({}, variables()).error(); };
  std::filesystem::create_directory(path());
  EXPECT_EQ(failure(), (ClientMistakes{78, {path() + ": is not a regular file"}}));
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(failure(), (ClientMistakes{78, {path() + ": is not a regular file"}}));
  std::filesystem::remove(path());
  write(std::string(65536, '\n'));
  EXPECT_TRUE(read({}, variables()));
  write(std::string(65537, '\n'));
  EXPECT_EQ(failure(), (ClientMistakes{78,
                                       {path() + ": has more than 65536 bytes, too many for a "
                                                 "configuration"}}));
  write("bell = yes\nbel = true\n");
  EXPECT_EQ(failure(),
            (ClientMistakes{78,
                            {path() + ":1:8: bell must be true or false, but is yes",
                             path() + ":2:1: \"bel\" is not a setting; did you mean \"bell\"?"}}));
}

TEST(ClientConfig, IsFoundWhereItsSpecificationSays) {
  const auto path = [](const Variables& variables) {
    return client_config_path([&variables](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    });
  };
  EXPECT_EQ(path({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}), "/x/tribar/config");
  EXPECT_EQ(path({{"XDG_CONFIG_HOME", "x"}, {"HOME", "/h"}}), "/h/.config/tribar/config");
  EXPECT_EQ(path({{"HOME", "/h"}}), "/h/.config/tribar/config");
  EXPECT_EQ(path({}), "");
}

TEST(ClientConfig, IsLinesOfKeysAndValues) {
  ClientOptions options;
  EXPECT_EQ(take_client_config("# a comment\n"
                               "\n"
                               " \t# another\r\n"
                               "server=tribars://host  # ours\n"
                               "  name\t=  ann b#c \t\r\n"
                               "protocol = 1\n"
                               "ca = certs/ca.pem\n"
                               "secret_file = \"~/a # b\"  # quoted\n"
                               "timeout = 0.25\n"
                               "color = never\n"
                               "bell = true\n"
                               "history = false\n"
                               "reconnect = false\n"
                               "classic = true",
                               "/etc/x/config", "/home/ann", options),
            Words{});
  ClientOptions expected;
  expected.server = {"host", "9000", Kind::Tls};
  expected.name = "ann b#c";
  expected.protocol = 1;
  expected.ca = "/etc/x/certs/ca.pem";
  expected.secret_file = "/home/ann/a # b";
  expected.timeout = milliseconds(250);
  expected.color = ColorWhen::Never;
  expected.bell = true;
  expected.history = false;
  expected.reconnect = false;
  expected.classic = true;
  EXPECT_EQ(options, expected);
}

TEST(ClientConfig, NamesThePlaceOfEachMistake) {
  const std::string keys =
      "name, server, protocol, ca, secret_file, timeout, color, bell, history, reconnect, classic";
  const struct {
    std::string text;
    Words mistakes;
  } cases[] = {
      {"server",
       {"f:1:1: a line must be KEY = VALUE or a comment that begins with #, but is "
        "server"}},
      {"  server host",
       {"f:1:3: a line must be KEY = VALUE or a comment that begins with #, but "
        "is server host"}},
      {"= x", {"f:1:1: \"\" is not a setting; the settings are " + keys}},
      {"nonsense = x", {"f:1:1: \"nonsense\" is not a setting; the settings are " + keys}},
      {"colour = never", {"f:1:1: \"colour\" is not a setting; did you mean \"color\"?"}},
      {" Server = x", {"f:1:2: \"Server\" is not a setting; did you mean \"server\"?"}},
      {"secret-file = x",
       {"f:1:1: \"secret-file\" is not a setting; did you mean "
        "\"secret_file\"?"}},
      {"message = x", {"f:1:1: \"message\" is not a setting; the settings are " + keys}},
      {"name =", {"f:1:7: name must be 1 to 1024 bytes without control characters, but is empty"}},
      {"name = # ann",
       {"f:1:8: name must be 1 to 1024 bytes without control characters, but is "
        "empty"}},
      {"name = \"\"",
       {"f:1:8: name must be 1 to 1024 bytes without control characters, but is "
        "empty"}},
      {"name = \"ann", {"f:1:8: the quote \" is not closed"}},
      {"name = \"ann\" b", {"f:1:14: nothing but a comment may follow the quoted value"}},
      {"name = a\tb",
       {"f:1:8: name must be 1 to 1024 bytes without control characters, but is "
        "a\\x09b"}},
      {"name = a\x1b", {"f:1:9: the control character \\x1b is not allowed"}},
      {std::string("name = a\0", 9), {"f:1:9: the control character \\x00 is not allowed"}},
      {"server = :1", {"f:1:10: server: :1: not of the form HOST[:PORT]"}},
      {"protocol = 2 # new", {"f:1:12: protocol must be 0 or 1, but is 2"}},
      {"timeout = 10s", {"f:1:11: timeout must be 0.001 to 3600 seconds, but is 10s"}},
      {"color = red", {"f:1:9: color must be auto, always or never, but is red"}},
      {"bell = yes", {"f:1:8: bell must be true or false, but is yes"}},
      {"bell = true\n\nbell = true\nbell = x",
       {"f:3:1: \"bell\" appears twice; the first is on line 1",
        "f:4:1: \"bell\" appears twice; the first is on line 1"}},
      {"bell = 1\r\n# x\r\nclassic = 0\r\n",
       {"f:1:8: bell must be true or false, but is 1",
        "f:3:11: classic must be true or false, but is 0"}},
      {"protocol = \xc3\xa9", {"f:1:12: protocol must be 0 or 1, but is \\xc3\\xa9"}},
  };
  for (const auto& [text, mistakes] : cases) {
    ClientOptions options;
    EXPECT_EQ(take_client_config(text, "f", "", options), mistakes) << text;
  }
}

TEST(ClientHelp, IsCompletedByTheDocumentation) {
  const std::string page = test::read_file(TRIBAR_SOURCE_FOLDER "/docs/client.md");
  ClientOptions options;
  const std::string mistake = take_client_config("=", "f", "", options).at(0);
  constexpr std::string_view kBefore = "the settings are ";
  std::string_view keys = std::string_view(mistake).substr(mistake.find(kBefore) + kBefore.size());
  while (!keys.empty()) {
    const std::string key(keys.substr(0, keys.find(", ")));
    keys.remove_prefix(std::min(key.size() + 2, keys.size()));
    std::string variable = "TRIBAR_" + key;
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    EXPECT_NE(page.find(fmt::format("| `{}` | `{}` |", variable, key)), std::string::npos) << key;
  }
}

TEST(ClientHelp, FitsOnAScreenAndHasEveryOption) {
  for (const Verb verb :
       {Verb::None, Verb::Send, Verb::List, Verb::Receive, Verb::Create, Verb::Delete}) {
    const std::string help = client_help(verb);
    EXPECT_LE(std::count(help.begin(), help.end(), '\n'), 23) << help;
    EXPECT_TRUE(help.ends_with('\n'));
    EXPECT_TRUE(help.starts_with(verb == Verb::None
                                     ? "Usage: tribar [OPTION]... [SERVER]\n"
                                     : fmt::format("Usage: tribar {}", word_of(verb))));
    std::string_view rest = help;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      EXPECT_LE(line.size(), 80U) << line;
      rest.remove_prefix(line.size() + 1);
    }
  }
  for (const char* option :
       {"--as NAME", "--server SERVER", "--protocol N", "--ca FILE", "--secret-file FILE",
        "--timeout SECONDS", "--color WHEN", "--[no-]bell", "--[no-]history", "--[no-]reconnect",
        "--[no-]classic", "--help", "--version"}) {
    EXPECT_NE(client_help(Verb::None).find(option), std::string::npos) << option;
  }
  EXPECT_NE(client_help(Verb::Send).find("-m, --message TEXT"), std::string::npos);
  EXPECT_EQ(client_help(Verb::Send).find("--bell"), std::string::npos);
}

}  // namespace
}  // namespace tribar
