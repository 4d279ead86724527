// SPDX-License-Identifier: MIT
//
// The interactive conversation at a terminal with line editing, in both protocols, as a pure state
// machine: submitted lines, bytes of the server and news of the connection go in; what to print,
// the prompt, and what to put back into the line come out. Owns a Session and what was typed, and
// nothing of the system: no socket, no clock, no terminal.
//
// Lines are taken at any time. While an answer is awaited that decides what a line means (a login,
// whether a recipient exists), they wait for it. A question that could do harm is never answered by
// what was typed or pasted before it was asked.
//
// What cannot be sent comes back into the line, or is printed if something is half typed there: no
// text is lost. Messages are typed also while the connection is away; Session keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/wipe.h"
#include "client/chat_words.h"
#include "client/dialogue.h"
#include "client/message_view.h"
#include "client/session.h"

namespace tribar {

/// What the caller must do, in this order.
struct ChatStep {
  std::string print{};                 // whole lines, above the line that is being typed
  bool rings = false;                  // the terminal's bell
  std::optional<std::string> draft{};  // into the line, which is empty
  bool drops_link = false;             // close the connection: it is of no more use
  std::optional<Ending> ending{};
  friend bool operator==(const ChatStep&, const ChatStep&) = default;
};

/// When something happens.
struct ChatMoment {
  UnixMs now{};
  bool is_typing = false;  // something stands in the line
};

/// What could stand for the end of a line from the byte `from` on; in order.
struct ChatCompletion {
  std::size_t from = 0;
  std::vector<std::string> words{};
  friend bool operator==(const ChatCompletion&, const ChatCompletion&) = default;
};

class Chat {
 public:
  struct Settings {
    client::Session::Settings session{};
    std::string server{};                 // as the user calls it
    std::string name{};                   // logs in at once; may be empty
    std::optional<std::string> secret{};  // from a file: not asked for
    bool rings = false;                   // for each message
    bool reconnects = true;
    MessageView::Settings view{};
  };

  explicit Chat(Settings settings);

  /// The terminal's width; see MessageView.
  void set_columns(std::size_t columns) { view_.set_columns(columns); }

  // What the user does.
  /// A submitted line, of one or more lines of text without a line end at the end. `is_pasted`: it,
  /// or a part of it, was. Wipes it if it is a secret.
  [[nodiscard]] ChatStep take_line(std::string text, bool is_pasted, const ChatMoment& moment);
  /// The end of input, as by Ctrl-D in an empty line.
  [[nodiscard]] ChatStep end_input(const ChatMoment& moment);
  /// Ctrl-C. `cleared`: what was in the line, which is empty now.
  [[nodiscard]] ChatStep interrupt(std::string_view cleared, const ChatMoment& moment);

  // The connection.
  /// There is one. `is_private`: nobody on the way can read what is sent.
  [[nodiscard]] ChatStep connected(bool is_private, const ChatMoment& moment);
  /// It is gone, or could not be made; not called after a step that drops it. `why`: a sentence,
  /// safe to show.
  [[nodiscard]] ChatStep lost(std::string_view why, const ChatMoment& moment);
  /// Bytes from the server, in any pieces.
  [[nodiscard]] ChatStep receive(std::string_view bytes, const ChatMoment& moment);
  /// Bytes for the server, to be taken from the front after each call, also that of shown().
  [[nodiscard]] std::string& output() { return session_.output(); }
  /// Everything was printed that steps so far asked for: the server is told of the messages.
  void shown() { session_.acknowledge(); }
  /// Whether there should be a connection: if there is none, make one, after a while.
  [[nodiscard]] bool wants_link() const { return wants_link_; }

  /// Tells the user something else: a sentence, safe to show.
  [[nodiscard]] ChatStep note(std::string_view text);
  /// Ends the chat for another reason; prints the messages that the server has not confirmed.
  [[nodiscard]] ChatStep end(Ending ending);

  // What the line looks like, after each call.
  [[nodiscard]] std::string prompt() const;
  /// What is typed is not to be seen, nor remembered.
  [[nodiscard]] bool wants_secret() const;
  /// The prompt is a question: what was typed before does not answer it.
  [[nodiscard]] bool is_question() const { return is_open(); }
  /// What the last word of `line`, as far as the cursor, could be. May ask the server for names,
  /// see awaits_names(); call again when they are there.
  [[nodiscard]] ChatCompletion complete(std::string_view line);
  [[nodiscard]] bool awaits_names() const { return awaits(Asked::Kind::Names); }
  /// Whether the connection does what it is there for, so that the next one may be made soon.
  [[nodiscard]] bool is_settled() const {
    return session_.is_connected() && (session_.is_logged_in() || session_.self().empty());
  }

 private:
  enum class Question {
    None,
    LoginName,
    LoginSecret,
    NewName,
    FirstSecret,
    FirstSecretAgain,
    Partner,
    OldSecret,
    NewSecret,
    NewSecretAgain,
    ConfirmDelete,
    DeleteSecret,
    SendAgain,
    Leave,
  };
  /// The answer that lines wait for.
  enum class Due { Nothing, Login, Create, Partner, Secret, Delete, Leaving };

