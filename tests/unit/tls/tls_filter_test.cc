// SPDX-License-Identifier: MIT
//
// The filter between a stream in memory and a connection.
#include "tls/tls_filter.h"

#include <gtest/gtest.h>

#include <string>

#include "support/tls_rig.h"

namespace tribar {
namespace {

using test::ClientContext;
using test::loaded;
using test::TestCa;
using test::TlsFiles;
using test::TlsRig;
using ClientCertificates = TlsSettings::ClientCertificates;

const TlsFiles& files() {
  static const TlsFiles made;
  return made;
}

std::shared_ptr<const TlsContext> context() {
  static const std::shared_ptr<const TlsContext> made = loaded(files().settings());
  return made;
}

/// A rig after its handshake.
struct OpenRig : TlsRig {
  explicit OpenRig(std::shared_ptr<const TlsContext> server = context(),
                   const ClientContext& client_context = {})
      : TlsRig(std::move(server), client_context) {
    settle();
    EXPECT_TRUE(client.is_open()) << client.error();
    EXPECT_EQ(owner.ends, 0);
  }
};

TEST(TlsFilter, CarriesBytesBothWays) {
  OpenRig rig;
  rig.send("hello");
  EXPECT_EQ(rig.filter->try_write("wel", "come"), 7);
  rig.settle();
  EXPECT_EQ(rig.owner.got, "hello");
  EXPECT_EQ(rig.client_got, "welcome");
  EXPECT_EQ(rig.wire->taken.find("welcome"), std::string::npos);
}

TEST(TlsFilter, TakesMoreMemoryDuringTheHandshake) {
  TlsRig rig(context());
  const std::size_t before = rig.filter->memory_bytes();
  rig.settle();
  EXPECT_GT(rig.filter->memory_bytes(), 0U);
  EXPECT_LT(rig.filter->memory_bytes(), before);
}

TEST(TlsFilter, SaysWhatIsUnderIt) {
  OpenRig rig;
  EXPECT_EQ(rig.filter->peer(), "a test");
  EXPECT_EQ(rig.filter->network(), PeerNetwork{42});
  EXPECT_TRUE(rig.filter->is_private());
  EXPECT_EQ(rig.filter->certificate_name(), "");
}

TEST(TlsFilter, AHandshakeComesAByteAtATime) {
  TlsRig rig(context());
  rig.wire->most_read = 1;
  rig.settle();
  ASSERT_TRUE(rig.client.is_open());
  const std::string text(40000, 'x');
  rig.send(text);
  rig.settle();
  EXPECT_EQ(rig.owner.got, text);
}

TEST(TlsFilter, AHandshakeCutAtEveryByteIsAFailure) {
  TlsRig measured(context());
  const std::size_t hello = measured.client.output().size();
  measured.to_server();
  measured.to_client();
  const std::size_t last = measured.client.output().size();
  ASSERT_TRUE(measured.client.is_open());
  for (std::size_t cut = 0; cut < hello + last; ++cut) {
    TlsRig rig(context());
    const std::string first(rig.client.output().view());
    ASSERT_EQ(rig.wire->bring(std::string_view(first).substr(0, cut)), std::min(cut, first.size()));
    if (cut > first.size()) {
      rig.client.output().clear(0);
      rig.to_client();
      const std::string second(rig.client.output().view());
      rig.wire->bring(std::string_view(second).substr(0, cut - first.size()));
    }
    ASSERT_EQ(rig.owner.ends, 0) << cut;
    rig.wire->end();
    ASSERT_EQ(rig.owner.ends, 1) << cut;
    ASSERT_TRUE(rig.owner.has_failed) << cut;
    ASSERT_EQ(rig.owner.got, "") << cut;
  }
}

TEST(TlsFilter, GarbageInsteadOfAHandshakeGetsAnAlertAndTheEnd) {
  for (const std::string_view garbage :
       {std::string_view("GET / HTTP/1.1\r\n\r\n"), std::string_view("\0\x05 not TLS at all", 18),
        std::string_view("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10),
        std::string_view("\x17\x03\x03\x00\x01x", 6)}) {
    TlsRig rig(context());
    rig.wire->bring(garbage);
    EXPECT_EQ(rig.owner.ends, 1);
    EXPECT_TRUE(rig.owner.has_failed);
    EXPECT_EQ(rig.owner.got, "");
    EXPECT_GT(rig.wire->discards, 0);
  }
}

TEST(TlsFilter, AByteChangedAnywhereInARecordIsAFailure) {
  for (const std::size_t at : {0U, 1U, 3U, 5U, 9U, 20U}) {
    OpenRig rig;
    rig.send("hello");
    std::string record(rig.client.output().view());
    rig.client.output().clear(0);
    record.at(at) = static_cast<char>(record.at(at) ^ 0x10);
    record += std::string(20000, '\0');  // a length may promise more
    rig.wire->bring(record);
    EXPECT_EQ(rig.owner.ends, 1) << at;
    EXPECT_TRUE(rig.owner.has_failed) << at;
    EXPECT_EQ(rig.owner.got, "") << at;
    rig.to_client();
    EXPECT_TRUE(rig.has_client_failed) << "an alert says why: " << at;
  }
}

TEST(TlsFilter, CloseNotifyIsTheEndOfAStreamThatStillCanBeWrittenTo) {
  OpenRig rig;
  rig.send("last");
  rig.client.close();
  rig.to_server();
  EXPECT_EQ(rig.owner.got, "last");
  EXPECT_EQ(rig.owner.ends, 1);
  EXPECT_FALSE(rig.owner.has_failed);
  EXPECT_EQ(rig.filter->try_write("answer", {}), 6);
  rig.to_client();
  EXPECT_EQ(rig.client_got, "answer");
  EXPECT_FALSE(rig.has_client_ended);
  rig.filter->shut_down();
  rig.to_client();
  EXPECT_TRUE(rig.has_client_ended);
  EXPECT_TRUE(rig.wire->is_shut);
}

TEST(TlsFilter, AnEndWithoutCloseNotifyIsAFailure) {
  OpenRig rig;
  rig.send("cut");
  rig.to_server();
  rig.wire->end();
  EXPECT_EQ(rig.owner.got, "cut");
  EXPECT_EQ(rig.owner.ends, 1);
  EXPECT_TRUE(rig.owner.has_failed);
}

TEST(TlsFilter, ItSaysThatItEndsWhenItIsDestroyed) {
  OpenRig rig;
  rig.filter.reset();
  rig.to_client();
  EXPECT_TRUE(rig.has_client_ended);
  EXPECT_TRUE(rig.wire->is_closed);
}

TEST(TlsFilter, ItMayBeDestroyedByWhatItReports) {
  {
    OpenRig rig;
    rig.owner.on_read = [&rig] { rig.filter.reset(); };
    rig.send("one");
    rig.send("two");
    rig.to_server();
    EXPECT_EQ(rig.owner.got, "one");
  }
  {
    OpenRig rig;
    rig.owner.on_end = [&rig] { rig.filter.reset(); };
    rig.client.close();
    rig.to_server();
    EXPECT_EQ(rig.owner.ends, 1);
  }
  {
    TlsRig rig(context());
    rig.owner.on_end = [&rig] { rig.filter.reset(); };
    rig.wire->bring("no TLS");
    EXPECT_EQ(rig.owner.ends, 1);
  }
}

TEST(TlsFilter, HandsOverWhatTheOwnerHasRoomFor) {
  OpenRig rig;
  rig.owner.room = 7;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(i);
  }
  rig.send(text);
  rig.settle();
  EXPECT_EQ(rig.owner.got, text);
  EXPECT_EQ(rig.owner.reads.front(), 7U);
}

TEST(TlsFilter, HoldsBackWhatTheOwnerHasNoRoomFor) {
  OpenRig rig;
  rig.owner.room = 0;
  rig.send("later");
  rig.to_server();
  EXPECT_EQ(rig.owner.got, "");
  EXPECT_TRUE(rig.owner.is_held_back);
  EXPECT_FALSE(rig.wire->is_reading) << "nothing more is taken in meanwhile";
  rig.owner.room = 100;
  rig.turn();
  EXPECT_EQ(rig.owner.got, "later");
  EXPECT_TRUE(rig.wire->is_reading);
}

TEST(TlsFilter, HandsNothingOverWhileReadingIsOff) {
  OpenRig rig;
  rig.owner.on_read = [&rig] { rig.filter->stop_reading(); };
  rig.send("one");
  rig.send("two");
  rig.to_server();
  EXPECT_EQ(rig.owner.got, "one");
  EXPECT_FALSE(rig.wire->is_reading);
  rig.filter->resume();
  EXPECT_EQ(rig.owner.got, "one");
  rig.owner.on_read = nullptr;
  rig.filter->start_reading();
  EXPECT_EQ(rig.owner.got, "one") << "not from within the call";
  rig.turn();
  EXPECT_EQ(rig.owner.got, "onetwo");
}

TEST(TlsFilter, ManySmallRecordsAreMoreThanOneTurn) {
  OpenRig rig;
  for (int i = 0; i < 200; ++i) {
    rig.send("x");
  }
  rig.to_server();
  EXPECT_EQ(rig.owner.got.size(), 64U);
  EXPECT_TRUE(rig.owner.is_held_back);
  rig.settle();
  EXPECT_EQ(rig.owner.got.size(), 200U);
}

TEST(TlsFilter, OneReadIsATurnsShare) {
  OpenRig rig;
  rig.send(std::string(300000, 'x'));
  rig.to_server();
  EXPECT_LE(rig.owner.got.size(), 70000U);
  EXPECT_GT(rig.owner.got.size(), 40000U);
  rig.settle();
  EXPECT_EQ(rig.owner.got.size(), 300000U);
}

TEST(TlsFilter, NothingIsWrittenBeforeTheHandshakeIsOver) {
  TlsRig rig(context());
  EXPECT_EQ(rig.filter->try_write("no ", "room"), 7);
  rig.filter->shut_down();
  EXPECT_EQ(rig.wire->taken, "");
  EXPECT_FALSE(rig.wire->is_shut);
  rig.settle();
  EXPECT_EQ(rig.client_got, "no room");
  EXPECT_TRUE(rig.has_client_ended);
  EXPECT_TRUE(rig.wire->is_shut);
}

TEST(TlsFilter, AWriteWaitsForTheHandshake) {
  TlsRig rig(context());
  const std::string text(100000, 'y');
  EXPECT_EQ(rig.filter->try_write(text, {}), 0);
  rig.filter->write(text);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size());
  rig.settle();
  EXPECT_EQ(rig.client_got, text);
  EXPECT_EQ(rig.owner.writes, 1);
  EXPECT_TRUE(rig.owner.is_written);
  EXPECT_EQ(rig.filter->unwritten_bytes(), 0U);
}

/// The kernel took only a part of the server's side of the handshake: when it takes the rest, the
/// handshake is not over yet, and what waits for that went on too early.
TEST(TlsFilter, AWriteWaitsForAHandshakeOfWhichThePeerHasTakenAPart) {
  TlsRig rig(context());
  rig.wire->room = 100;
  EXPECT_EQ(rig.filter->try_write(std::string(2816, 'e'), {}), 2816);
  const std::string text(2560, 'w');
  EXPECT_EQ(rig.filter->try_write(text, {}), 0);
  rig.filter->write(text);
  rig.settle();
  EXPECT_EQ(rig.owner.ends, 0);
  EXPECT_EQ(rig.client_got, std::string(2816, 'e') + text);
  EXPECT_EQ(rig.owner.writes, 1);
  EXPECT_TRUE(rig.owner.is_written);
}

TEST(TlsFilter, ALastWordWaitsForAHandshakeOfWhichThePeerHasTakenAPart) {
  TlsRig rig(context());
  rig.wire->room = 100;
  EXPECT_EQ(rig.filter->try_write("no ", "room"), 7);
  rig.filter->shut_down();
  rig.settle();
  EXPECT_EQ(rig.client_got, "no room");
  EXPECT_TRUE(rig.has_client_ended);
  EXPECT_TRUE(rig.wire->is_shut);
}

TEST(TlsFilter, BytesCountAsWrittenWithTheirWholeRecord) {
  OpenRig rig;
  const std::string text(3 * 16384 + 100, 'z');
  const std::size_t before = rig.wire->taken.size();
  rig.wire->room = 0;
  EXPECT_EQ(rig.filter->try_write(text, {}), 0);
  rig.filter->write(text);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size());
  rig.wire->take(16384);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size()) << "the record's tag is missing";
  rig.wire->take(100);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size() - 16384);
  rig.wire->take();
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size() - 2 * 16384);
  rig.wire->take();
  EXPECT_EQ(rig.owner.writes, 0);
  rig.wire->take();
  EXPECT_EQ(rig.filter->unwritten_bytes(), 0U);
  EXPECT_EQ(rig.owner.writes, 1);
  rig.wire->room = 1 << 20;
  rig.to_client();
  EXPECT_EQ(rig.client_got, text);
  EXPECT_LT(rig.wire->taken.size() - before, text.size() + 4 * 40);
}

