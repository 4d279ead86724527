// SPDX-License-Identifier: MIT
//
// See credit.h.
#include "simulation/credit.h"

#include <variant>

#include "zero/command.h"

namespace tribar::simulation {

void Credit::note_passed(const Batch& batch) {
  for (const Input& input : batch.inputs) {
    if (const auto* written = std::get_if<Written>(&input.body)) {
      owed_[input.from] -= static_cast<std::int64_t>(written->charge);
    } else if (const auto* back = std::get_if<Returned>(&input.body)) {
      owed_[input.from] -=
          static_cast<std::int64_t>(back->is_kept ? back->charge : charged_bytes(back->message));
    }
  }
  for (const Effect& effect : batch.output.effects) {
    std::int64_t& owed = owed_[effect.to];
    if (std::holds_alternative<Push>(effect.body) && owed >= static_cast<std::int64_t>(bytes_)) {
      diary_.fail("{:x}: is handed a message while it is owed {} bytes of {}", effect.to.value,
                  owed, bytes_);
    }
    owed += effect.charge;
  }
  for (const Input& input : batch.inputs) {
    if (std::holds_alternative<Closed>(input.body)) {
      owed_.erase(input.from);
    }
  }
}

}  // namespace tribar::simulation
