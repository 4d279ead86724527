// SPDX-License-Identifier: MIT
//
// Protocol 1 against tests/vectors/protocol1.txt, which says what its lines mean: every frame is
// read as it says there, and written like that by all that write frames.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_buffer.h"
#include "chat/text.h"
#include "registry/effect.h"
#include "support/printers.h"
#include "zero/command1.h"
#include "zero/effects1.h"
#include "zero/frame.h"
#include "zero/reply1.h"
#include "zero/wording.h"

namespace tribar {
namespace {

constexpr std::uint64_t kClientLimit = 1024;
constexpr std::uint64_t kServerLimit = 1 << 20;
constexpr CommandLimits kLimits{.username_bytes = 64};

struct Vector {
  std::string name;
  bool is_client = false;
  bool is_lax = false;
  std::string frame;
  std::string meaning;
  [[nodiscard]] std::uint64_t limit() const { return is_client ? kClientLimit : kServerLimit; }
};

std::string take_word(std::string& line) {
  const std::string word = line.substr(0, line.find(' '));
  line.erase(0, word.size() + 1);
  return word;
}

std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  std::ifstream file(TRIBAR_SOURCE_FOLDER "/tests/vectors/protocol1.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') {
      continue;
    }
    Vector vector;
    vector.name = take_word(line);
    const std::string side = take_word(line);
    vector.is_client = side.starts_with("client");
    vector.is_lax = side.ends_with("-lax");
    const std::string digits = take_word(line);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      vector.frame += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
    vector.meaning = line;
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

/// The vectors of one side, read once.
const std::vector<Vector>& vectors_of(bool is_client) {
  static const std::array<std::vector<Vector>, 2> sides = [] {
    std::array<std::vector<Vector>, 2> both;
    for (Vector& vector : read_vectors()) {
      both[vector.is_client ? 1 : 0].push_back(std::move(vector));
    }
    return both;
  }();
  return sides[is_client ? 1 : 0];
}

std::string quote(std::string_view bytes) {
  std::string quoted;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%') {
      quoted += c;
    } else {
      quoted += fmt::format("%{:02x}", byte);
    }
  }
  return quoted;
}

std::string meaning_of(const Create& create) {
  return fmt::format("CREATE username={} client={} secret={}", quote(create.username),
                     quote(create.client), quote(create.secret));
}
std::string meaning_of(const Login& login) {
  return fmt::format("LOGIN username={} client={} secret={}", quote(login.username),
                     quote(login.client), quote(login.secret));
}
std::string meaning_of(const List& list) {
  return fmt::format("LIST pattern={}", quote(list.pattern));
}
std::string meaning_of(const SendNumbered& send) {
  return fmt::format("SEND n={} recipient={} text={}", send.n, quote(send.recipient),
                     quote(send.text));
}
std::string meaning_of(const Deliver&) { return "DELIVER"; }
std::string meaning_of(const Delete& deletion) {
  return fmt::format("DELETE secret={}", quote(deletion.secret));
}
std::string meaning_of(const Acknowledge& acknowledge) {
  return fmt::format("ACK number={}", acknowledge.number.value);
}
std::string meaning_of(const SetSecret& change) {
  return fmt::format("SECRET old={} new={}", quote(change.old_secret), quote(change.new_secret));
}
std::string meaning_of(const Ping& ping) { return fmt::format("PING data={}", quote(ping.data)); }
std::string meaning_of(const Pong& pong) { return fmt::format("PONG data={}", quote(pong.data)); }

std::string meaning_of(const Response1& response) {
  std::string meaning = fmt::format("RESPONSE token={}", quote(response.token));
  if (!response.is_ok()) {
    meaning += fmt::format(" text={}", quote(response.text));
  }
  if (response.waiting) {
    meaning += fmt::format(" waiting={}", *response.waiting);
  }
  if (response.third) {
    meaning += fmt::format(" third={}", *response.third);
  }
  return meaning;
}
std::string meaning_of(const ListResponse1& list) {
  std::string meaning = "LISTRESPONSE";
  for (const ListResponse1::User& user : list.users) {
    meaning += fmt::format(" {}={}", quote(user.name), user.is_on ? "on" : "off");
  }
  return meaning;
}
std::string meaning_of(const Delivery1& delivery) {
  return fmt::format("SEND number={} time={} sender={} recipient={} text={}", delivery.number.value,
                     delivery.time.value, quote(delivery.message.sender),
                     quote(delivery.message.recipient), quote(delivery.message.text));
}
std::string meaning_of(const Accepted1& accepted) {
  return fmt::format("ACCEPTED n={} number={} time={}", accepted.n, accepted.number.value,
                     accepted.time.value);
}