/// With every number of bytes that the kernel may take of a record and its neighbour.
TEST(TlsFilter, WhatIsTakenInPartGoesOnWhereItWas) {
  for (std::size_t room = 0; room < 300; room += 7) {
    OpenRig rig;
    const std::string text(120, 'p');
    rig.wire->room = room;
    const std::ptrdiff_t taken = rig.filter->try_write(text, text);
    ASSERT_TRUE(taken == 0 || taken == 240) << "all are in one record";
    if (taken == 0) {
      const std::string rest = text + text;
      rig.filter->write(rest);
      EXPECT_EQ(rig.filter->unwritten_bytes(), 240U);
      while (!rig.wire->writing.empty()) {
        rig.wire->take(11);
      }
      EXPECT_EQ(rig.owner.writes, 1);
    }
    rig.wire->room = 1 << 20;
    rig.to_client();
    EXPECT_EQ(rig.client_got, text + text) << room;
  }
}

TEST(TlsFilter, ALongWriteIsSealedInTheEndAndInOrder) {
  OpenRig rig;
  std::string text;
  for (int i = 0; text.size() < 500000; ++i) {
    text += std::to_string(i) + ' ';
  }
  rig.wire->room = 70000;
  const std::string_view front = std::string_view(text).substr(0, 123456);
  const std::ptrdiff_t taken = rig.filter->try_write(front, std::string_view(text).substr(123456));
  ASSERT_GE(taken, 65536 - 4 * 40);
  ASSERT_LE(taken, 70000);
  const std::string rest = text.substr(static_cast<std::size_t>(taken));
  rig.filter->write(rest);
  std::size_t unwritten = rig.filter->unwritten_bytes();
  EXPECT_EQ(unwritten, rest.size());
  while (rig.owner.writes == 0) {
    rig.wire->take(5000);
    EXPECT_LE(rig.filter->unwritten_bytes(), unwritten);
    unwritten = rig.filter->unwritten_bytes();
  }
  EXPECT_TRUE(rig.owner.is_written);
  rig.to_client();
  EXPECT_EQ(rig.client_got, text);
}

