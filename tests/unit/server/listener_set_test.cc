// SPDX-License-Identifier: MIT
//
// ListenerSet: which sockets are opened, kept and left when the settings change.
#include "server/listener_set.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary_folder.h"
#include "uv/socket.h"

namespace tribar {
namespace {

using test::TemporaryFolder;
using Changes = std::vector<ListenerChanges>;

constexpr std::size_t kLoops = 2;

struct Fixture {
  TemporaryFolder folder;
  ListenerSet set{
      kLoops, [](const ListenerSettings& settings, std::size_t) {
        return ListenerOptions{settings.allows_one ? Protocol::Undecided : Protocol::Zero, {}};
      }};

  Changes become(const std::vector<ListenerSettings>& wanted) {
    auto plan = set.plan(wanted, {});
    EXPECT_TRUE(plan) << testing::PrintToString(plan ? std::vector<std::string>{} : plan.error());
    return plan ? set.adopt(std::move(plan.value())) : Changes(kLoops);
  }
};

ListenerSettings at_port(std::uint16_t port) { return {"127.0.0.1", port}; }

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

bool can_connect(const uv::Address& address) {
  uv::Socket peer;
  peer.fd = ::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return connect(peer.fd, address.raw(), uv::size_of(address)) == 0;
}

TEST(ListenerSet, OpensASocketForEachLoop) {
  Fixture f;
  const std::string path = f.folder.file("s");
  const Changes changes = f.become({at_port(0), {.socket = path}});
  ASSERT_EQ(f.set.addresses().size(), 2U);
  EXPECT_TRUE(f.set.addresses()[0].starts_with("127.0.0.1:"));
  EXPECT_NE(f.set.addresses()[0], "127.0.0.1:0");
  EXPECT_EQ(f.set.addresses()[1], "unix:" + path);
  EXPECT_TRUE(f.set.entries()[0].places[0].address.is_loopback());
  ASSERT_EQ(changes.size(), kLoops);
  for (const ListenerChanges& each : changes) {
    ASSERT_EQ(each.added.size(), 2U);
    EXPECT_EQ(each.added[0].id, f.set.entries()[0].places[0].id);
    EXPECT_EQ(uv::address_text(uv::bound_to(each.added[0].socket).raw()), f.set.addresses()[0]);
    EXPECT_EQ(uv::address_text(uv::bound_to(each.added[1].socket).raw()), f.set.addresses()[1]);
    EXPECT_TRUE(each.changed.empty());
    EXPECT_TRUE(each.removed.empty());
  }
}

TEST(ListenerSet, KeepsWhatStays) {
  Fixture f;
  const Changes first = f.become({at_port(0), at_port(0)});
  const std::vector<std::string> addresses = f.set.addresses();
  const Changes same = f.become({at_port(0), at_port(0)});
  EXPECT_EQ(f.set.addresses(), addresses);
  for (const ListenerChanges& each : same) {
    EXPECT_TRUE(each.added.empty() && each.changed.empty() && each.removed.empty());
  }
  ListenerSettings zero_only = at_port(0);
  zero_only.allows_one = false;
  const Changes changed = f.become({zero_only, at_port(0)});
  EXPECT_EQ(f.set.addresses(), addresses);
  for (const ListenerChanges& each : changed) {
    ASSERT_EQ(each.changed.size(), 1U);
    EXPECT_EQ(each.changed[0].id, f.set.entries()[0].places[0].id);
    EXPECT_EQ(each.changed[0].options.protocol, Protocol::Zero);
    EXPECT_TRUE(each.added.empty() && each.removed.empty());
  }
}

TEST(ListenerSet, LeavesWhatGoes) {
  Fixture f;
  const std::string path = f.folder.file("s");
  const Changes first = f.become({{.socket = path}, at_port(0)});
  const ListenerId gone = f.set.entries()[0].places[0].id;
  const std::string stays = f.set.addresses()[1];
  const Changes second = f.become({at_port(0)});
  EXPECT_EQ(f.set.addresses(), std::vector<std::string>{stays});
  EXPECT_FALSE(std::filesystem::exists(path));
  for (const ListenerChanges& each : second) {
    EXPECT_EQ(each.removed, std::vector<ListenerId>{gone});
    EXPECT_TRUE(each.added.empty() && each.changed.empty());
  }
  // It can come again, and is another one.
  const Changes third = f.become({at_port(0), {.socket = path}});
  EXPECT_GT(f.set.entries()[1].places[0].id, gone);
  f.set.remove_files();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenerSet, ListensOnMoreLoopsLater) {
  Fixture f;
  f.set.use_loops(1);
  const std::string path = f.folder.file("s");
  const Changes first = f.become({at_port(0), {.socket = path}});
  EXPECT_EQ(first[0].added.size(), 2U);
  EXPECT_TRUE(first[1].added.empty());
  const std::vector<std::string> addresses = f.set.addresses();
  f.set.use_loops(kLoops);
  const Changes second = f.become({at_port(0), {.socket = path}});
  EXPECT_EQ(f.set.addresses(), addresses);
  EXPECT_TRUE(second[0].added.empty());
  ASSERT_EQ(second[1].added.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(second[1].added[i].id, f.set.entries()[i].places[0].id);
    EXPECT_EQ(uv::address_text(uv::bound_to(second[1].added[i].socket).raw()), addresses[i]);
  }
}

TEST(ListenerSet, TakesSocketsThatWerePassed) {
  const Descriptor socket =
      uv::listen_at(uv::resolve("127.0.0.1", 0).front(), false, kListenBacklog, {});
  const uv::Address address = uv::bound_to(socket);
  const std::string text = uv::address_text(address.raw());
  ListenerSet set(kLoops, [](const ListenerSettings&, std::size_t) { return ListenerOptions{}; },
                  {{socket.get(), address}});
  EXPECT_EQ(set.find_idle(), text);
  for (int time = 0; time < 2; ++time) {
    auto plan = set.plan({at_port(port_of(text))}, {});
    ASSERT_TRUE(plan);
    const Changes changes = set.adopt(std::move(plan.value()));
    ASSERT_EQ(changes[1].added.size(), 1U);
    EXPECT_EQ(uv::address_text(uv::bound_to(changes[1].added[0].socket).raw()), text);
    EXPECT_EQ(set.find_idle(), std::nullopt);
    // It can be left, and be taken again.
    auto empty = set.plan({}, {});
    ASSERT_TRUE(empty);
    EXPECT_EQ(set.adopt(std::move(empty.value()))[0].removed.size(), 1U);
    EXPECT_EQ(set.find_idle(), text);
  }
}

TEST(ListenerSet, OpensNothingIfOneCannotBeOpened) {
  Fixture other;
  const Changes theirs = other.become({at_port(0)});
  const std::uint16_t taken = port_of(other.set.addresses()[0]);
  Fixture f;
  const std::string path = f.folder.file("s");
  const Changes first = f.become({at_port(0)});
  const std::vector<std::string> addresses = f.set.addresses();
  const auto plan = f.set.plan(
      {at_port(0), {.socket = path}, at_port(taken), {.socket = f.folder.file("missing/s")}}, {});
  ASSERT_FALSE(plan);
  ASSERT_EQ(plan.error().size(), 2U) << "each is named";
  EXPECT_EQ(plan.error()[0],
            fmt::format("cannot listen on 127.0.0.1:{}: address already in use", taken));
  EXPECT_TRUE(plan.error()[1].starts_with("cannot listen on unix:" + f.folder.file("missing/s")));
  EXPECT_EQ(f.set.addresses(), addresses);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenerSet, ClosesWhatIsNotAdopted) {
  Fixture f;
  const std::string path = f.folder.file("s");
  { EXPECT_TRUE(f.set.plan({{.socket = path}}, {})); }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(f.set.addresses().empty());
}

TEST(ListenerSet, SaysThatAnAddressWhichGoesIsStillThere) {
  Fixture f;
  const std::uint16_t port = ntohs(
      reinterpret_cast<const sockaddr_in*>(uv::probe(uv::resolve("127.0.0.1", 0).front()).raw())
          ->sin_port);
  const Changes first = f.become({at_port(port)});
  const auto plan = f.set.plan({{"0.0.0.0", port}}, {});
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error()[0].find(fmt::format("(127.0.0.1:{} goes", port)), std::string::npos)
      << plan.error()[0];
  EXPECT_TRUE(can_connect(uv::resolve("127.0.0.1", port).front())) << "it is as it was";
}

}  // namespace
}  // namespace tribar
