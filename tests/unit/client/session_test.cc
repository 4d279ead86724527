// SPDX-License-Identifier: MIT
//
// Session: what each request, frame and lost connection makes it send and tell, in both protocols.
#include "client/session.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/session_events.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"
#include "zero/wording.h"

namespace tribar::client {
namespace {

using Events = std::vector<SessionEvent>;

constexpr std::string_view kClient = "cl";
constexpr std::string_view kSecret = "a secret word";
const std::string kLostAnswer = "the connection was lost before the server answered";
const std::string kNoConnection = "there is no connection to the server";
const std::string kNobody = "nobody is logged in";
constexpr UnixMs kTime{1796256000000};

// Frames, by protocol.

std::string frame0(const Command& command) {
  std::string out;
  append_command(out, command);
  return out;
}
std::string frame0(const Reply& reply) {
  std::string out;
  append_reply(out, reply);
  return out;
}
std::string frame1(const Command1& command) {
  std::string out;
  append_command1(out, command);
  return out;
}
std::string frame1(const Reply1& reply) {
  std::string out;
  append_reply1(out, reply);
  return out;
}

const std::string kOk0 = frame0(Response{});
std::string error0(std::string_view text) { return frame0(Response{text}); }
std::string message0(std::string_view from, std::string_view to, std::string_view text) {
  return frame0(Delivery{{from, to, text}});
}
std::string list0(std::vector<std::string_view> names) {
  return frame0(ListResponse{std::move(names)});
}
std::string login0(std::string_view name) { return frame0(Login{name}); }
std::string send0(std::string_view from, std::string_view to, std::string_view text) {
  return frame0(Send{{from, to, text}});
}
std::string fetch0(std::string_view name) { return frame0(Deliver{}) + frame0(List{name}); }

const std::string kOk1 = frame1(Response1{kOk});
std::string login_ok1(std::uint64_t waiting, std::uint64_t highest) {
  return frame1(Response1{kOk, {}, waiting, highest});
}
std::string error1(std::string_view token, std::optional<std::uint64_t> third = std::nullopt,
                   std::string_view text = "words") {
  return frame1(Response1{token, text, {}, third});
}
std::string message1(std::uint64_t number, std::string_view text, std::string_view to = "ann") {
  return frame1(Delivery1{{number}, kTime, {"bob", to, text}});
}
std::string accepted1(std::uint64_t n, std::uint64_t number = 100) {
  return frame1(Accepted1{n, {number}, kTime});
}
std::string list1(std::vector<ListResponse1::User> users) {
  return frame1(ListResponse1{std::move(users)});
}
std::string login1(std::string_view name, std::string_view secret = kSecret) {
  return frame1(Login{name, kClient, secret});
}
std::string send1(std::uint64_t n, std::string_view to, std::string_view text) {
  return frame1(SendNumbered{n, to, text});
}
std::string fetch1(std::string_view name) { return frame1(Deliver{}) + frame1(List{name}); }
std::string ack1(std::uint64_t number) { return frame1(Acknowledge{{number}}); }
const std::string kEndOfFetch1 = list1({{"ann", true}});

Arrived arrived0(std::string from, std::string text) {
  return {std::move(from), std::move(text), {}, {}};
}
Arrived arrived1(std::uint64_t number, std::string text) {
  return {"bob", std::move(text), {number}, kTime};
}
Refused refused(RequestId id, std::string token, std::string text = "words",
                std::optional<std::uint64_t> figure = std::nullopt) {
  return {id, std::move(token), std::move(text), figure};
}
Refused lost(RequestId id) { return refused(id, "lost", kLostAnswer); }
Ended broken(const std::string& what) {
  return {"broken-protocol", "the server broke the protocol: " + what, false};
}

std::string sent_by(Session& session) { return std::exchange(session.output(), {}); }

/// What `bytes` from the server make of it.
Events events_of(Session& session, std::string_view bytes) {
  session.receive(bytes);
  return session.take_events();
}

Session session0() {
  Session session({.protocol = 0, .client = ""});
  session.connected();
  return session;
}
Session session1(std::string client = std::string(kClient)) {
  Session session({.protocol = 1, .client = std::move(client)});
  session.connected();
  return session;
}

/// ann is logged in, by request 1.
Session ann0() {
  Session session = session0();
  EXPECT_EQ(session.log_in("ann"), 1U);
  EXPECT_EQ(sent_by(session), login0("ann"));
  EXPECT_EQ(events_of(session, kOk0), (Events{LoggedIn{1, {}, false}}));
  return session;
}
Session ann1(std::uint64_t highest = 0) {
  Session session = session1();
  EXPECT_EQ(session.log_in("ann", std::string(kSecret)), 1U);
  EXPECT_EQ(sent_by(session), login1("ann"));
  EXPECT_EQ(events_of(session, login_ok1(2, highest)), (Events{LoggedIn{1, 2, false}}));
  return session;
}

/// A new connection; returns what goes out on it.
std::string reconnect(Session& session) {
  session.disconnected();
  session.connected();
  return sent_by(session);
}

// Protocol 0.

TEST(Session0, LogsInAndCreates) {
  Session session = session0();
  EXPECT_TRUE(session.is_idle());
  EXPECT_EQ(session.create("ann"), 1U);
  EXPECT_FALSE(session.is_idle());
  EXPECT_EQ(sent_by(session), frame0(Create{"ann"}));
  EXPECT_EQ(events_of(session, error0("username already exists")),
            (Events{LoginRefused{1, "name-taken", "username already exists", {}, false}}));
  EXPECT_EQ(session.self(), "");
  EXPECT_EQ(session.log_in("ann"), 2U);
  EXPECT_EQ(session.self(), "ann");
  EXPECT_FALSE(session.is_logged_in());
  EXPECT_EQ(sent_by(session), login0("ann"));
  EXPECT_EQ(events_of(session, error0("user is already logged in")),
            (Events{LoginRefused{2, "in-use", "user is already logged in", {}, false}}));
  EXPECT_EQ(session.create("bob"), 3U);
  EXPECT_EQ(sent_by(session), frame0(Create{"bob"}));
  EXPECT_EQ(events_of(session, kOk0), (Events{LoggedIn{3, {}, false}}));
  EXPECT_TRUE(session.is_logged_in());
  EXPECT_EQ(session.self(), "bob");
  EXPECT_TRUE(session.is_idle());
}

TEST(Session0, KnowsTheTextsOfAllRefusals) {
  for (const RefusalCode code : refusal_codes()) {
    const std::string text = tribar::text_of(Refusal{code, 12, 345});
    const std::string token(token1_of(code));
    Session session = ann0();
    session.list();
    const Events events = events_of(session, error0(text));
    const bool is_last = token == "bad-version" || token == "too-long" || token == "idle" ||
                         token == "stopping" || token == "replaced";
    if (!is_last) {
      EXPECT_EQ(events, (Events{refused(2, token, text)})) << text;
      continue;
    }
    const bool may_return = token != "replaced" && token != "bad-version";
    EXPECT_EQ(events.back(), SessionEvent(Ended{token, text, may_return})) << text;
  }
  Session session = ann0();
  session.list();
  EXPECT_EQ(events_of(session, error0("something else 12")),
            (Events{refused(2, "refused", "something else 12")}));
}

TEST(Session0, AsksOneThingAtATime) {
  Session session = session0();
  session.log_in("ann");
  session.list("b*");
  session.send("bob", "hi");
  session.fetch();
  EXPECT_EQ(sent_by(session), login0("ann"));
  EXPECT_EQ(events_of(session, kOk0), (Events{LoggedIn{1, {}, false}}));
  EXPECT_EQ(sent_by(session), frame0(List{"b*"}));
  EXPECT_EQ(events_of(session, message0("bob", "ann", "first")),
            (Events{arrived0("bob", "first")}));
  EXPECT_EQ(events_of(session, list0({"bob", "b c"})),
            (Events{UserList{2, {{"bob", {}}, {"b c", {}}}}}));
  EXPECT_EQ(sent_by(session), send0("ann", "bob", "hi"));
  EXPECT_EQ(events_of(session, message0("ann", "bob", "hi")),
            (Events{Sent{3, "bob", "hi", false}}));
  EXPECT_EQ(sent_by(session), fetch0("ann"));
  EXPECT_EQ(events_of(session, message0("bob", "ann", "1") + message0("bob", "ann", "2")),
            (Events{arrived0("bob", "1"), arrived0("bob", "2")}));
  EXPECT_FALSE(session.is_idle());
  EXPECT_EQ(events_of(session, list0({"ann"})), (Events{FetchDone{4, 2}}));
  EXPECT_TRUE(session.is_idle());
  session.acknowledge();
  EXPECT_EQ(sent_by(session), "");
}

TEST(Session0, TellsAMessageToOneselfOnceAsArrivedAndOnceAsSent) {
  Session session = ann0();
  session.send("ann", "me");
  sent_by(session);
  EXPECT_EQ(events_of(session, message0("ann", "ann", "me")), (Events{arrived0("ann", "me")}));
  EXPECT_FALSE(session.is_idle());
  // One that waited from before is not its confirmation.
  EXPECT_EQ(events_of(session, message0("ann", "ann", "old")), (Events{arrived0("ann", "old")}));
  EXPECT_EQ(events_of(session, message0("ann", "ann", "me")),
            (Events{Sent{2, "ann", "me", false}}));
  EXPECT_EQ(events_of(session, message0("ann", "ann", "me")), (Events{arrived0("ann", "me")}));
}

TEST(Session0, TellsWhyAMessageWasRefused) {
  Session session = ann0();
  session.send("bob", "hi");
  session.send("carl", "ho");
  EXPECT_EQ(sent_by(session), send0("ann", "bob", "hi"));
  EXPECT_EQ(events_of(session, error0("recipient does not exist")),
            (Events{refused(2, "no-such-user", "recipient does not exist")}));
  EXPECT_EQ(sent_by(session), send0("ann", "carl", "ho"));
}

TEST(Session0, FindsTheEndOfARefusedFetch) {
  Session session = ann0();
  session.fetch();
  EXPECT_EQ(events_of(session, error0("no")), Events{});
  EXPECT_EQ(events_of(session, list0({"ann"})), (Events{refused(2, "refused", "no")}));
  session.fetch();
  EXPECT_EQ(events_of(session, error0("no")), Events{});
  EXPECT_EQ(events_of(session, error0("never")), (Events{refused(3, "refused", "no")}));
  session.fetch();
  EXPECT_EQ(events_of(session, list0({})), (Events{FetchDone{4, 0}}));
}

TEST(Session0, SeesThatTheAccountIsGone) {
  Session session = ann0();
  session.send("bob", "hi");
  session.remove();
  sent_by(session);
  EXPECT_EQ(events_of(session, message0("ann", "bob", "hi")).size(), 1U);
  EXPECT_EQ(sent_by(session), frame0(Delete{}) + frame0(List{"ann"}));
  session.send("bob", "too late");
  EXPECT_EQ(events_of(session, list0({"bob"})),
            (Events{Done{3}, refused(4, "not-logged-in", kNobody)}));
  EXPECT_FALSE(session.is_logged_in());
  EXPECT_EQ(session.self(), "");
  EXPECT_EQ(reconnect(session), "");

  Session other = ann0();
  other.remove();
  EXPECT_EQ(events_of(other, error0("no")), Events{});
  EXPECT_EQ(events_of(other, list0({"ann"})), (Events{refused(2, "refused", "no")}));
  EXPECT_TRUE(other.is_logged_in());
  other.remove();
  EXPECT_EQ(events_of(other, list0({"ann"})),
            (Events{broken("it still lists the account that it was to delete")}));
}

TEST(Session0, RefusesWhatNeedsALoginOrAConnection) {
  Session session = session0();
  session.send("bob", "hi");
  session.fetch();
  session.remove();
  session.set_secret("", "a secret word");
  EXPECT_EQ(session.take_events(),
            (Events{refused(1, "not-logged-in", kNobody), refused(2, "not-logged-in", kNobody),
                    refused(3, "not-logged-in", kNobody),
                    refused(4, "unknown-command", "protocol 0 has no secrets")}));
  EXPECT_EQ(sent_by(session), "");
  session.list();
  EXPECT_EQ(sent_by(session), frame0(List{""}));
  session.disconnected();
  session.create("ann");
  session.list();
  session.fetch();
  EXPECT_EQ(session.take_events(),
            (Events{lost(5), LoginRefused{6, "lost", kNoConnection, {}, false},
                    refused(7, "lost", kNoConnection), refused(8, "lost", kNoConnection)}));
  // What waited behind a login that failed.
  Session other = session0();
  other.log_in("ann");
  other.send("bob", "hi");
  other.fetch();
  sent_by(other);
  EXPECT_EQ(events_of(other, error0("username does not exist")),
            (Events{LoginRefused{1, "no-such-user", "username does not exist", {}, false},
                    refused(2, "not-logged-in", kNobody), refused(3, "not-logged-in", kNobody)}));
  EXPECT_EQ(sent_by(other), "");
  EXPECT_TRUE(other.is_idle());
}

TEST(Session0, SaysWhichMessageIsInDoubtAndSendsTheOthers) {
  Session session = ann0();
  session.send("bob", "one");
  session.send("bob", "two");
  EXPECT_EQ(sent_by(session), send0("ann", "bob", "one"));
  session.disconnected();
  session.send("bob", "three");
  EXPECT_EQ(session.take_events(), (Events{InDoubt{2, "bob", "one"}}));
  EXPECT_FALSE(session.is_logged_in());
  EXPECT_EQ(session.self(), "ann");
  session.connected();
  EXPECT_EQ(sent_by(session), login0("ann"));
  // The server may not have noticed the end of the other connection.
  EXPECT_EQ(events_of(session, error0("user is already logged in")),
            (Events{LoginRefused{1, "in-use", "user is already logged in", {}, true}}));
  EXPECT_EQ(reconnect(session), login0("ann"));
  EXPECT_EQ(events_of(session, kOk0), (Events{LoggedIn{1, {}, true}}));
  EXPECT_EQ(sent_by(session), send0("ann", "bob", "two"));
  EXPECT_EQ(events_of(session, message0("ann", "bob", "two")),
            (Events{Sent{3, "bob", "two", false}}));
  EXPECT_EQ(sent_by(session), send0("ann", "bob", "three"));
}

TEST(Session0, ForgetsAnAccountThatIsGoneMeanwhile) {
  Session session = ann0();
  session.disconnected();
  session.send("bob", "one");
  session.connected();
  EXPECT_EQ(sent_by(session), login0("ann"));
  EXPECT_EQ(events_of(session, error0("username does not exist")),
            (Events{LoginRefused{1, "no-such-user", "username does not exist", {}, true},
                    refused(2, "not-logged-in", kNobody)}));
  EXPECT_EQ(session.self(), "");
  EXPECT_EQ(reconnect(session), "");
}

TEST(Session0, EndsWhenTheProtocolIsBroken) {
  const auto of_ann = [](std::string_view bytes) {
    Session session = ann0();
    const Events events = events_of(session, bytes);
    // Nothing counts after that.
    EXPECT_EQ(events_of(session, message0("bob", "ann", "more")), Events{});
    session.list();
    EXPECT_EQ(sent_by(session), "");
    return events;
  };
  EXPECT_EQ(of_ann(kOk0), (Events{broken("it reports a success that nothing asked for")}));
  EXPECT_EQ(of_ann(list0({})), (Events{broken("it lists usernames that nothing asked for")}));
  EXPECT_EQ(of_ann(message0("bob", "carl", "x")),
            (Events{broken("it delivers a message that is for another account")}));
  EXPECT_EQ(of_ann(message0("ann", "bob", "x")),
            (Events{broken("it confirms a message that was not sent")}));
  EXPECT_EQ(
      of_ann(frame1(Response1{kOk})),
      (Events{Ended{"bad-version", "the server speaks version 1 of the protocol, not 0", false}}));
  std::string header(kHeaderBytes, '\0');
  put_header(header.data(), 6, Session::kReplyBytes + 1);
  EXPECT_EQ(of_ann(header), (Events{broken("it announces a frame of more than 67108864 bytes")}));
  EXPECT_EQ(of_ann(error0("the server is shutting down")),
            (Events{Ended{"stopping", "the server is shutting down", true}}));
  EXPECT_EQ(of_ann(error0("go away")), (Events{Ended{"refused", "go away", true}}));
  Session session = session0();
  EXPECT_EQ(events_of(session, message0("bob", "ann", "x")),
            (Events{broken("it delivers a message before login")}));
}

// Protocol 1.

TEST(Session1, LogsInAndCreates) {
  Session session = session1();
  session.log_in("ann", "wrong secret");
  EXPECT_EQ(sent_by(session), login1("ann", "wrong secret"));
  EXPECT_EQ(events_of(session, error1("throttled", 4000)),
            (Events{LoginRefused{1, "throttled", "words", 4000, false}}));
  session.create("ann", std::string(kSecret));
  EXPECT_EQ(sent_by(session), frame1(Create{"ann", kClient, kSecret}));
  EXPECT_EQ(events_of(session, kOk1), (Events{LoggedIn{2, 0, false}}));
  EXPECT_TRUE(session.has_secret());
  session.send("bob", "hi");
  EXPECT_EQ(sent_by(session), send1(1, "bob", "hi"));
  session.log_in("bob");
  EXPECT_EQ(
      events_of(session, accepted1(1) + error1("logged-in")),
      (Events{Sent{3, "bob", "hi", false}, LoginRefused{4, "logged-in", "words", {}, false}}));
  EXPECT_EQ(session.self(), "ann");
  EXPECT_TRUE(session.is_logged_in());
}

TEST(Session1, NumbersMessagesAndSendsThemTogether) {
  Session session = ann1(6);
  session.send("bob", "one");
  session.send("carl", "two");
  session.list();
  EXPECT_EQ(sent_by(session), send1(7, "bob", "one") + send1(8, "carl", "two") + frame1(List{}));
  EXPECT_EQ(events_of(session, accepted1(7)), (Events{Sent{2, "bob", "one", false}}));
  session.send("bob", "three");
  EXPECT_EQ(sent_by(session), send1(9, "bob", "three"));
  EXPECT_EQ(
      events_of(session, accepted1(8, 0) + list1({{"ann", true}, {"bob", false}}) + accepted1(9)),
      (Events{Sent{3, "carl", "two", true}, UserList{4, {{"ann", true}, {"bob", false}}},
              Sent{5, "bob", "three", false}}));
  EXPECT_TRUE(session.is_idle());
}

TEST(Session1, GoesOnFromTheHighestNumber) {
  Session session = ann1(6);
  session.send("nobody", "one");
  session.send("bob", "two");
  session.send("bob", "three");
  sent_by(session);
  EXPECT_EQ(events_of(session, error1("no-such-user", 7)), (Events{refused(2, "no-such-user")}));
  session.send("bob", "four");
  // Only when all are back, in order.
  EXPECT_EQ(events_of(session, error1("bad-number", 6)), Events{});
  EXPECT_EQ(sent_by(session), "");
  EXPECT_EQ(events_of(session, error1("bad-number", 6)), Events{});
  EXPECT_EQ(sent_by(session),
            send1(7, "bob", "two") + send1(8, "bob", "three") + send1(9, "bob", "four"));
  EXPECT_EQ(events_of(session, accepted1(7) + error1("mailbox-full", 8) + error1("bad-number", 7)),
            (Events{Sent{3, "bob", "two", false}, refused(4, "mailbox-full")}));
  EXPECT_EQ(sent_by(session), send1(8, "bob", "four"));
  EXPECT_EQ(events_of(session, error1("bad-number", 7)),
            (Events{broken("it refuses the number that it asks for")}));
}

TEST(Session1, GoesBackToALowerHighest) {
  // The server was restored from a backup.
  Session session = ann1(6);
  session.send("bob", "one");
  sent_by(session);
  EXPECT_EQ(events_of(session, error1("bad-number", 2)), Events{});
  EXPECT_EQ(sent_by(session), send1(3, "bob", "one"));
}

TEST(Session1, AnswersPings) {
  Session session = ann1();
  EXPECT_EQ(events_of(session, frame1(Command1(Ping{"\xff|||"}))), Events{});
  EXPECT_EQ(sent_by(session), frame1(Command1(Pong{"\xff|||"})));
  for (int i = 0; i < 10000; ++i) {
    session.receive(frame1(Command1(Ping{"12345678901234567890"})));
  }
  EXPECT_LT(session.output().size(), 70000U);
}

TEST(Session1, AcknowledgesWhatWasHandedOut) {
  Session session = ann1();
  session.receive(message1(5, "five"));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), "");
  EXPECT_EQ(session.take_events(), (Events{arrived1(5, "five")}));
  session.receive(message1(7, "seven"));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(5));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), "");
  EXPECT_EQ(session.take_events(), (Events{arrived1(7, "seven")}));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(7));
  // Again, on the same connection.
  EXPECT_EQ(events_of(session, message1(7, "seven")), Events{});
  EXPECT_EQ(sent_by(session), "");
}

