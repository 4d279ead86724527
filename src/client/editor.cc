// SPDX-License-Identifier: MIT
//
// See editor.h. The only file that knows libedit. What libedit draws goes nowhere: its refresh
// loses combining characters, and lines that are longer than the screen. It gets whole keys only,
// so that it never has to wait for the rest of one.
#include "client/editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <deque>
#include <utility>

#include "base/output.h"
#include "base/wipe.h"
#include "client/history.h"
#include "client/history_file.h"
#include "client/line_layout.h"
#include "client/line_painter.h"
#include "client/shown_text.h"
#include "client/terminal_modes.h"
#include "client/typed_keys.h"
#include "client/wide_text.h"

namespace tribar {
namespace {

constexpr char kBell = '\a';
constexpr const char* kPasteOn = "\x1b[?2004h";
constexpr const char* kPasteOff = "\x1b[?2004l";
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";
constexpr std::size_t kChunkBytes = 65536;
constexpr std::size_t kMostDiscardedBytes = std::size_t{1} << 24;

constexpr char control(char letter) { return static_cast<char>(letter & 0x1f); }

/// No key that libedit ever gets from the person: its own way to empty the line.
constexpr const wchar_t* kResetKey = L"\x1f";

/// What a key does that is not libedit's.
enum class Action { None, Older, Newer, OlderLikeThis, NewerLikeThis };

struct Binding {
  const char* keys;
  const wchar_t* command;  // libedit's; null: `action`
  Action action = Action::None;
};

/// All keys that do something, but for those in take(). Terminals send several for one key.
constexpr std::array kBindings{
    Binding{"\x01", L"ed-move-to-beg"},
    Binding{"\x02", L"ed-prev-char"},
    Binding{"\x04", L"ed-delete-next-char"},
    Binding{"\x05", L"ed-move-to-end"},
    Binding{"\x06", L"ed-next-char"},
    Binding{"\x08", L"em-delete-prev-char"},
    Binding{"\x7f", L"em-delete-prev-char"},
    Binding{"\x0b", L"ed-kill-line"},
    Binding{"\x0e", nullptr, Action::Newer},
    Binding{"\x10", nullptr, Action::Older},
    Binding{"\x14", L"ed-transpose-chars"},
    Binding{"\x15", L"vi-kill-line-prev"},
    Binding{"\x17", L"ed-delete-prev-word"},
    Binding{"\x19", L"em-yank"},
    Binding{"\x1b[A", nullptr, Action::Older},
    Binding{"\x1bOA", nullptr, Action::Older},
    Binding{"\x1b[B", nullptr, Action::Newer},
    Binding{"\x1bOB", nullptr, Action::Newer},
    Binding{"\x1b[C", L"ed-next-char"},
    Binding{"\x1bOC", L"ed-next-char"},
    Binding{"\x1b[D", L"ed-prev-char"},
    Binding{"\x1bOD", L"ed-prev-char"},
    Binding{"\x1b[H", L"ed-move-to-beg"},
    Binding{"\x1bOH", L"ed-move-to-beg"},
    Binding{"\x1b[1~", L"ed-move-to-beg"},
    Binding{"\x1b[7~", L"ed-move-to-beg"},
    Binding{"\x1b[F", L"ed-move-to-end"},
    Binding{"\x1bOF", L"ed-move-to-end"},
    Binding{"\x1b[4~", L"ed-move-to-end"},
    Binding{"\x1b[8~", L"ed-move-to-end"},
    Binding{"\x1b[3~", L"ed-delete-next-char"},
    Binding{"\x1b[5~", nullptr, Action::OlderLikeThis},
    Binding{"\x1bp", nullptr, Action::OlderLikeThis},
    Binding{"\x1b[6~", nullptr, Action::NewerLikeThis},
    Binding{"\x1bn", nullptr, Action::NewerLikeThis},
    Binding{"\x1b"
            "f",
            L"em-next-word"},
    Binding{"\x1b[1;5C", L"em-next-word"},
    Binding{"\x1b[1;3C", L"em-next-word"},
    Binding{"\x1b"
            "b",
            L"ed-prev-word"},
    Binding{"\x1b[1;5D", L"ed-prev-word"},
    Binding{"\x1b[1;3D", L"ed-prev-word"},
    Binding{"\x1b"
            "d",
            L"em-delete-next-word"},
    Binding{"\x1b[3;5~", L"em-delete-next-word"},
    Binding{"\x1b\x7f", L"ed-delete-prev-word"},
    Binding{"\x1b\x08", L"ed-delete-prev-word"},
    Binding{"\x1bu", L"em-upper-case"},
    Binding{"\x1bl", L"em-lower-case"},
    Binding{"\x1b"
            "c",
            L"em-capitol-case"},
};

const Binding* find_binding(std::string_view keys) {
  const auto* found = std::find_if(kBindings.begin(), kBindings.end(),
                                   [keys](const Binding& each) { return keys == each.keys; });
  return found == kBindings.end() ? nullptr : found;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/// Whether the terminal breaks rows anew when it becomes narrower. A wrong yes can erase a line
/// above the one being typed then; a wrong no leaves rests of it behind.
bool terminal_reflows() {
  if (!environment("TMUX").empty()) {
    return true;
  }
  return environment("XTERM_VERSION").empty() && environment("STY").empty() &&
         environment("TERM") != "linux";
}

bool is_combining(wchar_t character) { return character >= 0x80 && ::wcwidth(character) == 0; }

/// As `text`, with each LF as a terminal wants it, and one at its end.
std::string with_returns(std::string_view text) {
  std::string lines;
  lines.reserve(text.size() + 2);
  for (const char c : text) {
    if (c == '\n' && !lines.ends_with('\r')) {
      lines += '\r';
    }
    lines += c;
  }
  if (!lines.ends_with('\n')) {
    lines += "\r\n";
  }
  return lines;
}

/// The longest beginning that all have, of whole characters.
std::string_view common_beginning(const std::vector<std::string>& texts) {
  std::string_view common = texts.front();
  for (const std::string& text : texts) {
    const auto [end, other] = std::mismatch(common.begin(), common.end(), text.begin(), text.end());
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  return common.substr(0, utf8_bytes(to_wide(common)));
}

}  // namespace

struct Editor::Parts {
  explicit Parts(Settings of)
      : settings(std::move(of)),
        keys(settings.is_utf8),
        history_file(settings.history_path),
        reflows(terminal_reflows()) {
    history = history_file.load();
    note_history_trouble();
    secret.reserve(settings.limit_bytes);
    make_libedit();
  }

  ~Parts() {
    wipe_secret();
    if (libedit != nullptr) {
      ::el_end(libedit);
    }
    if (nowhere != nullptr) {
      std::fclose(nowhere);
    }
  }

  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // --- libedit: the line, and what keys do to it

  void make_libedit() {
    nowhere = std::fopen("/dev/null", "r+e");
    termios modes{};
    if (nowhere == nullptr || ::tcgetattr(STDIN_FILENO, &modes) != 0) {
      return;
    }
    libedit = ::el_init_fd("tribar", nowhere, nowhere, nowhere, STDIN_FILENO, STDOUT_FILENO,
                           STDERR_FILENO);
    // It has set modes that it likes.
    if (libedit == nullptr || ::tcsetattr(STDIN_FILENO, TCSANOW, &modes) != 0) {
      return;
    }
    ::el_wset(libedit, EL_CLIENTDATA, this);
    ::el_wset(libedit, EL_GETCFN, next_character);
    ::el_wset(libedit, EL_EDITOR, L"emacs");
    for (const Binding& each : kBindings) {
      if (each.command != nullptr) {
        ::el_wset(libedit, EL_BIND, to_wide(each.keys).c_str(), each.command, nullptr);
      }
    }
    ::el_wset(libedit, EL_ADDFN, L"reset-line", L"Empty the line", reset_line);
    ::el_wset(libedit, EL_BIND, kResetKey, L"reset-line", nullptr);
    for (wchar_t digit = L'0'; digit <= L'9'; ++digit) {
      const std::wstring key{L'\x1b', digit};
      ::el_wset(libedit, EL_BIND, key.c_str(), L"ed-argument-digit", nullptr);
    }
    // Else some are commands, as in a terminal that sends them for Alt.
    for (wchar_t letter = 0xa0; letter <= 0xff; ++letter) {
      const std::wstring key{letter};
      ::el_wset(libedit, EL_BIND, key.c_str(), L"ed-insert", nullptr);
    }
  }

  static unsigned char reset_line(EditLine*, int) { return CC_FATAL; }

  static int next_character(EditLine* libedit, wchar_t* character) {
    void* data = nullptr;
    ::el_wget(libedit, EL_CLIENTDATA, &data);
    auto& parts = *static_cast<Parts*>(data);
    if (parts.pressed.empty()) {
      return 0;
    }
    *character = parts.pressed.front();
    parts.pressed.remove_prefix(1);
    return 1;
  }

  [[nodiscard]] std::wstring_view text() const {
    const LineInfoW* line = ::el_wline(libedit);
    return {line->buffer, static_cast<std::size_t>(line->lastchar - line->buffer)};
  }

  [[nodiscard]] std::size_t cursor() const {
    const LineInfoW* line = ::el_wline(libedit);
    return static_cast<std::size_t>(line->cursor - line->buffer);
  }

  void move_cursor_to(std::size_t place) {
    ::el_cursor(libedit, static_cast<int>(place) - static_cast<int>(cursor()));
  }

  /// Empties libedit's line, and ends all that it has begun with it. What was killed stays.
  void reset_text() {
    pressed = kResetKey;
    int size = 0;
    ::el_wgets(libedit, &size);
  }

  void set_text(const std::wstring& to) {
    reset_text();
    if (!to.empty()) {
      ::el_winsertstr(libedit, to.c_str());
    }
  }

  [[nodiscard]] bool fits(std::wstring_view line) const {
    return utf8_bytes(line) <= settings.limit_bytes;
  }

  /// Lets libedit do what a key means.
  void press(std::wstring_view key) {
    const std::wstring before(text());
    const std::size_t was_at = cursor();
    pressed = key;
    while (!pressed.empty()) {
      int size = 0;
      ::el_wgets(libedit, &size);
    }
    if (text().size() < before.size()) {
      is_full_known = false;
    }
    if (text() == before) {
      skip_combining(was_at);
    } else if (text().size() > before.size() && !fits(text())) {
      set_text(before);
      move_cursor_to(was_at);
      complain_of_full_line();
    }
    if (text().empty()) {
      is_pasted = false;
    }
  }

  /// The cursor does not stop between a character and those that combine with it.
  void skip_combining(std::size_t was_at) {
    const std::wstring_view line = text();
    const bool is_leftwards = cursor() < was_at;
    std::size_t at = cursor();
    while (at > 0 && at < line.size() && is_combining(line[at])) {
      at = is_leftwards ? at - 1 : at + 1;
    }
    move_cursor_to(at);
  }

  // --- what is typed

  /// Reads what there is. It may be nothing: what poll(2) reported was discarded meanwhile.
  void receive_chunk() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (is_gone || ::poll(&input, 1, 0) <= 0) {
      return;
    }
    std::array<char, kChunkBytes> chunk;
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got > 0) {
      keys.feed({chunk.data(), static_cast<std::size_t>(got)});
      wipe(chunk.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      lose_terminal("the terminal was closed");
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      lose_terminal(fmt::format("the terminal cannot be read: {}", std::strerror(errno)));
    }
  }

  void lose_terminal(std::string why) {
    if (!is_gone) {
      is_gone = true;
      ready.push_back({Input::Kind::Gone, std::move(why)});
    }
  }

  /// Throws away what was typed up to now.
  void discard_typed() {
    std::size_t left = kMostDiscardedBytes;
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (is_started && !is_gone && left > 0 && ::poll(&input, 1, 0) > 0) {
      receive_chunk();
      left -= std::min(left, kChunkBytes);
      keys.drop();
    }
    keys.drop();
  }

  void notice(std::string text_of_it) {
    ready.push_back({Input::Kind::Notice, std::move(text_of_it)});
  }

  void note_history_trouble() {
    if (auto trouble = history_file.take_trouble()) {
      notice(std::move(*trouble));
    }
  }

  void ring() { out += kBell; }

  void complain_of_full_line() {
    ring();
    if (!is_full_known) {
      notice(fmt::format("the line is full: it may have {} bytes", settings.limit_bytes));
    }
    is_full_known = true;
  }

  /// `bytes`: no character here, or an escape sequence that broke off.
  void leave_out(std::string_view bytes) {
    ring();
    if (bytes[0] != '\x1b' && !is_invalid_known) {
      notice(settings.is_utf8 ? "what is not UTF-8 was left out"
                              : "what is not ASCII was left out: this locale has no more");
      is_invalid_known = true;
    }
  }

  std::optional<Input> handle(Key& key) {
    switch (key.kind) {
      case Key::Kind::PasteBegin:
        end_search();
        is_line_of_secret_over = false;
        bytes_cut = 0;
        return std::nullopt;
      case Key::Kind::PasteText:
        paste(key.bytes);
        return std::nullopt;
      case Key::Kind::PasteEnd:
        end_paste(key.dropped);
        return std::nullopt;
      case Key::Kind::Invalid:
        leave_out(key.bytes);
        return std::nullopt;
      case Key::Kind::Text:
        type(key.bytes);
        return std::nullopt;
      case Key::Kind::Control:
      case Key::Kind::Sequence:
        break;
    }
    return command(key);
  }

  void type(const std::string& characters) {
    if (is_searching && !prompt.is_secret) {
      query += to_wide(characters);
      search(1);
      return;
    }
    // As much as fits.
    const std::size_t had = prompt.is_secret ? secret.size() : utf8_bytes(text());
    const std::wstring typed = to_wide(characters);
    std::size_t count = 0;
    for (std::size_t bytes = had; count < typed.size(); ++count) {
      bytes += utf8_bytes({&typed[count], 1});
      if (bytes > settings.limit_bytes) {
        break;
      }
    }
    if (prompt.is_secret) {
      secret.append(characters, 0, utf8_bytes(std::wstring_view(typed).substr(0, count)));
    } else if (count > 0) {
      press(typed.substr(0, count));
    }
    if (count < typed.size()) {
      complain_of_full_line();
    }
  }

  std::optional<Input> command(const Key& key) {
    const char first = key.bytes.size() == 1 ? key.bytes[0] : '\0';
    if (first == control('C')) {
      if (is_searching) {
        cancel_search();
        return std::nullopt;
      }
      return Input{Input::Kind::Interrupt, ""};
    }
    if (first == control('L')) {
      out += kClearScreen;
      painter.forget();
      return std::nullopt;
    }
    if (prompt.is_secret) {
      return secret_command(first);
    }
    if (first == control('R')) {
      begin_search();
      return std::nullopt;
    }
    if (is_searching) {
      if (first == '\b' || first == '\x7f') {
        query.resize(query.empty() ? 0 : query.size() - 1);
        search(1);
        return std::nullopt;
      }
      if (first == control('G')) {
        cancel_search();
        return std::nullopt;
      }
      end_search();
      if (first == '\r' || first == '\n') {
        return std::nullopt;  // the line that was found is looked at before it is sent
      }
    }
    if (first == '\r' || first == '\n') {
      return take_whole_line();
    }
    if (first == control('D') && text().empty()) {
      return Input{Input::Kind::EndOfInput, ""};
    }
    if (first == '\t') {
      complete();
      return std::nullopt;
    }
    carry_out(key);
    return std::nullopt;
  }

  void carry_out(const Key& key) {
    const bool is_digit = key.bytes.size() == 2 && key.bytes[0] == '\x1b' && key.bytes[1] >= '0' &&
                          key.bytes[1] <= '9';
    const Binding* binding = find_binding(key.bytes);
    if (is_digit || (binding != nullptr && binding->command != nullptr)) {
      press(to_wide(key.bytes));
      return;
    }
    switch (binding == nullptr ? Action::None : binding->action) {
      case Action::None:
        ring();
        break;
      case Action::Older:
        recall(1, L"");
        break;
      case Action::Newer:
        recall(-1, L"");
        break;
      case Action::OlderLikeThis:
        recall(1, text().substr(0, cursor()));
        break;
      case Action::NewerLikeThis:
        recall(-1, text().substr(0, cursor()));
        break;
    }
  }

  // --- lines

  Input take_whole_line() {
    std::string line = to_utf8(text());
    while (line.ends_with('\n')) {
      line.pop_back();
    }
    if (!is_stopping) {
      flush_shown();
      move_cursor_to(text().size());
      finish_drawing();
    }
    if (prompt.is_remembered && !prompt.discards_typed && History::is_kept(line) && !is_stopping &&
        history.add(line)) {
      history_file.add(line);
      note_history_trouble();
    }
    Input input{Input::Kind::Line, std::move(line), is_pasted};
    clear_line();
    is_line_taken = true;
    return input;
  }

  void clear_line() {
    reset_text();
    is_searching = false;
    is_pasted = false;
    is_full_known = false;
    is_invalid_known = false;
    age = 0;
    draft.clear();
    wipe_secret();
  }

  std::optional<Input> secret_command(char first) {
    if (first == '\r' || first == '\n') {
      flush_shown();
      finish_drawing();
      Input input{Input::Kind::Line, secret, is_pasted};
      clear_line();
      is_line_taken = true;
      return input;
    }
    if (first == control('D') && secret.empty()) {
      return Input{Input::Kind::EndOfInput, ""};
    }
    if ((first == '\b' || first == '\x7f') && !secret.empty()) {
      while (secret.size() > 1 && (static_cast<unsigned char>(secret.back()) & 0xc0U) == 0x80) {
        secret.pop_back();
      }
      secret.pop_back();
    } else if (first == control('U')) {
      wipe_secret();
    } else {
      ring();
    }
    return std::nullopt;
  }

  void wipe_secret() {
    wipe(secret.data(), secret.capacity());
    secret.clear();
  }

  // --- pasting

  void paste(std::string& pasted) {
    if (prompt.is_secret) {
      const std::size_t end = std::min(pasted.find('\n'), pasted.size());
      const std::size_t room = settings.limit_bytes - secret.size();
      if (!is_line_of_secret_over) {
        secret.append(pasted, 0, std::min(end, room));
        bytes_cut += end - std::min(end, room);
      }
      is_line_of_secret_over = is_line_of_secret_over || end < pasted.size();
      wipe(pasted.data(), pasted.size());
    } else {
      std::wstring characters = to_wide(pasted);
      std::size_t room = settings.limit_bytes - std::min(utf8_bytes(text()), settings.limit_bytes);
      std::size_t count = 0;
      while (count < characters.size()) {
        const std::size_t bytes = utf8_bytes({&characters[count], 1});
        if (bytes > room || bytes_cut > 0) {
          break;
        }
        room -= bytes;
        ++count;
      }
      bytes_cut += utf8_bytes(std::wstring_view(characters).substr(count));
      characters.resize(count);
      if (!characters.empty()) {
        ::el_winsertstr(libedit, characters.c_str());
      }
    }
    is_pasted = true;
  }

  void end_paste(std::size_t dropped) {
    if (bytes_cut > 0) {
      ring();
      notice(fmt::format("what was pasted was cut by {} bytes: the line may have {}", bytes_cut,
                         settings.limit_bytes));
    }
    if (dropped > 0) {
      notice(fmt::format("{} control characters{} were left out of what was pasted", dropped,
                         settings.is_utf8 ? "" : " or bytes that are not ASCII"));
    }
    if (prompt.is_secret && is_line_of_secret_over) {
      notice("only the first line of what was pasted was taken");
    }
    is_line_of_secret_over = false;
    bytes_cut = 0;
  }

  // --- history

  void keep_draft() {
    if (age == 0) {
      draft = text();
      is_draft_pasted = is_pasted;
    }
  }

  void show_recalled(std::size_t to) {
    keep_draft();
    age = to;
    set_text(age == 0 ? draft : to_wide(history.line(age)));
    is_pasted = age == 0 && is_draft_pasted;
  }

  /// Goes by `step` lines, 1 or -1, to one that begins with `beginning`; the cursor stays behind
  /// that, or goes to the end if it is empty.
  void recall(int step, std::wstring_view beginning_of_line) {
    const std::wstring beginning(beginning_of_line);
    for (std::size_t at = age;;) {
      if (step < 0 ? at == 0 : at == history.size()) {
        ring();
        return;
      }
      at = step < 0 ? at - 1 : at + 1;
      const std::wstring line = at == 0 ? draft : to_wide(history.line(at));
      if (line.starts_with(beginning) && (beginning.empty() || line != text())) {
        show_recalled(at);
        if (!beginning.empty()) {
          move_cursor_to(beginning.size());
        }
        return;
      }
    }
  }

  void begin_search() {
    if (is_searching) {
      search(found + 1);
      return;
    }
    keep_draft();
    is_searching = true;
    query.clear();
    found = 0;
  }

  /// Finds the latest line of at least this age that has the query in it.
  void search(std::size_t from) {
    for (std::size_t at = std::max<std::size_t>(from, 1); at <= history.size(); ++at) {
      const std::wstring line = to_wide(history.line(at));
      if (const std::size_t place = line.find(query); place != std::wstring::npos) {
        found = at;
        set_text(line);
        move_cursor_to(place);
        is_pasted = false;
        return;
      }
    }
    ring();
  }

  void end_search() {
    if (is_searching && found != 0) {
      age = found;
    }
    is_searching = false;
  }

  void cancel_search() {
    is_searching = false;
    age = 0;
    set_text(draft);
    is_pasted = is_draft_pasted;
  }

  // --- completion

  void complete() {
    const std::string before = to_utf8(text().substr(0, cursor()));
    const Completion completion = settings.complete ? settings.complete(before) : Completion{};
    if (completion.candidates.empty() || completion.from > before.size()) {
      ring();
      return;
    }
    const std::string_view word = std::string_view(before).substr(completion.from);
    const std::string_view common = common_beginning(completion.candidates);
    if (completion.candidates.size() == 1 || common.size() > word.size()) {
      const std::wstring with = to_wide(common);
      std::wstring line(text());
      const std::size_t word_characters = to_wide(word).size();
      const std::size_t from = cursor() - word_characters;
      line.replace(from, word_characters, with);
      if (!fits(line)) {
        complain_of_full_line();
        return;
      }
      set_text(line);
      move_cursor_to(from + with.size());
      return;
    }
    list(completion.candidates);
  }

  void list(const std::vector<std::string>& candidates) {
    constexpr std::size_t kMostListed = 100;
    std::string line;
    std::string lines;
    const auto most = static_cast<std::size_t>(columns);
    for (std::size_t i = 0; i < std::min(candidates.size(), kMostListed); ++i) {
      std::string name = shown_text(candidates[i], settings.is_utf8);
      name.erase(name.find_last_not_of(' ') + 1);
      if (!line.empty() && line.size() + 2 + name.size() > most) {
        lines += std::exchange(line, {}) + '\n';
      }
      line += (line.empty() ? "" : "  ") + name;
    }
    lines += line + '\n';
    if (candidates.size() > kMostListed) {
      lines += fmt::format("... and {} more\n", candidates.size() - kMostListed);
    }
    shown += lines;
  }

  // --- the screen

  void measure() {
    winsize size{};
    const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    columns = is_known && size.ws_col > 0 ? size.ws_col : 80;
    rows = is_known && size.ws_row > 0 ? size.ws_row : 24;
  }

  [[nodiscard]] LineLayout layout() const {
    if (prompt.is_secret) {
      return lay_out({to_wide(prompt.text), prompt.style, L"", 0}, columns, settings.is_utf8);
    }
    if (is_searching) {
      return lay_out({L"(search: " + query + L") ", "", text(), cursor()}, columns,
                     settings.is_utf8);
    }
    const std::wstring shown_prompt = to_wide(prompt.text);
    return lay_out({shown_prompt, prompt.style, text(), cursor()}, columns, settings.is_utf8);
  }

  /// Half of the screen, so that what comes in can be seen above a long line.
  [[nodiscard]] int most_line_rows() const { return std::max(rows / 2, 1); }

  void flush_shown() {
    if (!shown.empty()) {
      painter.erase(out);
      out += with_returns(shown);
      shown.clear();
    }
  }

  /// Draws the whole line, and goes on below it.
  void finish_drawing() {
    const LineLayout all = layout();
    const auto all_rows = static_cast<int>(all.rows.size());
    if (all_rows > most_line_rows()) {
      painter.erase(out);
    }
    painter.paint(out, all, all_rows);
    painter.leave(out);
  }

  std::optional<std::string> write() {
    auto trouble = out.empty() ? std::nullopt : write_output(out);
    out.clear();
    return trouble;
  }

  [[nodiscard]] bool set_modes() {
    termios modes{};
    if (!original_modes(modes)) {
      return false;
    }
    modes.c_iflag &= ~static_cast<tcflag_t>(BRKINT | INPCK | ISTRIP | IXON | ICRNL | INLCR | IGNCR);
    modes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);
    modes.c_lflag |= ISIG | NOFLSH;
    modes.c_cc[VINTR] = _POSIX_VDISABLE;
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    return change_terminal(modes, true);
  }

