/** The whole style of the HTML report; the page allows this very text and nothing else. */
export const style = `
:root{color-scheme:light dark;--text:#1f2328;--soft:#59636e;--page:#fff;--box:#f6f8fa;--line:#d1d9e0;--link:#0969da;--bad:#cf222e;--warn:#9a6700;--good:#1a7f37;--mark:#fff1b8;--bar:#54aeff}
@media (prefers-color-scheme:dark){:root{--text:#f0f6fc;--soft:#9198a1;--page:#0d1117;--box:#151b23;--line:#3d444d;--link:#4493f8;--bad:#f85149;--warn:#d29922;--good:#3fb950;--mark:#5c4813;--bar:#1f6feb}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:72rem;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.25rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .5rem;overflow-wrap:anywhere}
p{margin:.4rem 0}
a{color:var(--link)}
.soft{color:var(--soft)}
.verdict{display:inline-block;padding:.05em .6em;margin-right:.4em;border-radius:2em;font-size:.9em;color:#fff;background:#1a7f37}
.fail{background:#cf222e}
.bad{color:var(--bad);font-weight:600}
.warning{color:var(--warn);font-weight:600}
.note{color:var(--soft);font-weight:600}
.good{color:var(--good)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{font-weight:600;color:var(--soft);white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.keep,.keep{white-space:nowrap}
td.change,th.change{text-align:right}
td.what{min-width:13rem}
td.bar{min-width:10rem;vertical-align:middle}
td.bar svg{display:block;width:100%;height:.8rem}
svg rect{fill:var(--bar)}
svg rect.failed{fill:var(--bad)}
td.track{width:35%;vertical-align:middle}
td.track svg{display:block;width:100%;height:.8rem;background:var(--box)}
code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:.5rem 0;padding:.6rem .8rem;overflow-x:auto;background:var(--box);border:1px solid var(--line);border-radius:6px;tab-size:4}
pre .at{color:var(--soft);user-select:none}
mark{background:var(--mark);color:inherit;border-radius:2px;box-shadow:0 0 0 1px var(--mark)}
article{margin:0 0 1.25rem}
.head{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
.head .message{flex:1 1 20rem;overflow-wrap:anywhere}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.25rem 0;font-weight:600;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:.75rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9em}
@media print{body{max-width:none}details{break-inside:avoid}}
`;

/** The base64 of the style's SHA-256, for the page's content security policy. */
export const styleHash = "GFAKrAkxRDo+4LdRz+OX4bII+fEiIf2VIsjw3BrTFZg=";