TEST(Session1, AcknowledgesAsFarAsTheCallerSays) {
  Session session = ann1();
  session.fetch();
  EXPECT_EQ(events_of(session, message1(5, "five") + message1(6, "six") + kEndOfFetch1).size(), 2U);
  session.receive(message1(7, "seven"));
  sent_by(session);
  session.acknowledge({5});
  EXPECT_EQ(sent_by(session), ack1(5));
  session.acknowledge({4});
  EXPECT_EQ(sent_by(session), "");
  // Not beyond what was handed out; the rest of the fetch waits for the last one.
  session.acknowledge({9});
  EXPECT_EQ(sent_by(session), ack1(6));
  EXPECT_EQ(session.take_events(), (Events{arrived1(7, "seven")}));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(7) + fetch1("ann"));
}

TEST(Session1, TellsAMessageOnceOverManyConnections) {
  Session session = ann1();
  EXPECT_EQ(events_of(session, message1(5, "five") + message1(6, "six")).size(), 2U);
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(6));
  EXPECT_EQ(events_of(session, message1(8, "eight")), (Events{arrived1(8, "eight")}));
  EXPECT_EQ(reconnect(session), login1("ann"));
  // The acknowledgement was lost. What the server has not pushed here does not count here.
  EXPECT_EQ(events_of(session, login_ok1(3, 0)), (Events{LoggedIn{1, 3, true}}));
  session.fetch();
  EXPECT_EQ(sent_by(session), fetch1("ann"));
  EXPECT_EQ(events_of(session, message1(5, "five")), Events{});
  EXPECT_EQ(sent_by(session), ack1(5));
  EXPECT_EQ(events_of(session, message1(6, "six") + message1(8, "eight") + message1(9, "nine")),
            (Events{arrived1(9, "nine")}));
  EXPECT_EQ(sent_by(session), ack1(6));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(9));
  // All was acknowledged when the list comes, and so the server is asked again at once.
  EXPECT_EQ(events_of(session, kEndOfFetch1), Events{});
  EXPECT_EQ(sent_by(session), fetch1("ann"));
  EXPECT_EQ(events_of(session, kEndOfFetch1), (Events{FetchDone{2, 1}}));
}

