// SPDX-License-Identifier: MIT
//
// Protocol 1 as its clients see it: secrets, numbers, acknowledgements, pings, and what each
// refusal is called.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/refusal.h"
#include "secrets/vault.h"
#include "support/over_tls.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "zero/reply1.h"
#include "zero/wording.h"

#ifdef TRIBAR_HAS_SQLITE
#include "support/fault_vfs.h"
#include "support/temporary_folder.h"
#endif

namespace tribar::test {
namespace {

constexpr std::string_view kSecret = "secret-of-ann";
constexpr std::string_view kNewSecret = "another-secret";
constexpr std::string_view kAccent = "h\xc3\xa9llo";

std::uint8_t code_of(FrameCode code) { return static_cast<std::uint8_t>(code); }

std::string frame1(FrameCode code, std::string_view data) {
  return bytes_of(WireFrame{code_of(code), std::string(data)}, kVersion1);
}

WireFrame ok() { return response("ok"); }
WireFrame ok_login(std::uint64_t waiting, std::uint64_t highest) {
  return response(fmt::format("ok|||{}|||{}", waiting, highest));
}
/// `n`: of the SEND that is refused.
WireFrame refused1(const Refusal& refusal, std::optional<std::uint64_t> n = {}) {
  std::string data = fmt::format("{}|||{}", token1_of(refusal.code), text1_of(refusal));
  const auto third = third_field_of(refusal) ? third_field_of(refusal) : n;
  if (third) {
    data += fmt::format("|||{}", *third);
  }
  return response(data);
}
WireFrame users(std::string_view data) {
  return {code_of(FrameCode::ListResponse), std::string(data)};
}
WireFrame ping_of(std::string_view data) { return {code_of(FrameCode::Ping), std::string(data)}; }
WireFrame pong_of(std::string_view data) { return {code_of(FrameCode::Pong), std::string(data)}; }

TestPeer peer1(std::uint16_t port) {
  return TestPeer(port, TestPeer::Options{.version = kVersion1});
}

/// A new peer that has created `name` and is logged in to it.
TestPeer created1(std::uint16_t port, std::string_view name, std::string_view client = "c",
                  std::string_view secret = {}) {
  TestPeer peer = peer1(port);
  peer.send1(Create{name, client, secret});
  peer.expect(ok());
  return peer;
}

/// A new peer that has sent LOGIN.
TestPeer entering(std::uint16_t port, std::string_view name, std::string_view client = "c",
                  std::string_view secret = {}) {
  TestPeer peer = peer1(port);
  peer.send1(Login{name, client, secret});
  return peer;
}

/// Whether the next frame accepts `n` with a number; 0: it was accepted before. Returns the number.
std::uint64_t accepted(TestPeer& peer, std::uint64_t n) {
  const WireFrame frame = peer.receive();
  const auto reply = parse_reply1(frame.code, frame.data);
  const auto* accepted = reply ? std::get_if<Accepted1>(&reply.value()) : nullptr;
  if (accepted == nullptr || accepted->n != n) {
    ADD_FAILURE() << "not accepted: " << frame.data;
    return 0;
  }
  EXPECT_EQ(accepted->number.value == 0, accepted->time.value == 0);
  return accepted->number.value;
}

/// The number of the next frame, which is `text` from ann to bob.
std::uint64_t delivered(TestPeer& peer, std::string_view text) {
  const WireFrame frame = peer.receive();
  const auto reply = parse_reply1(frame.code, frame.data);
  const auto* delivery = reply ? std::get_if<Delivery1>(&reply.value()) : nullptr;
  if (delivery == nullptr) {
    ADD_FAILURE() << "not a message: " << frame.data;
    return 0;
  }
  EXPECT_EQ(delivery->message, (Message{"ann", "bob", text}));
  EXPECT_GT(delivery->time.value, 0U);
  return delivery->number.value;
}

/// Fails the test unless the server answers a PING and sends nothing before.
void expect_nothing_before_a_pong(TestPeer& peer) {
  peer.send1(Ping{"anything else?"});
  peer.expect(pong_of("anything else?"));
}

class Protocol1 : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_hash_secrets()) {
      GTEST_SKIP() << "this build has no secrets";
    }
  }
};

