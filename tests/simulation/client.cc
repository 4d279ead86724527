// SPDX-License-Identifier: MIT
//
// See client.h.
#include "simulation/client.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tribar::simulation {

Manner roll_manner(Random& random) {
  Manner manner;
  manner.changes = random.chance(20) ? 30 : 3;
  manner.acknowledges = random.chance(70) ? 50 : random.chance(50) ? 10 : 0;
  switch (random.below(8)) {
    case 0:  // Reads little or nothing.
      manner.reads = random.chance(50) ? 0 : 5;
      manner.answers = 0;
      manner.at_once = 8;
      manner.leaves = 1;
      break;
    case 1:  // Sends byte by byte.
      manner.trickles = 80;
      break;
    case 2:  // Means harm.
      manner.harms = 10;
      manner.errs = 40;
      break;
    case 3:  // Comes and goes.
      manner.leaves = 25;
      break;
    case 4:  // Asks much at once.
      manner.at_once = 20;
      break;
    default:
      break;
  }
  return manner;
}

Client::Client(const World& world, Manner manner, Dial dial, std::uint8_t version)
    : world_(world),
      manner_(manner),
      random_(world.random),
      name_(random_.pick(world.names)),
      dial_(std::move(dial)),
      version_(version) {}

void Client::act() {
  if (!is_connected()) {
    if (random_.chance(30)) {
      dial();
    }
    return;
  }
  if (random_.chance(manner_.reads)) {
    receive(random_.chance(20) ? random_.between(1, 60) : std::numeric_limits<std::size_t>::max());
  }
  if (has_hung_up()) {
    return;
  }
  if (random_.chance(manner_.leaves)) {
    hang_up(random_.chance(40));
  } else if (is_spoilt_) {
    // Nothing makes sense behind what was sent.
  } else if (random_.chance(manner_.harms)) {
    harm();
  } else if (!trickle_.empty()) {
    link_->travelling += trickle_.front();
    trickle_.erase(0, 1);
  } else if (random_.chance(60)) {
    write();
  }
}

void Client::dial() {
  link_ = dial_();
  reader_ = std::make_unique<FrameReader>(1U << 30, version_);
  trickle_.clear();
  is_spoilt_ = false;
  if (random_.chance(30)) {
    name_ = random_.pick(world_.names);
  }
}

void Client::receive(std::size_t most) {
  const std::size_t size = std::min(most, link_->received.size());
  reader_->feed(std::string_view(link_->received).substr(0, size));
  link_->received.erase(0, size);
  for (FrameCut cut = reader_->take(); cut.kind == FrameCut::Kind::Whole; cut = reader_->take()) {
    take_frame(cut);
  }
}

void Client::hang_up(bool by_reset) {
  if (!is_connected()) {
    return;
  }
  world_.diary.tell("a client {}", by_reset ? "resets" : "ends");
  // A half-close behind a frame that is not whole is one of the manners, too.
  link_->client_ends = true;
  link_->client_breaks = by_reset;
}

void Client::write() {
  if (must_wait()) {
    return;
  }
  std::string out;
  for (std::size_t left = random_.between(1, manner_.at_once); left > 0 && !must_wait(); --left) {
    if (random_.chance(manner_.errs)) {
      write_mistake(out);
    } else {
      write_command(out);
    }
  }
  if (random_.chance(manner_.trickles)) {
    trickle_ = out;
  } else {
    link_->travelling += out;
  }
}

std::string Client::new_text(std::size_t padding) {
  return fmt::format("m{}{}", ++world_.last_message, std::string(padding, '.'));
}

}  // namespace tribar::simulation