template <typename... Bodies>
std::string meaning_of(const std::variant<Bodies...>& body) {
  return std::visit([](const auto& each) { return meaning_of(each); }, body);
}

/// As tests/vectors/protocol1.txt calls it.
std::string name_of(FrameCut::Kind kind) {
  switch (kind) {
    case FrameCut::Kind::Incomplete:
      return "incomplete";
    case FrameCut::Kind::BadVersion:
      return "bad-version";
    case FrameCut::Kind::TooLong:
      return "too-long";
    case FrameCut::Kind::Whole:
      break;
  }
  return "whole";
}

/// Why the new secret in `command` cannot be one, if so.
std::optional<Refusal> refuse_new_secret(const Command1& command) {
  if (const auto* creation = std::get_if<Create>(&command)) {
    return creation->secret.empty() ? std::nullopt : refuse_secret(creation->secret);
  }
  const auto* change = std::get_if<SetSecret>(&command);
  return change == nullptr ? std::nullopt : refuse_secret(change->new_secret);
}

/// The command in a client's frame, and what it means.
std::pair<std::optional<Command1>, std::string> read_command(const FrameCut& cut) {
  const auto parsed = parse_command1(cut.code, cut.data, kLimits);
  CommandError error;
  if (parsed) {
    const auto refusal = refuse_new_secret(parsed.value());
    if (!refusal) {
      return {parsed.value(), meaning_of(parsed.value())};
    }
    error.refusal = *refusal;
  } else {
    error = parsed.error();
  }
  std::string meaning = fmt::format("refused {}", token1_of(error.refusal.code));
  if (error.n) {
    meaning += fmt::format(" n={}", *error.n);
  }
  return {std::nullopt, meaning};
}

TEST(Protocol1, ReadsAndWritesWhatClientsSend) {
  ASSERT_GE(vectors_of(true).size(), 150U);
  for (const Vector& vector : vectors_of(true)) {
    const FrameCut cut = cut_frame(vector.frame, vector.limit(), kVersion1);
    if (cut.kind != FrameCut::Kind::Whole) {
      EXPECT_EQ(name_of(cut.kind), vector.meaning) << vector.name;
      continue;
    }
    EXPECT_EQ(cut.frame_bytes, vector.frame.size()) << vector.name;
    const auto [command, meaning] = read_command(cut);
    EXPECT_EQ(meaning, vector.meaning) << vector.name;
    if (command) {
      std::string written;
      append_command1(written, *command);
      EXPECT_EQ(written == vector.frame, !vector.is_lax) << vector.name;
      const FrameCut again = cut_frame(written, vector.limit(), kVersion1);
      EXPECT_EQ(read_command(again).second, meaning) << vector.name;
    }
  }
}

TEST(Protocol1, ReadsAndWritesWhatServersSend) {
  ASSERT_GE(vectors_of(false).size(), 100U);
  for (const Vector& vector : vectors_of(false)) {
    const FrameCut cut = cut_frame(vector.frame, vector.limit(), kVersion1);
    if (cut.kind != FrameCut::Kind::Whole) {
      EXPECT_EQ(name_of(cut.kind), vector.meaning) << vector.name;
      continue;
    }
    const auto reply = parse_reply1(cut.code, cut.data);
    EXPECT_EQ(reply ? meaning_of(reply.value()) : "invalid", vector.meaning) << vector.name;
    if (reply) {
      std::string written;
      append_reply1(written, reply.value());
      EXPECT_EQ(written == vector.frame, !vector.is_lax) << vector.name;
      const FrameCut again = cut_frame(written, vector.limit(), kVersion1);
      const auto read = parse_reply1(again.code, again.data);
      ASSERT_TRUE(read) << vector.name;
      EXPECT_EQ(read.value(), reply.value()) << vector.name;
    } else {
      EXPECT_TRUE(is_plain(reply.error().text)) << vector.name;
      EXPECT_FALSE(reply.error().text.empty()) << vector.name;
    }
  }
}

/// What makes a server say `response`, if it is something that this one says.
std::optional<EffectBody> effect_of(const Response1& response) {
  if (response.is_ok()) {
    LoggedIn entry;
    entry.is_new = !response.waiting;
    entry.waiting = response.waiting.value_or(0);
    entry.highest = response.third.value_or(0);
    return entry;
  }
  for (const RefusalCode code : refusal_codes()) {
    const Refusal refusal{code, response.third.value_or(0), 0};
    if (token1_of(code) == response.token && text1_of(refusal) == response.text) {
      return third_field_of(refusal) ? Refuse{refusal} : Refuse{refusal, response.third};
    }
  }
  return std::nullopt;
}

