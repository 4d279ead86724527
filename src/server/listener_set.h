// SPDX-License-Identifier: MIT
//
// Where the server listens: the sockets of its loops, and how they change while it runs. Changes
// are made in two steps: plan() opens what is new and may fail, adopt() cannot. Main thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "config/config.h"
#include "loop/acceptor.h"
#include "uv/listener.h"
#include "uv/socket_file.h"

namespace tribar {

class ListenerSet {
 public:
  /// What connections of a listener get on a loop.
  using OptionsOf = std::function<ListenerOptions(const ListenerSettings&, std::size_t loop)>;

  /// An address at which a listener listens.
  struct Place {
    ListenerId id;  // on each loop
    uv::Address address;
    std::optional<uv::SharedSocket> shared;  // by all loops; none: each has a socket of its own
  };
  /// An entry of `listen`; a name may have several addresses.
  struct Entry {
    ListenerSettings settings;
    std::vector<Place> places;
    std::unique_ptr<uv::SocketFile> file;  // of a Unix socket that was made here
    std::size_t loops = 0;                 // that listen: the first so many
  };

  /// What there is to be. Sockets that were opened for it listen, but nobody accepts there yet; if
  /// it is not adopted they are closed.
  class Plan {
    friend class ListenerSet;
    struct Opened {
      uv::Address address;
      std::optional<uv::SharedSocket> shared;
      std::vector<Descriptor> sockets;  // one for each loop that is to listen and does not yet
    };
    struct Item {
      ListenerSettings settings;
      std::optional<std::size_t> kept;  // the entry at the same place
      std::vector<Opened> opened;       // each of its places
      std::unique_ptr<uv::SocketFile> file;
    };
    std::vector<Item> items_;
  };

  /// `passed`: sockets that listen already, which are not closed; a listener whose address one has
  /// takes it.
  ListenerSet(std::size_t loops, OptionsOf options_of, std::vector<uv::SharedSocket> passed = {});

  /// From the next plan on, the first `loops` loops listen. At first all do.
  void use_loops(std::size_t loops) { used_loops_ = loops; }

  /// Opens sockets for those of `wanted` whose host and port, or socket, are not there yet, and on
  /// loops that do not listen yet. Or why that cannot be, for each of them; then nothing is open
  /// that was not before. Waits for names to be resolved.
  [[nodiscard]] Result<Plan, std::vector<std::string>> plan(
      const std::vector<ListenerSettings>& wanted, const uv::SocketOptions& options) const;

  /// Makes it so. Returns what each loop must do for it.
  [[nodiscard]] std::vector<ListenerChanges> adopt(Plan plan);

  /// In the order of the settings.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// HOST:PORT or unix:PATH each, with the ports that were really taken.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// The address of a passed socket that no listener has taken, if there is one.
  [[nodiscard]] std::optional<std::string> find_idle() const;

  /// Nobody can connect at Unix sockets any more; those who have are accepted.
  void remove_files();

 private:
  void open(Plan::Item& item, const uv::SocketOptions& options) const;
  void open_more(Plan::Item& item, const Entry& entry, const uv::SocketOptions& options) const;
  [[nodiscard]] std::optional<uv::SharedSocket> find_passed(const uv::Address& address) const;
  void add(Entry& entry, std::vector<Plan::Opened> opened,
           std::vector<ListenerChanges>& changes) const;
  void change(Entry& entry, const ListenerSettings& settings,
              std::vector<ListenerChanges>& changes) const;

  std::size_t loops_;
  std::size_t used_loops_;
  OptionsOf options_of_;
  std::vector<uv::SharedSocket> passed_;
  std::uint64_t last_id_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace tribar