TEST(Session1, FetchesUntilNothingMoreIsPushed) {
  Session session = ann1();
  session.fetch();
  EXPECT_EQ(sent_by(session), fetch1("ann"));
  EXPECT_EQ(events_of(session, message1(5, "five") + message1(6, "six") + kEndOfFetch1),
            (Events{arrived1(5, "five"), arrived1(6, "six")}));
  EXPECT_EQ(sent_by(session), "");
  EXPECT_FALSE(session.is_idle());
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(6) + fetch1("ann"));
  EXPECT_EQ(events_of(session, message1(7, "seven") + kEndOfFetch1),
            (Events{arrived1(7, "seven")}));
  session.acknowledge();
  EXPECT_EQ(sent_by(session), ack1(7) + fetch1("ann"));
  EXPECT_EQ(events_of(session, kEndOfFetch1), (Events{FetchDone{2, 3}}));
  session.fetch();
  EXPECT_EQ(events_of(session, error1("storage-unavailable") + kEndOfFetch1),
            (Events{refused(3, "storage-unavailable")}));
}

TEST(Session1, RepeatsAreAcknowledgedBeforeTheServerIsAskedForMore) {
  Session session = ann1();
  EXPECT_EQ(events_of(session, message1(5, "five")).size(), 1U);
  session.acknowledge();
  reconnect(session);
  session.receive(login_ok1(1, 0));
  session.fetch();
  sent_by(session);
  session.receive(message1(5, "five") + kEndOfFetch1);
  EXPECT_EQ(sent_by(session), ack1(5) + fetch1("ann"));
}

