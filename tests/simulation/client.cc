// SPDX-License-Identifier: MIT
//
// See client.h.
#include "simulation/client.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "zero/reply.h"

namespace tribar::simulation {

Manner roll_manner(Random& random) {
  Manner manner;
  switch (random.below(8)) {
    case 0:  // Reads little or nothing.
      manner.reads = random.chance(50) ? 0 : 5;
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

Client::Client(std::vector<std::string> names, Manner manner, Dial dial,
               std::uint64_t& last_message, Diary& diary, Random& random)
    : names_(std::move(names)),
      manner_(manner),
      dial_(std::move(dial)),
      last_message_(last_message),
      diary_(diary),
      random_(random),
      name_(random.pick(names_)) {}

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
  reader_ = std::make_unique<FrameReader>(1U << 30);
  trickle_.clear();
  is_logged_in_ = false;
  has_asked_login_ = false;
  awaits_list_ = false;
  lists_due_ = 0;
  is_spoilt_ = false;
  if (random_.chance(30)) {
    name_ = random_.pick(names_);
  }
}

void Client::receive(std::size_t most) {
  const std::size_t size = std::min(most, link_->received.size());
  reader_->feed(std::string_view(link_->received).substr(0, size));
  link_->received.erase(0, size);
  take_frames();
}

void Client::take_frames() {
  for (FrameCut cut = reader_->take(); cut.kind == FrameCut::Kind::Whole; cut = reader_->take()) {
    if (cut.code == static_cast<std::uint8_t>(FrameCode::ListResponse)) {
      ++lists;
      note_list_answered();
    } else if (cut.code == static_cast<std::uint8_t>(FrameCode::Send)) {
      ++messages;
    } else if (cut.data.empty()) {
      is_logged_in_ = true;
    } else {
      ++refusals;
      if (cut.data.starts_with("more than")) {
        note_list_answered();
      }
      if (has_asked_login_ && !is_logged_in_) {
        wants_create_ = cut.data == "username does not exist";
        has_asked_login_ = false;
      }
    }
  }
}

void Client::note_list_answered() {
  lists_due_ -= 1;
  awaits_list_ &= lists_due_ > 0;
}

void Client::hang_up(bool by_reset) {
  if (!is_connected()) {
    return;
  }
  diary_.tell("a client {}", by_reset ? "resets" : "ends");
  // A half-close behind a frame that is not whole is one of the manners, too.
  link_->client_ends = true;
  link_->client_breaks = by_reset;
}

void Client::write() {
  if (awaits_list_ || is_spoilt_) {
    return;
  }
  std::string out;
  for (std::size_t left = random_.between(1, manner_.at_once); left > 0 && !awaits_list_; --left) {
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

void Client::write_command(std::string& out) {
  if (!has_asked_login_) {
    has_asked_login_ = true;
    if (wants_create_) {
      append_command(out, Create{name_});
    } else {
      append_command(out, Login{name_});
    }
    return;
  }
  switch (random_.below(20)) {
    case 0:
      append_command(out, List{});
      ++lists_due_;
      break;
    case 1:
      append_command(out, List{random_.chance(50) ? "[a-c]*" : random_.pick(names_)});
      ++lists_due_;
      break;
    case 2:
    case 3:
      append_command(out, Deliver{});
      break;
    case 4:
      if (random_.chance(30)) {
        append_command(out, Delete{});
        append_command(out, List{name_});
        ++lists_due_;
        awaits_list_ = true;
        is_logged_in_ = false;
        has_asked_login_ = false;
        wants_create_ = random_.chance(80);
      }
      break;
    default: {
      const std::size_t padding = random_.chance(5)    ? random_.between(0, 1400)
                                  : random_.chance(30) ? random_.between(0, 100)
                                                       : 0;
      const std::string text = new_text(padding);
      append_message(out, {name_, random_.pick(names_), text});
    }
  }
}

/// What a client may do by mistake.
void Client::write_mistake(std::string& out) {
  const auto frame = [&out](std::uint8_t code, std::string_view data) {
    append_frame(out, code, data);
  };
  switch (random_.below(13)) {
    case 0:
      return append_command(out, Create{random_.pick(names_)});
    case 1:
      return append_command(out, Login{random_.pick(names_)});
    case 2: {
      const std::string text = new_text(0);
      return append_message(out, {random_.pick(names_), random_.pick(names_), text});
    }
    case 3: {
      const std::string text = new_text(0);
      return append_message(out, {name_, "nobody", text});
    }
    case 4:
      return append_command(out, Create{"a|||b"});
    case 5:
      return append_command(out, Create{"far.too.long"});
    case 6:
      return append_command(out, Login{""});
    case 7:
      return frame(static_cast<std::uint8_t>(random_.between(6, 255)), "what");
    case 8:
      return frame(3, "data");
    case 9:
      return frame(2, "one|||two");
    case 10:
      return frame(2, "one|||two|||three|||four");
    case 11:
      return frame(2, name_ + "|||" + name_ + "|||\x07");
    default:
      return append_command(out, List{std::string(random_.between(0, 900), '*') + "?[!z]\x80"});
  }
}

/// What no client should do.
void Client::harm() {
  std::string& out = link_->travelling;
  const std::size_t kind = random_.below(5);
  is_spoilt_ |= kind != 4;
  switch (kind) {
    case 0:
      for (std::size_t left = random_.between(1, 200); left > 0; --left) {
        out += static_cast<char>(random_.below(256));
      }
      break;
    case 1: {
      std::string header;
      append_frame(header, 2, {});
      // A length that lies, in any of its bytes.
      header[2 + random_.below(40)] = static_cast<char>(random_.between(1, 255));
      out += header;
      break;
    }
    case 2:
      out += '\x01';
      break;
    case 3: {
      // A frame that never ends.
      std::string front;
      append_frame(front, 2, std::string(1000, 'x'));
      out += front.substr(0, random_.between(1, front.size() - 1));
      break;
    }
    default:
      // A LIST that takes long, many times.
      for (std::size_t left = random_.between(1, 20); left > 0; --left) {
        std::string pattern;
        for (int i = 0; i < 300; ++i) {
          pattern += "*?";
        }
        append_command(out, List{pattern});
        ++lists_due_;
      }
  }
}

void Client::send(std::string_view recipient, std::size_t bytes) {
  const std::string text = new_text(bytes);
  append_message(link_->travelling, {name_, recipient, text});
}

/// No two messages of a run have the same text.
std::string Client::new_text(std::size_t padding) {
  return fmt::format("m{}{}", ++last_message_, std::string(padding, '.'));
}

}  // namespace tribar::simulation
