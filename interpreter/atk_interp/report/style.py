"""How the page looks: light and dark, on paper, on a telephone. No script, no font, no picture from elsewhere."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["POLICY", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1d2126;--quiet:#5d6772;--line:#dfe3e8;--soft:#f1f3f5;
--blue:#2563c9;--good:#17724a;--good-soft:#dff3e8;--bad:#b3261e;--bad-soft:#fbe4e2;--mild:#8a5a00;--mild-soft:#fdf0d5;
--user:#eaf1fc;--assistant:#eef6ee}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e6e9ec;--quiet:#9aa4ae;--line:#30363d;
--soft:#23282d;--blue:#7fb0ff;--good:#7fd6a8;--good-soft:#15392a;--bad:#ff9d94;--bad-soft:#47201d;--mild:#f0c069;
--mild-soft:#40310f;--user:#1d2a3d;--assistant:#1d2f24}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;margin:.2rem 0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .7rem}
h3{font-size:1rem;margin:1.2rem 0 .5rem;overflow-wrap:anywhere}
h4{font-size:.85rem;margin:.9rem 0 .2rem;color:var(--quiet)}
p{margin:.4rem 0;overflow-wrap:anywhere}
.quiet{color:var(--quiet);font-size:.9rem;font-weight:400}
.message{font-weight:600}
.advice{border-left:3px solid var(--blue);padding:.1rem .8rem;margin-top:1rem}
.badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.8rem;font-weight:600;
vertical-align:middle;white-space:nowrap}
.good{color:var(--good);background:var(--good-soft)}
.bad{color:var(--bad);background:var(--bad-soft)}
.mild{color:var(--mild);background:var(--mild-soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:1rem 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.6rem .8rem}
.tiles strong{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.tiles span{color:var(--quiet);font-size:.85rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem}
a{color:var(--blue)}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;padding:.4rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th{color:var(--quiet);font-weight:500;white-space:nowrap}
td.n,th.n{text-align:right}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
td svg{display:block;margin-top:.35rem}
.graph{padding:.8rem;text-align:center}
.graph svg{max-width:none;font:13px system-ui,sans-serif}
.node rect{fill:var(--soft);stroke:var(--line)}
.node.asks rect{stroke:var(--blue)}
.node.output rect{fill:var(--good-soft);stroke:var(--good)}
.node.partial rect{fill:var(--mild-soft);stroke:var(--mild)}
.node text{text-anchor:middle;fill:var(--ink)}
.node .name{font-weight:600}
.node .said{font-size:11px;fill:var(--quiet)}
.edge{fill:none;stroke:var(--quiet);stroke-width:1.3}
.edge.beside{stroke-dasharray:4 4}
.count{fill:var(--ink);font-size:12px;font-variant-numeric:tabular-nums;paint-order:stroke;stroke:var(--card);
stroke-width:4px}
rect.in{fill:var(--line)}
rect.out{fill:var(--blue)}
article{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem;margin:.6rem 0}
.text{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}
pre{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;background:var(--soft);border-radius:.4rem;
padding:.5rem .7rem;margin:.2rem 0;font:13px/1.45 ui-monospace,monospace;max-height:24rem;overflow-y:auto}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
code.json{white-space:pre-wrap}
dl{margin:.3rem 0}
dt{color:var(--quiet);font-size:.82rem;overflow-wrap:anywhere}
dd{margin:0 0 .5rem}
.short{display:flex;flex-wrap:wrap;gap:.1rem 1.4rem}
.short div{display:flex;gap:.4rem;align-items:baseline;min-width:0}
.short dd{margin:0}
.checks{list-style:none;padding:0}
.checks li{margin:.5rem 0;overflow-wrap:anywhere}
.pairs{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.15rem 1rem;font-size:.9rem}
.pairs dd{margin:0;overflow-wrap:anywhere}
.conversation{display:flex;flex-direction:column;gap:.5rem}
.turn{border-radius:.6rem;padding:.5rem .8rem;background:var(--soft);max-width:92%}
.turn.user{background:var(--user);align-self:flex-start}
.turn.assistant{background:var(--assistant);align-self:flex-end}
.role{display:block;color:var(--quiet);font-size:.78rem}
.conversation+.fields{border-top:1px solid var(--line);padding-top:.5rem;margin-top:.7rem}
.reason{color:var(--bad);font-size:.9rem}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.35rem 0;overflow-wrap:anywhere}
.notices{padding-left:1.2rem}
.notices li{margin:.3rem 0;overflow-wrap:anywhere}
.notices .serious{color:var(--bad)}
footer{margin-top:3rem;color:var(--quiet);font-size:.85rem}
@media(max-width:36rem){main{padding:1rem .7rem 3rem}.pairs{grid-template-columns:1fr}.pairs dd{margin-bottom:.4rem}
.turn{max-width:100%}th,td{padding:.35rem .5rem}}
@media print{pre{max-height:none}article,tr{break-inside:avoid}}
""".replace("\n", "")

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""Nothing but this style: what a row smuggles in could neither run nor fetch."""