TEST(Session1, SendsAgainWhatWasNotAccepted) {
  Session session = ann1(6);
  session.send("bob", "one");
  session.send("bob", "two");
  session.send("bob", "three");
  session.list();
  EXPECT_EQ(events_of(session, accepted1(7)), (Events{Sent{2, "bob", "one", false}}));
  session.disconnected();
  session.send("bob", "four");
  EXPECT_EQ(session.take_events(), (Events{lost(5)}));
  EXPECT_EQ(session.unsent().size(), 3U);
  EXPECT_TRUE(session.unsent()[0].is_in_doubt);
  EXPECT_FALSE(session.unsent()[2].is_in_doubt);
  session.connected();
  EXPECT_EQ(sent_by(session), login1("ann"));
  EXPECT_EQ(events_of(session, login_ok1(1, 8)),
            (Events{LoggedIn{1, 1, true}, Sent{3, "bob", "two", true}}));
  EXPECT_EQ(sent_by(session), send1(9, "bob", "three") + send1(10, "bob", "four"));
  EXPECT_EQ(events_of(session, accepted1(9) + accepted1(10)),
            (Events{Sent{4, "bob", "three", false}, Sent{6, "bob", "four", false}}));
  EXPECT_TRUE(session.is_idle());
}

TEST(Session1, KeepsTheOrderWhenTheConnectionIsLostWhileMessagesComeBack) {
  Session session = ann1(6);
  session.send("nobody", "one");
  session.send("bob", "two");
  session.send("bob", "three");
  session.send("bob", "four");
  EXPECT_EQ(events_of(session, error1("no-such-user", 7) + error1("bad-number", 6)),
            (Events{refused(2, "no-such-user")}));
  EXPECT_EQ(reconnect(session), login1("ann"));
  EXPECT_EQ(events_of(session, login_ok1(0, 6)), (Events{LoggedIn{1, 0, true}}));
  EXPECT_EQ(sent_by(session),
            send1(7, "bob", "two") + send1(8, "bob", "three") + send1(9, "bob", "four"));
}