TEST(Protocol1, WritesEffectsAsTheVectorsSay) {
  std::set<std::size_t> kinds;
  int refusals = 0;
  for (const Vector& vector : vectors_of(false)) {
    const FrameCut cut = cut_frame(vector.frame, vector.limit(), kVersion1);
    const auto reply = parse_reply1(cut.code, cut.data);
    if (cut.kind != FrameCut::Kind::Whole || !reply || vector.is_lax) {
      continue;
    }
    std::optional<EffectBody> effect;
    Message message;
    std::string names;
    if (const auto* response = std::get_if<Response1>(&reply.value())) {
      effect = effect_of(*response);
      refusals += effect && std::holds_alternative<Refuse>(*effect) ? 1 : 0;
    } else if (const auto* list = std::get_if<ListResponse1>(&reply.value())) {
      for (const ListResponse1::User& user : list->users) {
        names += fmt::format("{}\n{}\n", user.name, user.is_on ? "on" : "off");
      }
      effect = Names{names, static_cast<std::uint32_t>(2 * list->users.size())};
    } else if (const auto* delivery = std::get_if<Delivery1>(&reply.value())) {
      message = delivery->message;
      effect = Push{&message, {}, delivery->number, delivery->time};
    } else if (const auto* accepted = std::get_if<Accepted1>(&reply.value())) {
      effect = Accepted{accepted->n, accepted->number, accepted->time};
    } else if (const auto* ping = std::get_if<Ping>(&reply.value())) {
      effect = *ping;
    } else if (const auto* pong = std::get_if<Pong>(&reply.value())) {
      effect = *pong;
    }
    if (!effect) {
      continue;
    }
    ByteBuffer written;
    append_effect1(written, *effect);
    EXPECT_EQ(written.view(), vector.frame) << vector.name;
    kinds.insert(reply.value().index());
    if (std::holds_alternative<Push>(*effect)) {
      EXPECT_EQ(parse_pushed1(written.view().substr(kHeaderBytes)), message) << vector.name;
    }
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Reply1>);
  EXPECT_GE(refusals, 25);
}

TEST(Protocol1, AnswersOkToWhatHasNoOtherAnswer) {
  std::string ok;
  append_reply1(ok, Response1{kOk});
  for (const EffectBody& body : {EffectBody(LoggedOut{}), EffectBody(SecretChanged{})}) {
    ByteBuffer written;
    append_effect1(written, body);
    EXPECT_EQ(written.view(), ok);
  }
  for (const EffectBody& body : {EffectBody(Done{}), EffectBody(Check{}), EffectBody(Close{})}) {
    ByteBuffer written;
    append_effect1(written, body);
    EXPECT_TRUE(written.is_empty());
  }
}

TEST(Protocol1, ReadsNothingFromAPartOfAFrame) {
  for (const bool is_client : {false, true}) {
    for (const Vector& vector : vectors_of(is_client)) {
      const FrameCut whole = cut_frame(vector.frame, vector.limit(), kVersion1);
      FrameReader reader(vector.limit(), kVersion1);
      FrameCut cut;
      for (std::size_t i = 0; i < vector.frame.size(); ++i) {
        reader.feed({&vector.frame[i], 1});
        cut = reader.take();
        const bool is_early =
            i + 1 < vector.frame.size() && whole.kind != FrameCut::Kind::BadVersion;
        EXPECT_TRUE(!is_early || cut.kind == FrameCut::Kind::Incomplete) << vector.name;
      }
      EXPECT_EQ(cut.kind, whole.kind) << vector.name;
      EXPECT_EQ(cut.data, whole.data) << vector.name;
    }
  }
}

TEST(ParseReply1, RefusesEveryOtherCode) {
  for (unsigned code = 0; code < 0x100; ++code) {
    const auto reply = parse_reply1(static_cast<std::uint8_t>(code), "");
    const bool is_known = code == 2 || code == 6 || code == 7 || code == 8 || code > 10;
    if (!is_known || code > 12) {
      ASSERT_FALSE(reply) << code;
      EXPECT_EQ(reply.error().text,
                fmt::format("command {} does not go from server to client", code));
    }
  }
}

}  // namespace
}  // namespace tribar
