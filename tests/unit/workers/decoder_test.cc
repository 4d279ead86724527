// SPDX-License-Identifier: MIT
//
// decode: frames and events of a batch become inputs, one for one.
#include "workers/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/printers.h"
#include "zero/frame.h"

namespace tribar {
namespace {

const ConnectionId kAnn = ConnectionId::make(1, 1);
const ConnectionId kBob = ConnectionId::make(2, 1);

void add_frame(Batch& batch, ConnectionId from, std::uint8_t code, std::string_view data) {
  std::string frame;
  append_frame(frame, code, data);
  Arrival arrival{.from = from};
  arrival.data_offset = batch.bytes.size() + kHeaderBytes;
  arrival.data_bytes = static_cast<std::uint32_t>(data.size());
  arrival.command_bytes = static_cast<std::uint32_t>(frame.size());
  arrival.code = code;
  batch.bytes.append(frame);
  batch.arrivals.push_back(arrival);
}

void add_event(Batch& batch, ConnectionId from, const InputBody& body) {
  Arrival arrival{.from = from};
  arrival.event = static_cast<std::uint32_t>(batch.events.size());
  batch.events.push_back({from, 0, body});
  batch.arrivals.push_back(arrival);
}

TEST(Decode, TurnsArrivalsIntoInputsInOrder) {
  Batch batch;
  add_frame(batch, kAnn, 0, "ann");
  add_event(batch, kBob, Ended{});
  add_frame(batch, kAnn, 2, "ann|||bob|||hi");
  add_frame(batch, kAnn, 1, "");
  add_frame(batch, kAnn, 3, "");
  add_frame(batch, kAnn, 4, "");
  add_frame(batch, kBob, 5, "bob");
  add_event(batch, kAnn, Closed{});
  decode(batch, {});
  const auto bytes = [](std::size_t data) { return static_cast<std::uint32_t>(42 + data); };
  EXPECT_EQ(batch.inputs, (std::vector<Input>{{kAnn, bytes(3), Create{"ann"}},
                                              {kBob, 0, Ended{}},
                                              {kAnn, bytes(14), Send{{"ann", "bob", "hi"}}},
                                              {kAnn, bytes(0), List{""}},
                                              {kAnn, bytes(0), Deliver{}},
                                              {kAnn, bytes(0), Delete{}},
                                              {kBob, bytes(3), Login{"bob"}},
                                              {kAnn, 0, Closed{}}}));
}

TEST(Decode, SaysWhichFrameIsRightBehindAnother) {
  Batch batch;
  add_frame(batch, kAnn, 2, "ann|||bob|||1");
  add_frame(batch, kAnn, 2, "ann|||bob|||2");
  batch.arrivals.back().is_next = true;
  decode(batch, {});
  EXPECT_EQ(batch.inputs, (std::vector<Input>{{kAnn, 55, Send{{"ann", "bob", "1"}}},
                                              {kAnn, 55, Send{{"ann", "bob", "2"}}, true}}));
}

TEST(Decode, RejectsWhatIsNoCommandInItsPlace) {
  Batch batch;
  add_frame(batch, kAnn, 9, "what");
  add_frame(batch, kAnn, 2, "ann|||bob");
  add_frame(batch, kAnn, 0, "toolong");
  decode(batch, {.username_bytes = 6});
  EXPECT_EQ(batch.inputs, (std::vector<Input>{
                              {kAnn, 46, Rejected{{RefusalCode::UnknownCommand, 9, 0}, false}},
                              {kAnn, 51, Rejected{{RefusalCode::WrongFieldCount, 2, 3}, false}},
                              {kAnn, 49, Rejected{{RefusalCode::UsernameTooLong, 7, 6}, false}}}));
}

TEST(Decode, ReadsWhatAReturnedPushSaid) {
  Batch batch;
  std::string frame;
  append_frame(frame, 2, "ann|||bob|||hi");
  batch.bytes.append(frame);
  Arrival arrival{.from = kBob, .data_bytes = 56, .event = 0};
  batch.arrivals.push_back(arrival);
  batch.events.push_back({kBob, 0, Returned{AccountId{2}, MessageNumber{7}, UnixMs{9}, {}}});
  decode(batch, {});
  EXPECT_EQ(
      batch.inputs,
      (std::vector<Input>{
          {kBob, 0, Returned{AccountId{2}, MessageNumber{7}, UnixMs{9}, {"ann", "bob", "hi"}}}}));
}

TEST(Decode, LeavesAKeptPushThatReturnedAsItIs) {
  Batch batch;
  const Returned returned{AccountId{2}, MessageNumber{7}, UnixMs{9}, {}, true, 55};
  add_event(batch, kBob, returned);
  decode(batch, {});
  EXPECT_EQ(batch.inputs, (std::vector<Input>{{kBob, 0, returned}}));
}

}  // namespace
}  // namespace tribar