// Both protocols on one server.

TEST(Versions, AreDecidedByTheFirstByte) {
  TestServer server;
  TestPeer bob = created(server.port(), "bob");
  TestPeer ann = peer1(server.port());
  // A byte at a time.
  for (const char byte : bytes1_of(Create{"ann", "c"})) {
    ann.send_raw(std::string_view(&byte, 1));
  }
  ann.expect(ok());
  ann.send1(List{"*"});
  ann.expect(users("bob|||on|||ann|||on"));
  bob.send(List{"*"});
  bob.expect(names({"bob", "ann"}));
}

TEST(Versions, AreTheConnectionsForGood) {
  TestServer server;
  TestPeer ann = created1(server.port(), "ann");
  ann.send_raw(bytes_of(List{""}));
  ann.expect(refused1({RefusalCode::BadVersion, 0, 1}));
  ann.expect_closed();
  TestPeer bob = created(server.port(), "bob");
  bob.send_raw(bytes1_of(List{""}));
  bob.expect(response("protocol version 1 is not supported, this server speaks version 0"));
  bob.expect_closed();
  TestPeer eve(server.port());
  eve.send_raw("\x02");
  eve.expect(response("protocol version 2 is not supported, this server speaks version 0"));
  eve.expect_closed();
}

TEST(Versions, MeetOnOneServer) {
  TestServer server;
  TestPeer bob = created(server.port(), "bob");
  TestPeer ann = created1(server.port(), "ann");
  ann.send1(SendNumbered{1, "bob", "h\xc3\xa9|||o"});
  EXPECT_GT(accepted(ann, 1), 0U);
  bob.expect(message("ann", "bob", "h\\u{e9}|\\u{7c}|o"));
  bob.send_raw(send_bytes("bob", "ann", "hi"));
  bob.expect(message("bob", "ann", "hi"));
  const WireFrame frame = ann.receive();
  EXPECT_NE(frame.data.find("|||bob|||ann|||hi"), std::string::npos) << frame.data;
}

TEST(Versions, ShowProtocol1TheTextAsItWasSent) {
  TestServer server;
  created1(server.port(), "bob").close();
  TestPeer ann = created1(server.port(), "ann");
  ann.send1(SendNumbered{1, "bob", kAccent});
  const std::uint64_t number = accepted(ann, 1);
  TestPeer bob = entering(server.port(), "bob");
  bob.expect(ok_login(1, 0));
  bob.send1(Deliver{});
  EXPECT_EQ(delivered(bob, kAccent), number);
}

TEST_F(Protocol1, ClosesAnAccountWithASecretToProtocol0) {
  TestServer server;
  created1(server.port(), "ann", "c", kSecret).close();
  TestPeer old(server.port());
  old.send(Login{"ann"});
  old.expect(response("username needs a secret: use protocol 1"));
}

// Numbers and acknowledgements.

TEST(Numbers, AreAcceptedOnce) {
  TestServer server;
  TestPeer bob = created1(server.port(), "bob");
  {
    TestPeer ann = created1(server.port(), "ann", "phone");
    ann.send_raw(bytes1_of(SendNumbered{1, "bob", "m1"}) + bytes1_of(SendNumbered{2, "no", "m2"}) +
                 bytes1_of(SendNumbered{3, "bob", "m3"}) + bytes1_of(SendNumbered{2, "bob", "m3"}));
    const std::uint64_t first = accepted(ann, 1);
    EXPECT_GT(first, 0U);
    ann.expect(refused1({RefusalCode::NoSuchRecipient}, 2));
    ann.expect(refused1({RefusalCode::NumberAhead, 1}));
    EXPECT_GT(accepted(ann, 2), first);
  }
  TestPeer ann = peer1(server.port());
  // Until the server has seen the end of the other connection its name is in use.
  do {
    ann.send1(Login{"ann", "phone"});
  } while (ann.receive() != ok_login(0, 2));
  ann.send_raw(bytes1_of(SendNumbered{2, "bob", "m3"}) + bytes1_of(SendNumbered{3, "bob", "m4"}));
  EXPECT_EQ(accepted(ann, 2), 0U);
  const std::uint64_t last = accepted(ann, 3);
  EXPECT_LT(delivered(bob, "m1"), last);
  EXPECT_LT(delivered(bob, "m3"), last);
  EXPECT_EQ(delivered(bob, "m4"), last);
  expect_nothing_before_a_pong(bob);
}