  /// Of a name in a prompt; the rest of it is not shown.
  static constexpr std::size_t kMostPromptBytes = 32;

  struct Line {
    bool is_end = false;  // of input
    std::string text;
    bool is_pasted = false;
  };
  struct Outgoing {
    std::string recipient;
    std::string text;
  };
  /// A request that is not answered, but for logins.
  struct Asked {
    enum class Kind { Send, List, Names, Partner, Get, GetAgain, Secret, Delete };
    Kind kind{};
    Outgoing message{};  // Send, and Partner's recipient
  };

  // Steps.
  void start(const ChatMoment& moment);
  [[nodiscard]] ChatStep finish();
  void notice(std::string_view text) { step_.print += view_.notice(text); }
  void warn(std::string_view text) { step_.print += view_.warning(text); }
  void give_back(std::string draft);
  void give_back(const Outgoing& message);
  void print_text(std::string_view heading, const Outgoing& message);

  // Lines.
  void take(Line line);
  void say(const Line& line);
  void run(std::string_view text, std::string_view typed);
  [[nodiscard]] std::string told_unknown(std::string_view word) const;
  void run(ChatCommand command, std::string_view arguments, std::string_view typed);

  // Questions.
  [[nodiscard]] bool is_open() const { return question_ != Question::None; }
  [[nodiscard]] bool is_yes_or_no() const;
  [[nodiscard]] std::string words() const;
  void open(Question question);
  void answer(Line& line);
  void answer_yes_or_no(const Line& line);
  void answer_secret(std::string_view secret);
  void cancel();
  void ask_about_doubt();

  // Commands.
  void begin_login(std::string_view name, bool creates);
  void log_in(std::string_view secret);
  void create(std::string_view secret);
  [[nodiscard]] bool refuses_secret(std::string_view secret);
  [[nodiscard]] bool refuses_new_secret(std::string_view secret);
  void begin_conversation(std::string_view name, std::string_view typed);
  void enter_conversation(const std::string& partner, std::optional<bool> is_there);
  void leave_conversation();
  void send(const Outgoing& message, std::string_view typed);
  void list(std::string_view pattern, std::string_view typed);
  void get(Asked::Kind kind);
  void begin_secret_change();
  void change_secret();
  void begin_deletion();
  void remove(std::string_view secret);

  // Leaving.
  [[nodiscard]] std::size_t unconfirmed() const;
  void begin_leaving();
  void ask_to_leave();
  void give_up(Ending ending);
  void give_up_unsent();
  void give_up_doubts();

  // Events.
  void on(const client::LoggedIn& event);
  void on(const client::LoginRefused& event);
  void on(const client::Refused& event);
  void on(const client::UserList& event);
  void on(const client::Arrived& event);
  void on(const client::Sent& event);
  void on(const client::InDoubt& event);
  void on(const client::FetchDone& event);
  void on(const client::Done& event);
  void on(const client::Ended& event);
  [[nodiscard]] std::optional<Asked> take_asked(client::RequestId id);
  [[nodiscard]] bool awaits(Asked::Kind kind) const;
  void finish_partner(const std::string& name, const client::UserList& list);
  void refuse_partner(const std::string& name, std::string_view why);
  void show_users(const client::UserList& list);
  void note_name(const std::string& name);
  void lose(std::string_view why);
  void disconnect_for_good();
  void log_out();

  [[nodiscard]] ChatCompletion complete_name(std::string_view line, std::size_t from);
  [[nodiscard]] bool is_online() const { return session_.is_logged_in(); }
  [[nodiscard]] ChatPlace place() const { return {is_in_, settings_.session.protocol}; }
  [[nodiscard]] std::string as_command(std::string_view words) const;

  Settings settings_;
  client::Session session_;
  MessageView view_;
  ChatStep step_;  // what the call under way asks for
  ChatMoment moment_;

  Question question_ = Question::None;
  Due due_ = Due::Nothing;
  std::deque<Line> waiting_;      // typed while an answer was due
  bool was_interrupted_ = false;  // by the last thing that the user did
  bool wants_link_ = true;
  bool has_connected_ = false;     // ever
  bool has_said_lost_ = false;     // and the connection is not back
  bool has_said_refused_ = false;  // that the server does not take the login again yet
  bool is_private_ = false;        // the connection

  bool is_in_ = false;   // logged in, or will be again when the connection is back
  std::string name_;     // of the account
  std::string partner_;  // of the conversation; empty: there is none
  std::string last_sender_;
  bool has_secret_ = false;  // the account, as far as is known
  SecretBytes old_secret_;
  SecretBytes new_secret_;
  bool is_caught_up_ = false;  // nothing waits for `get`, as far as is known

  std::map<client::RequestId, Asked> asked_;
  std::deque<Outgoing> doubts_;               // to be asked about
  std::set<std::string, std::less<>> names_;  // seen, for completion
  std::string names_asked_;                   // the prefix of the last list for completion
};

}  // namespace tribar
