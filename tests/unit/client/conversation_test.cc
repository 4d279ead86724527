// SPDX-License-Identifier: MIT
//
// Conversation: lines and replies out of bytes, however they are split, and streams that cannot be.
#include "client/conversation.h"

#include <gtest/gtest.h>
#include <sysexits.h>

#include <memory>
#include <string>

#include "zero/command.h"
#include "zero/reply.h"

namespace tribar {
namespace {

std::string frame_of(const Reply& reply) {
  std::string frame;
  append_reply(frame, reply);
  return frame;
}

std::string frame_of(const Command& command) {
  std::string frame;
  append_command(frame, command);
  return frame;
}

/// Takes every line that can be taken, and puts what that leads to together.
Step take_lines(Conversation& conversation) {
  Step all;
  while (const auto step = conversation.take_line()) {
    all.print += step->print;
    all.send += step->send;
    all.ending = step->ending;
    if (all.ending) {
      break;
    }
  }
  return all;
}

/// Asked to log in as ann.
Conversation logging_in() {
  Conversation conversation;
  (void)conversation.begin();
  conversation.type("login\nann\n");
  EXPECT_EQ(take_lines(conversation).send, frame_of(Login{"ann"}));
  return conversation;
}

TEST(Conversation, RefusesALineThatMayHaveBeenCut) {
  Conversation conversation(std::make_unique<Lines>(), 5);
  (void)conversation.begin();
  conversation.type("login\nlogi\n");
  EXPECT_EQ(take_lines(conversation).print,
            "The terminal cuts lines off at 5 bytes, so this one may have been longer: it has no "
            "effect. Longer texts can come from a pipe.\nCommands: login, create_account, "
            "quit\n(invalid command)\n");
  EXPECT_EQ(conversation.lines_taken(), 2U);
}

TEST(Conversation, SaysWhatTheEndOfInputLeftUndone) {
  Conversation conversation;
  (void)conversation.begin();
  conversation.type("\nlogin\nwho");
  (void)take_lines(conversation);
  conversation.end_typing();
  EXPECT_EQ(take_lines(conversation).send, frame_of(Login{"who"}));
  EXPECT_EQ(conversation.left_undone(), "");
  EXPECT_EQ(conversation.lines_taken(), 3U);

  Conversation cut;
  (void)cut.begin();
  cut.type("login\n");
  cut.end_typing();
  EXPECT_EQ(take_lines(cut).ending, Ending{});
  EXPECT_EQ(cut.left_undone(), "the input ended at 'Username:': nothing was done");
}

TEST(Conversation, TakesNoLineWhileAnAnswerIsDue) {
  Conversation conversation = logging_in();
  conversation.type("h\nq\n");
  EXPECT_FALSE(conversation.wants_line());
  EXPECT_EQ(conversation.take_line(), std::nullopt);
  (void)conversation.receive(frame_of(Response{}));
  EXPECT_EQ(take_lines(conversation).ending, Ending{});
}

TEST(Conversation, EndsWithWhatIsTyped) {
  Conversation conversation;
  conversation.type("logi");
  EXPECT_EQ(conversation.take_line(), std::nullopt);
  conversation.end_typing();
  EXPECT_EQ(take_lines(conversation).ending, Ending{});
}

TEST(Conversation, ReadsTheSameHoweverTheStreamIsSplit) {
  const std::string stream = frame_of(Response{}) +
                             frame_of(Delivery{{"bob", "ann", "one\x1b[2J"}}) +
                             frame_of(Delivery{{"bob", "ann", "two"}}) + "\x07";
  Conversation whole = logging_in();
  const Step expected = whole.receive(stream);
  EXPECT_NE(expected.print.find("New message from bob:\none\\x1b[2J\n\n"), std::string::npos);
  EXPECT_EQ(expected.ending, (Ending{EX_PROTOCOL,
                                     "the server broke the protocol: it speaks "
                                     "version 7, not 0"}));
  for (std::size_t size = 1; size < stream.size(); ++size) {
    Conversation split = logging_in();
    Step all;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      const Step step = split.receive(std::string_view(stream).substr(at, size));
      all.print += step.print;
      all.ending = step.ending;
    }
    EXPECT_EQ(all, expected) << size;
  }
}

TEST(Conversation, EndsAtAFrameThatIsTooLongBeforeItComes) {
  Conversation conversation;
  std::string frame(kHeaderBytes, '\0');
  put_header(frame.data(), 7, Conversation::kReplyBytes + 1);
  EXPECT_EQ(conversation.receive(frame).ending,
            (Ending{EX_PROTOCOL,
                    "the server broke the protocol: it announces a frame of more "
                    "than 67108864 bytes"}));
}

TEST(Conversation, LooksAtNothingBehindAnEnding) {
  Conversation conversation = logging_in();
  const Step step = conversation.receive(frame_of(ListResponse{{"ann"}}) + frame_of(Response{}));
  EXPECT_EQ(step.print, "");
  ASSERT_TRUE(step.ending);
  EXPECT_EQ(step.ending->exit_code, EX_PROTOCOL);
}

}  // namespace
}  // namespace tribar
