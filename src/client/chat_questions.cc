// SPDX-License-Identifier: MIT
//
// See chat.h: what stands before the line, and answers to questions.
#include <fmt/format.h>

#include <utility>

#include "client/chat.h"
#include "client/shown_text.h"
#include "client/unsendable.h"

namespace tribar {
namespace {

std::string in_prompt(std::string_view name, std::size_t most_bytes) {
  const std::string shown = shown_name(name.substr(0, most_bytes));
  return name.size() > most_bytes ? shown + "..." : shown;
}

}  // namespace

// Questions.

std::string Chat::prompt() const {
  if (is_open()) {
    return words();
  }
  switch (due_) {
    case Due::Nothing:
      break;
    case Due::Leaving:
      return "(sending) ";
    default:
      return "(wait) ";
  }
  const std::string place = !partner_.empty() ? "to " + in_prompt(partner_, kMostPromptBytes)
                            : is_in_          ? in_prompt(name_, kMostPromptBytes)
                                              : "tribar";
  return (session_.is_connected() ? "" : "(offline) ") + place + "> ";
}

std::string Chat::words() const {
  switch (question_) {
    case Question::LoginName:
    case Question::NewName:
      return "Name: ";
    case Question::LoginSecret:
    case Question::DeleteSecret:
      return fmt::format("Secret of {}: ", in_prompt(name_, kMostPromptBytes));
    case Question::FirstSecret:
      return "New secret (empty: none): ";
    case Question::OldSecret:
      return "Old secret: ";
    case Question::NewSecret:
      return "New secret: ";
    case Question::FirstSecretAgain:
    case Question::NewSecretAgain:
      return "New secret again: ";
    case Question::Partner:
      return "To: ";
    case Question::ConfirmDelete:
      return fmt::format("Delete {} and what waits for it? (y/n): ",
                         in_prompt(name_, kMostPromptBytes));
    case Question::SendAgain:
      return "Send it again? (y/n): ";
    case Question::Leave:
      return "Leave all the same? (y/n): ";
    case Question::None:
      break;
  }
  return {};
}

bool Chat::wants_secret() const {
  switch (question_) {
    case Question::LoginSecret:
    case Question::FirstSecret:
    case Question::FirstSecretAgain:
    case Question::OldSecret:
    case Question::NewSecret:
    case Question::NewSecretAgain:
    case Question::DeleteSecret:
      return true;
    default:
      return false;
  }
}

bool Chat::is_yes_or_no() const {
  return question_ == Question::ConfirmDelete || question_ == Question::SendAgain ||
         question_ == Question::Leave;
}

void Chat::open(Question question) {
  question_ = question;
  if (!waiting_.empty()) {
    warn(fmt::format("What was typed before this question is not taken: {}.",
                     counted(waiting_.size(), "line")));
    waiting_.clear();
  }
}

void Chat::answer(Line& line) {
  if (line.is_end) {
    return cancel();
  }
  if (wants_secret()) {
    answer_secret(line.text);
    return wipe(line.text);
  }
  if (is_yes_or_no()) {
    return answer_yes_or_no(line);
  }
  const std::string name(trimmed(line.text));
  const Question question = std::exchange(question_, Question::None);
  if (name.empty()) {
    notice("Cancelled.");
  } else if (question == Question::Partner) {
    begin_conversation(name, as_command("c " + name));
  } else {
    begin_login(name, question == Question::NewName);
  }
}

void Chat::answer_yes_or_no(const Line& line) {
  const auto is_yes = yes_or_no(line.text);
  if (line.is_pasted || !is_yes) {
    warn(line.is_pasted ? "Type y or n: what is pasted does not answer this." : "Type y or n.");
    return;
  }
  switch (std::exchange(question_, Question::None)) {
    case Question::ConfirmDelete:
      return *is_yes ? begin_deletion() : notice("Not deleted.");
    case Question::SendAgain: {
      const Outgoing message = std::move(doubts_.front());
      doubts_.pop_front();
      return *is_yes ? send(message, "") : notice("Not sent again.");
    }
    case Question::Leave:
      if (*is_yes) {
        step_.ending = Ending{};
      }
      return;
    default:
      return;
  }
}

void Chat::answer_secret(std::string_view secret) {
  if (secret.find('\n') != std::string_view::npos) {
    return warn("A secret is one line.");
  }
  switch (std::exchange(question_, Question::None)) {
    case Question::LoginSecret:
      return log_in(secret);
    case Question::FirstSecret:
      if (secret.empty()) {
        return create(secret);
      }
      if (refuses_new_secret(secret)) {
        return open(Question::FirstSecret);
      }
      new_secret_ = SecretBytes(secret);
      return open(Question::FirstSecretAgain);
    case Question::FirstSecretAgain:
      if (secret == new_secret_.view()) {
        return create(secret);
      }
      warn("The two are not the same.");
      return open(Question::FirstSecret);
    case Question::OldSecret:
      if (refuses_secret(secret)) {
        return open(Question::OldSecret);
      }
      old_secret_ = SecretBytes(secret);
      return open(Question::NewSecret);
    case Question::NewSecret:
      if (refuses_new_secret(secret)) {
        return open(Question::NewSecret);
      }
      new_secret_ = SecretBytes(secret);
      return open(Question::NewSecretAgain);
    case Question::NewSecretAgain:
      if (secret == new_secret_.view()) {
        return change_secret();
      }
      warn("The two are not the same.");
      return open(Question::NewSecret);
    case Question::DeleteSecret:
      return refuses_secret(secret) ? open(Question::DeleteSecret) : remove(secret);
    default:
      return;
  }
}

void Chat::cancel() {
  const Question question = std::exchange(question_, Question::None);
  old_secret_ = {};
  new_secret_ = {};
  switch (question) {
    case Question::SendAgain:
      doubts_.pop_front();
      return notice("Not sent again.");
    case Question::ConfirmDelete:
    case Question::DeleteSecret:
      return notice("Not deleted.");
    case Question::OldSecret:
    case Question::NewSecret:
    case Question::NewSecretAgain:
      return notice("The secret was not changed.");
    default:
      return notice("Cancelled.");
  }
}

/// The question waits until nothing is half typed.
void Chat::ask_about_doubt() {
  if (doubts_.empty() || !is_online() || is_open() || due_ != Due::Nothing || moment_.is_typing ||
      step_.draft || step_.ending) {
    return;
  }
  print_text("It is not known whether this has reached", doubts_.front());
  open(Question::SendAgain);
}

}  // namespace tribar
