// SPDX-License-Identifier: MIT
//
// See network.h.
#include "simulation/network.h"

#include <algorithm>

#include "support/xor_filter.h"

namespace tribar::simulation {

void Link::carry_up(std::size_t most) {
  if (client_breaks) {
    break_now();
    return;
  }
  const std::size_t size = std::min(most, travelling.size());
  if (!server_is_gone && !break_arrived) {
    arrived += std::string_view(travelling).substr(0, size);
    witness->arrived(size);
  }
  travelling.erase(0, size);
  end_arrived = client_ends && travelling.empty();
}

void Link::carry_down(std::size_t most, Random& random) {
  if (break_arrived) {
    return;
  }
  const std::size_t size = std::min(most, kernel.size());
  received += std::string_view(kernel).substr(0, size);
  kernel.erase(0, size);
  if (!writing.empty() && !is_failing) {
    take_writing(random.between(1, capacity));
  }
}

void Link::take_writing(std::size_t most) {
  const std::size_t room = capacity - std::min(capacity, kernel.size());
  const std::size_t size = std::min({most, room, writing.size()});
  const std::string_view bytes = writing.substr(0, size);
  kernel += bytes;
  writing.remove_prefix(size);
  write_is_done = writing.empty();
  witness->taken(bytes);
}

void Link::break_now() {
  break_arrived = true;
  travelling.clear();
  arrived.clear();
  // What the kernel had taken is lost with the peer.
  kernel.clear();
}

bool Link::is_ready() const {
  if (connection == nullptr) {
    return false;
  }
  const bool has_write_news = write_is_done || (!writing.empty() && is_broken());
  return has_write_news || (is_reading && (!arrived.empty() || end_arrived || is_broken()));
}

bool Link::is_at_end() const {
  return break_arrived || ((server_ends || server_is_gone) && kernel.empty() && received.empty());
}

LinkTransport::~LinkTransport() {
  link_->witness->closed();
  link_->connection = nullptr;
  link_->is_reading = false;
  link_->writing = {};
  link_->write_is_done = false;
  link_->server_is_gone = true;
  if (!link_->arrived.empty()) {
    // Closed with unread data: the peer sees a reset, and may lose what was on its way to it.
    link_->kernel.clear();
  }
}

std::ptrdiff_t LinkTransport::try_write(std::string_view first, std::string_view more) {
  if (link_->is_broken()) {
    return -1;
  }
  const std::string all = std::string(first) + std::string(more);
  const std::string bytes = link_->is_scrambled ? test::scrambled(all) : all;
  const std::size_t room = link_->capacity - std::min(link_->capacity, link_->kernel.size());
  std::size_t size = std::min(room, bytes.size());
  if (size > 0 && random_.chance(10)) {
    size = random_.below(size + 1);
  }
  const std::string_view taken = std::string_view(bytes).substr(0, size);
  link_->kernel += taken;
  link_->witness->taken(taken);
  return static_cast<std::ptrdiff_t>(size);
}

void LinkTransport::write(std::string_view bytes) {
  if (link_->is_scrambled) {
    link_->unscrambled = test::scrambled(bytes);
    bytes = link_->unscrambled;
  }
  link_->writing = bytes;
  link_->write_is_done = false;
}

void LinkTransport::shut_down() {
  link_->server_ends = true;
  link_->witness->shut();
}

}  // namespace tribar::simulation
