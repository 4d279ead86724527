// SPDX-License-Identifier: MIT
//
// The limits that hold for each connection and for all of them together, at the end of every turn
// of the loop.
#pragma once

#include "simulation/diary.h"
#include "simulation/life.h"
#include "simulation/settings.h"

namespace tribar::simulation {

/// `longest_frame`: of all that there have been.
void check_bounds(const Life& life, const Settings& settings, std::size_t longest_frame,
                  Diary& diary);

/// Of a connection with which nothing is under way: every window is open, nothing is owed.
void check_rest(const Connection& connection, Diary& diary);

}  // namespace tribar::simulation
