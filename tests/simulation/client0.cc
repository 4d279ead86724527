// SPDX-License-Identifier: MIT
//
// See client0.h.
#include "simulation/client0.h"

#include <utility>

#include "zero/reply.h"

namespace tribar::simulation {

void Client0::dial() {
  Client::dial();
  is_logged_in_ = false;
  has_asked_login_ = false;
  awaits_list_ = false;
  lists_due_ = 0;
}

void Client0::take_frame(const FrameCut& cut) {
  if (cut.code == static_cast<std::uint8_t>(FrameCode::ListResponse)) {
    ++lists;
    note_list_answered();
  } else if (cut.code == static_cast<std::uint8_t>(FrameCode::Send)) {
    ++messages;
  } else if (cut.data.empty()) {
    is_logged_in_ = true;
  } else {
    ++refusals;
    if (cut.data.starts_with("more than") || cut.data.starts_with("attempting to list")) {
      note_list_answered();
    }
    if (has_asked_login_ && !is_logged_in_) {
      wants_create_ = cut.data == "username does not exist";
      has_asked_login_ = false;
    }
  }
}

void Client0::note_list_answered() {
  lists_due_ -= 1;
  awaits_list_ &= lists_due_ > 0;
}

void Client0::write_command(std::string& out) {
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
      append_command(out, List{random_.chance(50) ? "[a-c]*" : random_.pick(world_.names)});
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
      append_message(out, {name_, random_.pick(world_.names), text});
    }
  }
}

/// What a client may do by mistake.
void Client0::write_mistake(std::string& out) {
  const auto frame = [&out](std::uint8_t code, std::string_view data) {
    append_frame(out, code, data);
  };
  switch (random_.below(13)) {
    case 0:
      return append_command(out, Create{random_.pick(world_.names)});
    case 1:
      return append_command(out, Login{random_.pick(world_.names)});
    case 2: {
      const std::string text = new_text(0);
      return append_message(out, {random_.pick(world_.names), random_.pick(world_.names), text});
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
void Client0::harm() {
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

void Client0::send(std::string_view recipient, std::size_t bytes) {
  const std::string text = new_text(bytes);
  append_message(link_->travelling, {name_, recipient, text});
}

}  // namespace tribar::simulation