TEST(Numbers, AreAcknowledgedOrWaitAgain) {
  TestServer server;
  TestPeer ann = created1(server.port(), "ann");
  std::uint64_t second = 0;
  {
    TestPeer bob = created1(server.port(), "bob");
    ann.send_raw(bytes1_of(SendNumbered{1, "bob", "m1"}) + bytes1_of(SendNumbered{2, "bob", "m2"}) +
                 bytes1_of(SendNumbered{3, "bob", "m3"}));
    const std::uint64_t first = delivered(bob, "m1");
    second = delivered(bob, "m2");
    EXPECT_LT(first, second);
    delivered(bob, "m3");
    bob.send1(Acknowledge{{first}});
    expect_nothing_before_a_pong(bob);
    bob.half_close();
    bob.expect_closed();
  }
  TestPeer bob = entering(server.port(), "bob");
  bob.expect(ok_login(2, 0));
  expect_nothing_before_a_pong(bob);
  bob.send1(Deliver{});
  EXPECT_EQ(delivered(bob, "m2"), second);
  bob.send1(Acknowledge{{delivered(bob, "m3")}});
  expect_nothing_before_a_pong(bob);
  bob.half_close();
  bob.expect_closed();
  bob = entering(server.port(), "bob");
  bob.expect(ok_login(0, 0));
}

TEST(Numbers, GoOnByAcknowledgements) {
  Config config;
  config.limits.outbox_bytes = 4096;
  TestServer server(config);
  TestPeer bob = created1(server.port(), "bob");
  TestPeer ann = created1(server.port(), "ann");
  constexpr std::uint64_t kMessages = 200;
  std::string burst;
  for (std::uint64_t n = 1; n <= kMessages; ++n) {
    burst += bytes1_of(SendNumbered{n, "bob", std::string(100, 'x')});
  }
  ann.send_raw(burst);
  for (std::uint64_t n = 1; n <= kMessages; ++n) {
    ASSERT_GT(accepted(ann, n), 0U);
  }
  std::uint64_t last = 0;
  for (std::uint64_t n = 1; n <= kMessages; ++n) {
    const std::uint64_t number = delivered(bob, std::string(100, 'x'));
    ASSERT_GT(number, last);
    last = number;
    bob.send1(Acknowledge{{number}});
  }
  expect_nothing_before_a_pong(bob);
}

// Pings.

TEST(Pings, AreAnsweredBeforeAndAfterLogin) {
  TestServer server;
  TestPeer ann = peer1(server.port());
  const std::string data("\0\xff|||any bytes", 14);
  ann.send1(Ping{data});
  ann.expect(pong_of(data));
  ann.send1(Create{"ann", ""});
  ann.expect(ok());
  ann.send1(Ping{std::string(64, 'x')});
  ann.expect(pong_of(std::string(64, 'x')));
}

TEST(Pings, AreSentToASilentClientThatIsClosedWhenItDoesNotAnswer) {
  Config config;
  config.timeouts.idle_ms = 100;
  TestServer server(config);
  TestPeer ann = created1(server.port(), "ann");
  for (int i = 0; i < 3; ++i) {
    ann.expect(ping_of(""));
    ann.send1(Pong{});
  }
  ann.expect(ping_of(""));
  ann.expect(refused1({RefusalCode::Silent, 0, 100}));
  ann.expect_closed();
}

TEST(Pings, AreNotSentInProtocol0) {
  Config config;
  config.timeouts.idle_ms = 50;
  TestServer server(config);
  TestPeer bob = created(server.port(), "bob");
  TestPeer ann = created1(server.port(), "ann");
  // As long as it takes to close a silent client of protocol 1.
  ann.expect(ping_of(""));
  ann.expect(refused1({RefusalCode::Silent, 0, 50}));
  bob.expect_nothing_before_an_answer();
}