  Settings settings;
  TypedKeys keys;
  std::FILE* nowhere = nullptr;
  EditLine* libedit = nullptr;
  std::wstring_view pressed;  // what libedit is to read
  std::deque<Input> ready;    // what take() returns first
  std::string secret;         // what is typed under a secret prompt; never moves

  Prompt prompt;
  bool is_line_taken = false;  // under this prompt
  bool is_pasted = false;
  bool is_full_known = false;
  bool is_invalid_known = false;
  bool is_line_of_secret_over = false;  // what is being pasted had a line end
  std::size_t bytes_cut = 0;            // from what is being pasted

  History history;
  HistoryFile history_file;
  std::size_t age = 0;  // of the line in the history that is shown; 0: none
  std::wstring draft;   // what was typed before that
  bool is_draft_pasted = false;
  bool is_searching = false;
  std::wstring query;
  std::size_t found = 0;  // the age of what was found; 0: nothing

  LinePainter painter;
  std::string shown;  // lines that are yet to be printed above the line
  std::string out;    // what is yet to be written
  int columns = 80;
  int rows = 24;
  bool reflows;
  bool is_started = false;
  bool is_suspended = false;
  bool is_stopping = false;
  bool is_gone = false;
};

bool Editor::is_available() {
  const std::string_view terminal = environment("TERM");
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && !terminal.empty() &&
         terminal != "dumb" && terminal != "unknown";
}

Editor::Editor(Settings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}

Editor::~Editor() { stop(); }

bool Editor::start() {
  Parts& p = *parts_;
  if (p.is_started) {
    return true;
  }
  // The second time because libedit has set its own meanwhile.
  if (p.libedit == nullptr || !p.set_modes()) {
    return false;
  }
  if (::el_wset(p.libedit, EL_UNBUFFERED, 1) != 0 || !p.set_modes()) {
    const int reason = errno;
    restore_terminal();
    errno = reason;
    return false;
  }
  p.is_started = true;
  p.measure();
  p.out += kPasteOn;
  return true;
}

void Editor::stop() {
  Parts& p = *parts_;
  if (!p.is_started) {
    return;
  }
  std::vector<std::string> unsent;
  if (!p.prompt.is_secret && !p.prompt.discards_typed) {
    p.is_stopping = true;
    p.receive_chunk();
    while (auto typed = take()) {
      if (typed->kind == Input::Kind::Line) {
        unsent.push_back(std::move(typed->text));
      }
    }
    p.end_search();
    unsent.push_back(take_line());
    p.is_stopping = false;
  }
  p.flush_shown();
  p.painter.erase(p.out);
  for (const std::string& line : unsent) {
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find('\n', at), line.size());
      p.out +=
          fmt::format("{}{}\r\n", at == 0 ? "not sent: " : "          ",
                      shown_text(std::string_view(line).substr(at, end - at), p.settings.is_utf8));
      at = end + 1;
    }
  }
  p.out += kPasteOff;
  static_cast<void>(
      p.write());  // fails if the terminal is gone, and then nobody is there to be told
  ::el_wset(p.libedit, EL_UNBUFFERED, 0);
  restore_terminal();
  p.is_started = false;
}