TEST(Session1, SaysWhatIsInDoubtWithoutANameOfItsOwn) {
  Session session = session1("");
  session.log_in("ann");
  session.receive(login_ok1(0, 0));
  session.send("bob", "one");
  session.send("bob", "two");
  session.disconnected();
  EXPECT_EQ(session.take_events(),
            (Events{LoggedIn{1, 0, false}, InDoubt{2, "bob", "one"}, InDoubt{3, "bob", "two"}}));
  EXPECT_TRUE(session.unsent().empty());
}

TEST(Session1, LogsInWhenThereIsAConnection) {
  Session session({.protocol = 1, .client = std::string(kClient)});
  session.log_in("ann", std::string(kSecret));
  session.send("bob", "one");
  EXPECT_EQ(sent_by(session), "");
  session.connected();
  EXPECT_EQ(sent_by(session), login1("ann"));
  // Not answered: it is made again, with the messages behind it.
  EXPECT_EQ(reconnect(session), login1("ann"));
  EXPECT_EQ(events_of(session, login_ok1(0, 0)), (Events{LoggedIn{1, 0, false}}));
  EXPECT_EQ(sent_by(session), send1(1, "bob", "one"));
}

TEST(Session1, CannotSayIfAnAccountWasCreated) {
  Session session = session1();
  session.create("ann", std::string(kSecret));
  session.send("bob", "one");
  EXPECT_EQ(reconnect(session), "");
  EXPECT_EQ(session.take_events(), (Events{LoginRefused{1, "lost", kLostAnswer, {}, false},
                                           refused(2, "not-logged-in", kNobody)}));
}

