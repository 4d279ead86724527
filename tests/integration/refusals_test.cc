// SPDX-License-Identifier: MIT
//
// Every refusal that the table lists is one that a peer can get: each is provoked here, and its
// text is compared with the table's.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/refusal.h"
#include "support/test_peer.h"
#include "support/test_server.h"

#ifdef TRIBAR_HAS_SQLITE
#include "support/fault_vfs.h"
#include "support/temporary_folder.h"
#include "zero/wording.h"
#endif

namespace tribar::test {
namespace {

/// How a refusal is provoked, and what its text names.
struct Case {
  Refusal refusal;
  std::function<void(Config&)> configure;
  /// Returns what the server said.
  std::function<WireFrame(TestServer&)> provoke;
};

void as_it_is(Config&) {}

std::function<WireFrame(TestServer&)> before_login(const std::string& bytes) {
  return [bytes](TestServer& server) {
    TestPeer peer(server.port());
    peer.send_raw(bytes);
    return peer.receive();
  };
}

/// `ann` is logged in and `bob` has an account.
std::function<WireFrame(TestServer&)> as_ann(const std::string& bytes) {
  return [bytes](TestServer& server) {
    created(server.port(), "bob").close();
    TestPeer ann = created(server.port(), "ann");
    ann.send_raw(bytes);
    return ann.receive();
  };
}

std::string frame_bytes(std::uint8_t code, std::string_view data) {
  return bytes_of(WireFrame{code, std::string(data)});
}

bool is_of_protocol_1_only(RefusalCode code) {
  switch (code) {
    case RefusalCode::Replaced:
    case RefusalCode::Silent:
    case RefusalCode::NotUtf8:
    case RefusalCode::NotANumber:
    case RefusalCode::ClientName:
    case RefusalCode::PingTooLong:
    case RefusalCode::SecretLength:
    case RefusalCode::SecretCharacter:
    case RefusalCode::ListBeforeLogin:
    case RefusalCode::SecretBeforeLogin:
    case RefusalCode::WrongSecret:
    case RefusalCode::NeedsSecret:
    case RefusalCode::SecretNeedsTls:
    case RefusalCode::Throttled:
    case RefusalCode::NumberAhead:
    case RefusalCode::TooManySecrets:
    case RefusalCode::SecretsUnavailable:
      return true;
    default:
      return false;
  }
}

/// The answer to the last of so many messages to bob.
WireFrame answer_to_last(TestServer& server, int messages, const std::string& text) {
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  WireFrame answer;
  for (int i = 0; i < messages; ++i) {
    ann.send_raw(send_bytes("ann", "bob", text));
    answer = ann.receive();
  }
  return answer;
}

std::vector<Case> cases() {
  const auto header_of = [](std::uint64_t bytes) {
    return frame_bytes(0, std::string(bytes, 'x')).substr(0, 42);
  };
  return {
      {{RefusalCode::BadVersion, 2, 0}, as_it_is, before_login("\x02")},
      {{RefusalCode::FrameTooLong, 0, 1024}, as_it_is, before_login(header_of(1025))},
      {{RefusalCode::FrameTimeout, 0, 50},
       [](Config& config) { config.timeouts.frame_ms = 50; },
       before_login(header_of(5))},
      {{RefusalCode::LoginTimeout, 0, 50},
       [](Config& config) { config.timeouts.login_ms = 50; },
       before_login("")},
      {{RefusalCode::TooManyConnections, 0, 1},
       [](Config& config) { config.limits.connections = 1; },
       [](TestServer& server) {
         const TestPeer first = created(server.port(), "ann");
         return TestPeer(server.port()).receive();
       }},
      {{RefusalCode::ShuttingDown},
       as_it_is,
       [](TestServer& server) {
         TestPeer ann = created(server.port(), "ann");
         server.begin_stop();
         return ann.receive();
       }},
      {{RefusalCode::TooManyFromAddress, 0, 1},
       [](Config& config) { config.limits.connections_per_address = 1; },
       [](TestServer& server) {
         const TestPeer first = created(server.port(), "ann");
         return TestPeer(server.port()).receive();
       }},
      {{RefusalCode::UnknownCommand, 99}, as_it_is, as_ann(frame_bytes(99, ""))},
      {{RefusalCode::WrongFieldCount, 2, 3}, as_it_is, as_ann(frame_bytes(2, "ann|||bob"))},
      {{RefusalCode::UnexpectedData}, as_it_is, as_ann(frame_bytes(3, "x"))},
      {{RefusalCode::NotAscii, 195}, as_it_is, as_ann(send_bytes("ann", "bob", "\xc3\xa9"))},
      {{RefusalCode::ControlCharacter, 7}, as_it_is, as_ann(send_bytes("ann", "bob", "\a"))},
      {{RefusalCode::DelimiterInUsername}, as_it_is, before_login(frame_bytes(0, "a|||b"))},
      {{RefusalCode::EmptyUsername}, as_it_is, before_login(frame_bytes(0, ""))},
      {{RefusalCode::UsernameTooLong, 65, 64},
       as_it_is,
       before_login(frame_bytes(0, std::string(65, 'x')))},
      {{RefusalCode::UsernameCharacter}, as_it_is, before_login(frame_bytes(0, "a b"))},
      {{RefusalCode::UsernameTaken}, as_it_is, as_ann(frame_bytes(0, "bob"))},
      {{RefusalCode::NoSuchUsername}, as_it_is, before_login(frame_bytes(5, "nobody"))},
      {{RefusalCode::LoggedInElsewhere},
       as_it_is,
       [](TestServer& server) {
         const TestPeer ann = created(server.port(), "ann");
         return before_login(frame_bytes(5, "ann"))(server);
       }},
      {{RefusalCode::AlreadyLoggedIn}, as_it_is, as_ann(frame_bytes(5, "bob"))},
      {{RefusalCode::SendBeforeLogin}, as_it_is, before_login(send_bytes("ann", "bob", "x"))},
      {{RefusalCode::DeliverBeforeLogin}, as_it_is, before_login(frame_bytes(3, ""))},
      {{RefusalCode::DeleteBeforeLogin}, as_it_is, before_login(frame_bytes(4, ""))},
      {{RefusalCode::SenderIsNotYou}, as_it_is, as_ann(send_bytes("bob", "ann", "x"))},
      {{RefusalCode::NoSuchRecipient}, as_it_is, as_ann(send_bytes("ann", "nobody", "x"))},
      {{RefusalCode::TooManyAccounts, 1, 1},
       [](Config& config) { config.limits.accounts = 1; },
       [](TestServer& server) {
         const TestPeer ann = created(server.port(), "ann");
         return before_login(frame_bytes(0, "bob"))(server);
       }},
      {{RefusalCode::RecipientQueueFull},
       [](Config& config) { config.limits.undelivered_messages = 1; },
       [](TestServer& server) { return answer_to_last(server, 2, "x"); }},
      {{RefusalCode::ServerQueuesFull},
       [](Config& config) { config.limits.queued_bytes = 1 << 20; },
       [](TestServer& server) { return answer_to_last(server, 18, std::string(60'000, 'x')); }},
      {{RefusalCode::ListTooLong, 0, 1},
       [](Config& config) { config.limits.list_names = 1; },
       as_ann(frame_bytes(1, "*"))},
  };
}

TEST(Refusals, AreEachGivenToAPeer) {
  std::map<RefusalCode, int> provoked;
  for (const Case& each : cases()) {
    SCOPED_TRACE(std::string(token_of(each.refusal.code)));
    Config config;
    each.configure(config);
    TestServer server(config);
    EXPECT_EQ(each.provoke(server), response(text_of(each.refusal)));
    ++provoked[each.refusal.code];
  }
#ifdef TRIBAR_HAS_SQLITE
  {
    const TemporaryFolder folder;
    FaultVfs vfs;
    Config config;
    config.storage.engine = StorageEngine::Sqlite;
    config.storage.path = folder.file("tribar.db");
    config.timeouts.shutdown_ms = 200;
    TestServer server(config);
    TestPeer ann = created(server.port(), "ann");
    vfs.write_code = SQLITE_FULL;
    // The first that needs the disk finds out, and is closed unanswered.
    ann.send_raw(send_bytes("ann", "ann", "x"));
    ann.wait_for_end();
    TestPeer asker(server.port());
    asker.send(Create{"bob"});
    const WireFrame answer = asker.receive();
    EXPECT_EQ(answer, response(text_of({RefusalCode::StorageUnavailable})));
    vfs.write_code = SQLITE_OK;
    ++provoked[RefusalCode::StorageUnavailable];
  }
#else
  ++provoked[RefusalCode::StorageUnavailable];  // no store: it cannot fail
#endif
  // Of two servers with one store: tests/programs/two_servers_test.cc.
  ++provoked[RefusalCode::Dismissed];  // tests/programs/tribarctl_test.cc
  ++provoked[RefusalCode::Standby];
  ++provoked[RefusalCode::TakenOver];
  for (const RefusalCode code : refusal_codes()) {
    EXPECT_EQ(provoked[code], is_of_protocol_1_only(code) ? 0 : 1)
        << token_of(code) << " is promised, and nothing provokes it";
  }
}

}  // namespace
}  // namespace tribar::test
