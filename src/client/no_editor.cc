// SPDX-License-Identifier: MIT
//
// What stands in for editor.cc in a program that is built without libedit: there is no editor, and
// so nothing else is ever called.
#include "client/editor.h"

namespace tribar {

struct Editor::Parts {};

bool Editor::is_available() { return false; }
// NOLINTNEXTLINE(performance-unnecessary-value-param): as in editor.cc
Editor::Editor(Settings) {}
Editor::~Editor() = default;
bool Editor::start() { return false; }
void Editor::stop() {}
void Editor::receive() {}
std::optional<Editor::Input> Editor::take() { return std::nullopt; }
void Editor::show(std::string_view) {}
void Editor::set_prompt(const Prompt&) {}
void Editor::set_line(std::string_view) {}
bool Editor::is_empty() const { return true; }
std::string Editor::take_line() { return {}; }
std::optional<std::string> Editor::draw() { return std::nullopt; }
void Editor::resized() {}
void Editor::suspended() {}
void Editor::continued() {}

}  // namespace tribar