// Secrets.

TEST_F(Protocol1, ReplacesASessionByARightSecret) {
  TestServer server;
  TestPeer ann = created1(server.port(), "ann", "a");
  TestPeer bob = created1(server.port(), "bob", "b", kSecret);
  ann.send1(SendNumbered{1, "bob", "m1"});
  const std::uint64_t number = delivered(bob, "m1");
  TestPeer wrong = entering(server.port(), "bob", "b", "wrong-secret");
  wrong.expect(refused1({RefusalCode::WrongSecret}));
  TestPeer again = entering(server.port(), "bob", "b", kSecret);
  again.expect(ok_login(1, 0));
  bob.expect(refused1({RefusalCode::Replaced}));
  bob.expect_closed();
  again.send1(Deliver{});
  EXPECT_EQ(delivered(again, "m1"), number);
}

TEST_F(Protocol1, ChangesASecretAndDeletesWithIt) {
  TestServer server;
  TestPeer ann = created1(server.port(), "ann");
  ann.send1(SetSecret{"", kSecret});
  ann.expect(ok());
  ann.send1(SetSecret{"wrong-secret", kNewSecret});
  ann.expect(refused1({RefusalCode::WrongSecret}));
  ann.send1(SetSecret{kSecret, kNewSecret});
  ann.expect(ok());
  TestPeer again = entering(server.port(), "ann", "c", kSecret);
  again.expect(refused1({RefusalCode::WrongSecret}));
  again.send1(Login{"ann", "c", kNewSecret});
  again.expect(ok_login(0, 0));
  again.send1(Delete{kSecret});
  again.expect(refused1({RefusalCode::WrongSecret}));
  again.send1(Delete{kNewSecret});
  again.expect(ok());
  again.send1(Login{"ann", "c", kNewSecret});
  again.expect(refused1({RefusalCode::NoSuchUsername}));
}

TEST_F(Protocol1, RefusesSecretsThatOthersCanRead) {
  if (is_over_tls()) {
    GTEST_SKIP() << "nobody can read them";
  }
  TestServer server(Config{}, true);
  TestPeer ann = peer1(server.port());
  ann.send1(Create{"ann", "c", kSecret});
  ann.expect(refused1({RefusalCode::SecretNeedsTls}));
  ann.send1(Login{"nobody", "c", kSecret});
  ann.expect(refused1({RefusalCode::SecretNeedsTls}));
  ann.send1(Create{"ann", "c"});
  ann.expect(ok());
  ann.send1(SetSecret{"", kSecret});
  ann.expect(refused1({RefusalCode::SecretNeedsTls}));
  ann.send1(Delete{kSecret});
  ann.expect(refused1({RefusalCode::SecretNeedsTls}));
}

TEST_F(Protocol1, TakesThemWhereThatIsAllowed) {
  Config config;
  config.allow_clear_secrets = true;
  TestServer server(config, true);
  const TestPeer ann = created1(server.port(), "ann", "c", kSecret);
}

// Refusals.

/// How a refusal is provoked, and what its text names.
struct Case {
  Refusal refusal;
  std::function<void(Config&)> configure;
  /// Returns what the server said.
  std::function<WireFrame(TestServer&)> provoke;
  std::optional<std::uint64_t> n = {};  // of the SEND that is refused
};

void as_it_is(Config&) {}
void with_secrets_required(Config& config) { config.secrets.policy = SecretsPolicy::Required; }

std::function<WireFrame(TestServer&)> before_login(const std::string& bytes) {
  return [bytes](TestServer& server) {
    TestPeer peer = peer1(server.port());
    peer.send_raw(bytes);
    return peer.receive();
  };
}
/// `ann` is logged in and `bob` has an account.
std::function<WireFrame(TestServer&)> as_ann(const std::string& bytes) {
  return [bytes](TestServer& server) {
    created1(server.port(), "bob").close();
    TestPeer ann = created1(server.port(), "ann");
    ann.send_raw(bytes);
    return ann.receive();
  };
}

