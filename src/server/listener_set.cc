// SPDX-License-Identifier: MIT
//
// See listener_set.h.
#include "server/listener_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "server/listeners.h"

namespace tribar {
namespace {

/// What the error of a new listener is also due to: an old one at the same port that goes, but is
/// still there.
std::string hint_for(const ListenerSettings& added, const std::vector<ListenerSettings>& leaving) {
  for (const ListenerSettings& old : leaving) {
    if (added.socket.empty() && old.socket.empty() && added.port == old.port) {
      return fmt::format(
          " ({} goes, but only once all that is new is there: leave it out first, and add this one "
          "by another reload, or restart)",
          place_of(old));
    }
  }
  return {};
}

}  // namespace

ListenerSet::ListenerSet(std::size_t loops, OptionsOf options_of,
                         std::vector<uv::SharedSocket> passed)
    : loops_(loops),
      used_loops_(loops),
      options_of_(std::move(options_of)),
      passed_(std::move(passed)) {}

Result<ListenerSet::Plan, std::vector<std::string>> ListenerSet::plan(
    const std::vector<ListenerSettings>& wanted, const uv::SocketOptions& options) const {
  Plan plan;
  std::vector<bool> is_kept(entries_.size(), false);
  for (const ListenerSettings& settings : wanted) {
    Plan::Item item{settings, {}, {}, nullptr};
    for (std::size_t i = 0; i < entries_.size() && !item.kept; ++i) {
      if (!is_kept[i] && place_of(entries_[i].settings) == place_of(settings)) {
        is_kept[i] = true;
        item.kept = i;
      }
    }
    plan.items_.push_back(std::move(item));
  }
  std::vector<ListenerSettings> leaving;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!is_kept[i]) {
      leaving.push_back(entries_[i].settings);
    }
  }
  std::vector<std::string> problems;
  for (Plan::Item& item : plan.items_) {
    try {
      if (item.kept) {
        open_more(item, entries_[*item.kept], options);
      } else {
        open(item, options);
      }
    } catch (const std::runtime_error& error) {
      problems.push_back(error.what() + hint_for(item.settings, leaving));
    }
  }
  if (!problems.empty()) {
    return problems;
  }
  return plan;
}

/// Each loop has a socket of its own at each address, and the kernel deals connections out to them.
/// That would also let another server in: so the address is first asked for alone, which also tells
/// which port it got. A Unix socket, and one that was passed, is one for all loops.
void ListenerSet::open(Plan::Item& item, const uv::SocketOptions& options) const {
  const auto open_shared = [&](const uv::SharedSocket& socket) {
    Plan::Opened& opened = item.opened.emplace_back();
    opened.address = socket.address;
    opened.shared = socket;
    for (std::size_t loop = 0; loop < used_loops_; ++loop) {
      opened.sockets.push_back(uv::duplicate_of(socket, options));
    }
  };
  const std::string& path = item.settings.socket;
  if (!path.empty()) {
    const auto passed = find_passed(uv::socket_address(path));
    if (!passed) {
      item.file = std::make_unique<uv::SocketFile>(path, kListenBacklog);
    }
    return open_shared(passed ? *passed : item.file->shared());
  }
  for (uv::Address address : uv::resolve(item.settings.host, item.settings.port)) {
    if (const auto passed = find_passed(address)) {
      open_shared(*passed);
      continue;
    }
    if (loops_ > 1) {
      address = uv::probe(address);
    }
    Plan::Opened opened;
    for (std::size_t loop = 0; loop < used_loops_; ++loop) {
      opened.sockets.push_back(uv::listen_at(address, loops_ > 1, kListenBacklog, options));
    }
    opened.address = uv::bound_to(opened.sockets.front());
    item.opened.push_back(std::move(opened));
  }
}

/// For loops that do not listen at the places of `entry` yet.
void ListenerSet::open_more(Plan::Item& item, const Entry& entry,
                            const uv::SocketOptions& options) const {
  for (const Place& place : entry.places) {
    Plan::Opened& opened = item.opened.emplace_back();
    for (std::size_t loop = entry.loops; loop < used_loops_; ++loop) {
      opened.sockets.push_back(place.shared
                                   ? uv::duplicate_of(*place.shared, options)
                                   : uv::listen_at(place.address, true, kListenBacklog, options));
    }
  }
}

/// A socket at `address` that was passed to this process.
std::optional<uv::SharedSocket> ListenerSet::find_passed(const uv::Address& address) const {
  const std::string wanted = uv::address_text(address.raw());
  for (const uv::SharedSocket& socket : passed_) {
    if (uv::address_text(socket.address.raw()) == wanted) {
      return socket;
    }
  }
  return std::nullopt;
}

std::optional<std::string> ListenerSet::find_idle() const {
  const std::vector<std::string> taken = addresses();
  for (const uv::SharedSocket& socket : passed_) {
    std::string address = uv::address_text(socket.address.raw());
    if (std::find(taken.begin(), taken.end(), address) == taken.end()) {
      return address;
    }
  }
  return std::nullopt;
}

std::vector<ListenerChanges> ListenerSet::adopt(Plan plan) {
  std::vector<ListenerChanges> changes(loops_);
  std::vector<Entry> former = std::exchange(entries_, {});
  for (Plan::Item& item : plan.items_) {
    if (item.kept) {
      Entry& entry = entries_.emplace_back(std::move(former[*item.kept]));
      former[*item.kept].places.clear();
      change(entry, item.settings, changes);
    } else {
      Entry& entry = entries_.emplace_back();
      entry.settings = item.settings;
      entry.file = std::move(item.file);
      for (const Plan::Opened& opened : item.opened) {
        entry.places.push_back({{++last_id_}, opened.address, opened.shared});
      }
    }
    add(entries_.back(), std::move(item.opened), changes);
  }
  for (const Entry& entry : former) {
    for (const Place& place : entry.places) {
      for (ListenerChanges& each : changes) {
        each.removed.push_back(place.id);
      }
    }
  }
  return changes;
}

/// Gives further loops the sockets of `entry`, which `opened` are.
void ListenerSet::add(Entry& entry, std::vector<Plan::Opened> opened,
                      std::vector<ListenerChanges>& changes) const {
  std::size_t more = 0;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    more = opened[i].sockets.size();
    for (std::size_t n = 0; n < more; ++n) {
      const std::size_t loop = entry.loops + n;
      changes[loop].added.push_back(
          {entry.places[i].id, std::move(opened[i].sockets[n]), options_of_(entry.settings, loop)});
    }
  }
  entry.loops += more;
}

/// The same place, where something else may be spoken from now on.
void ListenerSet::change(Entry& entry, const ListenerSettings& settings,
                         std::vector<ListenerChanges>& changes) const {
  if (entry.settings == settings) {
    return;
  }
  entry.settings = settings;
  for (const Place& place : entry.places) {
    for (std::size_t loop = 0; loop < entry.loops; ++loop) {
      changes[loop].changed.push_back({place.id, options_of_(settings, loop)});
    }
  }
}

std::vector<std::string> ListenerSet::addresses() const {
  std::vector<std::string> addresses;
  for (const Entry& entry : entries_) {
    for (const Place& place : entry.places) {
      addresses.push_back(uv::address_text(place.address.raw()));
    }
  }
  return addresses;
}

void ListenerSet::remove_files() {
  for (Entry& entry : entries_) {
    entry.file.reset();
  }
}

}  // namespace tribar