TEST(TlsFilter, AWriteThatFailsSaysToTheRecordWhatWasTaken) {
  OpenRig rig;
  const std::string text(3 * 16384, 'f');
  rig.wire->room = 16384 + 200;
  const std::ptrdiff_t taken = rig.filter->try_write(text, {});
  EXPECT_EQ(taken, 16384);
  rig.filter->write(std::string_view(text).substr(16384));
  rig.wire->take(16384);
  rig.wire->events->written(*rig.wire->connection, false);
  EXPECT_EQ(rig.owner.writes, 1);
  EXPECT_FALSE(rig.owner.is_written);
  EXPECT_EQ(rig.filter->unwritten_bytes(), 16384U);
  EXPECT_LT(rig.filter->try_write("more", {}), 0);
}

TEST(TlsFilter, WhatWasTakenBeforeAFailureCounts) {
  OpenRig rig;
  const std::string text(3 * 16384, 'f');
  const std::size_t before = rig.wire->taken.size();
  ASSERT_EQ(rig.filter->try_write(std::string_view(text).substr(0, 16384), {}), 16384);
  rig.wire->room = rig.wire->taken.size() - before;  // one record more
  rig.wire->fails_when_full = true;
  EXPECT_EQ(rig.filter->try_write(text, {}), 16384);
  rig.filter->write(std::string_view(text).substr(16384));
  EXPECT_EQ(rig.owner.writes, 0) << "not from within the call";
  rig.turn();
  EXPECT_EQ(rig.owner.writes, 1);
  EXPECT_FALSE(rig.owner.is_written);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size() - 16384);
}