TEST(Session1, TriesAgainLaterWhenTheServerIsBusy) {
  Session session = ann1();
  session.disconnected();
  session.send("bob", "one");
  for (const char* token : {"busy", "throttled", "in-use", "storage-unavailable"}) {
    EXPECT_EQ(reconnect(session), login1("ann"));
    EXPECT_EQ(events_of(session, error1(token, 5)).size(), 1U);
    EXPECT_FALSE(session.is_idle());
  }
  EXPECT_EQ(reconnect(session), login1("ann"));
  EXPECT_EQ(events_of(session, error1("bad-secret")),
            (Events{LoginRefused{1, "bad-secret", "words", {}, true},
                    refused(2, "not-logged-in", kNobody)}));
  EXPECT_EQ(reconnect(session), "");
}

TEST(Session1, AnotherAccountDoesNotGetItsMessages) {
  Session session = ann1();
  EXPECT_EQ(events_of(session, message1(50, "fifty")).size(), 1U);
  session.disconnected();
  session.send("carl", "one");
  session.log_in("bob", "bob's secret");
  EXPECT_EQ(session.take_events(), (Events{refused(2, "not-logged-in", kNobody)}));
  session.connected();
  EXPECT_EQ(sent_by(session), login1("bob", "bob's secret"));
  // What waits for bob has lower numbers.
  EXPECT_EQ(events_of(session, login_ok1(1, 0) + message1(5, "five", "bob")),
            (Events{LoggedIn{3, 1, false}, arrived1(5, "five")}));
}

TEST(Session1, ChangesTheSecret) {
  Session session = ann1();
  session.set_secret(std::string(kSecret), "a new secret");
  EXPECT_EQ(sent_by(session), frame1(SetSecret{kSecret, "a new secret"}));
  EXPECT_EQ(events_of(session, error1("bad-secret")), (Events{refused(2, "bad-secret")}));
  session.set_secret(std::string(kSecret), "a new secret");
  EXPECT_EQ(events_of(session, kOk1), (Events{Done{3}}));
  EXPECT_EQ(reconnect(session), login1("ann", "a new secret"));
}

