// SPDX-License-Identifier: MIT
//
// The registry with a few peers whose every choice is a byte of the input, compared with its model.
// The first bytes are the limits.
#include <cstdint>

#include "fuzz.h"
#include "fuzz_bytes.h"
#include "support/registry_world.h"

namespace tribar {
namespace {

using fuzz::Bytes;

void run(Bytes& bytes) {
  WorldSettings settings;
  const std::uint32_t switches = bytes.take();
  settings.connections = 3 + (switches >> 2) % 4;
  settings.keeps_records = (switches & 1) != 0;
  settings.has_long_names = (switches & 2) != 0;
  settings.limits.outbox_bytes = 1 + bytes.take() * 2;
  settings.limits.accounts = 1 + bytes.take() % 8;
  settings.limits.undelivered_messages = 1 + bytes.take() % 32;
  settings.limits.undelivered_bytes = 100 + bytes.take() * 10;
  settings.limits.queued_bytes = 200 + bytes.take() * 20;
  settings.limits.list_names = settings.has_long_names ? 1000 : 1 + bytes.take() % 8;
  RegistryWorld world(settings, [&bytes](std::uint32_t below) { return bytes.take() % below; });
  while (!bytes.is_empty() && world.trouble().empty()) {
    world.step();
  }
  world.check_store();
  world.drain();
  fuzz::check(world.trouble().empty(), world.trouble().c_str());
}

}  // namespace
}  // namespace tribar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::fuzz::Bytes bytes(tribar::fuzz::as_text(data, size));
  tribar::run(bytes);
  return 0;
}