void Editor::receive() { parts_->receive_chunk(); }

std::optional<Editor::Input> Editor::take() {
  Parts& p = *parts_;
  while (true) {
    if (!p.ready.empty()) {
      Input input = std::move(p.ready.front());
      p.ready.pop_front();
      return input;
    }
    auto key = p.keys.take();
    if (!key) {
      return std::nullopt;
    }
    auto input = p.handle(*key);
    wipe(key->bytes.data(), key->bytes.size());
    if (input) {
      return input;
    }
  }
}

void Editor::show(std::string_view lines) {
  Parts& p = *parts_;
  if (lines.empty()) {
    return;
  }
  p.shown += lines;
  if (!lines.ends_with('\n')) {
    p.shown += '\n';
  }
}

void Editor::set_prompt(const Prompt& prompt) {
  Parts& p = *parts_;
  if (prompt == p.prompt && !p.is_line_taken) {
    return;
  }
  const bool was_secret = p.prompt.is_secret;
  p.prompt = prompt;
  p.is_line_taken = false;
  if (prompt.discards_typed || prompt.is_secret) {
    p.discard_typed();
    p.clear_line();
  } else if (was_secret) {
    p.clear_line();
  }
}

void Editor::set_line(std::string_view text) {
  Parts& p = *parts_;
  p.clear_line();
  std::wstring line;
  std::size_t bytes = 0;
  for (const wchar_t each : to_wide(text)) {
    const std::size_t more = utf8_bytes({&each, 1});
    if (bytes + more > p.settings.limit_bytes) {
      break;
    }
    const bool is_control =
        (each < 0x20 && each != L'\t' && each != L'\n') || (each >= 0x7f && each < 0xa0);
    if (!is_control) {
      line += each;
      bytes += more;
    }
  }
  p.set_text(line);
}