TEST(TlsFilter, ARecordThatFailsIsNotWritten) {
  OpenRig rig;
  const std::string text(3 * 16384, 'f');
  rig.wire->room = 0;
  EXPECT_EQ(rig.filter->try_write(text, {}), 0);
  rig.filter->write(text);
  rig.wire->is_failed = true;
  rig.wire->take();
  rig.turn();
  EXPECT_EQ(rig.owner.writes, 1);
  EXPECT_FALSE(rig.owner.is_written);
  EXPECT_EQ(rig.filter->unwritten_bytes(), text.size() - 16384);
}

TEST(TlsFilter, AStreamThatFailedTakesNothing) {
  OpenRig rig;
  rig.wire->is_failed = true;
  EXPECT_LT(rig.filter->try_write("text", {}), 0);
  EXPECT_LT(rig.filter->try_write("text", {}), 0);
}

TEST(TlsFilter, ShutsDownBehindWhatIsUnderWay) {
  OpenRig rig;
  rig.wire->room = 10;
  EXPECT_EQ(rig.filter->try_write("last word", {}), 0);
  rig.filter->shut_down();  // the rest of the word is on its way, sealed as it is
  EXPECT_FALSE(rig.wire->is_shut);
  rig.wire->room = 1 << 20;
  rig.wire->take();
  EXPECT_TRUE(rig.wire->is_shut);
  rig.to_client();
  EXPECT_EQ(rig.client_got, "last word");
  EXPECT_TRUE(rig.has_client_ended);
}

