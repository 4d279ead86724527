// SPDX-License-Identifier: MIT
//
// Frames however they arrive, and streams that cannot be trusted.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

constexpr std::uint8_t kSend = 2;
constexpr std::size_t kBeforeLoginBytes = 1024;

/// Data of a SEND from ann to ann of `bytes` in all.
std::string send_data(std::size_t bytes) {
  const std::string fields = "ann|||ann|||";
  return fields + std::string(bytes - fields.size(), 'x');
}

/// A header that announces 2^`exponent` bytes.
std::string lying_header(unsigned exponent) {
  std::string header(kHeaderBytes, '\0');
  header[1] = kSend;
  header[kHeaderBytes - 1 - exponent / 8] = static_cast<char>(1U << exponent % 8);
  return header;
}

TEST(Framing, TakesAByteAtATime) {
  TestServer server;
  TestPeer ann(server.port());
  const std::string dialogue = bytes_of(Create{"ann"}) + send_bytes("ann", "ann", "hi") +
                               bytes_of(List{""}) + bytes_of(WireFrame{9, "what"}) +
                               send_bytes("ann", "ann", "") + bytes_of(List{"b"});
  for (const char byte : dialogue) {
    ann.send_raw({&byte, 1});
  }
  ann.expect(response());
  ann.expect(message("ann", "ann", "hi"));
  ann.expect(message("ann", "ann", "hi"));
  ann.expect(names({"ann"}));
  ann.expect(response("command 9 is not known to this server"));
  ann.expect(message("ann", "ann", ""));
  ann.expect(message("ann", "ann", ""));
  ann.expect(names({}));
}

TEST(Framing, TakesManyFramesInOneWrite) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  std::string bytes;
  std::vector<WireFrame> expected;
  for (int i = 0; i < 500; ++i) {
    const std::string text = std::to_string(i);
    bytes += send_bytes("ann", "bob", text);
    expected.push_back(message("ann", "bob", text));
  }
  ann.send_raw(bytes);
  EXPECT_EQ(ann.receive(expected.size()), expected);
  EXPECT_EQ(bob.receive(expected.size()), expected);
}

TEST(Framing, CutsEveryStreamAlikeWhereverItIsSplit) {
  TestServer server;
  created(server.port(), "ann").close();
  const std::string dialogue =
      bytes_of(Login{"ann"}) + send_bytes("ann", "ann", "hi") + bytes_of(List{"a*"});
  const std::vector<WireFrame> answers{response(), message("ann", "ann", "hi"),
                                       message("ann", "ann", "hi"), names({"ann"})};
  for (std::size_t split = 1; split < dialogue.size(); ++split) {
    TestPeer ann(server.port());
    ann.send_raw(std::string_view(dialogue).substr(0, split));
    ann.send_raw(std::string_view(dialogue).substr(split));
    ann.half_close();
    EXPECT_EQ(ann.receive_rest(), answers) << split;
  }
}