bool Editor::is_empty() const {
  const Parts& p = *parts_;
  return p.prompt.is_secret ? p.secret.empty() : p.text().empty();
}

std::string Editor::take_line() {
  Parts& p = *parts_;
  std::string line = p.prompt.is_secret ? "" : to_utf8(p.text());
  p.clear_line();
  return line;
}

std::optional<std::string> Editor::draw() {
  Parts& p = *parts_;
  if (p.is_suspended) {
    return std::nullopt;
  }
  p.flush_shown();
  p.painter.paint(p.out, p.layout(), p.most_line_rows());
  return p.write();
}

void Editor::resized() {
  Parts& p = *parts_;
  p.measure();
  p.painter.resized(p.out, p.columns, p.reflows);
}

void Editor::suspended() {
  Parts& p = *parts_;
  p.receive_chunk();  // or it would be discarded
  p.painter.leave(p.out);
  p.out += kPasteOff;
  static_cast<void>(p.write());  // draw() will say so if the terminal is gone
  restore_terminal();
  p.is_suspended = true;
}

void Editor::continued() {
  Parts& p = *parts_;
  p.is_suspended = false;
  p.measure();
  p.painter.forget();
  p.out += std::string("\r\x1b[J") + kPasteOn;
  if (!p.set_modes()) {
    p.lose_terminal(fmt::format("the terminal cannot be used: {}", std::strerror(errno)));
  }
}

}  // namespace tribar
