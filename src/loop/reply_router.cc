// SPDX-License-Identifier: MIT
//
// See reply_router.h.
#include "loop/reply_router.h"

#include "loop/loop_inbox.h"

namespace tribar {

ReplyRouter::ReplyRouter(std::vector<LoopInbox*> inboxes)
    : inboxes_(std::move(inboxes)), shares_(inboxes_.size()) {}

void ReplyRouter::post(std::span<BatchPtr> batches) {
  for (BatchPtr& batch : batches) {
    if (inboxes_.size() == 1) {
      shares_.front().emplace_back(std::move(batch));
    } else {
      share_out(std::move(batch));
    }
  }
  for (std::size_t loop = 0; loop < inboxes_.size(); ++loop) {
    if (!shares_[loop].empty()) {
      inboxes_[loop]->post(shares_[loop]);
      shares_[loop].clear();
    }
  }
}

void ReplyRouter::give_back(BatchPtr batch) {
  batch->output.effects.clear();
  LoopInbox& inbox = *inboxes_[batch->loop];
  BatchShare share(std::move(batch));
  inbox.post({&share, 1});
}

void ReplyRouter::share_out(BatchPtr batch) {
  const std::size_t loops = inboxes_.size();
  const std::size_t home = batch->loop;
  has_part_.assign(loops, batch->is_for_all);
  for (const Effect& effect : batch->output.effects) {
    has_part_[LoopPlace::loop_of(effect.to, loops)] = true;
  }
  BatchShare share(std::move(batch));
  for (std::size_t loop = 0; loop < loops; ++loop) {
    if (has_part_[loop] && loop != home) {
      shares_[loop].push_back(share.split());
    }
  }
  shares_[home].push_back(std::move(share));
}

}  // namespace tribar