/// The answer to the last of so many messages to bob.
WireFrame answer_to_last(TestServer& server, std::uint64_t messages, const std::string& text) {
  created1(server.port(), "bob").close();
  TestPeer ann = created1(server.port(), "ann");
  WireFrame answer;
  for (std::uint64_t n = 1; n <= messages; ++n) {
    ann.send1(SendNumbered{n, "bob", text});
    answer = ann.receive();
  }
  return answer;
}

bool is_of_protocol_0_only(RefusalCode code) {
  return code == RefusalCode::NotAscii || code == RefusalCode::SenderIsNotYou ||
         code == RefusalCode::DelimiterInUsername;
}

std::vector<Case> cases() {
  const std::string header = frame1(FrameCode::Create, std::string(1025, 'x')).substr(0, 42);
  const auto only_protocol_1 = [](Config& config) { config.listen.front().allows_zero = false; };
  return {
      {{RefusalCode::BadVersion, 0, 1},
       as_it_is,
       [](TestServer& server) {
         TestPeer ann = created1(server.port(), "ann");
         ann.send_raw(std::string(1, '\0'));
         return ann.receive();
       }},
      {{RefusalCode::FrameTooLong, 0, 1024}, as_it_is, before_login(header)},
      {{RefusalCode::FrameTimeout, 0, 50},
       [](Config& config) { config.timeouts.frame_ms = 50; },
       before_login(frame1(FrameCode::Create, "ann").substr(0, 43))},
      {{RefusalCode::LoginTimeout, 0, 50},
       [](Config& config) { config.timeouts.login_ms = 50; },
       before_login(bytes1_of(Pong{}))},
      {{RefusalCode::TooManyConnections, 0, 1},
       [=](Config& config) {
         only_protocol_1(config);
         config.limits.connections = 1;
       },
       [](TestServer& server) {
         const TestPeer first = created1(server.port(), "ann");
         return peer1(server.port()).receive();
       }},
      {{RefusalCode::ShuttingDown},
       as_it_is,
       [](TestServer& server) {
         TestPeer ann = created1(server.port(), "ann");
         server.begin_stop();
         return ann.receive();
       }},
      {{RefusalCode::TooManyFromAddress, 0, 1},
       [=](Config& config) {
         only_protocol_1(config);
         config.limits.connections_per_address = 1;
       },
       [](TestServer& server) {
         const TestPeer first = created1(server.port(), "ann");
         return peer1(server.port()).receive();
       }},
      {{RefusalCode::Replaced},
       as_it_is,
       [](TestServer& server) {
         TestPeer ann = created1(server.port(), "ann", "c", kSecret);
         TestPeer again = entering(server.port(), "ann", "c", kSecret);
         return ann.receive();
       }},
      {{RefusalCode::Silent, 0, 50},
       [](Config& config) { config.timeouts.idle_ms = 50; },
       [](TestServer& server) {
         TestPeer ann = created1(server.port(), "ann");
         ann.expect(ping_of(""));
         return ann.receive();
       }},
      {{RefusalCode::UnknownCommand, 8}, as_it_is, as_ann(frame1(FrameCode::Accepted, ""))},
      {{RefusalCode::WrongFieldCount, 2, 3},
       as_it_is,
       as_ann(frame1(FrameCode::Send, "7|||bob")),
       7},
      {{RefusalCode::UnexpectedData}, as_it_is, as_ann(frame1(FrameCode::Deliver, "x"))},
      {{RefusalCode::ControlCharacter, 7},
       as_it_is,
       as_ann(frame1(FrameCode::Send, "1|||bob|||\a")),
       1},
      {{RefusalCode::NotUtf8, 0xff},
       as_it_is,
       as_ann(frame1(FrameCode::Send, "1|||bob|||\xff")),
       1},
      {{RefusalCode::NotANumber}, as_it_is, as_ann(frame1(FrameCode::Acknowledge, "-1"))},
      {{RefusalCode::ClientName, 3, 32}, as_it_is, before_login(bytes1_of(Create{"ann", "a b"}))},
      {{RefusalCode::PingTooLong, 65, 64},
       as_it_is,
       before_login(bytes1_of(Ping{std::string(65, 'x')}))},
      {{RefusalCode::EmptyUsername}, as_it_is, before_login(bytes1_of(Create{"", "c"}))},
      {{RefusalCode::UsernameTooLong, 65, 64},
       as_it_is,
       before_login(bytes1_of(Create{std::string(65, 'x'), "c"}))},
      {{RefusalCode::UsernameCharacter}, as_it_is, before_login(bytes1_of(Create{"a b", "c"}))},
      {{RefusalCode::SecretLength, 7, 512},
       as_it_is,
       before_login(bytes1_of(Create{"ann", "c", "1234567"}))},
      {{RefusalCode::SecretCharacter},
       as_it_is,
       before_login(bytes1_of(Create{"ann", "c", "12345|||678"}))},
      {{RefusalCode::UsernameTaken}, as_it_is, as_ann(bytes1_of(Create{"bob", "c"}))},
      {{RefusalCode::NoSuchUsername}, as_it_is, before_login(bytes1_of(Login{"nobody", "c"}))},
      {{RefusalCode::LoggedInElsewhere},
       as_it_is,
       [](TestServer& server) {
         const TestPeer ann = created1(server.port(), "ann");
         return entering(server.port(), "ann").receive();
       }},
      {{RefusalCode::AlreadyLoggedIn}, as_it_is, as_ann(bytes1_of(Create{"eve", "c"}))},
      {{RefusalCode::SendBeforeLogin},
       as_it_is,
       before_login(bytes1_of(SendNumbered{3, "bob", "x"})),
       3},
      {{RefusalCode::DeliverBeforeLogin}, as_it_is, before_login(bytes1_of(Deliver{}))},
      {{RefusalCode::DeleteBeforeLogin}, as_it_is, before_login(bytes1_of(Delete{}))},
      {{RefusalCode::NoSuchRecipient},
       as_it_is,
       as_ann(bytes1_of(SendNumbered{1, "nobody", "x"})),
       1},
      {{RefusalCode::ListBeforeLogin}, with_secrets_required, before_login(bytes1_of(List{"*"}))},
      {{RefusalCode::SecretBeforeLogin}, as_it_is, before_login(bytes1_of(SetSecret{"", kSecret}))},
      {{RefusalCode::WrongSecret}, as_it_is, as_ann(bytes1_of(SetSecret{kSecret, kNewSecret}))},
      {{RefusalCode::NeedsSecret},
       with_secrets_required,
       before_login(bytes1_of(Create{"ann", "c"}))},
      {{RefusalCode::NumberAhead, 0}, as_it_is, as_ann(bytes1_of(SendNumbered{2, "bob", "x"}))},
      {{RefusalCode::TooManyAccounts, 1, 1},
       [](Config& config) { config.limits.accounts = 1; },
       [](TestServer& server) {
         const TestPeer ann = created1(server.port(), "ann");
         return before_login(bytes1_of(Create{"bob", "c"}))(server);
       }},
      {{RefusalCode::RecipientQueueFull},
       [](Config& config) { config.limits.undelivered_messages = 1; },
       [](TestServer& server) { return answer_to_last(server, 2, "x"); },
       2},
      {{RefusalCode::ServerQueuesFull},
       [](Config& config) { config.limits.queued_bytes = 1 << 20; },
       [](TestServer& server) { return answer_to_last(server, 18, std::string(60'000, 'x')); },
       18},
      {{RefusalCode::ListTooLong, 0, 1},
       [](Config& config) { config.limits.list_names = 1; },
       as_ann(bytes1_of(List{"*"}))},
  };
}

/// Guesses until that is throttled; on a slow machine a short wait may have passed before the next
/// guess, and the waits double. Checks what the client hears.
void be_throttled() {
  constexpr int kMostGuesses = 20;
  TestServer server;
  const TestPeer ann = created1(server.port(), "ann", "c", kSecret);
  TestPeer guesser = peer1(server.port());
  WireFrame answer;
  int guesses = 0;
  do {
    guesser.send1(Login{"ann", "c", "wrong-secret"});
    answer = guesser.receive();
  } while (answer == refused1({RefusalCode::WrongSecret}) && ++guesses < kMostGuesses);
  EXPECT_GE(guesses, 5);
  const auto reply = parse_reply1(answer.code, answer.data);
  ASSERT_TRUE(reply);
  const auto& throttled = std::get<Response1>(reply.value());
  ASSERT_TRUE(throttled.third.has_value());
  EXPECT_GT(*throttled.third, 0U);
  EXPECT_LE(*throttled.third, 60'000U);
  EXPECT_EQ(answer, refused1({RefusalCode::Throttled, *throttled.third}));
}

/// What a client hears when as many secrets wait as may.
WireFrame answer_to_one_secret_too_many() {
  constexpr std::size_t kPeers = 1200;  // 1024 may wait; some are hashed meanwhile
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Config config;
  config.secrets.threads = 1;
  TestServer server(config);
  std::vector<TestPeer> peers;
  for (std::size_t i = 0; i < kPeers; ++i) {
    peers.push_back(peer1(server.port()));
    // Each is accepted before the next comes.
    peers.back().send1(Ping{});
    peers.back().expect(pong_of(""));
  }
  for (std::size_t i = 0; i < kPeers; ++i) {
    peers[i].send1(Create{"user" + std::to_string(i), "c", kSecret});
  }
  return peers.back().receive();
}

TEST_F(Protocol1, GivesEachRefusalToAPeer) {
  std::map<RefusalCode, int> provoked;
  for (const Case& each : cases()) {
    SCOPED_TRACE(std::string(token_of(each.refusal.code)));
    Config config;
    each.configure(config);
    TestServer server(config);
    EXPECT_EQ(each.provoke(server), refused1(each.refusal, each.n));
    ++provoked[each.refusal.code];
  }
  if (!is_over_tls()) {
    TestServer server(Config{}, true);
    const auto provoke = before_login(bytes1_of(Create{"ann", "c", kSecret}));
    EXPECT_EQ(provoke(server), refused1({RefusalCode::SecretNeedsTls}));
  }
  ++provoked[RefusalCode::SecretNeedsTls];
  be_throttled();
  ++provoked[RefusalCode::Throttled];
  // With several loops nothing says which one is too many.
  if (std::getenv("TRIBAR_TEST_IO_LOOPS") == nullptr) {
    EXPECT_EQ(answer_to_one_secret_too_many(), refused1({RefusalCode::TooManySecrets}));
  }
  ++provoked[RefusalCode::TooManySecrets];
  ++provoked[RefusalCode::SecretsUnavailable];  // in a build without secrets: see below
#ifdef TRIBAR_HAS_SQLITE
  {
    const TemporaryFolder folder;
    FaultVfs vfs;
    Config config;
    config.storage.engine = StorageEngine::Sqlite;
    config.storage.path = folder.file("tribar.db");
    config.timeouts.shutdown_ms = 200;
    TestServer server(config);
    TestPeer ann = created1(server.port(), "ann");
    vfs.write_code = SQLITE_FULL;
    // The first that needs the disk finds out, and is closed unanswered.
    ann.send1(SendNumbered{1, "ann", "x"});
    ann.wait_for_end();
    TestPeer asker = peer1(server.port());
    asker.send1(Create{"bob", "c"});
    asker.expect(refused1({RefusalCode::StorageUnavailable}));
    vfs.write_code = SQLITE_OK;
  }
#endif
  ++provoked[RefusalCode::StorageUnavailable];  // without a store it cannot fail
  // Of two servers with one store: tests/programs/two_servers_test.cc.
  ++provoked[RefusalCode::Dismissed];  // tests/programs/tribarctl_test.cc
  ++provoked[RefusalCode::Standby];
  ++provoked[RefusalCode::TakenOver];
  for (const RefusalCode code : refusal_codes()) {
    EXPECT_EQ(provoked[code], is_of_protocol_0_only(code) ? 0 : 1)
        << token_of(code) << " is promised, and nothing provokes it";
  }
}

TEST(Secrets, AreRefusedByABuildWithoutThem) {
  if (can_hash_secrets()) {
    GTEST_SKIP() << "this build has secrets";
  }
  TestServer server;
  TestPeer ann = peer1(server.port());
  ann.send1(Create{"ann", "c", kSecret});
  ann.expect(refused1({RefusalCode::SecretsUnavailable}));
}

#ifdef TRIBAR_HAS_SQLITE

// After a restart.

class Stored : public testing::Test {
 protected:
  Stored() {
    config_.storage.engine = StorageEngine::Sqlite;
    config_.storage.path = folder_.file("tribar.db");
  }
  void start() { server_ = std::make_unique<TestServer>(config_); }
  void stop() { server_.reset(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  TemporaryFolder folder_;
  Config config_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(Stored, RemembersNumbersAndWhatWasNotAcknowledged) {
  start();
  std::uint64_t second = 0;
  {
    TestPeer bob = created1(port(), "bob");
    TestPeer ann = created1(port(), "ann", "phone");
    ann.send_raw(bytes1_of(SendNumbered{1, "bob", "m1"}) +
                 bytes1_of(SendNumbered{2, "bob", kAccent}));
    const std::uint64_t first = accepted(ann, 1);
    second = accepted(ann, 2);
    EXPECT_EQ(delivered(bob, "m1"), first);
    EXPECT_EQ(delivered(bob, kAccent), second);
    bob.send1(Acknowledge{{first}});
    expect_nothing_before_a_pong(bob);
  }
  stop();
  start();
  TestPeer ann = entering(port(), "ann", "phone");
  ann.expect(ok_login(0, 2));
  ann.send_raw(bytes1_of(SendNumbered{2, "bob", kAccent}) +
               bytes1_of(SendNumbered{3, "bob", "m3"}));
  EXPECT_EQ(accepted(ann, 2), 0U);
  const std::uint64_t third = accepted(ann, 3);
  EXPECT_GT(third, second);
  TestPeer bob = entering(port(), "bob");
  bob.expect(ok_login(2, 0));
  bob.send1(Deliver{});
  EXPECT_EQ(delivered(bob, kAccent), second);
  EXPECT_EQ(delivered(bob, "m3"), third);
}

TEST_F(Stored, RemembersSecrets) {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  start();
  {
    TestPeer ann = created1(port(), "ann", "c", kSecret);
    ann.send1(SetSecret{kSecret, kNewSecret});
    ann.expect(ok());
    TestPeer bob = created1(port(), "bob");
    bob.send1(SetSecret{"", kSecret});
    bob.expect(ok());
  }
  stop();
  start();
  TestPeer old(port());
  old.send(Login{"bob"});
  old.expect(response("username needs a secret: use protocol 1"));
  TestPeer ann = entering(port(), "ann", "c", kSecret);
  ann.expect(refused1({RefusalCode::WrongSecret}));
  ann.send1(Login{"ann", "c", kNewSecret});
  ann.expect(ok_login(0, 0));
  entering(port(), "bob", "c", kSecret).expect(ok_login(0, 0));
}

TEST_F(Stored, GivesNoNumberTwiceAfterAnOlderCopyWasRestored) {
  start();
  created1(port(), "bob").close();
  std::uint64_t last = 0;
  const auto send = [&](std::uint64_t n) {
    TestPeer ann = entering(port(), "ann", "");
    if (ann.receive() != ok_login(0, 0)) {
      ann = created1(port(), "ann", "");
    }
    ann.send1(SendNumbered{n, "bob", "x"});
    const std::uint64_t number = accepted(ann, n);
    EXPECT_GT(number, last);
    last = number;
  };
  send(1);
  stop();
  const std::string path = config_.storage.path;
  const std::string copy = folder_.file("copy.db");
  std::filesystem::copy_file(path, copy);
  start();
  for (std::uint64_t n = 2; n < 20; ++n) {
    TestPeer eve = peer1(port());
    eve.send1(Create{"eve" + std::to_string(n), ""});
    eve.expect(ok());
    eve.send1(SendNumbered{n, "bob", "x"});
    const std::uint64_t number = accepted(eve, n);
    EXPECT_GT(number, last);
    last = number;
  }
  stop();
  for (const auto& file : std::filesystem::directory_iterator(folder_.file(""))) {
    if (file.path().string().starts_with(path)) {
      std::filesystem::remove(file.path());
    }
  }
  std::filesystem::copy_file(copy, path);
  start();
  send(1);
}

#endif

}  // namespace
}  // namespace tribar::test
