// SPDX-License-Identifier: MIT
//
// See client.h.
#include "cuts/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "zero/command1.h"

namespace tribar::test {
namespace {

constexpr std::string_view kInstallation = "laptop-1";
constexpr std::uint64_t kFrameBytes = 1 << 20;
constexpr auto kRetry = std::chrono::milliseconds(1);
constexpr std::size_t kToldEvents = 60;

/// The text of a client's message: the same for who sends and who gets it.
std::string text_of(std::string_view sender, std::uint64_t index) {
  static constexpr std::array<std::string_view, 4> kFillers{"é", "|||", "\n", "some more text "};
  simulation::Random random(index * 31 + sender.size());
  std::string text = fmt::format("{} {} ", index, sender);
  const std::size_t bytes = random.chance(2) ? random.below(20000) : random.below(150);
  while (text.size() < bytes) {
    text += kFillers[random.below(kFillers.size())];
  }
  return text;
}

}  // namespace

void Client::watch(Poller& poller) {
  poller.watch(socket_, static_cast<short>(POLLIN | (unwritten_.empty() ? 0 : POLLOUT)));
  if (!socket_.is_open()) {
    poller.wake_at(Clock::now());
  } else if (retry_at_ > Clock::now()) {
    poller.wake_at(retry_at_);
  }
}

void Client::step() {
  if (!socket_.is_open()) {
    return connect();
  }
  if (socket_.ready != 0) {
    receive();
  }
  if (socket_.is_open()) {
    act();
    // A connection that takes nothing any more ends at the next read.
    unwritten_.erase(0, socket_.write(unwritten_).value_or(0));
  }
}

void Client::connect() {
  counts_.connections += 1;
  habits_.window = random_.between(1, 24);
  habits_.is_patient = random_.chance(50);
  habits_.trusts_login = random_.chance(70);
  habits_.acknowledge = random_.chance(30) ? 1 : random_.between(1, 40);
  habits_.deliver_after = random_.chance(50) ? 0 : random_.between(1, 6);
  habits_.deliver_again = random_.chance(20) ? random_.between(1, 30) : 0;

  socket_ = Socket::connected(setup_.port);
  reader_ = FrameReader(kFrameBytes, kVersion1);
  connected_in_life_ = life_;
  note("connects");
  if (is_created_) {
    send_login();
  } else {
    phase_ = Phase::Creating;
    send(Create{setup_.name, kInstallation, setup_.secret});
  }
}

void Client::end_connection() {
  note(fmt::format("is away, {} SENDs unanswered", in_flight_.size()));
  socket_.close();
  phase_ = Phase::Away;
  unwritten_.clear();
  retry_at_ = {};
  must_retry_login_ = false;
  in_flight_.clear();
  sent_ = 0;
  replies_ = 0;
  must_deliver_ = false;
  last_pushed_ = 0;
  unacknowledged_ = 0;
  pings_ = 0;
}

void Client::send_login() {
  phase_ = Phase::LoggingIn;
  must_retry_login_ = false;
  send(Login{setup_.name, kInstallation, setup_.secret});
}

void Client::send(const Command1& command) { append_command1(unwritten_, command); }

void Client::receive() {
  std::string bytes;
  const Socket::Got got = socket_.read(bytes);
  reader_.feed(bytes);
  for (FrameCut frame = reader_.take(); frame.kind != FrameCut::Kind::Incomplete;
       frame = reader_.take()) {
    if (frame.kind != FrameCut::Kind::Whole) {
      fail("got what is no frame of protocol 1");
    }
    const auto reply = parse_reply1(frame.code, frame.data);
    if (!reply) {
      fail("got no reply of protocol 1: " + reply.error().text);
    }
    replies_ += 1;
    std::visit([this](const auto& each) { handle(each); }, reply.value());
    if (!socket_.is_open()) {
      return;
    }
  }
  if (got == Socket::Got::End || got == Socket::Got::Reset) {
    end_connection();
  }
}

void Client::act() {
  const bool is_due = Clock::now() >= retry_at_;
  if (phase_ == Phase::LoggingIn && must_retry_login_ && is_due) {
    send_login();
  }
  if (phase_ != Phase::In) {
    return;
  }
  if (must_deliver_ && (replies_ > habits_.deliver_after || outbox_.empty())) {
    send(Deliver{});
    must_deliver_ = false;
  } else if (habits_.deliver_again > 0 && replies_ % habits_.deliver_again == 0) {
    send(Deliver{});
    replies_ += 1;
  }
  while (is_talking_ && outbox_.size() < habits_.window) {
    outbox_.push_back({random_.chance(3) ? 0 : ++last_thought_});
  }
  const bool is_held = habits_.is_patient && !in_flight_.empty() && in_flight_.front().is_doomed;
  while (is_due && !is_held && sent_ < std::min(habits_.window, outbox_.size())) {
    const Outgoing& outgoing = outbox_[sent_];
    sent_ += 1;
    ever_sent_ = std::max(ever_sent_, sent_);
    in_flight_.push_back({highest_ + sent_});
    const std::string text = text_of(setup_.name, outgoing.index);
    send(SendNumbered{highest_ + sent_, outgoing.index == 0 ? "nobody" : setup_.peer, text});
  }
  if (unacknowledged_ > 0 && (unacknowledged_ >= habits_.acknowledge || !is_talking_)) {
    acknowledge();
  }
}

void Client::acknowledge() {
  send(Acknowledge{MessageNumber{last_pushed_}});
  unacknowledged_ = 0;
  // Its answer shows that the server knows.
  send(Ping{std::to_string(last_pushed_)});
  pings_ += 1;
}

void Client::handle(const Response1& response) {
  if (phase_ == Phase::In) {
    if (response.token == "replaced") {
      // By a LOGIN of its own that was late: see Cut::Late.
      counts_.replaced += 1;
      return end_connection();
    }
    return refused(response);
  }
  if (response.is_ok()) {
    is_created_ = true;
    return enter(response.waiting.value_or(0), response.third.value_or(0));
  }
  if (phase_ == Phase::Creating && response.token == "name-taken") {
    is_created_ = true;
    return send_login();
  }
  auto wait = std::chrono::milliseconds(kRetry);
  if (response.token == "in-use" && setup_.secret.empty()) {
    counts_.in_use += 1;
  } else if (response.token == "throttled" && !setup_.secret.empty()) {
    counts_.throttled += 1;
    wait = std::chrono::milliseconds(response.third.value_or(1));
  } else if (response.token != "busy" || setup_.secret.empty()) {
    fail(fmt::format("cannot log in: {}: {}", response.token, response.text));
  }
  must_retry_login_ = true;
  retry_at_ = Clock::now() + wait;
}

void Client::enter(std::uint64_t waiting, std::uint64_t highest) {
  note(fmt::format("is logged in: {} wait, highest n {}", waiting, highest));
  phase_ = Phase::In;
  waiting_at_login_ = waiting;
  if (highest < known_highest_) {
    fail(fmt::format("LOGIN says {}, and {} was accepted", highest, known_highest_));
  }
  if (highest > highest_ + ever_sent_) {
    fail(fmt::format("LOGIN says {}, and {} is the last that was sent", highest,
                     highest_ + ever_sent_));
  }
  known_highest_ = highest;
  login_highest_ = highest;
  must_deliver_ = waiting > 0;
  if (habits_.trusts_login) {
    counts_.known_at_login += highest - highest_;
    while (highest_ < highest) {
      accepted_front();
    }
  }
}

/// The first message of the outbox is accepted.
void Client::accepted_front() {
  if (outbox_.front().index == 0) {
    fail(fmt::format("a message to nobody was accepted, as {}", highest_ + 1));
  }
  outbox_.pop_front();
  highest_ += 1;
  known_highest_ = std::max(known_highest_, highest_);
  ever_sent_ -= 1;
}

void Client::handle(const Accepted1& accepted) {
  if (in_flight_.empty() || in_flight_.front().is_doomed || accepted.n != in_flight_.front().n ||
      accepted.n != highest_ + 1) {
    fail(fmt::format("{} was accepted, behind {}", accepted.n, highest_));
  }
  const bool is_repeated = accepted.number.value == 0;
  if (is_repeated != (accepted.n <= login_highest_)) {
    fail(fmt::format("{} was accepted as {}, and LOGIN said {}", accepted.n, accepted.number.value,
                     login_highest_));
  }
  if (is_repeated) {
    counts_.repeated += 1;
  } else {
    setup_.out->note(outbox_.front().index, accepted.number.value);
  }
  note(fmt::format("accepted {}: message {} as {}", accepted.n, outbox_.front().index,
                   accepted.number.value));
  in_flight_.pop_front();
  accepted_front();
  sent_ -= 1;
}

void Client::refused(const Response1& response) {
  if (in_flight_.empty()) {
    fail(fmt::format("refused, and nothing was asked: {}", response.token));
  }
  const InFlight answered = in_flight_.front();
  in_flight_.pop_front();
  if (answered.is_doomed) {
    counts_.doomed += 1;
    if (response.token != "bad-number" || response.third != highest_) {
      fail(fmt::format("{} is behind a refused one, and is answered {} {}", answered.n,
                       response.token, response.third.value_or(0)));
    }
    return;
  }
  note(fmt::format("refused {}: {}", answered.n, response.token));
  counts_.refused += 1;
  const bool is_to_nobody = outbox_.front().index == 0;
  if (response.third != answered.n ||
      response.token != (is_to_nobody ? "no-such-user" : "mailbox-full")) {
    fail(fmt::format("{} is answered {} {}: {}", answered.n, response.token,
                     response.third.value_or(0), response.text));
  }
  if (is_to_nobody) {
    outbox_.pop_front();
  } else {
    retry_at_ = Clock::now() + kRetry;
  }
  for (InFlight& each : in_flight_) {
    each.is_doomed = true;
  }
  sent_ = 0;
  ever_sent_ = 0;
}

void Client::handle(const Delivery1& delivery) {
  const std::uint64_t number = delivery.number.value;
  const Message& message = delivery.message;
  std::uint64_t index = 0;
  std::from_chars(message.text.data(), message.text.data() + message.text.size(), index);
  const auto what = [&] { return fmt::format("message {} as {}", index, number); };
  if (message.sender != setup_.peer || message.text != text_of(setup_.peer, index)) {
    fail(what() + " is not what was sent");
  }
  setup_.in->note(index, number);
  if (number <= last_pushed_) {
    fail(fmt::format("{} came on one connection behind {}", what(), last_pushed_));
  }
  if (surely_in_life_ == life_ && connected_in_life_ == life_ && number <= surely_acknowledged_) {
    fail(what() + " was acknowledged");
  }
  last_pushed_ = number;
  unacknowledged_ += 1;
  if (number <= last_shown_) {
    const auto at = shown_.find(number);
    if (at == shown_.end() || at->second != index) {
      fail(fmt::format("{} is not what was shown, and comes behind {}", what(), last_shown_));
    }
    counts_.dropped += 1;
    return note("drops " + what());
  }
  note("shows " + what());
  if (index <= last_index_) {
    fail(fmt::format("{} is doubled, or out of order: {} was shown", what(), last_index_));
  }
  if (index != last_index_ + 1) {
    fail(fmt::format("{} comes, and {} is lost", what(), last_index_ + 1));
  }
  last_index_ = index;
  last_shown_ = number;
  shown_.emplace(number, index);
}

void Client::handle(const Pong& pong) {
  std::uint64_t number = 0;
  std::from_chars(pong.data.data(), pong.data.data() + pong.data.size(), number);
  if (pings_ == 0) {
    fail("got a PONG without a PING");
  }
  pings_ -= 1;
  if (connected_in_life_ == life_) {
    surely_acknowledged_ =
        surely_in_life_ == life_ ? std::max(surely_acknowledged_, number) : number;
    surely_in_life_ = life_;
  }
}

void Client::handle(const Ping& ping) { send(Pong{ping.data}); }

void Client::handle(const ListResponse1& /*response*/) { fail("got a list that it did not want"); }

void Client::note(std::string what) {
  lately_.push_back(std::move(what));
  if (lately_.size() > kToldEvents) {
    lately_.pop_front();
  }
}

void Client::fail(const std::string& what) const {
  throw BrokenPromise(fmt::format("{}: {}", setup_.name, what));
}

std::string Client::story() const {
  std::string story = fmt::format(
      "{}: {} in the outbox, {} of them sent, highest n {}; {} messages shown, number {} last; "
      "{} SENDs, {} ACKs and {} PINGs unanswered\n",
      setup_.name, outbox_.size(), ever_sent_, highest_, last_index_, last_shown_,
      in_flight_.size(), unacknowledged_, pings_);
  for (const std::string& each : lately_) {
    story += "  " + each + '\n';
  }
  return story;
}

}  // namespace tribar::test