TEST(TlsFilter, WhatComesAfterItsEndIsStillRead) {
  OpenRig rig;
  rig.filter->shut_down();
  rig.send("to nobody");
  rig.to_server();
  EXPECT_EQ(rig.owner.got, "to nobody");
  rig.client.close();
  rig.to_server();
  EXPECT_EQ(rig.owner.ends, 1);
}

/// As many handshakes as may begin at once.
void use_up(HandshakePacer& pacer) {
  struct Other final : HandshakePacer::Waiter {
    void begin_handshake() override {}
  } other;
  for (unsigned i = 0; i < HandshakePacer::kMostAtOnce; ++i) {
    EXPECT_TRUE(pacer.admit(other));
  }
}

TEST(TlsFilter, ThePaceHoldsAHandshakeBack) {
  TlsRig rig(context());
  use_up(rig.pacer);
  rig.to_server();
  EXPECT_EQ(rig.pacer.waiting(), 1U);
  EXPECT_EQ(rig.wire->taken, "") << "nothing was computed yet";
  EXPECT_FALSE(rig.wire->is_reading) << "nor is more taken in";
  EXPECT_FALSE(rig.owner.is_held_back) << "the loop may sleep";
  rig.settle();
  EXPECT_TRUE(rig.client.is_open());
  rig.send("on");
  rig.settle();
  EXPECT_EQ(rig.owner.got, "on");
}

TEST(TlsFilter, WhoIsGoneDoesNotWaitForItsHandshake) {
  TlsRig rig(context());
  use_up(rig.pacer);
  rig.to_server();
  rig.filter.reset();
  EXPECT_EQ(rig.pacer.waiting(), 0U);
}

TEST(TlsFilter, AHandshakeThatMayBeginWaitsWhileReadingIsOff) {
  TlsRig rig(context());
  use_up(rig.pacer);
  rig.to_server();
  rig.filter->stop_reading();
  ++rig.now_ms;
  rig.pacer.go_on();
  EXPECT_EQ(rig.wire->taken, "");
  rig.filter->start_reading();
  rig.settle();
  EXPECT_TRUE(rig.client.is_open());
}

TEST(TlsFilter, NoOlderVersionThanIsAllowed) {
  ClientContext client;
  SSL_CTX_set_security_level(client.raw.get(), 0);
  SSL_CTX_set_min_proto_version(client.raw.get(), TLS1_VERSION);
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    SSL_CTX_set_max_proto_version(client.raw.get(), version);
    TlsRig rig(context(), client);
    rig.settle();
    EXPECT_FALSE(rig.client.is_open()) << version;
    EXPECT_TRUE(rig.owner.has_failed) << version;
  }
  TlsSettings with_1_2 = files().settings();
  with_1_2.min_version = TlsSettings::Version::Tls12;
  const auto server = loaded(with_1_2);
  SSL_CTX_set_max_proto_version(client.raw.get(), TLS1_1_VERSION);
  TlsRig old(server, client);
  old.settle();
  EXPECT_FALSE(old.client.is_open());
  SSL_CTX_set_max_proto_version(client.raw.get(), TLS1_2_VERSION);
  OpenRig rig(server, client);
  EXPECT_STREQ(SSL_get_version(rig.client.ssl()), "TLSv1.2");
  rig.send("hello");
  rig.settle();
  EXPECT_EQ(rig.owner.got, "hello");
}