TEST(Session1, FindsOutIfTheSecretWasChanged) {
  Session session = ann1();
  session.set_secret(std::string(kSecret), "a new secret");
  session.disconnected();
  EXPECT_EQ(session.take_events(), Events{});
  session.connected();
  EXPECT_EQ(events_of(session, login_ok1(0, 0)), (Events{LoggedIn{1, 0, true}, Done{2}}));
  EXPECT_EQ(reconnect(session), login1("ann", "a new secret"));
  session.receive(login_ok1(0, 0));
  static_cast<void>(session.take_events());

  session.set_secret("a new secret", "a newer secret");
  EXPECT_EQ(reconnect(session), login1("ann", "a newer secret"));
  EXPECT_EQ(events_of(session, error1("busy")),
            (Events{LoginRefused{1, "busy", "words", {}, true}}));
  EXPECT_EQ(reconnect(session), login1("ann", "a newer secret"));
  EXPECT_EQ(
      events_of(session, error1("bad-secret")),
      (Events{refused(3, "lost", "the connection was lost, and the secret was not changed")}));
  EXPECT_EQ(sent_by(session), login1("ann", "a new secret"));
  EXPECT_EQ(events_of(session, login_ok1(0, 0)), (Events{LoggedIn{1, 0, true}}));
}

TEST(Session1, FindsOutIfTheAccountIsDeleted) {
  Session session = ann1();
  session.remove(std::string(kSecret));
  EXPECT_EQ(sent_by(session), frame1(Delete{kSecret}));
  EXPECT_EQ(reconnect(session), login1("ann"));
  EXPECT_EQ(
      events_of(session, login_ok1(0, 0)),
      (Events{LoggedIn{1, 0, true},
              refused(2, "lost", "the connection was lost, and the account was not deleted")}));
  session.remove(std::string(kSecret));
  session.send("bob", "behind it");
  reconnect(session);
  EXPECT_EQ(events_of(session, error1("no-such-user")),
            (Events{Done{3}, refused(4, "not-logged-in", kNobody)}));
  EXPECT_EQ(reconnect(session), "");

  Session other = ann1();
  other.remove(std::string(kSecret));
  EXPECT_EQ(events_of(other, error1("bad-secret")), (Events{refused(2, "bad-secret")}));
  other.remove(std::string(kSecret));
  EXPECT_EQ(events_of(other, kOk1), (Events{Done{3}}));
  EXPECT_FALSE(other.is_logged_in());
}

TEST(Session1, EndsWithTheServersLastWord) {
  const auto of_ann = [](std::string_view bytes) {
    Session session = ann1();
    return events_of(session, bytes);
  };
  EXPECT_EQ(of_ann(error1("replaced")), (Events{Ended{"replaced", "words", false}}));
  EXPECT_EQ(of_ann(error1("stopping")), (Events{Ended{"stopping", "words", true}}));
  EXPECT_EQ(of_ann(error1("idle")), (Events{Ended{"idle", "words", true}}));
  EXPECT_EQ(of_ann(error1("bad-version")), (Events{Ended{"bad-version", "words", false}}));
  EXPECT_EQ(of_ann(error1("something")), (Events{Ended{"something", "words", true}}));

  // A message that is too long for this server is not sent again.
  Session session = ann1();
  session.send("bob", "long");
  session.send("bob", "short");
  EXPECT_EQ(events_of(session, error1("too-long")),
            (Events{refused(2, "too-long"), Ended{"too-long", "words", true}}));
  EXPECT_EQ(reconnect(session), login1("ann"));
  session.receive(login_ok1(0, 0));
  EXPECT_EQ(sent_by(session), send1(1, "bob", "short"));
}

TEST(Session1, UnderstandsThatItIsTurnedAwayInProtocol0) {
  const std::string busy = "the server is at its limit of 12 connections, try again later";
  const auto of_new = [](std::string_view bytes) {
    Session session = session1();
    session.log_in("ann");
    return events_of(session, bytes);
  };
  EXPECT_EQ(of_new(error0(busy)), (Events{Ended{"busy", busy, true}}));
  const Ended foreign{"bad-version",
                      "the server speaks protocol 0 only here: connect with --protocol 0, which "
                      "has no secrets",
                      false};
  EXPECT_EQ(of_new(error0("protocol version 1 is not supported, this server speaks version 0")),
            (Events{foreign}));
  EXPECT_EQ(of_new(kOk0), (Events{foreign}));
  std::string header(kHeaderBytes, '\0');
  put_header(header.data(), 6, 1025);
  EXPECT_EQ(of_new(header), (Events{foreign}));
  Session session = ann1();
  EXPECT_EQ(
      events_of(session, error0(busy)),
      (Events{Ended{"bad-version", "the server speaks version 0 of the protocol, not 1", false}}));
  // The next connection is as good as new.
  EXPECT_EQ(reconnect(session), login1("ann"));
  EXPECT_EQ(events_of(session, login_ok1(0, 0)), (Events{LoggedIn{1, 0, true}}));
}

