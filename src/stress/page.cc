// SPDX-License-Identifier: MIT
//
// See page.h.
#include "stress/page.h"

#include <fmt/format.h>

#include "stress/chart.h"

namespace tribar::stress {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2733; --faint: #5d6b78;
  --rule: #d9e0e6; --card: #f6f8fa; --one: #0969c8; --two: #c2530a; --good: #167a3a;
  --bad: #c01f2e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12171d; --ink: #e3e9ef; --faint: #95a3b1; --rule: #2b353f; --card: #1a2129;
    --one: #59aef5; --two: #f29a55; --good: #58c77e; --bad: #ff7d86; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.2rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
p { margin: .3rem 0; }
.faint { color: var(--faint); }
.verdict { display: inline-block; padding: .1rem .7rem; border-radius: 1rem; color: var(--paper);
  font-weight: 600; }
.good { background: var(--good); } .bad { background: var(--bad); }
.tiles, .charts { display: grid; gap: .8rem; margin: 1rem 0; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); }
.tile, .chart { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem;
  padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.marked { color: var(--bad); font-weight: 600; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--faint); }
svg .title { fill: var(--ink); font-size: 14px; font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.under { stroke-width: 5; stroke-opacity: .4; }
.line1 { stroke: var(--one); } .line2 { stroke: var(--two); }
svg .legend1 { fill: var(--one); } svg .legend2 { fill: var(--two); }
.cell { fill: var(--one); }
)";

}  // namespace

std::string page_around(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      html_escaped(title), kStyle, body);
}

}  // namespace tribar::stress