TEST(TlsFilter, OnlyCiphersWithForwardSecrecyAndIntegrity) {
  TlsSettings with_1_2 = files().settings();
  with_1_2.min_version = TlsSettings::Version::Tls12;
  const auto server = loaded(with_1_2);
  for (const char* ciphers :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-SHA"}) {
    ClientContext client;
    SSL_CTX_set_security_level(client.raw.get(), 0);
    SSL_CTX_set_max_proto_version(client.raw.get(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set_cipher_list(client.raw.get(), ciphers), 1);
    TlsRig rig(server, client);
    rig.settle();
    EXPECT_FALSE(rig.client.is_open()) << ciphers;
    EXPECT_TRUE(rig.owner.has_failed) << ciphers;
  }
}

TEST(TlsFilter, NothingIsNegotiatedAnew) {
  TlsSettings with_1_2 = files().settings();
  with_1_2.min_version = TlsSettings::Version::Tls12;
  ClientContext client;
  SSL_CTX_set_max_proto_version(client.raw.get(), TLS1_2_VERSION);
  OpenRig rig(loaded(with_1_2), client);
  const std::size_t before = rig.wire->taken.size();
  ASSERT_EQ(SSL_renegotiate(rig.client.ssl()), 1);
  static_cast<void>(rig.client.handshake());
  rig.settle();
  EXPECT_LT(rig.wire->taken.size(), before + 100) << "a refusal and no handshake";
}

TEST(TlsFilter, AFloodOfQuestionsThatNobodyReadsTheAnswersOfIsNotReadOn) {
  OpenRig rig;
  rig.wire->room = 0;
  for (int i = 0; i < 20000 && rig.owner.ends == 0; ++i) {
    ASSERT_EQ(SSL_key_update(rig.client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_TRUE(rig.client.write("x"));
    rig.coming += rig.client.output().view();
    rig.client.output().clear(0);
    rig.coming.erase(0, rig.wire->bring(rig.coming));
    rig.turn();
    if (!rig.wire->is_reading && !rig.owner.is_held_back) {
      break;
    }
  }
  EXPECT_FALSE(rig.wire->is_reading);
  EXPECT_FALSE(rig.owner.is_held_back);
  const std::size_t said = rig.owner.got.size();
  rig.wire->room = 1 << 24;
  rig.send("and on");
  rig.settle();
  EXPECT_GT(rig.owner.got.size(), said);
  EXPECT_TRUE(rig.owner.got.ends_with("and on"));
}

struct CertificateCase {
  ClientCertificates asked;
  const char* shown;
  bool is_good;
  const char* name;
};

TEST(TlsFilter, JudgesCertificatesOfClients) {
  TlsFiles own;
  TestCa stranger("another CA");
  const auto good = own.ca.issue_client("ann");
  const auto unknown = stranger.issue_client("ann");
  const auto expired = own.ca.issue({"ann", "", "clientAuth", -7200, -3600});
  const auto servers = own.ca.issue({"ann", "", "serverAuth", -7200, 3600});
  for (const CertificateCase& one : {
           CertificateCase{ClientCertificates::Off, "good", true, ""},
           CertificateCase{ClientCertificates::Optional, "none", true, ""},
           CertificateCase{ClientCertificates::Optional, "good", true, "ann"},
           CertificateCase{ClientCertificates::Optional, "unknown", false, ""},
           CertificateCase{ClientCertificates::Optional, "expired", false, ""},
           CertificateCase{ClientCertificates::Optional, "server's", false, ""},
           CertificateCase{ClientCertificates::Required, "none", false, ""},
           CertificateCase{ClientCertificates::Required, "good", true, "ann"},
           CertificateCase{ClientCertificates::Required, "unknown", false, ""},
       }) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      ClientContext client;
      const std::string shown = one.shown;
      if (shown != "none") {
        client.show(shown == "good"      ? good
                    : shown == "unknown" ? unknown
                    : shown == "expired" ? expired
                                         : servers);
      }
      SSL_CTX_set_max_proto_version(client.raw.get(), version);
      TlsSettings settings = own.settings(one.asked);
      settings.min_version = TlsSettings::Version::Tls12;
      TlsRig rig(loaded(settings), client);
      rig.settle();
      EXPECT_EQ(rig.owner.ends == 0, one.is_good)
          << shown << " with " << static_cast<int>(one.asked) << ", " << version;
      EXPECT_EQ(rig.has_client_failed, !one.is_good) << "it is told why";
      if (rig.owner.ends == 0) {
        EXPECT_EQ(rig.filter->certificate_name(), one.name) << shown;
      }
    }
  }
}

TEST(TlsFilter, ARevokedCertificateIsNotLetIn) {
  TlsFiles own;
  const auto ann = own.ca.issue_client("ann");
  const auto bob = own.ca.issue_client("bob");
  own.write("crl.pem", own.ca.crl({bob.serial}));
  TlsSettings settings = own.settings(ClientCertificates::Optional);
  settings.client_crl = own.path("crl.pem");
  const auto server = loaded(settings);
  for (const auto* shown : {&ann, &bob}) {
    ClientContext client;
    client.show(*shown);
    TlsRig rig(server, client);
    rig.settle();
    EXPECT_EQ(rig.owner.ends, shown == &ann ? 0 : 1);
  }
}

/// A client that keeps what it needs for a resumption.
struct Resumer {
  Resumer() {
    SSL_CTX_set_session_cache_mode(context.raw.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context.raw.get(), this);
    SSL_CTX_sess_set_new_cb(context.raw.get(), [](SSL* ssl, SSL_SESSION* made) {
      auto* self = static_cast<Resumer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      SSL_SESSION_free(std::exchange(self->session, made));
      return 1;
    });
  }
  Resumer(const Resumer&) = delete;
  Resumer& operator=(const Resumer&) = delete;
  ~Resumer() { SSL_SESSION_free(session); }

  /// Connects; whether that was a resumption, and whom the server took it for.
  std::pair<bool, std::string> connect(const std::shared_ptr<const TlsContext>& server) {
    TlsRig rig(server, context, session);
    rig.settle();
    EXPECT_TRUE(rig.client.is_open());
    EXPECT_EQ(rig.owner.ends, 0);
    if (rig.owner.ends > 0) {
      return {false, "failed"};
    }
    rig.client.close();  // else OpenSSL would not resume it
    return {SSL_session_reused(rig.client.ssl()) == 1, rig.filter->certificate_name()};
  }

  ClientContext context;
  SSL_SESSION* session = nullptr;
};

TEST(TlsFilter, ResumesByTicketWhatIsStillAllowed) {
  TlsFiles own;
  const auto ann = own.ca.issue_client("ann");
  own.write("crl.pem", own.ca.crl({}));
  TlsSettings settings = own.settings(ClientCertificates::Optional);
  settings.client_crl = own.path("crl.pem");
  settings.min_version = TlsSettings::Version::Tls12;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto server = loaded(settings);
    Resumer client;
    client.context.show(ann);
    SSL_CTX_set_max_proto_version(client.context.raw.get(), version);
    using Met = std::pair<bool, std::string>;
    EXPECT_EQ(client.connect(server), (Met{false, "ann"}));
    EXPECT_EQ(client.connect(server), (Met{true, "ann"}));
    EXPECT_EQ(client.connect(server), (Met{true, "ann"}));
    own.put(own.ca.issue());
    server = loaded(settings, server.get());
    EXPECT_EQ(client.connect(server), (Met{true, "ann"})) << "a new certificate changes nothing";
    own.write("crl.pem", own.ca.crl({12345}));
    server = loaded(settings, server.get());
    EXPECT_EQ(client.connect(server), (Met{false, "ann"})) << "but another CRL does";
    EXPECT_EQ(client.connect(server), (Met{true, "ann"}));
    EXPECT_EQ(client.connect(loaded(settings)), (Met{false, "ann"})) << "and so does a new start";
  }
}

}  // namespace
}  // namespace tribar