TEST(Session1, EndsWhenTheProtocolIsBroken) {
  const auto of_ann = [](std::string_view bytes) {
    Session session = ann1(6);
    session.send("bob", "one");
    return events_of(session, bytes);
  };
  EXPECT_EQ(of_ann(kOk1), (Events{broken("it reports a success that nothing asked for")}));
  EXPECT_EQ(of_ann(login_ok1(0, 0)),
            (Events{broken("it answers with numbers that belong to another command")}));
  EXPECT_EQ(of_ann(accepted1(8)), (Events{broken("it confirms a message that was not sent")}));
  EXPECT_EQ(of_ann(kEndOfFetch1), (Events{broken("it lists usernames that nothing asked for")}));
  EXPECT_EQ(of_ann(message1(1, "x", "bob")),
            (Events{broken("it delivers a message that is for another account")}));
  EXPECT_EQ(of_ann(frame1(Command1(Pong{""}))),
            (Events{broken("it answers a ping that was not sent")}));
  EXPECT_EQ(of_ann(error1("bad-number")),
            (Events{broken("it refuses the number that it asks for")}));
  EXPECT_EQ(of_ann(error1("bad-number", std::numeric_limits<std::uint64_t>::max())),
            (Events{broken("it refuses the number that it asks for")}));
  std::string bad_text;
  append_frame(bad_text, 6, "ok\x1b", kVersion1);
  EXPECT_EQ(
      of_ann(bad_text),
      (Events{broken("an invalid answer: control character 27 is not allowed in a message")}));
  Session session = session1();
  session.log_in("ann");
  EXPECT_EQ(events_of(session, login_ok1(0, std::numeric_limits<std::uint64_t>::max())),
            (Events{broken("it has accepted more messages than there can be")}));
  session = session1();
  EXPECT_EQ(events_of(session, message1(1, "x")),
            (Events{broken("it delivers a message before login")}));
}

// Both.

TEST(Session, UnderstandsTheSameInPieces) {
  const std::string bytes = login_ok1(2, 0) + message1(1, "one") + frame1(Command1(Ping{"p"})) +
                            list1({{"ann", true}}) + message1(1, "one") + message1(2, "two") +
                            error1("stopping");
  const auto run = [&bytes](std::size_t size) {
    Session session = session1();
    session.log_in("ann");
    session.list();
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      session.receive(std::string_view(bytes).substr(at, size));
    }
    return std::pair(session.take_events(), sent_by(session));
  };
  const auto whole = run(bytes.size());
  EXPECT_EQ(whole.first.size(), 5U);
  EXPECT_EQ(run(1), whole);
  EXPECT_EQ(run(43), whole);
}

TEST(Session, KeepsABoundedNumberOfMessages) {
  for (const int protocol : {0, 1}) {
    Session session = protocol == 0 ? ann0() : ann1();
    session.disconnected();
    for (std::size_t i = 0; i < Session::kMostKept; ++i) {
      session.send("bob", "hi");
    }
    EXPECT_EQ(session.take_events(), Events{});
    session.send("bob", "one more");
    EXPECT_EQ(session.take_events(),
              (Events{refused(1002, "busy", "1000 messages wait to be sent already")}));
    EXPECT_EQ(session.unsent().size(), Session::kMostKept);
  }
  Session session = ann1();
  session.disconnected();
  for (int i = 0; i < 63; ++i) {
    session.send("bob", std::string(65536, 'a'));
  }
  session.send("bob", std::string(65533, 'a'));
  EXPECT_EQ(session.take_events().size(), 1U);
  // There is room again when one is confirmed.
  session.connected();
  session.receive(login_ok1(0, 0) + accepted1(1));
  static_cast<void>(session.take_events());
  session.send("bob", std::string(65533, 'a'));
  EXPECT_EQ(session.take_events(), Events{});
}

TEST(Session, HasABoundedNumberOfMessagesOnTheWay) {
  Session session = ann1();
  for (int i = 0; i < 100; ++i) {
    session.send("bob", "hi");
  }
  session.list();
  std::string expected;
  for (std::uint64_t n = 1; n <= 64; ++n) {
    expected += send1(n, "bob", "hi");
  }
  EXPECT_EQ(sent_by(session), expected);
  session.receive(accepted1(1));
  EXPECT_EQ(sent_by(session), send1(65, "bob", "hi"));
  for (std::uint64_t n = 2; n <= 37; ++n) {
    session.receive(accepted1(n));
  }
  // What was asked behind them goes out behind them.
  EXPECT_TRUE(sent_by(session).ends_with(send1(100, "bob", "hi") + frame1(List{})));
}

TEST(Session, RefusesAListThatIsTooLong) {
  std::string names;
  names.reserve(4 * (Session::kMostUsers + 1));
  for (std::size_t i = 0; i <= Session::kMostUsers; ++i) {
    names += i == 0 ? "a" : "|||a";
  }
  std::string frame;
  append_frame(frame, 7, names);
  Session session = ann0();
  session.list();
  EXPECT_EQ(
      events_of(session, frame),
      (Events{refused(2, "too-many", "more than 1048576 usernames match, narrow the pattern")}));
}

TEST(Session, KnowsWhatMayDoBetterLater) {
  for (const char* token : {"busy", "throttled", "stopping", "storage-unavailable", "in-use",
                            "mailbox-full", "server-full", "idle", "lost"}) {
    EXPECT_TRUE(is_temporary(token)) << token;
  }
  for (const char* token :
       {"bad-secret", "no-such-user", "replaced", "refused", "broken-protocol", "", "new-one"}) {
    EXPECT_FALSE(is_temporary(token)) << token;
  }
}

}  // namespace
}  // namespace tribar::client