TEST(Framing, JudgesALongFrameBehindALoginByTheLimitAfterIt) {
  TestServer server;
  TestPeer ann(server.port());
  const std::string data = send_data(60'000);
  ann.send_raw(bytes_of(List{""}) + bytes_of(Create{"ann"}) + bytes_of({kSend, data}) +
               bytes_of(List{""}));
  ann.expect(names({}));
  ann.expect(response());
  ann.expect({kSend, data});
  ann.expect({kSend, data});
  ann.expect(names({"ann"}));
}

TEST(Framing, RefusesALongFrameBehindALoginThatFails) {
  TestServer server;
  TestPeer ann(server.port());
  ann.send_raw(bytes_of(Login{"ann"}) + bytes_of({kSend, send_data(kBeforeLoginBytes + 1)}));
  ann.expect(response("username does not exist"));
  ann.expect(response("the frame announces more data than the limit of 1024 bytes"));
  ann.expect_closed();
}

TEST(Framing, KeepsTheLimitBeforeLogin) {
  TestServer server;
  TestPeer exact(server.port());
  exact.send_raw(bytes_of({kSend, send_data(kBeforeLoginBytes)}));
  exact.expect(response("attempting to send a message before logging in"));
  exact.create("ann");

  TestPeer over(server.port());
  // Its header is enough.
  over.send_raw(bytes_of({kSend, send_data(kBeforeLoginBytes + 1)}).substr(0, kHeaderBytes));
  over.expect(response("the frame announces more data than the limit of 1024 bytes"));
  over.expect_closed();
}

TEST(Framing, KeepsTheLimitAfterLogin) {
  Config config;
  config.limits.frame_bytes = 100'000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  const std::string data = send_data(100'000);
  ann.send_raw(bytes_of({kSend, data}));
  ann.expect({kSend, data});
  ann.expect({kSend, data});
  ann.send_raw(bytes_of({kSend, send_data(100'001)}).substr(0, kHeaderBytes));
  ann.expect(response("the frame announces more data than the limit of 100000 bytes"));
  ann.expect_closed();
}

TEST(Framing, RefusesLyingLengthsAtOnce) {
  TestServer server;
  for (const unsigned exponent : {17U, 31U, 32U, 62U, 63U, 64U, 65U, 128U, 319U}) {
    TestPeer ann(server.port());
    ann.send_raw(bytes_of(List{"no body"}) + lying_header(exponent));
    ann.expect(names({}));
    ann.expect(response("the frame announces more data than the limit of 1024 bytes"));
    ann.expect_closed();
  }
  TestPeer ann = created(server.port(), "ann");
  ann.send_raw(std::string(2, '\0') + std::string(40, '\xff'));
  ann.expect(response("the frame announces more data than the limit of 65536 bytes"));
  ann.expect_closed();
}

TEST(Framing, JudgesAVersionAtItsOneByteAndInItsPlace) {
  TestServer server;
  TestPeer ann(server.port());
  ann.send_raw(bytes_of(Create{"ann"}) + bytes_of(List{""}) + '\x01');
  ann.expect(response());
  ann.expect(names({"ann"}));
  ann.expect(response("protocol version 1 is not supported, this server speaks version 0"));
  ann.expect_closed();
  // It is logged out.
  TestPeer again = logged_in(server.port(), "ann");
}

TEST(Framing, GivesTheReasonToAPeerThatGoesOnSending) {
  TestServer server;
  TestPeer ann(server.port());
  const std::string junk(512 * 1024, '\x7f');
  ann.send_raw(junk);
  ann.expect(response("protocol version 127 is not supported, this server speaks version 0"));
  ann.wait_for_end();
}

TEST(Framing, SkipsWhatItDoesNotKnowAndGoesOn) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  for (const int code : {6, 7, 8, 255}) {
    ann.send_raw(bytes_of(WireFrame{static_cast<std::uint8_t>(code), std::string(5000, '\0')}));
    ann.expect(response("command " + std::to_string(code) + " is not known to this server"));
  }
  for (const WireFrame& wrong :
       {WireFrame{kSend, "ann|||ann"}, WireFrame{kSend, "ann|||ann|||a|||b"}, WireFrame{3, "x"},
        WireFrame{4, "x"}, WireFrame{kSend, "ann|||ann|||\x7f"},
        WireFrame{kSend, "ann|||ann|||\xc3"}, WireFrame{kSend, ""}, WireFrame{1, "\x80"}}) {
    ann.send_raw(bytes_of(wrong));
    EXPECT_EQ(ann.receive().code, response().code) << wrong.data;
  }
  ann.expect_nothing_before_an_answer();
}

TEST(Framing, CutsTheMessageAtTheLeftmostDelimiters) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  for (const std::string text : {"|x", "||", "", "x|", "a\tb\r\nc"}) {
    ann.send(Send{{"ann", "ann", text}});
    ann.expect(message("ann", "ann", text));
    ann.expect(message("ann", "ann", text));
  }
}

}  // namespace
}  // namespace tribar::test
